#include "live_fault.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "fault_words.hpp"
#include "http1_message.hpp"
#include "stream/text/units.hpp"

namespace stream::proxy {

using replay::Fault;
using replay::FaultPlace;
using replay::FaultRule;
using Unit = FaultPlace::Unit;
using Side = FaultPlace::Side;
using Kind = LiveOp::Kind;

namespace {

bool is_event_fault(Fault fault) {
  return fault == Fault::duplicate || fault == Fault::reorder || fault == Fault::drop || fault == Fault::corrupt;
}

/// Ends the answer as its protocol has it, so that there must have been a beginning.
bool needs_head(Fault fault) { return fault == Fault::end || fault == Fault::close || fault == Fault::malformed; }

/// Raw lines of a head, without the fields of these names.
std::string without_fields(std::string_view head, std::initializer_list<std::string_view> names) {
  std::string out;
  bool left_out = false;
  bool first = true;
  while (!head.empty()) {
    const std::size_t end = std::min(head.find('\n'), head.size() - 1) + 1;
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end);
    const bool folded = line.starts_with(' ') || line.starts_with('\t');
    if (!folded || first) {
      std::string_view name = line.substr(0, line.find(':'));
      while (name.ends_with(' ') || name.ends_with('\t')) name.remove_suffix(1);
      left_out = !first && line.find(':') != std::string_view::npos &&
                 std::any_of(names.begin(), names.end(), [&](std::string_view each) { return replay::iequals(each, name); });
    }
    // Empty lines in front of the status line are none of the head.
    if (line != "\n" && line != "\r\n") first = false;
    if (!left_out) out += line;
  }
  return out;
}

/// In front of the empty line that ends a head.
void add_field(std::string& head, std::string_view field) {
  const std::size_t end = head.ends_with("\r\n") ? head.size() - 2 : head.size() - 1;
  head.insert(end, std::string(field) + "\r\n");
}

std::string frame_of(WsOpcode opcode, std::string_view payload) {
  std::string frame;
  append_frame(frame, {true, 0, opcode, std::nullopt}, payload);
  return frame;
}

}  // namespace

LiveFault::LiveFault(replay::FaultPlan& plan, const replay::FaultRequest& request, const LiveRequest& facts, Nanos now)
    : plan_(plan), facts_(facts), began_(now), reader_(facts.head, facts.max_head) {
  for (const std::size_t rule : plan.concerned(request, {})) {
    if (plan.rules()[rule].kind) {
      pending_.push_back(rule);
    } else if (const auto hit = plan.count(rule)) {
      add_hit(*hit);
    }
  }
}

void LiveFault::add_hit(const replay::FaultHit& hit) {
  const auto place = std::upper_bound(hits_.begin(), hits_.end(), hit.index,
                                      [](std::size_t index, const Live& other) { return index < other.hit.index; });
  hits_.insert(place, Live{hit, replay::Random(hit.chance)});
}

void LiveFault::say(std::string text) {
  if (!note_.empty()) note_ += "; ";
  note_ += text;
}

std::shared_ptr<const replay::Answer> LiveFault::answer() {
  for (Live& live : hits_) {
    if (live.done || live.rule().fault != Fault::status) continue;
    for (Live& other : hits_) other.done = other.done || other.rule().fault == Fault::status;
    const auto plain =
        replay::make_answer(static_cast<int>(live.rule().number), "application/json", std::string(replay::kFaultBody));
    replay::Answer answer = *plain;
    if (live.rule().retry_after) answer.headers.push_back({"Retry-After", std::to_string(*live.rule().retry_after)});
    answer.id = "fault";
    say(fmt::format("status {}", live.rule().number));
    return std::make_shared<const replay::Answer>(std::move(answer));
  }
  return nullptr;
}

