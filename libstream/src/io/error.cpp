#include "stream/io/error.hpp"

#include <fmt/format.h>

#include "stream/io/finding.hpp"

namespace stream {

std::string to_string(const Place& place) {
  std::string text = place.source;
  if (place.line != 0) {
    text += fmt::format("{}{}", text.empty() ? "" : ":", place.line);
    if (place.column != 0) text += fmt::format(":{}", place.column);
  } else if (place.offset) {
    text += fmt::format("{}byte {}", text.empty() ? "" : ": ", *place.offset);
  }
  if (!place.pointer.empty()) text += fmt::format("{}{}", text.empty() ? "" : ": ", place.pointer);
  return text;
}

std::string to_string(const Error& error) {
  const std::string place = to_string(error.place);
  return place.empty() ? error.message : place + ": " + error.message;
}

std::string to_string(const Finding& finding) {
  constexpr std::string_view kLevels[] = {"note", "warning", "error"};
  const std::string place = to_string(finding.place);
  return fmt::format("{}{}{}: {}{}", place, place.empty() ? "" : ": ", kLevels[static_cast<std::size_t>(finding.level)],
                     finding.message, finding.rule.empty() ? "" : fmt::format(" [{}]", finding.rule));
}

}  // namespace stream
