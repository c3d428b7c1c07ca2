#include "formats/keploy/go_yaml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <iterator>

#include "stream/text/ascii.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/utf8.hpp"

namespace har::format::keploy {
namespace {

using stream::ascii::is_digit;

constexpr std::size_t kBinaryLine = 70;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80; }

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

// ---- what a plain scalar would be taken for

constexpr std::array<std::string_view, 40> kWords{
    "",     "~",    "null", "Null",  "NULL",  "true",  "True",  "TRUE",  "false", "False", "FALSE", ".nan", ".NaN", ".NAN",
    ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF", "<<",    "y",     "Y",    "yes",  "Yes",
    "YES",  "on",   "On",   "ON",    "n",     "N",     "no",    "No",    "NO",    "off",   "Off",   "OFF"};

/// A number of digits of that base which 64 bits hold.
bool is_integer(std::string_view digits, int base, bool negative) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) return false;
  return !negative || value <= std::uint64_t{1} << 63;
}

/// [-+]? (digits [. digits] | . digits) [e[-+]digits], which a double holds.
bool is_float(const std::string& text) {
  std::size_t at = text.starts_with('+') || text.starts_with('-') ? 1 : 0;
  const auto digits = [&] {
    const std::size_t begin = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at - begin;
  };
  const std::size_t whole = digits();
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0 && whole == 0) return false;
  } else if (whole == 0) {
    return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size() && std::isfinite(std::strtod(text.c_str(), nullptr));
}

bool is_number(std::string_view text) {
  std::string plain(text);
  std::erase(plain, '_');
  const bool negative = plain.starts_with('-');
  std::string_view digits = plain;
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  if (digits.size() > 2 && digits[0] == '0') {
    const std::string_view rest = digits.substr(2);
    switch (digits[1]) {
      case 'x':
      case 'X':
        return is_integer(rest, 16, negative);
      case 'o':
      case 'O':
        return is_integer(rest, 8, negative);
      case 'b':
      case 'B':
        return is_integer(rest, 2, negative);
      default:
        break;
    }
  }
  return is_float(plain);  // an integer is one, too
}

/// [-+]? digits (: 0-59)+ [. digits]: a number of base 60 in YAML 1.1.
bool is_base_60(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || !is_digit(text[0])) return false;
  std::size_t at = std::min(text.find_first_not_of("0123456789_"), text.size());
  std::size_t groups = 0;
  while (at < text.size() && text[at] == ':') {
    std::size_t end = at + 1;
    while (end < text.size() && is_digit(text[end]) && end - at <= 2) ++end;
    const std::size_t count = end - at - 1;
    if (count == 0 || (count == 2 && text[at + 1] > '5')) return false;
    at = end;
    ++groups;
  }
  if (groups == 0) return false;
  if (at < text.size() && text[at] == '.') at = std::min(text.find_first_not_of("0123456789_", at + 1), text.size());
  return at == text.size();
}

/// A day, alone or with a time behind "T" or a space.
bool is_timestamp(std::string_view text) {
  const auto number = [&](std::size_t least, std::size_t most, int low, int high) {
    std::size_t count = 0;
    int value = 0;
    while (count < most && count < text.size() && is_digit(text[count])) value = value * 10 + (text[count++] - '0');
    text.remove_prefix(count);
    return count >= least && value >= low && value <= high;
  };
  const auto mark = [&](char c) {
    if (!text.starts_with(c)) return false;
    text.remove_prefix(1);
    return true;
  };
  if (!number(4, 4, 0, 9999) || !mark('-') || !number(1, 2, 1, 12) || !mark('-') || !number(1, 2, 1, 31)) return false;
  if (text.empty()) return true;
  const bool zone = text[0] != ' ';
  if (!mark('T') && !mark('t') && !mark(' ')) return false;
  if (!number(1, 2, 0, 23) || !mark(':') || !number(1, 2, 0, 59) || !mark(':') || !number(1, 2, 0, 59)) return false;
  if (mark('.')) text.remove_prefix(std::min(text.find_first_not_of("0123456789"), text.size()));
  if (!zone) return text.empty();
  if (mark('Z')) return text.empty();
  return (mark('+') || mark('-')) && number(2, 2, 0, 24) && mark(':') && number(2, 2, 0, 59) && text.empty();
}

/// Whether a plain scalar is a string, and not something else.
bool is_string(std::string_view text) {
  if (is_one_of(text, kWords)) return false;
  const char first = text[0];
  if (!is_digit(first) && first != '-' && first != '+' && first != '.') return true;
  return !is_number(text) && !is_base_60(text) && !is_timestamp(text);
}

// ---- what a scalar may be written as

struct Character {
  std::uint32_t code = 0;
  std::size_t size = 1;
};

