#include "check/importers/javascript.hpp"

#include <algorithm>
#include <cmath>

#include "stream/text/ascii.hpp"

namespace har::check::importers::javascript {

using stream::Json;

namespace {

using stream::ascii::is_digit;

/// Takes the digits at the front off; how many there were.
std::size_t take_digits(std::string_view& text) {
  const std::size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
  text.remove_prefix(count);
  return count;
}

}  // namespace

std::size_t white_space(std::string_view text) {
  if (text.empty()) return 0;
  if (text.front() == ' ' || (text.front() >= '\t' && text.front() <= '\r')) return 1;
  if (text.starts_with("\xC2\xA0")) return 2;  // U+00A0
  for (const std::string_view space :
       {"\xE1\x9A\x80", "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80", "\xEF\xBB\xBF"}) {
    if (text.starts_with(space)) return 3;
  }
  // U+2000 to U+200A
  if (text.size() >= 3 && text.starts_with("\xE2\x80") && static_cast<unsigned char>(text[2]) <= 0x8A) return 3;
  return 0;
}

std::string_view trim(std::string_view text) {
  while (const std::size_t size = white_space(text)) text.remove_prefix(size);
  for (bool more = true; more;) {
    more = false;
    for (std::size_t size = 1; size <= 3 && size <= text.size(); ++size) {
      if (white_space(text.substr(text.size() - size)) == size) {
        text.remove_suffix(size);
        more = true;
        break;
      }
    }
  }
  return text;
}

bool truthy(const Json* value) {
  if (value == nullptr) return false;
  switch (value->kind()) {
    case Json::Kind::null:
      return false;
    case Json::Kind::boolean:
      return value->as_bool();
    case Json::Kind::number:
      return value->number_or(0) != 0;
    case Json::Kind::string:
      return !value->as_string().empty();
    case Json::Kind::array:
    case Json::Kind::object:
      break;
  }
  return true;
}

bool throws_as_string(const Json* value) {
  if (value == nullptr) return false;
  // What JSON gives for toString is no function, and the object's valueOf() gives no primitive value.
  if (value->is_object()) return value->find("toString") != nullptr;
  return value->is_array() &&
         std::ranges::any_of(value->as_array(), [](const Json& element) { return throws_as_string(&element); });
}

std::optional<std::string> to_string(const Json* value) {
  if (value == nullptr) return "undefined";
  if (throws_as_string(value)) return std::nullopt;
  switch (value->kind()) {
    case Json::Kind::null:
      return "null";
    case Json::Kind::boolean:
      return value->as_bool() ? "true" : "false";
    case Json::Kind::number:
      return value->number_text();  // but for its spelling
    case Json::Kind::string:
      return value->as_string();
    case Json::Kind::array:
      break;
    case Json::Kind::object:
      return "[object Object]";
  }
  std::string text;
  for (const Json& element : value->as_array()) {
    if (&element != value->as_array().data()) text += ',';
    if (!element.is_null()) text += to_string(&element).value_or("");
  }
  return text;
}

bool is_number_text(std::string_view text) {
  text = trim(text);
  if (text.empty()) return true;
  if (text.size() > 2 && text[0] == '0' && !is_digit(text[1])) {
    std::string_view digits;
    switch (text[1] | 0x20) {
      case 'x':
        digits = "0123456789abcdefABCDEF";
        break;
      case 'o':
        digits = "01234567";
        break;
      case 'b':
        digits = "01";
        break;
      default:
        break;
    }
    if (!digits.empty()) return text.find_first_not_of(digits, 2) == std::string_view::npos;
  }
  if (text.front() == '+' || text.front() == '-') text.remove_prefix(1);
  if (text == "Infinity") return true;
  std::size_t digits = take_digits(text);
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    digits += take_digits(text);
  }
  if (digits == 0) return false;
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (take_digits(text) == 0) return false;
  }
  return text.empty();
}

bool is_number(const Json* value) {
  if (value == nullptr) return false;
  switch (value->kind()) {
    case Json::Kind::null:
    case Json::Kind::boolean:
    case Json::Kind::number:
      return true;
    case Json::Kind::string:
      return is_number_text(value->as_string());
    case Json::Kind::array:
      break;
    case Json::Kind::object:
      return false;
  }
  const std::optional<std::string> text = to_string(value);
  return text && is_number_text(*text);
}

bool is_date(const Json* value) {
  if (value == nullptr) return false;
  switch (value->kind()) {
    case Json::Kind::null:
    case Json::Kind::boolean:
      return true;
    case Json::Kind::number:
      return std::abs(value->number_or(HUGE_VAL)) <= 8.64e15;  // ECMA-262 §21.4.1.31
    case Json::Kind::string:
      return is_date_text(value->as_string());
    case Json::Kind::array:
      break;
    case Json::Kind::object:
      return false;
  }
  const std::optional<std::string> text = to_string(value);
  return text && is_date_text(*text);
}

}  // namespace har::check::importers::javascript
