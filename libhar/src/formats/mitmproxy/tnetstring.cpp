#include "formats/mitmproxy/tnetstring.hpp"

#include <charconv>
#include <cmath>

#include "stream/text/base64.hpp"
#include "stream/text/utf8.hpp"

namespace har::format::mitm {

using stream::Json;

std::optional<std::int64_t> Value::integer() const {
  if (tag != tag::kInteger) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(payload.data(), payload.data() + payload.size(), number);
  return error == std::errc() && end == payload.data() + payload.size() ? std::optional(number) : std::nullopt;
}

bool take_value(std::string_view& rest, Value& value) {
  std::size_t at = 0;
  std::uint64_t length = 0;
  while (at < rest.size() && rest[at] >= '0' && rest[at] <= '9') {
    if (at == kMaxLengthDigits) return false;
    length = length * 10 + static_cast<std::uint64_t>(rest[at++] - '0');
  }
  if (at == 0 || at == rest.size() || rest[at] != ':') return false;
  ++at;
  if (length >= rest.size() - at) return false;  // the tag stands behind it
  const auto size = static_cast<std::size_t>(length);
  value.payload = rest.substr(at, size);
  value.tag = rest[at + size];
  if (tag::kAll.find(value.tag) == std::string_view::npos) return false;
  rest.remove_prefix(at + size + 1);
  return true;
}

void put_value(std::string& out, char tag, std::string_view payload) {
  char digits[24];
  const char* const end = std::to_chars(digits, digits + sizeof digits, payload.size()).ptr;
  out += std::string_view(digits, static_cast<std::size_t>(end - digits));
  out += ':';
  out += payload;
  out += tag;
}

void put_integer(std::string& out, std::int64_t value) { put_value(out, tag::kInteger, std::to_string(value)); }

void put_text(std::string& out, std::string_view text) {
  if (stream::is_utf8(text)) return put_value(out, tag::kText, text);
  put_value(out, tag::kText, stream::replace_invalid_utf8(text));
}

void put_float(std::string& out, double value) {
  if (!std::isfinite(value)) return put_null(out);
  // The shortest digits that read back, as repr() has them; it goes over to an exponent below 1e-4 and from 1e16 on.
  char digits[64];
  const auto magnitude = std::fabs(value);
  const bool exponent = magnitude != 0 && (magnitude < 1e-4 || magnitude >= 1e16);
  const auto form = exponent ? std::chars_format::scientific : std::chars_format::fixed;
  std::string text(digits, std::to_chars(digits, digits + sizeof digits, value, form).ptr);
  if (!exponent && text.find('.') == std::string::npos) text += ".0";
  put_value(out, tag::kFloat, text);
}

void put_time(std::string& out, stream::Nanos since_epoch) {
  const std::string text = stream::format_decimal_seconds(since_epoch);
  double seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  put_float(out, seconds);
}

void put_json(std::string& out, const Json& value) {
  switch (value.kind()) {
    case Json::Kind::null:
      return put_null(out);
    case Json::Kind::boolean:
      return put_boolean(out, value.as_bool());
    case Json::Kind::number: {
      const std::string& text = value.number_text();
      if (text.find_first_of(".eE") == std::string::npos) return put_value(out, tag::kInteger, text == "-0" ? "0" : text);
      return put_float(out, value.number_or(0));
    }
    case Json::Kind::string:
      return put_text(out, value.as_string());
    case Json::Kind::array: {
      Container list;
      for (const Json& element : value.as_array()) put_json(list.element(), element);
      return list.write(out, tag::kList);
    }
    case Json::Kind::object: {
      const Json::Object& members = value.as_object();
      if (members.size() == 1 && members[0].name == "base64" && members[0].value.is_string()) {
        if (const auto bytes = stream::base64_decode(members[0].value.as_string())) return put_value(out, tag::kBytes, *bytes);
      }
      Container dict;
      for (const stream::JsonMember& member : members)
        put_json(dict.member(stream::replace_invalid_utf8(member.name)), member.value);
      return dict.write(out, tag::kDict);
    }
  }
}

}  // namespace har::format::mitm