/// Of valid UTF-8.
Character character(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  if (byte(0) < 0x80) return {byte(0), 1};
  if (byte(0) < 0xe0) return {(byte(0) & 0x1fu) << 6 | (byte(1) & 0x3fu), 2};
  if (byte(0) < 0xf0) return {(byte(0) & 0x0fu) << 12 | (byte(1) & 0x3fu) << 6 | (byte(2) & 0x3fu), 3};
  return {(byte(0) & 0x07u) << 18 | (byte(1) & 0x3fu) << 12 | (byte(2) & 0x3fu) << 6 | (byte(3) & 0x3fu), 4};
}

bool is_other_break(std::uint32_t code) { return code == 0x85 || code == 0x2028 || code == 0x2029; }
/// What go-yaml writes as it is. All beyond the first plane is escaped.
bool is_printable(std::uint32_t code) {
  if (code < 0x80) return code == '\n' || (code >= 0x20 && code <= 0x7e);
  return code >= 0xa0 && code <= 0xfffd && code != 0xfeff;
}

struct Allowed {
  bool plain = true;
  bool single = true;
  bool block = true;
};

Allowed allowed(std::string_view text) {
  Allowed out;
  if (text.starts_with("---") || text.starts_with("...")) out.plain = false;
  if (std::string_view("#,[]{}&*!|>'\"%@`").find(text[0]) != std::string_view::npos) out.plain = false;
  if (text[0] == ' ' || text[0] == '\n' || text.back() == ' ' || text.back() == '\n') out.plain = false;
  if (text.back() == ' ') out.block = false;
  bool after_space = false;
  bool after_break = false;
  bool after_blank = true;
  for (std::size_t i = 0; i < text.size();) {
    const auto [code, size] = character(text, i);
    const bool first = i == 0;
    i += size;
    const bool before_blank = i >= text.size() || text[i] == ' ' || text[i] == '\t';
    if ((code == ':' || (first && (code == '?' || code == '-'))) && before_blank) out.plain = false;
    if (code == '#' && after_blank) out.plain = false;
    if (code == '\t') {
      out.plain = out.single = false;
    } else if (!is_printable(code) || is_other_break(code)) {
      out = {false, false, false};
    }
    if (code == ' ') {
      if (after_break) out.plain = out.single = false;
    } else if (code == '\n') {
      out.plain = false;
      if (after_space) out = {false, false, false};
    }
    after_space = code == ' ';
    after_break = code == '\n';
    after_blank = code == ' ' || code == '\t' || code == '\n';
  }
  return out;
}

void put_double_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t i = 0; i < text.size();) {
    const auto [code, size] = character(text, i);
    const std::string_view bytes = text.substr(i, size);
    i += size;
    if (is_printable(code) && !is_other_break(code) && code != '\n' && code != '"' && code != '\\') {
      out += bytes;
      continue;
    }
    constexpr std::string_view kCodes{"\0\a\b\t\n\v\f\r\x1b\"\\", 11};
    constexpr std::string_view kNames = "0abtnvfre\"\\";
    const std::size_t known = code < 0x80 ? kCodes.find(static_cast<char>(code)) : std::string_view::npos;
    out += '\\';
    if (known != std::string_view::npos) {
      out += kNames[known];
    } else if (code == 0x85) {
      out += 'N';
    } else if (code == 0x2028 || code == 0x2029) {
      out += code == 0x2028 ? 'L' : 'P';
    } else if (code <= 0xff) {
      fmt::format_to(std::back_inserter(out), "x{:02X}", code);
    } else if (code <= 0xffff) {
      fmt::format_to(std::back_inserter(out), "u{:04X}", code);
    } else {
      fmt::format_to(std::back_inserter(out), "U{:08X}", code);
    }
  }
  out += '"';
}

void put_single_quoted(std::string& out, std::string_view text) {
  out += '\'';
  for (const char c : text) {
    out += c;
    if (c == '\'') out += c;
  }
  out += '\'';
}

void put_block(std::string& out, std::string_view text, std::size_t indent, std::size_t step) {
  out += '|';
  if (text[0] == ' ' || text[0] == '\n') out += static_cast<char>('0' + step);
  if (!text.ends_with('\n')) {
    out += '-';
  } else if (text.size() == 1 || text[text.size() - 2] == '\n') {
    out += '+';
  }
  out += '\n';
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end != 0) out.append(indent, ' ').append(text.substr(0, end));
    out += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

void put_scalar(std::string& out, std::string_view text, std::size_t indent, std::size_t step) {
  if (!stream::is_utf8(text)) {
    const std::string base64 = stream::base64_encode(text);
    out += "!!binary ";
    if (base64.size() < kBinaryLine) {
      out.append(base64) += '\n';
      return;
    }
    std::string lines;
    for (std::size_t at = 0; at < base64.size(); at += kBinaryLine) lines.append(base64, at, kBinaryLine) += '\n';
    return put_block(out, lines, indent, step);
  }
  if (text.empty()) {
    out += "\"\"\n";
    return;
  }
  const Allowed may = allowed(text);
  if (text.find('\n') != std::string_view::npos && may.block) return put_block(out, text, indent, step);
  if (text.find('\n') == std::string_view::npos && is_string(text) && (may.plain || may.single)) {
    if (may.plain) {
      out += text;
    } else {
      put_single_quoted(out, text);
    }
  } else {
    put_double_quoted(out, text);
  }
  out += '\n';
}