std::string LiveFault::make_status(const FaultRule& rule) const {
  const int status = static_cast<int>(rule.number);
  const bool bare = status == 204 || status == 304;
  std::string out = fmt::format("HTTP/1.1 {} {}\r\nContent-Type: application/json\r\n", status, net::standard_reason(status));
  if (rule.retry_after) out += fmt::format("Retry-After: {}\r\n", *rule.retry_after);
  if (!bare) out += fmt::format("Content-Length: {}\r\n", replay::kFaultBody.size());
  // Of the origin's answer something may still come: its connection is given up.
  out += "Connection: close\r\n\r\n";
  if (!bare && !facts_.head) out += replay::kFaultBody;
  return out;
}

// What comes.

void LiveFault::origin(std::string_view bytes, Nanos now) {
  act_in_time(now);
  if (over_) return;
  // What had to wait until there was room has come when that began.
  arrival_ = full_since_.value_or(now);
  while (!bytes.empty() && !over_) {
    switch (state_) {
      case State::head:
        take_head_bytes(bytes);
        continue;
      case State::body:
        take_body(bytes);
        break;
      case State::frames:
        messages_.feed(bytes, units_);
        take_units();
        break;
      case State::opaque:
      case State::finished:
        pass_body(bytes);
        break;
    }
    break;
  }
  if (queue_.held() >= kMostHeld && !full_since_) full_since_ = now;
}

void LiveFault::origin_ended(bool reset, Nanos now) {
  act_in_time(now);
  if (over_ && !stalled_ && state_ == State::frames) return queue_.put(reset ? Kind::lost : Kind::end, {}, now);
  if (over_) return;
  arrival_ = full_since_.value_or(now);
  gone_ = true;
  if (state_ == State::body && !reset) {
    items_.clear();
    if (reader_.finish(items_)) {
      for (net::Http1Item& item : items_) take_item(item);
    }
  }
  if (over_) return;
  if (state_ == State::body && events_) {
    events_->finish(units_);
    take_units();
  } else if (state_ == State::frames) {
    messages_.finish(units_);
    take_units();
  }
  if (over_) return;
  release_late(true);
  if (!head_.empty()) queue_.put(Kind::pass, std::exchange(head_, {}), arrival_);
  if (!over_) queue_.put(reset ? Kind::lost : Kind::end, {}, arrival_);
}

std::vector<LiveOp> LiveFault::advance(Nanos now) {
  act_in_time(now);
  std::vector<LiveOp> due = queue_.take(now);
  // A connection that was kept may turn out to be gone, and the next one is read again.
  if (!due.empty() && due.back().kind == Kind::end) gone_ = false;
  return due;
}

std::optional<Nanos> LiveFault::next() const {
  std::optional<Nanos> first = queue_.next();
  if (over_ || (state_ == State::finished && queue_.empty())) return first;
  for (const Live& live : hits_) {
    if (live.done || live.rule().place.unit != Unit::time) continue;
    const Nanos at = began_ + live.rule().place.time;
    if (!first || at < *first) first = at;
  }
  return first;
}

/// Line by line: what follows the head is another thing.
void LiveFault::take_head_bytes(std::string_view& bytes) {
  const std::string_view piece =
      bytes.substr(0, bytes.find('\n') == std::string_view::npos ? bytes.size() : bytes.find('\n') + 1);
  items_.clear();
  const std::uint64_t before = reader_.consumed();
  const Status status = reader_.feed(piece, items_);
  const auto used = static_cast<std::size_t>(reader_.consumed() - before);
  head_.append(bytes.substr(0, status ? used : piece.size()));
  bytes.remove_prefix(status ? used : piece.size());
  if (!status) {  // those behind us will find the same
    queue_.put(Kind::pass, std::exchange(head_, {}), arrival_);
    state_ = State::opaque;
    return;
  }
  for (net::Http1Item& item : items_) take_item(item);
}

void LiveFault::take_item(net::Http1Item& item) {
  if (over_) return;
  switch (item.kind) {
    case net::Http1Item::Kind::interim:
      queue_.put(Kind::pass, std::exchange(head_, {}), arrival_);
      return;
    case net::Http1Item::Kind::head:
      return on_head(item.head);
    case net::Http1Item::Kind::data:
      if (wants_events()) {
        events_->feed(item.data, units_);
      } else {
        if (events_) events_->finish(units_);
        take_units();
        if (!over_) pass_body(item.data);
      }
      return take_units();
    case net::Http1Item::Kind::end:
      if (state_ == State::body) end_body(item.trailers);
      return;
  }
}

