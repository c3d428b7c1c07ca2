#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "stream/text/ascii.hpp"
#include "stream/text/json.hpp"
#include "stream/text/utf8.hpp"

namespace stream {
namespace {

using ascii::hex_digit;
using ascii::is_digit;
using ascii::is_space;

/// What a message calls the byte at hand.
std::string describe(std::string_view rest) {
  const auto byte = static_cast<unsigned char>(rest.front());
  if (byte < 0x20 || byte == 0x7f) return fmt::format("the control character 0x{:02x}", byte);
  if (byte >= 0x80) return fmt::format("the byte 0x{:02x}", byte);
  return fmt::format("'{}'", rest.front());
}

/// Recursive descent over one text. Depth is bounded by Limits::max_depth.
class Parser {
 public:
  Parser(std::string_view text, const Limits& limits) : text_(text), max_depth_(std::min(limits.max_depth, kDeepestLimit)) {}

  Result<Json> document(bool whole) {
    skip_space();
    Json value;
    if (!parse(value, 0)) return fail(std::move(error_));
    if (whole) {
      skip_space();
      if (at_ != text_.size()) {
        refuse(ErrorCode::syntax, fmt::format("expected the end of the value, found {}", describe(rest())));
        return fail(std::move(error_));
      }
    }
    return value;
  }

  std::size_t consumed() const { return at_; }

 private:
  std::string_view rest() const { return text_.substr(at_); }
  bool end() const { return at_ >= text_.size(); }
  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }

  bool refuse(ErrorCode code, std::string message) {
    error_.code = code;
    error_.message = std::move(message);
    Place& place = error_.place;
    const std::string_view before = text_.substr(0, std::min(at_, text_.size()));
    place.offset = before.size();
    place.line = 1 + static_cast<std::uint64_t>(std::count(before.begin(), before.end(), '\n'));
    const std::size_t line_start = before.rfind('\n');
    place.column = before.size() - (line_start == std::string_view::npos ? 0 : line_start + 1) + 1;
    // The path is kept from the outside in: each level adds itself in front while the recursion unwinds.
    return false;
  }
  bool refuse_here(std::string_view expected) {
    if (end()) return refuse(ErrorCode::truncated, fmt::format("expected {}, found the end of the input", expected));
    return refuse(ErrorCode::syntax, fmt::format("expected {}, found {}", expected, describe(rest())));
  }
  bool inside(std::string_view name) {
    std::string pointer;
    append_pointer(pointer, name);
    error_.place.pointer.insert(0, pointer);
    return false;
  }
  bool inside(std::size_t index) {
    error_.place.pointer.insert(0, fmt::format("/{}", index));
    return false;
  }

  bool parse(Json& out, std::size_t depth) {
    if (end()) return refuse_here("a JSON value");
    switch (text_[at_]) {
      case '{':
        return parse_object(out, depth);
      case '[':
        return parse_array(out, depth);
      case '"': {
        std::string text;
        if (!parse_string(text)) return false;
        out = Json(std::move(text));
        return true;
      }
      case 't':
        return parse_word("true", Json(true), out);
      case 'f':
        return parse_word("false", Json(false), out);
      case 'n':
        return parse_word("null", Json(), out);
      default:
        return parse_number(out);
    }
  }

  bool too_deep(std::size_t depth) {
    if (depth < max_depth_) return false;
    refuse(ErrorCode::limit, fmt::format("nested deeper than {} levels", max_depth_));
    if (max_depth_ < kDeepestLimit) error_.hint = "raise the limit with --max-depth";
    return true;
  }

  bool parse_object(Json& out, std::size_t depth) {
    if (too_deep(depth)) return false;
    ++at_;
    Json::Object members;
    skip_space();
    if (!end() && text_[at_] == '}') {
      ++at_;
      out = Json(std::move(members));
      return true;
    }
    for (;;) {
      skip_space();
      if (end() || text_[at_] != '"') return refuse_here(members.empty() ? "a member name or '}'" : "a member name");
      JsonMember& member = members.emplace_back();
      if (!parse_string(member.name)) return false;
      skip_space();
      if (end() || text_[at_] != ':') return refuse_here("':' after a member name") || inside(member.name);
      ++at_;
      skip_space();
      if (!parse(member.value, depth + 1)) return inside(member.name);
      skip_space();
      if (!end() && text_[at_] == ',') {
        ++at_;
        continue;
      }
      if (end() || text_[at_] != '}') return refuse_here("',' or '}'");
      ++at_;
      out = Json(std::move(members));
      return true;
    }
  }

  bool parse_array(Json& out, std::size_t depth) {
    if (too_deep(depth)) return false;
    ++at_;
    Json::Array items;
    skip_space();
    if (!end() && text_[at_] == ']') {
      ++at_;
      out = Json(std::move(items));
      return true;
    }
    for (;;) {
      skip_space();
      Json& item = items.emplace_back();
      if (!parse(item, depth + 1)) return inside(items.size() - 1);
      skip_space();
      if (!end() && text_[at_] == ',') {
        ++at_;
        continue;
      }
      if (end() || text_[at_] != ']') return refuse_here("',' or ']'");
      ++at_;
      out = Json(std::move(items));
      return true;
    }
  }

  bool parse_word(std::string_view word, Json value, Json& out) {
    const std::string_view found = rest().substr(0, word.size());
    if (found != word) {
      if (word.starts_with(found)) {
        at_ = text_.size();
        return refuse_here(fmt::format("'{}'", word));
      }
      return refuse(ErrorCode::syntax, fmt::format("expected '{}'", word));
    }
    at_ += word.size();
    out = std::move(value);
    return true;
  }

