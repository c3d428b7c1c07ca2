#include "stream/text/json.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace stream {

namespace {
const Json kNull;
}

Json::Json(double value) {
  if (std::isfinite(value)) value_ = Number{fmt::format("{}", value)};
}

double Json::number_or(double fallback) const {
  if (!is_number()) return fallback;
  const std::string& text = number_text();
  double value = fallback;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? value : fallback;
}

std::int64_t Json::int_or(std::int64_t fallback) const {
  if (!is_number()) return fallback;
  const std::string& text = number_text();
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return value;
  const double number = number_or(std::nan(""));  // 1.0, 1e3
  if (!(std::abs(number) < 9.0e15) || number != std::floor(number)) return fallback;
  return static_cast<std::int64_t>(number);
}

std::string_view Json::string_or(std::string_view fallback) const {
  return is_string() ? std::string_view(as_string()) : fallback;
}

bool Json::bool_or(bool fallback) const { return is_bool() ? as_bool() : fallback; }

const Json* Json::find(std::string_view name) const {
  if (!is_object()) return nullptr;
  const Object& members = as_object();
  for (auto it = members.rbegin(); it != members.rend(); ++it) {
    if (it->name == name) return &it->value;
  }
  return nullptr;
}

Json* Json::find(std::string_view name) { return const_cast<Json*>(std::as_const(*this).find(name)); }

const Json& Json::operator[](std::string_view name) const {
  const Json* found = find(name);
  return found != nullptr ? *found : kNull;
}

Json& Json::set(std::string_view name, Json value) {
  if (is_null()) value_ = Object{};
  if (Json* found = find(name)) {
    *found = std::move(value);
    return *found;
  }
  as_object().push_back({std::string(name), std::move(value)});
  return as_object().back().value;
}

std::size_t Json::erase(std::string_view name) {
  if (!is_object()) return 0;
  return std::erase_if(as_object(), [&](const JsonMember& member) { return member.name == name; });
}

bool Json::operator==(const Json& other) const { return value_ == other.value_; }

std::string_view to_string(Json::Kind kind) {
  switch (kind) {
    case Json::Kind::null:
      return "null";
    case Json::Kind::boolean:
      return "a boolean";
    case Json::Kind::number:
      return "a number";
    case Json::Kind::string:
      return "a string";
    case Json::Kind::array:
      return "an array";
    case Json::Kind::object:
      return "an object";
  }
  return "";
}

void append_pointer(std::string& pointer, std::string_view name) {
  pointer += '/';
  for (const char c : name) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
}

void append_pointer(std::string& pointer, std::size_t index) { pointer += fmt::format("/{}", index); }

Error locate(Error error, const Place& origin) {
  Place& place = error.place;
  place.source = origin.source;
  if (place.line == 1 && origin.column > 1) place.column += origin.column - 1;
  if (place.line != 0 && origin.line != 0) {
    place.line += origin.line - 1;
  } else {
    place.line = origin.line;
    place.column = origin.column;
  }
  if (place.offset && origin.offset) {
    place.offset = *place.offset + *origin.offset;
  } else if (!place.offset) {
    place.offset = origin.offset;
  }
  place.pointer = origin.pointer + place.pointer;
  return error;
}

}  // namespace stream
