#pragma once

#include <string>
#include <utility>

#include "stream/record/event.hpp"

/// Exchanges built by hand, event by event.
namespace stream::test {

inline constexpr Nanos ms(std::int64_t count) { return std::chrono::milliseconds(count); }

inline Json header_list(std::initializer_list<std::pair<std::string, std::string>> fields) {
  Json list = Json::array();
  for (const auto& [name, value] : fields) {
    Json field = Json::object();
    field.set("name", name);
    field.set("value", value);
    list.as_array().push_back(std::move(field));
  }
  return list;
}

class ExchangeBuilder {
 public:
  explicit ExchangeBuilder(std::string method = "GET", std::string url = "http://example.test/") {
    Event event = make(EventKind::request, Nanos{});
    event.object.set("method", std::move(method));
    event.object.set("url", std::move(url));
    exchange_.id = "1";
    exchange_.request = std::move(event);
  }
  ExchangeBuilder& response(Nanos t, int status, std::initializer_list<std::pair<std::string, std::string>> headers = {},
                            std::string kind = "") {
    Event event = make(EventKind::response, t);
    event.object.set("status", status);
    event.object.set("headers", header_list(headers));
    event.stream_kind = std::move(kind);
    exchange_.response = std::move(event);
    return *this;
  }
  ExchangeBuilder& data(Nanos t, std::string bytes, Direction direction = Direction::receive) {
    Event event = make(EventKind::data, t);
    event.data = std::move(bytes);
    event.direction = direction;
    exchange_.timeline.push_back(std::move(event));
    return *this;
  }
  ExchangeBuilder& message(Nanos t, std::string bytes, Direction direction = Direction::receive, int opcode = 1) {
    data(t, std::move(bytes), direction);
    exchange_.timeline.back().kind = EventKind::message;
    exchange_.timeline.back().opcode = opcode;
    return *this;
  }
  ExchangeBuilder& close(Nanos t, std::optional<int> code, std::string reason, Direction direction = Direction::receive) {
    Event event = make(EventKind::close, t);
    event.code = code;
    event.reason = std::move(reason);
    event.direction = direction;
    exchange_.timeline.push_back(std::move(event));
    return *this;
  }
  ExchangeBuilder& end(Nanos t, std::string reason = "eof") {
    Event event = make(EventKind::end, t);
    event.reason = std::move(reason);
    exchange_.end = std::move(event);
    return *this;
  }
  ExchangeBuilder& trailers(std::initializer_list<std::pair<std::string, std::string>> fields) {
    exchange_.end->trailers = header_list(fields);
    return *this;
  }
  /// A member of the response's object.
  ExchangeBuilder& set(const std::string& name, Json value) {
    exchange_.response->object.set(name, std::move(value));
    return *this;
  }

  Exchange& get() { return exchange_; }
  Exchange build() const { return exchange_; }

 private:
  static Event make(EventKind kind, Nanos t) {
    Event event;
    event.kind = kind;
    event.t = t;
    if (kind == EventKind::request || kind == EventKind::response) event.object = Json::object();
    return event;
  }
  Exchange exchange_;
};

}  // namespace stream::test
