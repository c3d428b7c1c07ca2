#include "stream/record/event_source.hpp"

#include <algorithm>

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

}  // namespace

std::unique_ptr<EventSource> events_of(const Exchange& exchange) { return std::make_unique<ExchangeEvents>(exchange); }

}  // namespace stream
