// What goes wrong with an answer: at its events, at its bytes, and in time.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "fault_words.hpp"
#include "live_fault.hpp"
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

std::string frame_of(WsOpcode opcode, std::string_view payload) {
  std::string frame;
  append_frame(frame, {true, 0, opcode, std::nullopt}, payload);
  return frame;
}

}  // namespace

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
