#pragma once

#include <fmt/format.h>
#include <algorithm>

#include "formats/http_message.hpp"
#include "formats/losses.hpp"

namespace har::format {

/// For writers of formats that hold a message's octets and the time of its end: what of an entry follows from these is among what
/// they hold, `_streamChunks` too, and what does not follow from them in this entry is said here.
inline void report_unheld(const stream::Exchange& exchange, const MessageTimes& times, std::string_view format,
                          const stream::Place& place, const stream::FindingSink& report) {
  const stream::Nanos end = exchange.begin() + times.ended.value_or(stream::Nanos{});
  std::size_t pieces = 0;
  bool at_end = true;
  for (const stream::Event& event : exchange.timeline) {
    if (event.kind != stream::EventKind::data || event.direction != stream::Direction::receive) continue;
    ++pieces;
    at_end = event.t == end;
  }
  if (pieces > 1 || !at_end)
    report_loss("_streamChunks", fmt::format("the times of the body's chunks are left out: {} has no place for them", format),
                place, report);

  const auto has_field = [](const stream::Json& headers, std::string_view name) {
    return headers.is_array() &&
           std::any_of(headers.as_array().begin(), headers.as_array().end(),
                       [&](const stream::Json& header) { return same_name(header["name"].string_or(""), name); });
  };
  const auto check = [&](const stream::Json& message, std::string_view side, std::string_view part,
                         std::string_view cookie_field) {
    const std::string_view type = message[part]["mimeType"].string_or("");
    if (!type.empty() && type != "x-unknown" && !has_field(message["headers"], "content-type")) {
      report_loss(fmt::format("{}-{}-mimeType", side, part),
                  fmt::format("{}.{}.mimeType is left out: no Content-Type says it", side, part), place, report);
    }
    const stream::Json& cookies = message["cookies"];
    if (cookies.is_array() && !cookies.as_array().empty() && !has_field(message["headers"], cookie_field))
      report_loss(fmt::format("{}-cookies", side), fmt::format("{}.cookies are left out: no {} says them", side, cookie_field),
                  place, report);
  };
  if (exchange.request) check(exchange.request->object, "request", "postData", "Cookie");
  if (exchange.response) check(exchange.response->object, "response", "content", "Set-Cookie");
}

}  // namespace har::format