  bool digits() {
    const std::size_t from = at_;
    while (!end() && is_digit(text_[at_])) ++at_;
    return at_ > from;
  }

  bool parse_number(Json& out) {
    const std::size_t from = at_;
    if (!end() && text_[at_] == '-') ++at_;
    if (end() || !is_digit(text_[at_])) {
      if (at_ == from) return refuse_here("a JSON value");
      return refuse_here("a digit");
    }
    if (text_[at_] == '0') {
      ++at_;
      if (!end() && is_digit(text_[at_])) return refuse(ErrorCode::syntax, "a number does not begin with 0");
    } else {
      digits();
    }
    if (!end() && text_[at_] == '.') {
      ++at_;
      if (!digits()) return refuse_here("a digit");
    }
    if (!end() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      ++at_;
      if (!end() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
      if (!digits()) return refuse_here("a digit");
    }
    out = Json(Json::Number{std::string(text_.substr(from, at_ - from))});
    return true;
  }

  bool parse_hex4(std::uint32_t& unit) {
    unit = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      if (end()) return refuse_here("four hexadecimal digits");
      const int digit = hex_digit(text_[at_]);
      if (digit < 0) return refuse_here("four hexadecimal digits");
      unit = unit * 16 + static_cast<std::uint32_t>(digit);
    }
    return true;
  }

  /// The offset of the next quote, backslash or control character: a string's plain run ends there.
  std::size_t plain_end(std::size_t from) {
    constexpr std::uint64_t kOnes = 0x0101010101010101U;
    constexpr std::uint64_t kHigh = 0x8080808080808080U;
    const char* const data = text_.data();
    std::uint64_t all = 0;
    std::size_t at = from;
    for (; at + 8 <= text_.size(); at += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, data + at, 8);
      const std::uint64_t quote = word ^ (kOnes * 0x22);
      const std::uint64_t slash = word ^ (kOnes * 0x5c);
      const std::uint64_t special = ((quote - kOnes) & ~quote) | ((slash - kOnes) & ~slash) | ((word - kOnes * 0x20) & ~word);
      if ((special & kHigh) != 0) break;
      all |= word;
    }
    all &= kHigh;
    for (; at < text_.size(); ++at) {
      const auto byte = static_cast<unsigned char>(data[at]);
      if (byte == '"' || byte == '\\' || byte < 0x20) break;
      all |= byte & 0x80U;
    }
    plain_is_ascii_ = all == 0;
    return at;
  }

  bool append_plain(std::string& out, std::size_t from, std::size_t to) {
    const std::string_view run = text_.substr(from, to - from);
    if (const std::size_t bad = plain_is_ascii_ ? std::string_view::npos : find_invalid_utf8(run);
        bad != std::string_view::npos) {
      at_ = from + bad;
      // A text that was cut may end inside a character.
      if (to == text_.size() && run.size() - bad < 4 && static_cast<unsigned char>(run[bad]) >= 0xc2) {
        at_ = text_.size();
        return refuse_here("the rest of a string");
      }
      return refuse(ErrorCode::encoding, fmt::format("invalid UTF-8: {}", describe(rest())));
    }
    out.append(run);
    return true;
  }

  bool parse_string(std::string& out) {
    ++at_;
    for (;;) {
      const std::size_t from = at_;
      const std::size_t to = plain_end(from);
      if (!append_plain(out, from, to)) return false;
      at_ = to;
      if (end()) return refuse_here("the rest of a string");
      if (text_[at_] == '"') {
        ++at_;
        return true;
      }
      if (text_[at_] != '\\') {
        return refuse(ErrorCode::syntax, fmt::format("a string holds {}, which must be escaped", describe(rest())));
      }
      ++at_;
      if (end()) return refuse_here("the rest of an escape");
      if (!parse_escape(out)) return false;
    }
  }

  bool parse_escape(std::string& out) {
    switch (text_[at_]) {
      case '"':
        out += '"';
        break;
      case '\\':
        out += '\\';
        break;
      case '/':
        out += '/';
        break;
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case 'u': {
        ++at_;
        std::uint32_t unit = 0;
        if (!parse_hex4(unit)) return false;
        if (unit >= 0xd800 && unit < 0xdc00 && rest().starts_with("\\u")) {
          const std::size_t before = at_;
          at_ += 2;
          std::uint32_t low = 0;
          if (!parse_hex4(low)) return false;
          if (low >= 0xdc00 && low < 0xe000) {
            append_utf8(out, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
            return true;
          }
          at_ = before;  // the high surrogate is alone; the other escape stands for itself
        }
        append_utf8(out, unit);  // a lone surrogate as its three bytes (WTF-8)
        return true;
      }
      default:
        return refuse_here("one of \"\\/bfnrtu after a backslash");
    }
    ++at_;
    return true;
  }

  std::string_view text_;
  std::size_t max_depth_;
  std::size_t at_ = 0;
  bool plain_is_ascii_ = true;  // the run that plain_end() found last
  Error error_;
};

}  // namespace

Result<Json> parse_json(std::string_view text, const Limits& limits) { return Parser(text, limits).document(true); }

Result<Json> parse_json_prefix(std::string_view text, std::size_t& consumed, const Limits& limits) {
  Parser parser(text, limits);
  auto value = parser.document(false);
  consumed = parser.consumed();
  return value;
}

}  // namespace stream
