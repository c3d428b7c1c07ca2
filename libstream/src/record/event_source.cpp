#include "stream/record/event_source.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace stream {
namespace {

class ExchangeEvents final : public EventSource {
 public:
  explicit ExchangeEvents(const Exchange& exchange) : exchange_(exchange) {}

  Result<std::optional<Event>> next() override {
    switch (part_) {
      case Part::request:
        part_ = Part::response;
        if (exchange_.request) return exchange_.request;
        [[fallthrough]];
      case Part::response:
        part_ = Part::timeline;
        if (exchange_.response) return exchange_.response;
        [[fallthrough]];
      case Part::timeline:
        if (at_ < exchange_.timeline.size()) return std::optional(exchange_.timeline[at_++]);
        part_ = Part::done;
        return exchange_.end;
      case Part::done:
        break;
    }
    return std::optional<Event>();
  }
  bool bare() const override {
    const auto timed = [](const Event& event) { return event.t != Nanos{}; };
    return !exchange_.request && exchange_.status() == 0 &&
           std::none_of(exchange_.timeline.begin(), exchange_.timeline.end(), timed);
  }
  std::optional<WallTime> start() const override { return exchange_.start; }

 private:
  enum class Part { request, response, timeline, done };
  const Exchange& exchange_;
  Part part_ = Part::request;
  std::size_t at_ = 0;
};

class OwnedEvents final : public EventSource {
 public:
  explicit OwnedEvents(Exchange exchange) : exchange_(std::move(exchange)), events_(exchange_) {}

  Result<std::optional<Event>> next() override { return events_.next(); }
  bool bare() const override { return events_.bare(); }
  std::optional<WallTime> start() const override { return events_.start(); }

 private:
  Exchange exchange_;
  ExchangeEvents events_;
};

class BodyEvents final : public EventSource {
 public:
  BodyEvents(ByteSource& source, StreamKind kind, Clock clock) : source_(source), kind_(kind), clock_(std::move(clock)) {}

  Result<std::optional<Event>> next() override {
    if (part_ == Part::done) return std::optional<Event>();
    Event event;
    if (part_ == Part::response) {
      part_ = Part::body;
      event.kind = EventKind::response;
      event.stream_kind = to_string(kind_);
      event.object = Json::object();
      return std::optional(std::move(event));
    }
    if (!spare_.empty()) {
      event.data = std::move(spare_.back());
      spare_.pop_back();
    }
    event.data.resize(kBlock);
    const auto count = source_.read(event.data);
    if (!count && count.error().code != ErrorCode::timeout) return fail(count.error());
    if (clock_) event.t = clock_();
    if (count && *count != 0) {
      event.kind = EventKind::data;
      event.data.resize(*count);
      return std::optional(std::move(event));
    }
    part_ = Part::done;
    event.kind = EventKind::end;
    event.data.clear();
    event.reason = count ? "eof" : "timeout";
    return std::optional(std::move(event));
  }
  bool live() const override { return source_.live(); }
  bool bare() const override { return true; }
  bool timed() const override { return clock_ != nullptr; }
  bool may_read_ahead() const override { return !source_.live() && clock_ == nullptr; }
  void recycle(std::string&& bytes) override {
    if (bytes.capacity() >= kBlock && spare_.size() < kSpare) spare_.push_back(std::move(bytes));
  }

 private:
  static constexpr std::size_t kBlock = std::size_t{256} << 10;
  static constexpr std::size_t kSpare = 4;
  enum class Part { response, body, done };
  ByteSource& source_;
  StreamKind kind_;
  Clock clock_;
  Part part_ = Part::response;
  std::vector<std::string> spare_;
};

}  // namespace

std::unique_ptr<EventSource> events_of(const Exchange& exchange) { return std::make_unique<ExchangeEvents>(exchange); }
std::unique_ptr<EventSource> events_of(Exchange&& exchange) { return std::make_unique<OwnedEvents>(std::move(exchange)); }

Result<Exchange> collect(EventSource& events) {
  Exchange out;
  for (;;) {
    STREAM_ASSIGN(auto event, events.next());
    if (!event) break;
    if (!event->id.empty()) out.id = event->id;
    switch (event->kind) {
      case EventKind::request:
        out.request = std::move(event);
        break;
      case EventKind::response:
        out.response = std::move(event);
        break;
      case EventKind::end:
        out.end = std::move(event);
        break;
      default:
        out.timeline.push_back(std::move(*event));
    }
  }
  out.start = events.start();
  return out;
}

std::unique_ptr<EventSource> body_events(ByteSource& source, StreamKind kind, Clock clock) {
  return std::make_unique<BodyEvents>(source, kind, std::move(clock));
}

}  // namespace stream
