#include "stream/text/json_view.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "stream/text/ascii.hpp"
#include "stream/text/json_scan.hpp"
#include "stream/text/utf8.hpp"

namespace stream {
namespace {

using ascii::is_space;

constexpr std::uint32_t kReplacement = 0xFFFD;
constexpr std::size_t kNowhere = std::string_view::npos;

/// The code unit of the four digits at the start of `text`; the replacement character if they are none.
std::uint32_t hex4(std::string_view text) {
  std::uint32_t unit = 0;
  if (text.size() < 4) return kReplacement;
  const auto [end, error] = std::from_chars(text.data(), text.data() + 4, unit, 16);
  return error == std::errc{} && end == text.data() + 4 ? unit : kReplacement;
}

std::uint32_t take_code(std::string_view& inner) {
  const std::uint32_t code = hex4(inner);
  inner.remove_prefix(std::min<std::size_t>(4, inner.size()));
  if (code < 0xD800 || code >= 0xE000) return code;
  const std::uint32_t low = code < 0xDC00 && inner.starts_with("\\u") ? hex4(inner.substr(2)) : 0;
  if (low < 0xDC00 || low >= 0xE000) return kReplacement;
  inner.remove_prefix(6);
  return 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
}

/// Appends the characters of a string's inside.
void unescape(std::string& out, std::string_view inner) {
  for (;;) {
    const std::size_t slash = inner.find('\\');
    out += inner.substr(0, slash);
    if (slash == kNowhere || slash + 1 >= inner.size()) return;
    const char kind = inner[slash + 1];
    inner.remove_prefix(slash + 2);
    if (kind == 'u') {
      append_utf8(out, take_code(inner));
      continue;
    }
    constexpr std::string_view kLetters = "bfnrt";
    const std::size_t letter = kLetters.find(kind);
    out += letter == kNowhere ? kind : "\b\f\n\r\t"[letter];  // else a quote, a slash, a backslash
  }
}

std::size_t skip_space(std::string_view text, std::size_t at) {
  while (at < text.size() && is_space(text[at])) ++at;
  return at;
}

/// The first quote or backslash. Most strings are short, so that calling a function for it would take longer than this.
std::size_t find_quote(std::string_view text, std::size_t at) {
  if constexpr (std::endian::native == std::endian::little) {
    constexpr std::uint64_t kOnes = 0x0101010101010101U;
    const auto zeros = [](std::uint64_t word) { return (word - kOnes) & ~word & (kOnes << 7); };  // exact up to the first
    for (std::size_t words = 0; at + 8 <= text.size() && words < 8; at += 8, ++words) {
      std::uint64_t word = 0;
      std::memcpy(&word, text.data() + at, 8);
      const std::uint64_t found = zeros(word ^ (kOnes * '"')) | zeros(word ^ (kOnes * '\\'));
      if (found != 0) return at + static_cast<std::size_t>(std::countr_zero(found)) / 8;
    }
  }
  return at;
}

/// Behind the string that begins at `at`; kNowhere if it does not end.
std::size_t skip_string(std::string_view text, std::size_t at) {
  const std::size_t from = find_quote(text, at + 1);
  if (from >= text.size()) return kNowhere;
  if (text[from] == '"') return from + 1;
  const std::size_t end = find_closing_quote(text, from);
  return end == kNowhere ? kNowhere : end + 1;
}

/// Behind the value that begins at `at`; kNowhere if it does not end.
std::size_t skip_value(std::string_view text, std::size_t at) {
  if (at >= text.size()) return kNowhere;
  if (text[at] == '"') return skip_string(text, at);
  if (text[at] == '{' || text[at] == '[') {
    thread_local std::vector<std::size_t> ends;
    ends.clear();
    ElementScanner scanner;
    const std::size_t end = at + 1 + scanner.scan(text.substr(at + 1), 0, ends);
    return scanner.closed() ? end : kNowhere;
  }
  std::size_t end = at;
  while (end < text.size() && text[end] != ',' && text[end] != '}' && text[end] != ']' && !is_space(text[end])) ++end;
  return end == at ? kNowhere : end;
}

}  // namespace

std::string_view RawJson::string(std::string& scratch) const {
  if (!is_string() || text.size() < 2) return {};
  const std::string_view written = inner();
  if (written.find('\\') == kNowhere) return written;
  scratch.clear();
  unescape(scratch, written);
  return scratch;
}

std::string RawJson::string() const {
  std::string scratch;
  return std::string(string(scratch));
}

std::optional<double> RawJson::number() const {
  if (!is_number()) return std::nullopt;
  const char* const end = text.data() + text.size();
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc::result_out_of_range) return std::strtod(std::string(text).c_str(), nullptr);
  return error == std::errc{} && stop == end ? std::optional(value) : std::nullopt;
}