void LiveFault::take_body(std::string_view bytes) {
  items_.clear();
  const std::uint64_t before = reader_.consumed();
  const Status status = reader_.feed(bytes, items_);
  const auto used = static_cast<std::size_t>(reader_.consumed() - before);
  for (net::Http1Item& item : items_) take_item(item);
  if (over_) return;
  if (!status || state_ == State::finished) {  // what is no chunk, or more than a response
    if (!status) state_ = State::opaque;
    body_ = Body::until_close;
    if (used < bytes.size()) queue_.put_payload(std::string(bytes.substr(used)), arrival_, true);
  }
}

void LiveFault::on_head(const net::Http1Head& head) {
  kind_ = facts_.websocket && head.status == 101 ? StreamKind::websocket
                                                 : stream_kind_of_media_type(replay::find_header(head.headers, "content-type"));
  for (const std::size_t rule : std::exchange(pending_, {})) {
    if (*plan_.rules()[rule].kind != kind_) continue;
    if (const auto hit = plan_.count(rule)) add_hit(*hit);
  }
  const FaultRule* instead = nullptr;
  for (Live& live : hits_) {
    const FaultRule& rule = live.rule();
    if (live.done || over_) continue;
    if (rule.fault == Fault::status) {
      instead = &rule;
      live.done = true;
    } else if (rule.fault == Fault::slow) {
      act(live);
    } else if (rule.place.unit == Unit::none || (rule.place.unit == Unit::head && rule.place.side == Side::at)) {
      if (!needs_head(rule.fault)) act(live);
    }
  }
  if (over_) return;
  if (instead != nullptr) {
    headed_ = true;
    say(fmt::format("status {}", instead->number));
    queue_.put(Kind::pass, make_status(*instead), arrival_);
    over_ = true;
    return;
  }
  choose_framing(head);
  headed_ = true;
  queue_.put(Kind::pass, std::exchange(head_, {}), arrival_);
  fire([](const FaultRule& rule) { return rule.place.unit == Unit::none || rule.place.unit == Unit::head; });
  fire([](const FaultRule& rule) {
    return rule.place.unit == Unit::byte && rule.place.number == 0 && rule.fault != Fault::corrupt;
  });
}

void LiveFault::choose_framing(const net::Http1Head& head) {
  if (head.status == 101) {
    state_ = kind_ == StreamKind::websocket ? State::frames : State::opaque;
    body_ = Body::until_close;
    return;
  }
  state_ = State::body;
  const bool chunked = net::lists_token(head.headers, "Transfer-Encoding", "chunked");
  body_ = reader_.done()                     ? Body::none
          : reader_.until_close()            ? Body::until_close
          : reader_.plain() != 0 && !chunked ? Body::length
                                             : Body::chunked;
  const std::string_view coding = replay::find_header(head.headers, "content-encoding");
  events_.emplace(coding.empty() || replay::iequals(coding, "identity") ? kind_ : StreamKind::binary);
  if (body_ == Body::none) return;
  bool sized = true;       // the body is as long as it would have been
  bool malformed = false;  // that takes chunks
  for (const Live& live : hits_) {
    const Fault fault = live.rule().fault;
    if (live.done) continue;
    sized = sized && fault != Fault::end && fault != Fault::drop && fault != Fault::duplicate && fault != Fault::malformed;
    malformed = malformed || fault == Fault::malformed;
  }
  if ((body_ == Body::length && !sized) || (body_ == Body::until_close && malformed)) {
    head_ = without_fields(head_, {"Content-Length", "Connection"});
    add_field(head_, facts_.chunks ? "Transfer-Encoding: chunked" : "Connection: close");
    body_ = facts_.chunks ? Body::chunked : Body::until_close;
  }
}

