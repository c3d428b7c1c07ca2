#include "query/lexer.hpp"

#include <fmt/format.h>

#include <charconv>

#include "stream/text/ascii.hpp"
#include "stream/text/units.hpp"
#include "stream/text/utf8.hpp"

namespace har::query {

using stream::Error;
using stream::ErrorCode;
using stream::fail;
using stream::Result;

namespace {

using stream::ascii::is_digit;
using stream::ascii::is_space;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool ends_pointer(char c) { return is_space(c) || std::string_view("()[],=!<>&|\"'").find(c) != std::string_view::npos; }

/// Columns are counted in characters.
std::size_t column_of(std::string_view text, std::size_t at) {
  std::size_t column = 1;
  for (const char c : text.substr(0, at)) column += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1U : 0U;
  return column;
}

}  // namespace

Error Lexer::error(std::size_t at, std::string message, std::string hint) const {
  Error out{ErrorCode::usage, std::move(message), {std::string(source_), 1, column_of(text_, at)}, std::move(hint)};
  out.place.offset = at;
  return out;
}

Result<Lexeme> Lexer::next() {
  while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  Lexeme out;
  out.at = out.end = at_;
  if (at_ == text_.size()) return out;
  const char c = text_[at_];
  if (c == '"' || c == '\'') return string();
  if (is_digit(c)) return number();
  if (is_letter(c)) return name();
  out.kind = Token::symbol;
  for (const std::string_view two : {"==", "!=", "<=", ">=", "=~", "!~", "&&", "||", ".."}) {
    if (text_.substr(at_).starts_with(two)) out.text = two;
  }
  if (out.text.empty() && std::string_view("<>!()[],:+-*/").find(c) != std::string_view::npos) out.text = c;
  if (out.text.empty()) {
    std::size_t end = at_ + 1;
    while (end < text_.size() && (static_cast<unsigned char>(text_[end]) & 0xC0U) == 0x80U) ++end;
    std::string hint;
    if (c == '=') hint = "for equality write ==";
    if (c == '&') hint = "write && or and";
    if (c == '|') hint = "write || or or";
    return fail(error(at_, fmt::format("\"{}\" means nothing here", between(at_, end)), std::move(hint)));
  }
  at_ += out.text.size();
  out.end = at_;
  return out;
}

/// In double quotes \" \\ \n \t \r and \uXXXX are what they are in JSON; any other backslash stays, so that regular expressions
/// can be written as they are. In single quotes everything is as it stands.
Result<Lexeme> Lexer::string() {
  Lexeme out;
  out.kind = Token::string;
  out.at = at_;
  const char quote = text_[at_++];
  while (at_ < text_.size() && text_[at_] != quote) {
    const char c = text_[at_++];
    if (c != '\\' || quote == '\'' || at_ == text_.size()) {
      out.text += c;
      continue;
    }
    const char next = text_[at_++];
    constexpr std::string_view kPlain = "\"\\ntr";
    if (const std::size_t which = kPlain.find(next); which != std::string_view::npos) {
      out.text += "\"\\\n\t\r"[which];
      continue;
    }
    std::uint32_t code = 0;
    const std::string_view digits = text_.substr(at_, 4);
    if (next == 'u' && digits.size() == 4) {
      const auto [stop, bad] = std::from_chars(digits.data(), digits.data() + 4, code, 16);
      if (bad == std::errc{} && stop == digits.data() + 4 && (code < 0xD800 || code > 0xDFFF)) {
        stream::append_utf8(out.text, code);
        at_ += 4;
        continue;
      }
    }
    out.text += c;
    out.text += next;
  }
  if (at_ == text_.size()) return fail(error(out.at, fmt::format("this string does not end: expected a second {}", quote)));
  out.end = ++at_;
  return out;
}

Result<Lexeme> Lexer::number() {
  Lexeme out;
  out.kind = Token::number;
  out.at = at_;
  std::size_t end = at_;
  const auto digits = [&] {
    while (end < text_.size() && is_digit(text_[end])) ++end;
  };
  digits();
  if (end + 1 < text_.size() && text_[end] == '.' && is_digit(text_[end + 1])) {
    ++end;
    digits();
  }
  if (end + 1 < text_.size() && (text_[end] == 'e' || text_[end] == 'E')) {
    const std::size_t sign = text_[end + 1] == '+' || text_[end + 1] == '-' ? 1 : 0;
    if (end + 1 + sign < text_.size() && is_digit(text_[end + 1 + sign])) {
      end += 1 + sign;
      digits();
    }
  }
  const std::size_t plain = end;
  // "µ" is two octets.
  while (end < text_.size() && (is_letter(text_[end]) || is_digit(text_[end]) || static_cast<unsigned char>(text_[end]) >= 0x80 ||
                                (text_[end] == '.' && end + 1 < text_.size() && is_digit(text_[end + 1]))))
    ++end;
  at_ = out.end = end;
  const std::string_view text = between(out.at, end);
  if (end == plain) {
    (void)std::from_chars(text.data(), text.data() + text.size(), out.number);
    return out;
  }
  if (const auto time = stream::parse_duration(text)) {
    out.number = static_cast<double>(time->count()) / 1e6;
    out.unit = Unit::milliseconds;
    return out;
  }
  if (const auto size = stream::parse_size(text)) {
    out.number = static_cast<double>(*size);
    out.unit = Unit::bytes;
    return out;
  }
  const bool status = text.size() == 3 && (text.ends_with("xx") || text.ends_with("XX"));
  return fail(error(out.at, fmt::format("expected a number, a time such as 150ms or a size such as 10MiB, found \"{}\"", text),
                    status ? fmt::format("for such a status write status in {0}00..{0}99", text[0]) : ""));
}

Lexeme Lexer::name() {
  Lexeme out;
  out.kind = Token::name;
  out.at = at_;
  bool any = false;  // what follows is a name of somebody else's
  while (at_ < text_.size()) {
    const char c = text_[at_];
    const bool more = at_ + 1 < text_.size() && (is_letter(text_[at_ + 1]) || is_digit(text_[at_ + 1]));
    if (c == '.' && more) {
      any = any || is_map(between(out.at, at_));
    } else if (!is_letter(c) && !is_digit(c) && !(any && c == '-')) {
      break;
    }
    ++at_;
  }
  out.end = at_;
  out.text = between(out.at, at_);
  return out;
}

Result<Lexeme> Lexer::pointer() {
  if (at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'')) {
    STREAM_ASSIGN(Lexeme out, string());
    if (!out.text.empty() && out.text.front() != '/')
      return fail(error(out.at, "a JSON Pointer begins with /, as in body:\"/items/0\""));
    return out;
  }
  Lexeme out;
  out.kind = Token::string;
  out.at = at_;
  if (at_ == text_.size() || text_[at_] != '/')
    return fail(error(at_, "expected a JSON Pointer behind the colon, as in body:/items/0"));
  while (at_ < text_.size() && !ends_pointer(text_[at_])) ++at_;
  out.end = at_;
  out.text = between(out.at, at_);
  return out;
}

}  // namespace har::query
