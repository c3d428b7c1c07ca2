#include "json_text.hpp"

#include <cstring>

#include "stream/compare/json_compare.hpp"
#include "stream/text/ascii.hpp"
#include "stream/text/utf8.hpp"

namespace stream {
namespace {

using ascii::is_digit;

/// The offset of the next quote, backslash or control character.
std::size_t plain_end(std::string_view text, std::size_t at) {
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  constexpr std::uint64_t kHigh = 0x8080808080808080U;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    const std::uint64_t quote = word ^ (kOnes * 0x22);
    const std::uint64_t slash = word ^ (kOnes * 0x5c);
    const std::uint64_t special = ((quote - kOnes) & ~quote) | ((slash - kOnes) & ~slash) | ((word - kOnes * 0x20) & ~word);
    if ((special & kHigh) != 0) break;
  }
  for (; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte == '"' || byte == '\\' || byte < 0x20) break;
  }
  return at;
}

}  // namespace

std::size_t number_end(std::string_view text, std::size_t at) {
  const auto digit = [&] { return at < text.size() && is_digit(text[at]); };
  const auto is = [&](char c) { return at < text.size() && text[at] == c; };
  if (is('-')) ++at;
  if (!digit()) return kNoEnd;
  if (text[at] == '0') {
    ++at;
    if (digit()) return kNoEnd;
  } else {
    while (digit()) ++at;
  }
  if (is('.')) {
    ++at;
    if (!digit()) return kNoEnd;
    while (digit()) ++at;
  }
  if (is('e') || is('E')) {
    ++at;
    if (is('+') || is('-')) ++at;
    if (!digit()) return kNoEnd;
    while (digit()) ++at;
  }
  return at;
}

std::size_t string_end(std::string_view text, std::size_t at) {
  const std::size_t begin = ++at;
  for (;;) {
    at = plain_end(text, at);
    if (at == text.size()) return kNoEnd;
    if (text[at] == '"') return is_utf8(text.substr(begin, at - begin)) ? at + 1 : kNoEnd;
    if (text[at] != '\\' || ++at == text.size()) return kNoEnd;
    if (text[at] == 'u') {
      if (at + 4 >= text.size()) return kNoEnd;
      for (std::size_t i = at + 1; i <= at + 4; ++i) {
        const char low = static_cast<char>(text[i] | 0x20);
        if (!is_digit(text[i]) && (low < 'a' || low > 'f')) return kNoEnd;
      }
      at += 5;
    } else if (std::string_view("\"\\/bfnrt").find(text[at]) != std::string_view::npos) {
      ++at;
    } else {
      return kNoEnd;
    }
  }
}

std::uint64_t hash_number(std::string_view text, NumberRule rule, std::string& scratch) {
  const std::uint64_t seed = kind_seed(Json::Kind::number);
  if (rule == NumberRule::spelling) return hash_bytes(text, seed);
  scratch.clear();
  append_canonical_number(scratch, text);
  return hash_bytes(scratch, seed);
}

std::optional<std::uint64_t> JsonTextHash::hash(std::string_view text) {
  if (!is_utf8(text)) return std::nullopt;
  text_ = text;
  at_ = 0;
  std::uint64_t out = 0;
  skip_space();
  if (!value(out, 0)) return std::nullopt;
  skip_space();
  return at_ == text_.size() ? std::optional(out) : std::nullopt;
}

void JsonTextHash::skip_space() {
  while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) ++at_;
}

bool JsonTextHash::take(char c) {
  skip_space();
  if (at_ == text_.size() || text_[at_] != c) return false;
  ++at_;
  return true;
}

bool JsonTextHash::value(std::uint64_t& out, std::size_t depth) {
  if (at_ == text_.size()) return false;
  switch (text_[at_]) {
    case '{':
      return object(out, depth);
    case '[':
      return array(out, depth);
    case '"':
      return string(kind_seed(Json::Kind::string), out);
    case 't':
      return word("true", hash_combine(kind_seed(Json::Kind::boolean), 2), out);
    case 'f':
      return word("false", hash_combine(kind_seed(Json::Kind::boolean), 1), out);
    case 'n':
      return word("null", hash_combine(kind_seed(Json::Kind::null), 0), out);
    default: {
      const std::size_t end = number_end(text_, at_);
      if (end == kNoEnd) return false;
      out = hash_number(text_.substr(at_, end - at_), numbers_, scratch_);
      at_ = end;
      return true;
    }
  }
}