void LiveFault::end_body(const std::vector<replay::HeaderField>& trailers) {
  if (events_) events_->finish(units_);
  take_units();
  if (!over_) release_late(true);
  state_ = State::finished;
  if (over_) return;
  if (body_ == Body::chunked) {
    std::string last = "0\r\n";
    for (const replay::HeaderField& field : trailers) last += fmt::format("{}: {}\r\n", field.name, field.value);
    queue_.put(Kind::pass, last + "\r\n", arrival_);
  } else if (body_ == Body::until_close && !gone_) {
    queue_.put(Kind::end, {}, arrival_);  // it had a length, which the client was not told
    over_ = true;
  }
}

// Events.

bool LiveFault::wants_events() const {
  if (!events_) return false;
  return !late_.empty() || std::any_of(hits_.begin(), hits_.end(),
                                       [](const Live& live) { return !live.done && live.rule().place.unit == Unit::event; });
}

void LiveFault::take_units() {
  std::vector<LiveUnit> units = std::exchange(units_, {});
  for (LiveUnit& unit : units) {
    if (over_) return;
    take_unit(unit);
  }
}

void LiveFault::take_unit(LiveUnit& unit) { unit.event ? take_event(unit) : pass(unit); }

void LiveFault::take_event(LiveUnit& unit) {
  const std::uint64_t number = ++event_;
  const auto here = [&](const Live& live) {
    return !live.done && live.rule().place.unit == Unit::event && live.rule().place.number == number;
  };
  fire([&](const FaultRule& rule) {
    return rule.place.unit == Unit::event && rule.place.number == number && rule.place.side == Side::at &&
           !is_event_fault(rule.fault);
  });
  if (over_) return;
  unsigned times = 1;
  std::optional<std::size_t> behind;
  for (std::size_t i = 0; i < hits_.size(); ++i) {
    Live& live = hits_[i];
    if (!here(live) || live.rule().place.side != Side::at) continue;
    switch (live.rule().fault) {
      case Fault::corrupt:
        corrupt(live, unit);
        break;
      case Fault::duplicate:
        times *= 2;
        live.done = true;
        say(fmt::format("event {} twice", number));
        break;
      case Fault::drop:
        times = 0;
        live.done = true;
        say(fmt::format("event {} dropped", number));
        break;
      case Fault::reorder:
        behind = i;
        break;
      default:
        break;
    }
  }
  const auto half = std::find_if(hits_.begin(), hits_.end(),
                                 [&](const Live& live) { return here(live) && live.rule().place.side == Side::within; });
  if (half != hits_.end()) {
    if (state_ == State::frames) {
      std::string frame = frame_of(unit.opcode, unit.payload);
      frame.resize(frame.size() - unit.payload.size() / 2 - (unit.payload.empty() ? 1 : unit.payload.size() % 2));
      queue_.put(Kind::raw, std::move(frame), arrival_);
    } else {
      pass_body(std::string_view(unit.bytes).substr(0, unit.bytes.size() / 2));
    }
    if (!over_) act(*half);
    return;
  }
  if (behind) {
    hits_[*behind].done = true;
    late_.push_back({std::move(unit), number, *behind});
  } else {
    for (unsigned i = 0; i < times && !over_; ++i) {
      LiveUnit copy = unit;
      pass(copy);
    }
  }
  if (!over_) release_late(false);
  if (over_) return;
  fire([&](const FaultRule& rule) {
    return rule.place.unit == Unit::event && rule.place.number == number && rule.place.side == Side::after;
  });
}

/// Those that the event just taken, or nothing, was to come before.
void LiveFault::release_late(bool all) {
  std::vector<Late> late = std::exchange(late_, {});
  for (Late& each : late) {
    if (!all && each.number == event_) {
      late_.push_back(std::move(each));
      continue;
    }
    if (each.number < event_) say(fmt::format("event {} behind event {}", each.number, event_));
    if (!over_) pass(each.unit);
  }
}

