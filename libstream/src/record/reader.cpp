#include "stream/record/reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stream/record/line_reader.hpp"
#include "stream/text/base64.hpp"

namespace stream {
namespace {

constexpr std::pair<std::string_view, EventKind> kNames[] = {
    {"request", EventKind::request}, {"response", EventKind::response}, {"data", EventKind::data},
    {"message", EventKind::message}, {"close", EventKind::close},       {"end", EventKind::end},
    {"mark", EventKind::mark},
};

/// Moves the members of one line into an Event. A member of a known name but another type is an error: taking it for
/// unknown would lose what it says.
class EventBuilder {
 public:
  explicit EventBuilder(const Place& origin) : origin_(origin) {}

  Result<Event> build(Json value) {
    if (!value.is_object()) return refuse("", fmt::format("expected an object, found {}", to_string(value.kind())));
    if (value.find("recording") != nullptr) {
      event_.kind = EventKind::header;
    } else {
      const Json* ev = value.find("ev");
      if (ev == nullptr || !ev->is_string())
        return refuse("", "expected a member \"ev\" with the event's name, or \"recording\" for a header");
      const auto* const known =
          std::find_if(std::begin(kNames), std::end(kNames), [&](const auto& pair) { return pair.first == ev->as_string(); });
      event_.kind = known != std::end(kNames) ? known->second : EventKind::unknown;
      if (event_.kind == EventKind::unknown) event_.ev = ev->as_string();
      if (event_.kind == EventKind::message) event_.opcode = 0;
    }
    bool data = false;
    for (JsonMember& member : value.as_object()) {
      if (member.name == "ev") continue;
      if (member.name == "data" || member.name == "data64") data = true;
      STREAM_ASSIGN(const bool taken, take(member));
      if (!taken) event_.other.push_back(std::move(member));
    }
    if ((event_.kind == EventKind::data || event_.kind == EventKind::message) && !data) {
      return refuse("", "expected a member \"data\" or \"data64\"");
    }
    if (event_.kind == EventKind::message && event_.opcode == 0) return refuse("", "expected a member \"opcode\"");
    return std::move(event_);
  }

 private:
  tl::unexpected<Error> refuse(std::string_view member, std::string message) {
    Place place = origin_;
    if (!member.empty()) append_pointer(place.pointer, member);
    return fail({ErrorCode::syntax, std::move(message), std::move(place)});
  }
  tl::unexpected<Error> wrong(const JsonMember& member, std::string_view expected) {
    return refuse(member.name, fmt::format("expected {}, found {}", expected, to_string(member.value.kind())));
  }

  Result<bool> take_text(JsonMember& member, std::string& out) {
    if (!member.value.is_string()) return wrong(member, "a string");
    out = std::move(member.value.as_string());
    return true;
  }
  Result<bool> take_int(JsonMember& member, int& out) {
    const std::int64_t value = member.value.int_or(-1);
    if (value < 0 || value > 65535) return wrong(member, "a whole number from 0 to 65535");
    out = static_cast<int>(value);
    return true;
  }

  Result<bool> take(JsonMember& member) {
    const std::string& name = member.name;
    Json& value = member.value;
    const EventKind kind = event_.kind;
    if (kind == EventKind::header) {
      if (name == "recording") {
        if (value.int_or(0) != 1) return refuse(name, fmt::format("expected version 1, found {}", to_json(value)));
        return true;
      }
      if (name == "start") {
        const auto time = parse_iso8601(value.string_or(""));
        if (!time)
          return refuse(name, fmt::format("expected a time as 2026-11-22T09:15:30.123456789Z, found {}", to_json(value)));
        event_.start = time->time;
        return true;
      }
      if (name == "creator") {
        event_.entry = std::move(value);
        return true;
      }
      if (name == "log") {
        event_.object = std::move(value);
        return true;
      }
      return false;
    }
    if (name == "id") return take_text(member, event_.id);
    if (name == "t") {
      const auto time = value.is_number() ? parse_decimal_seconds(value.number_text()) : std::nullopt;
      if (!time) return refuse(name, fmt::format("expected seconds as a number, found {}", to_json(value)));
      event_.t = *time;
      return true;
    }
    const bool body = kind == EventKind::data || kind == EventKind::message;
    if (name == "dir" && (body || kind == EventKind::close)) {
      if (value.string_or("") == "send") {
        event_.direction = Direction::send;
      } else if (value.string_or("") != "receive") {
        return refuse(name, fmt::format("expected \"send\" or \"receive\", found {}", to_json(value)));
      }
      return true;
    }
    if (name == "data" && body) return take_text(member, event_.data);
    if (name == "data64" && body) {
      auto bytes = base64_decode(value.string_or("!"));
      if (!bytes) return refuse(name, "expected base64");
      event_.data = std::move(*bytes);
      return true;
    }
    switch (kind) {
      case EventKind::request:
        if (name == "request") return take_json(value, event_.object);
        if (name == "entry") return take_json(value, event_.entry);
        break;
      case EventKind::response:
        if (name == "response") return take_json(value, event_.object);
        if (name == "timings") return take_json(value, event_.timings);
        if (name == "kind") return take_text(member, event_.stream_kind);
        break;
      case EventKind::message:
        if (name == "opcode") {
          STREAM_TRY(take_int(member, event_.opcode));
          if (event_.opcode < 1 || event_.opcode > 15)
            return refuse(name, fmt::format("expected an opcode from 1 to 15, found {}", event_.opcode));
          return true;
        }
        if (name == "mocked" && value.is_bool()) {
          event_.mocked = value.as_bool();
          return true;
        }
        break;
      case EventKind::close:
        if (name == "code") return take_int(member, event_.code.emplace());
        if (name == "reason") return take_text(member, event_.reason);
        break;
      case EventKind::end:
        if (name == "reason") return take_text(member, event_.reason);
        if (name == "error") return take_text(member, event_.data);
        if (name == "trailers") return take_json(value, event_.trailers);
        break;
      case EventKind::mark:
        if (name == "text") return take_text(member, event_.data);
        break;
      default:
        break;
    }
    return false;
  }

