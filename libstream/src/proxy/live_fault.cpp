#include "live_fault.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "fault_words.hpp"
#include "http1_message.hpp"

namespace stream::proxy {

using replay::Fault;
using replay::FaultPlace;
using replay::FaultRule;
using Unit = FaultPlace::Unit;
using Side = FaultPlace::Side;
using Kind = LiveOp::Kind;

namespace {

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

}  // namespace stream::proxy