namespace {

/// A key is one line and no block.
std::string key_text(std::string_view key) {
  std::string name;
  if (stream::is_utf8(key) && key.find('\n') != std::string_view::npos) {
    put_double_quoted(name, key);
  } else if (stream::is_utf8(key)) {
    put_scalar(name, key, 0);
    name.pop_back();
  } else {
    name = "!!binary " + stream::base64_encode(key);
  }
  return name;
}

/// The members of an object, of which the first begins where the cursor is: behind "- ".
void put_members(std::string& out, std::size_t indent, const stream::Json& object, bool begun, std::size_t step);

void put_items(std::string& out, std::size_t indent, const stream::Json& array, std::size_t step) {
  for (const stream::Json& item : array.as_array()) {
    out.append(indent, ' ').append("- ");
    if (item.is_object() && !item.as_object().empty()) {
      put_members(out, indent + 2, item, true, step);
    } else if (item.is_string()) {
      put_scalar(out, item.as_string(), indent + step, step);
    } else {
      out.append(to_json(item)) += '\n';  // YAML has JSON's own form too
    }
  }
}

void put_members(std::string& out, std::size_t indent, const stream::Json& object, bool begun, std::size_t step) {
  for (const stream::JsonMember& member : object.as_object()) {
    const std::size_t before = out.size();
    put_value(out, indent, member.name, member.value, step);
    if (begun) out.erase(before, indent);
    begun = false;
  }
}

}  // namespace

void put_member(std::string& out, std::size_t indent, std::string_view key, std::string_view value, std::size_t step) {
  out.append(indent, ' ').append(key_text(key)).append(": ");
  put_scalar(out, value, indent + step, step);
}

void put_value(std::string& out, std::size_t indent, std::string_view key, const stream::Json& value, std::size_t step) {
  if (value.is_string()) return put_member(out, indent, key, value.as_string(), step);
  out.append(indent, ' ').append(key_text(key)).append(":");
  const std::size_t below = step * ((indent + step) / step);  // as go-yaml goes on behind "- "
  if (value.is_object() && !value.as_object().empty()) {
    out += '\n';
    put_members(out, below, value, false, step);
  } else if (value.is_array() && !value.as_array().empty()) {
    out += '\n';
    put_items(out, below, value, step);
  } else {
    out.append(" ").append(to_json(value)) += '\n';
  }
}

bool key_less(std::string_view a, std::string_view b) {
  std::size_t i = 0;
  bool digits = false;
  while (i < a.size() && i < b.size() && a[i] == b[i]) digits = is_digit(a[i++]);
  if (i == a.size() || i == b.size()) return a.size() < b.size();
  const bool letters[2] = {is_letter(a[i]), is_letter(b[i])};
  if (letters[0] && letters[1]) return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[i]);
  // A letter comes behind other characters, but before the rest of a number.
  if (letters[0] || letters[1]) return digits ? letters[0] : letters[1];
  if (is_digit(a[i]) && is_digit(b[i])) {
    // The whole numbers, of which the beginning is the same.
    std::size_t begin = i;
    while (begin > 0 && is_digit(a[begin - 1])) --begin;
    const auto number = [begin](std::string_view text) {
      std::string_view out = text.substr(begin);
      out = out.substr(0, std::min(out.find_first_not_of("0123456789"), out.size()));
      return out;
    };
    const std::string_view numbers[2] = {number(a), number(b)};
    const auto significant = [](std::string_view text) {
      text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
      return text;
    };
    const std::string_view values[2] = {significant(numbers[0]), significant(numbers[1])};
    if (values[0].size() != values[1].size()) return values[0].size() < values[1].size();
    if (values[0] != values[1]) return values[0] < values[1];
    if (numbers[0].size() != numbers[1].size()) return numbers[0].size() < numbers[1].size();
  }
  // A digit comes behind what is neither.
  if (is_digit(a[i]) != is_digit(b[i])) return is_digit(b[i]);
  return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[i]);
}

void put_map(std::string& out, std::size_t indent, std::string_view key, Members members, std::size_t step) {
  out.append(indent, ' ').append(key);
  if (members.empty()) {
    out += ": {}\n";
    return;
  }
  out += ":\n";
  std::stable_sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return key_less(a.first, b.first); });
  for (const auto& [name, value] : members) put_member(out, indent + step, name, value, step);
}

}  // namespace har::format::keploy