void LiveFault::corrupt(Live& live, LiveUnit& unit) {
  live.done = true;
  std::string& bytes = state_ == State::frames ? unit.payload : unit.bytes;
  if (bytes.empty()) return;
  const std::uint64_t count = std::min<std::uint64_t>(live.rule().number, bytes.size());
  for (std::uint64_t i = 0; i < count; ++i) {
    char& byte = bytes[static_cast<std::size_t>(live.random.below(bytes.size()))];
    byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (1 + live.random.below(255)));
  }
  if (state_ == State::frames) unit.bytes = frame_of(unit.opcode, unit.payload);
  say(fmt::format("{} of event {} corrupted", replay::fault_bytes_text(count), event_));
}

// What goes on.

void LiveFault::pass(LiveUnit& unit) {
  if (state_ == State::frames) {
    pass_message(unit);
  } else {
    pass_body(unit.bytes);
  }
}

/// Flips those of `bytes`, which begin at `offset`, that a rule names.
static void corrupt_bytes(const FaultRule& rule, replay::Random& random, std::string& bytes, std::uint64_t offset) {
  const std::uint64_t from = std::max(rule.place.number, offset);
  const std::uint64_t to =
      std::min(rule.place.number + std::min(rule.number, UINT64_MAX - rule.place.number), offset + bytes.size());
  for (std::uint64_t i = from; i < to; ++i) {
    char& byte = bytes[static_cast<std::size_t>(i - offset)];
    byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (1 + random.below(255)));
  }
}

void LiveFault::pass_body(std::string_view bytes) {
  while (!bytes.empty() && !over_) {
    std::uint64_t most = bytes.size();
    for (const Live& live : hits_) {
      const FaultPlace& place = live.rule().place;
      if (live.done || place.unit != Unit::byte || live.rule().fault == Fault::corrupt || place.number <= offset_) continue;
      most = std::min(most, place.number - offset_);
    }
    std::string part(bytes.substr(0, static_cast<std::size_t>(most)));
    bytes.remove_prefix(part.size());
    for (Live& live : hits_) {
      const FaultRule& rule = live.rule();
      if (rule.fault != Fault::corrupt || rule.place.unit != Unit::byte || rule.place.number >= offset_ + part.size()) continue;
      if (!std::exchange(live.done, true))
        say(fmt::format("{} corrupted from byte {} on", replay::fault_bytes_text(rule.number), rule.place.number));
      corrupt_bytes(rule, live.random, part, offset_);
    }
    offset_ += part.size();
    if (body_ == Body::chunked && state_ == State::body) part = fmt::format("{:x}\r\n", part.size()) + part + "\r\n";
    queue_.put_payload(std::move(part), arrival_, true);
    fire([&](const FaultRule& rule) {
      return rule.place.unit == Unit::byte && rule.place.number <= offset_ && rule.fault != Fault::corrupt;
    });
  }
}

void LiveFault::pass_message(LiveUnit& unit) {
  const std::uint64_t end = offset_ + unit.payload.size();
  if (unit.event) {
    fire([&](const FaultRule& rule) {
      return rule.place.unit == Unit::byte && rule.place.number < end && rule.fault != Fault::corrupt;
    });
    if (over_) return;
    bool changed = false;
    for (Live& live : hits_) {
      const FaultRule& rule = live.rule();
      if (rule.fault != Fault::corrupt || rule.place.unit != Unit::byte || rule.place.number >= end) continue;
      if (!std::exchange(live.done, true))
        say(fmt::format("{} corrupted from byte {} on", replay::fault_bytes_text(rule.number), rule.place.number));
      corrupt_bytes(rule, live.random, unit.payload, offset_);
      changed = true;
    }
    if (changed) unit.bytes = frame_of(unit.opcode, unit.payload);
  }
  offset_ = end;
  queue_.put_payload(std::move(unit.bytes), arrival_, false);
}

// Faults.

template <class Is>
void LiveFault::fire(const Is& is) {
  for (Live& live : hits_) {
    if (over_) return;
    if (!live.done && is(live.rule())) act(live);
  }
}

