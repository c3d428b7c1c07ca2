#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "stream/compare/compare.hpp"

/// Exchanges made by hand, and comparisons of them in a few words.
namespace exchanges {

/// A bare body, in pieces of at most `chunk` bytes.
inline stream::Exchange bare(stream::StreamKind kind, std::string_view body, std::size_t chunk = std::string_view::npos) {
  stream::Exchange exchange;
  stream::Event response;
  response.kind = stream::EventKind::response;
  response.stream_kind = to_string(kind);
  response.object = stream::Json::object();
  exchange.response = response;
  for (std::size_t at = 0; at < body.size(); at += std::min(chunk, body.size())) {
    stream::Event data;
    data.kind = stream::EventKind::data;
    data.data = body.substr(at, chunk);
    exchange.timeline.push_back(data);
  }
  stream::Event end;
  end.kind = stream::EventKind::end;
  end.reason = "eof";
  exchange.end = end;
  return exchange;
}

/// A recorded answer of that type; a chunk every 10 ms.
inline stream::Exchange recorded(std::string_view type, const std::vector<std::string>& chunks, int status = 200) {
  stream::Exchange exchange;
  stream::Event request;
  request.kind = stream::EventKind::request;
  request.object = stream::Json::object();
  request.object.set("method", "GET");
  request.object.set("url", "https://example.test/stream");
  request.t = stream::Nanos(1'000'000'000);
  exchange.request = request;
  stream::Event response;
  response.kind = stream::EventKind::response;
  response.t = request.t;
  response.object = stream::Json::object();
  response.object.set("status", status);
  stream::Json header = stream::Json::object();
  header.set("name", "Content-Type");
  header.set("value", type);
  response.object.set("headers", stream::Json(stream::Json::Array{header}));
  exchange.response = response;
  stream::Nanos t = request.t;
  for (const std::string& chunk : chunks) {
    stream::Event data;
    data.kind = stream::EventKind::data;
    data.data = chunk;
    data.t = t += stream::Nanos(10'000'000);
    exchange.timeline.push_back(data);
  }
  stream::Event end;
  end.kind = stream::EventKind::end;
  end.reason = "eof";
  end.t = t;
  exchange.end = end;
  return exchange;
}

inline stream::Event message(stream::Direction direction, std::string_view text, int opcode = 1) {
  stream::Event event;
  event.kind = stream::EventKind::message;
  event.direction = direction;
  event.data = text;
  event.opcode = opcode;
  return event;
}

inline stream::Comparison compare(const stream::Exchange& expected, const stream::Exchange& actual,
                                  const stream::CompareOptions& options = {}) {
  auto result = stream::compare_exchanges(expected, actual, options);
  REQUIRE(result);
  auto reversed = stream::compare_exchanges(actual, expected, options);
  REQUIRE(reversed);
  CHECK(result->equal() == reversed->equal());
  return std::move(*result);
}

inline std::string shown(const stream::ShownValue& value) {
  return value.form == stream::ShownValue::Form::text ? "'" + value.text + "'" : value.text;
}

/// "event 2/3 changed /a 1 2", "event 4/- missing", "record 1/1 @id changed '1' '2'", "status changed '200' '500'".
inline std::vector<std::string> lines(const stream::Comparison& comparison) {
  std::vector<std::string> out;
  for (const stream::Difference& difference : comparison.differences) {
    std::string line;
    const auto number = [](const stream::ItemRef& item) {
      return item.number == 0 ? std::string("-") : std::to_string(item.number);
    };
    if (difference.expected.number != 0 || difference.actual.number != 0) {
      const auto& item = difference.expected.number != 0 ? difference.expected : difference.actual;
      line += std::string(to_string(item.kind)) + ' ' + number(difference.expected) + '/' + number(difference.actual) + ' ';
    } else {
      line += std::string(to_string(difference.subject)) + ' ';
    }
    if (difference.subject == stream::Subject::field) line += '@' + difference.field + ' ';
    line += to_string(difference.change);
    if (difference.subject == stream::Subject::item) {
      out.push_back(line);
      continue;
    }
    if (!difference.pointer.empty()) line += ' ' + difference.pointer;
    if (difference.offset) line += " byte " + std::to_string(*difference.offset);
    for (const auto* value : {&difference.expected_value, &difference.actual_value}) {
      if (value->form != stream::ShownValue::Form::none) line += ' ' + shown(*value);
    }
    out.push_back(line);
  }
  return out;
}

inline std::vector<std::string> compare_bodies(stream::StreamKind kind, std::string_view expected, std::string_view actual,
                                               const stream::CompareOptions& options = {}) {
  return lines(compare(bare(kind, expected), bare(kind, actual), options));
}

}  // namespace exchanges