  static Result<bool> take_json(Json& from, Json& to) {
    to = std::move(from);
    return true;
  }

  const Place& origin_;
  Event event_;
};

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r") == std::string_view::npos; }

}  // namespace

Result<Event> parse_event(std::string_view line, const Place& origin, const Limits& limits) {
  auto value = parse_json(line, limits);
  if (!value) return fail(locate(std::move(value).error(), origin));
  return EventBuilder(origin).build(std::move(*value));
}

struct RecordingReader::Impl {
  Impl(ByteSource& source, FindingSink sink, const Limits& bounds)
      : lines(source, bounds), name(source.name()), report(std::move(sink)), limits(bounds) {}

  void cut(std::string_view what) const {
    if (report) report({Level::warning, "recording-cut", fmt::format("the last line is cut off, {}", what), place()});
  }
  Place place() const { return {name, line.number, 1, line.offset}; }

  LineReader lines;
  std::string name;
  FindingSink report;
  Limits limits;
  Line line;
};

RecordingReader::RecordingReader(ByteSource& source, FindingSink report, const Limits& limits)
    : impl_(std::make_unique<Impl>(source, std::move(report), limits)) {}
RecordingReader::~RecordingReader() = default;

Result<std::optional<Event>> RecordingReader::next() {
  for (;;) {
    STREAM_ASSIGN(const auto line, impl_->lines.next());
    if (!line) return std::optional<Event>();
    impl_->line = *line;
    if (is_blank(line->text)) continue;
    auto event = parse_event(line->text, impl_->place(), impl_->limits);
    if (event) return std::optional(std::move(*event));
    if (!line->terminated) {
      impl_->cut(fmt::format("and its {} bytes are left out", line->text.size()));
      return std::optional<Event>();
    }
    return fail(std::move(event).error());
  }
}

std::string_view RecordingReader::line() const { return impl_->line.text; }
Place RecordingReader::place() const { return impl_->place(); }

void ExchangeAssembler::complete(std::map<std::string, Part>::iterator part) {
  const std::size_t order = part->second.order;
  open_orders_.erase(order);
  waiting_size_ += part->second.size;
  completed_.push_back(order);
  waiting_.emplace(order, std::move(part->second));
  open_.erase(part);
}

void ExchangeAssembler::add(Event event) {
  if (event.kind == EventKind::header) {
    finish();  // another recording begins: its ids are its own
    header_ = std::move(event);
    return;
  }
  auto open = open_.find(event.id);
  if (open != open_.end() && event.kind == EventKind::request && open->second.exchange.request) {
    complete(open);
    open = open_.end();
  }
  if (open == open_.end()) {
    Part part;
    part.order = begun_++;
    part.exchange.id = event.id;
    if (header_) part.exchange.start = header_->start;
    open_orders_.insert(part.order);
    open = open_.emplace(event.id, std::move(part)).first;
  }
  Part& part = open->second;
  part.size += event.data.size() + sizeof(Event);
  switch (event.kind) {
    case EventKind::request:
      part.exchange.request = std::move(event);
      break;
    case EventKind::response:
      part.exchange.response = std::move(event);
      break;
    case EventKind::end:
      part.exchange.end = std::move(event);
      complete(open);
      break;
    default:
      part.exchange.timeline.push_back(std::move(event));
      break;
  }
}

void ExchangeAssembler::finish() {
  while (!open_.empty()) complete(open_.begin());
}

std::optional<Exchange> ExchangeAssembler::take() {
  if (waiting_.empty()) return std::nullopt;
  auto first = waiting_.begin();
  if (!open_orders_.empty() && *open_orders_.begin() < first->first) {
    if (waiting_size_ < hold_) return std::nullopt;
    first = waiting_.find(completed_.front());
  }
  Exchange exchange = std::move(first->second.exchange);
  waiting_size_ -= first->second.size;
  waiting_.erase(first);
  while (!completed_.empty() && !waiting_.contains(completed_.front())) completed_.pop_front();
  return exchange;
}

}  // namespace stream