bool JsonTextHash::object(std::uint64_t& out, std::size_t depth) {
  if (depth >= max_depth_) return false;
  ++at_;
  std::uint64_t sum = 0;  // so that the order of members does not matter
  if (!take('}')) {
    do {
      skip_space();
      std::uint64_t name = 0;
      std::uint64_t inner = 0;
      if (at_ == text_.size() || text_[at_] != '"' || !string(0, name) || !take(':')) return false;
      skip_space();
      if (!value(inner, depth + 1)) return false;
      sum += hash_combine(name, inner);
    } while (take(','));
    if (!take('}')) return false;
  }
  out = hash_combine(kind_seed(Json::Kind::object), sum);
  return true;
}

bool JsonTextHash::array(std::uint64_t& out, std::size_t depth) {
  if (depth >= max_depth_) return false;
  ++at_;
  out = kind_seed(Json::Kind::array);
  if (take(']')) return true;
  do {
    skip_space();
    std::uint64_t inner = 0;
    if (!value(inner, depth + 1)) return false;
    out = hash_combine(out, inner);
  } while (take(','));
  return take(']');
}

bool JsonTextHash::word(std::string_view word, std::uint64_t hash, std::uint64_t& out) {
  if (text_.substr(at_, word.size()) != word) return false;
  at_ += word.size();
  out = hash;
  return true;
}

bool JsonTextHash::string(std::uint64_t seed, std::uint64_t& out) {
  const std::size_t begin = ++at_;
  at_ = plain_end(text_, at_);
  if (at_ == text_.size()) return false;
  if (text_[at_] == '"') {
    out = hash_bytes(text_.substr(begin, at_ - begin), seed);
    ++at_;
    return true;
  }
  scratch_.assign(text_.substr(begin, at_ - begin));
  while (at_ < text_.size() && text_[at_] == '\\') {
    if (!escape()) return false;
    const std::size_t end = plain_end(text_, at_);
    scratch_.append(text_.substr(at_, end - at_));
    at_ = end;
  }
  if (at_ == text_.size() || text_[at_] != '"') return false;
  ++at_;
  out = hash_bytes(scratch_, seed);
  return true;
}

/// The escape at the backslash.
bool JsonTextHash::escape() {
  const auto hex4 = [&](std::size_t at) {
    std::uint32_t unit = 0;
    if (at + 4 > text_.size()) return UINT32_MAX;
    for (std::size_t i = at; i < at + 4; ++i) {
      const char c = text_[i];
      const char low = static_cast<char>(c | 0x20);
      if (!is_digit(c) && (low < 'a' || low > 'f')) return UINT32_MAX;
      unit = unit * 16 + static_cast<std::uint32_t>(is_digit(c) ? c - '0' : low - 'a' + 10);
    }
    return unit;
  };
  if (at_ + 1 == text_.size()) return false;
  const char kind = text_[at_ + 1];
  at_ += 2;
  switch (kind) {
    case '"':
    case '\\':
    case '/':
      scratch_ += kind;
      return true;
    case 'b':
      scratch_ += '\b';
      return true;
    case 'f':
      scratch_ += '\f';
      return true;
    case 'n':
      scratch_ += '\n';
      return true;
    case 'r':
      scratch_ += '\r';
      return true;
    case 't':
      scratch_ += '\t';
      return true;
    case 'u':
      break;
    default:
      return false;
  }
  std::uint32_t unit = hex4(at_);
  if (unit == UINT32_MAX) return false;
  at_ += 4;
  if (unit >= 0xD800 && unit < 0xE000) {  // half a pair by itself is rare
    const std::uint32_t low = text_.substr(at_, 2) == "\\u" ? hex4(at_ + 2) : UINT32_MAX;
    if (unit >= 0xDC00 || low < 0xDC00 || low >= 0xE000) return false;
    unit = 0x10000 + ((unit - 0xD800) << 10U) + (low - 0xDC00);
    at_ += 6;
  }
  append_utf8(scratch_, unit);
  return true;
}

}  // namespace stream