std::optional<std::int64_t> RawJson::integer() const {
  if (!is_number()) return std::nullopt;
  const char* const end = text.data() + text.size();
  std::int64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc{} && stop == end ? std::optional(value) : std::nullopt;
}

void JsonObjectView::reset(RawJson object) {
  text_ = object.is_object() ? object.text : std::string_view();
  at_ = text_.empty() ? kNowhere : 0;
  broken_ = false;
  members_.clear();
}

/// One member more; false if there is none.
bool JsonObjectView::read_on() {
  if (at_ == kNowhere) return false;
  const bool first = members_.empty();
  std::size_t at = first ? 1 : skip_space(text_, at_);
  broken_ = true;  // until it is seen that it is not
  at_ = kNowhere;
  if (!first) {
    if (at >= text_.size()) return false;
    if (text_[at] == '}') {
      broken_ = skip_space(text_, at + 1) != text_.size();
      return false;
    }
    if (text_[at] != ',') return false;
    ++at;
  }
  at = skip_space(text_, at);
  if (first && at < text_.size() && text_[at] == '}') {
    broken_ = skip_space(text_, at + 1) != text_.size();
    return false;
  }
  if (at >= text_.size() || text_[at] != '"') return false;
  const std::size_t name_end = skip_string(text_, at);
  if (name_end == kNowhere) return false;
  Member member;
  member.name = text_.substr(at + 1, name_end - at - 2);
  member.escaped = std::memchr(member.name.data(), '\\', member.name.size()) != nullptr;
  at = skip_space(text_, name_end);
  if (at >= text_.size() || text_[at] != ':') return false;
  at = skip_space(text_, at + 1);
  const std::size_t end = skip_value(text_, at);
  if (end == kNowhere) return false;
  member.value.text = text_.substr(at, end - at);
  members_.push_back(member);
  at_ = end;
  broken_ = false;
  return true;
}

bool JsonObjectView::is_named(const Member& member, std::string_view name) {
  if (!member.escaped) return member.name == name;
  scratch_.clear();
  unescape(scratch_, member.name);
  return scratch_ == name;
}

RawJson JsonObjectView::find(std::string_view name) {
  for (const Member& member : members_) {
    if (is_named(member, name)) return member.value;
  }
  while (read_on()) {
    if (is_named(members_.back(), name)) return members_.back().value;
  }
  return {};
}

const std::vector<JsonObjectView::Member>& JsonObjectView::members() {
  while (read_on()) {
  }
  return members_;
}

JsonArrayView::JsonArrayView(RawJson array) : text_(array.is_array() ? array.text : std::string_view()) {
  at_ = text_.empty() ? kNowhere : 1;
}

RawJson JsonArrayView::next() {
  if (at_ == kNowhere) return {};
  const bool first = at_ == 1;
  std::size_t at = skip_space(text_, at_);
  broken_ = true;
  at_ = kNowhere;
  if (at < text_.size() && text_[at] == ']') {
    broken_ = skip_space(text_, at + 1) != text_.size();
    return {};
  }
  if (!first) {
    if (at >= text_.size() || text_[at] != ',') return {};
    at = skip_space(text_, at + 1);
  }
  const std::size_t end = skip_value(text_, at);
  if (end == kNowhere) return {};
  broken_ = false;
  at_ = end;
  return {text_.substr(at, end - at)};
}

}  // namespace stream
