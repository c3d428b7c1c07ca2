#include "formats/logged_exchange.hpp"

#include <algorithm>
#include <utility>

#include "stream/text/utf8.hpp"

namespace har::format {

using stream::Event;
using stream::EventKind;
using stream::Exchange;
using stream::Json;
using stream::Nanos;
using stream::WallTime;

std::optional<Nanos> seconds_of(const Json& value) {
  if (value.is_number()) return stream::parse_decimal_seconds(value.number_text());
  return value.is_string() ? stream::parse_decimal_seconds(value.as_string()) : std::nullopt;
}

std::optional<Nanos> millis_of(const Json& value) {
  if (value.is_number()) return stream::parse_decimal_millis(value.number_text());
  return value.is_string() ? stream::parse_decimal_millis(value.as_string()) : std::nullopt;
}

Json millis(Nanos time) { return Json(Json::Number{stream::format_decimal_millis(time)}); }

WallTime moved(WallTime time, Nanos shift) {
  Nanos::rep sum = 0;
  if (!__builtin_add_overflow(time.time_since_epoch().count(), shift.count(), &sum)) return WallTime(Nanos(sum));
  return shift < Nanos{} ? WallTime::min() : WallTime::max();
}

Nanos difference(Nanos a, Nanos b) {
  Nanos::rep out = 0;
  if (!__builtin_sub_overflow(a.count(), b.count(), &out)) return Nanos(out);
  return a < b ? Nanos::min() : Nanos::max();
}

Nanos between(WallTime from, WallTime to) {
  constexpr Nanos kLongest = std::chrono::hours(24 * 365 * 10);
  return std::clamp(difference(to.time_since_epoch(), from.time_since_epoch()), Nanos{}, kLongest);
}

std::string address_without_port(std::string_view address) {
  if (address.starts_with('[')) return std::string(address.substr(1, address.find(']') - 1));
  const std::size_t colon = address.rfind(':');
  const bool port = colon != std::string_view::npos && address.find(':') == colon;
  return std::string(address.substr(0, port ? colon : address.size()));
}

namespace {

LoggedExchange::Message message_of(WallTime time, EventKind kind, stream::Direction direction) {
  LoggedExchange::Message out;
  out.time = time;
  out.event.kind = kind;
  out.event.direction = direction;
  return out;
}

}  // namespace

LoggedExchange::Message websocket_message(WallTime time, stream::Direction direction, int opcode, std::string data) {
  auto out = message_of(time, EventKind::message, direction);
  out.event.opcode = opcode;
  out.event.data = std::move(data);
  return out;
}

LoggedExchange::Message websocket_close(WallTime time, stream::Direction direction, std::optional<int> code, std::string reason) {
  auto out = message_of(time, EventKind::close, direction);
  out.event.code = code;
  out.event.reason = stream::replace_invalid_utf8(reason);
  return out;
}

LoggedExchange::Message websocket_error(WallTime time, std::string message) {
  auto out = message_of(time, EventKind::mark, stream::Direction::receive);
  out.event.data = stream::replace_invalid_utf8(message);
  out.event.other.push_back({"error", true});
  return out;
}

void set_id(Exchange& exchange, const std::string& id) {
  exchange.id = id;
  if (exchange.request) exchange.request->id = id;
  if (exchange.response) exchange.response->id = id;
  for (Event& event : exchange.timeline) event.id = id;
  if (exchange.end) exchange.end->id = id;
}

Exchange to_exchange(LoggedExchange logged) {
  // Logs are what anybody may have written: a recording begins between 1970 and 2200, and lasts no longer than years.
  constexpr WallTime kLast(std::chrono::hours(24 * 365 * 230));
  const WallTime begin = std::clamp(logged.begin.value_or(WallTime{}), WallTime{}, kLast);
  const auto since = [&](WallTime time) { return between(begin, time); };
  MessageTimes times;
  if (logged.begin) times.start = begin;
  if (logged.responded) times.responded = since(*logged.responded);
  if (logged.ended) times.ended = since(*logged.ended);
  std::uint64_t size = 0;
  if (logged.response) {
    logged.response->complete = logged.over && logged.error.empty();
    for (LoggedExchange::Piece& piece : logged.pieces) {
      size += piece.bytes.size();
      logged.response->pieces.push_back({std::max(since(piece.time), times.responded.value_or(Nanos{})), std::move(piece.bytes)});
    }
  }
  const bool over = logged.over;
  const bool answered = logged.response.has_value();
  if (over && !answered && logged.error.empty()) logged.error = "no answer";
  Exchange exchange =
      make_exchange(std::move(logged.request), std::move(logged.response), times, over ? std::string_view(logged.error) : "");
  if (answered && logged.decoded) {
    Json& object = exchange.response->object;
    if (logged.coded_size) {
      object.set("bodySize", *logged.coded_size);
    } else {
      object.set("bodySize", -1);
    }
    // Says too that the coding is undone.
    const auto coded = static_cast<std::int64_t>(std::min(logged.coded_size.value_or(size), std::uint64_t{1} << 60));
    object.find("content")->set("compression", static_cast<std::int64_t>(size) - coded);
  }
  if (logged.websocket && exchange.response) exchange.response->stream_kind = to_string(stream::StreamKind::websocket);
  Nanos last = exchange.response ? exchange.response->t : Nanos{};
  for (LoggedExchange::Message& message : logged.messages) {
    message.event.t = std::max(since(message.time), last);
    exchange.timeline.push_back(std::move(message.event));
  }
  std::stable_sort(exchange.timeline.begin(), exchange.timeline.end(), [](const Event& a, const Event& b) { return a.t < b.t; });
  if (!exchange.timeline.empty()) last = std::max(last, exchange.timeline.back().t);
  if (exchange.end) exchange.end->t = std::max(exchange.end->t, last);
  if (!logged.entry.as_object().empty()) exchange.request->entry = std::move(logged.entry);
  if (exchange.response && !logged.timings.as_object().empty()) exchange.response->timings = std::move(logged.timings);
  return exchange;
}

}  // namespace har::format