void LiveFault::act(Live& live) {
  const FaultRule& rule = live.rule();
  const bool frames = state_ == State::frames;
  const bool timed = rule.place.unit == Unit::time;
  if (needs_head(rule.fault) && !headed_) return;
  live.done = true;
  switch (rule.fault) {
    case Fault::reset:
      return finish(live, Kind::reset, "reset");
    case Fault::truncate:
      return finish(live, Kind::cut, "truncated");
    case Fault::stall:
      if (timed) queue_.cut(queue_.place_of(arrival_, false));
      over_ = stalled_ = true;
      return say("stalled" + replay::fault_place_text(rule.place));
    case Fault::end:
      if (!frames) return finish(live, Kind::end, "ended");
      [[fallthrough]];
    case Fault::close:
      return frames ? finish(live, Kind::pass, rule.fault == Fault::end ? "ended" : fmt::format("closed with {}", rule.number))
                    : void();
    case Fault::slow:
      queue_.slow(rule.number);
      return say(fmt::format("slowed to {}/s", format_size(rule.number)));
    case Fault::latency: {
      const auto range = static_cast<std::uint64_t>((rule.most - rule.least).count());
      const Nanos more = rule.least + Nanos(static_cast<std::int64_t>(live.random.below(range + 1)));
      if (timed) {
        queue_.delay_from(queue_.place_of(arrival_, false), more);
      } else {
        queue_.delay(more);
      }
      return say(fmt::format("{} later{}", format_duration(more), replay::fault_place_text(rule.place)));
    }
    case Fault::malformed: {
      if (!frames && body_ != Body::chunked) return;
      const std::string_view bytes = frames ? replay::wrong_ws_frame(rule.word) : replay::kWrongChunk;
      LiveOp op{arrival_, Kind::raw, std::string(bytes), true};
      say(frames ? fmt::format("a malformed frame ({}){}", rule.word, replay::fault_place_text(rule.place))
                 : fmt::format("a malformed chunk{}", replay::fault_place_text(rule.place)));
      const std::size_t place = queue_.place_of(arrival_, true);
      if (!timed) {
        queue_.put(Kind::raw, std::move(op.bytes), arrival_);
      } else {
        if (!frames) queue_.cut(place);
        queue_.insert(std::min(place, queue_.size()), std::move(op));
      }
      // Nobody can tell where chunks go on.
      if (!frames) {
        queue_.put(Kind::cut, {}, arrival_);
        over_ = true;
      }
      return;
    }
    case Fault::status:
    case Fault::duplicate:
    case Fault::reorder:
    case Fault::drop:
    case Fault::corrupt:
      live.done = false;  // theirs is another place
      return;
  }
}

void LiveFault::finish(Live& live, LiveOp::Kind kind, std::string_view what) {
  const FaultRule& rule = live.rule();
  if (rule.place.unit == Unit::time) queue_.cut(queue_.place_of(arrival_, kind == Kind::end || kind == Kind::pass));
  if (kind == Kind::pass) {
    std::string frame;
    const bool close = rule.fault == Fault::close;
    if (!append_close(frame, close ? static_cast<int>(rule.number) : 1000, close ? rule.word : "")) {
      frame.clear();
      (void)append_close(frame, static_cast<int>(rule.number));
    }
    queue_.put(Kind::pass, std::move(frame), arrival_);
  } else if (kind == Kind::end && body_ == Body::chunked) {
    queue_.put(Kind::pass, "0\r\n\r\n", arrival_);
  } else {
    queue_.put(kind, {}, arrival_);
  }
  over_ = true;
  say(std::string(what) + replay::fault_place_text(rule.place));
}

void LiveFault::act_in_time(Nanos now) {
  for (;;) {
    if (over_ || (state_ == State::finished && queue_.empty())) return;
    Live* first = nullptr;
    for (Live& live : hits_) {
      if (live.done || live.rule().place.unit != Unit::time || began_ + live.rule().place.time > now) continue;
      if (first == nullptr || live.rule().place.time < first->rule().place.time) first = &live;
    }
    if (first == nullptr) return;
    arrival_ = began_ + first->rule().place.time;
    act(*first);
    first->done = true;
  }
}

}  // namespace stream::proxy
