#include "excerpt.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stream/text/utf8.hpp"

namespace stream {
namespace {

constexpr std::size_t kShownBytes = 16;

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; }

// Moves an offset back to where a character begins.
std::size_t character_start(std::string_view text, std::size_t at) {
  while (at > 0 && at < text.size() && is_continuation(text[at])) --at;
  return at;
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

// The offset after `count` characters from `from`.
std::size_t advance(std::string_view text, std::size_t from, std::size_t count) {
  std::size_t at = std::min(from, text.size());
  while (at < text.size() && count > 0) {
    ++at;
    while (at < text.size() && is_continuation(text[at])) ++at;
    --count;
  }
  return at;
}

std::size_t retreat(std::string_view text, std::size_t from, std::size_t count) {
  std::size_t at = std::min(from, text.size());
  while (at > 0 && count > 0) {
    --at;
    while (at > 0 && is_continuation(text[at])) --at;
    --count;
  }
  return at;
}

std::string cut(std::string_view text, std::size_t from, std::size_t width) {
  const std::size_t end = advance(text, from, width);
  return fmt::format("{}{}{}", from > 0 ? "…" : "", text.substr(from, end - from), end < text.size() ? "…" : "");
}

// In one line and printable; what is cut is cut from this form.
std::string in_one_line(const ShownValue& value) {
  if (value.form == ShownValue::Form::json) return escape_controls(value.text);
  std::string quoted = "\"";
  std::string_view rest = value.text;
  for (std::size_t at = 0; !rest.empty(); rest.remove_prefix(std::min(at + 1, rest.size()))) {
    at = std::min(rest.find_first_of("\"\\"), rest.size());
    quoted += escape_controls(rest.substr(0, at));
    if (at < rest.size()) (quoted += '\\') += rest[at];
  }
  return quoted += '"';
}

std::string hex(std::string_view bytes, std::size_t from) {
  std::string out;
  for (std::size_t i = from; i < bytes.size() && i < from + kShownBytes; ++i) {
    out += fmt::format("{}{:02x}", i > from ? " " : "", static_cast<unsigned char>(bytes[i]));
  }
  return out;
}

std::string bytes_excerpt(std::string_view bytes, std::uint64_t offset) {
  if (bytes.empty()) return "(no bytes)";
  const auto from = static_cast<std::size_t>(std::min<std::uint64_t>(offset, bytes.size()));
  const std::string shown = from == bytes.size() ? std::string("(end)") : hex(bytes, from);
  return fmt::format("{}{}{}   ({} {})", from > 0 ? "… " : "", shown, bytes.size() > from + kShownBytes ? " …" : "", bytes.size(),
                     bytes.size() == 1 ? "byte" : "bytes");
}

}  // namespace

std::string escape_controls(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t valid = std::min(find_invalid_utf8(text), text.size());
    for (std::size_t i = 0; i < valid; ++i) {
      const auto c = static_cast<unsigned char>(text[i]);
      if (c == '\n') {
        out += "\\n";
      } else if (c == '\r') {
        out += "\\r";
      } else if (c == '\t') {
        out += "\\t";
      } else if (c < 0x20 || c == 0x7f) {
        out += fmt::format("\\u{:04x}", c);
      } else if (c == 0xc2 && i + 1 < valid && static_cast<unsigned char>(text[i + 1]) < 0xa0) {  // C1 controls
        out += fmt::format("\\u{:04x}", static_cast<unsigned char>(text[++i]));
      } else if (c == 0xe2 && i + 2 < valid && static_cast<unsigned char>(text[i + 1]) == 0x80 &&
                 (static_cast<unsigned char>(text[i + 2]) & 0xfeU) == 0xa8) {  // U+2028, U+2029
        out += fmt::format("\\u202{:x}", static_cast<unsigned char>(text[i + 2]) & 0xfU);
        i += 2;
      } else {
        out += text[i];
      }
    }
    if (valid == text.size()) break;
    out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[valid]));
    text.remove_prefix(valid + 1);
  }
  return out;
}

std::string excerpt(const ShownValue& value, std::size_t width) {
  if (value.form == ShownValue::Form::none) return {};
  if (value.form == ShownValue::Form::bytes) return bytes_excerpt(value.text, 0);
  const std::string line = in_one_line(value);
  if (characters(line) <= width) return line;
  // As far in as the value itself says, but not so far that less than `width` is left.
  const std::size_t focus = in_one_line({value.form, value.text.substr(0, value.focus)}).size();
  const std::size_t from = characters(std::string_view(line).substr(0, std::min(focus, line.size()))) > width / 2
                               ? std::min(retreat(line, focus, width / 3), retreat(line, line.size(), width))
                               : std::size_t{0};
  return cut(line, from, width);
}

Excerpts excerpts(const Difference& difference, std::size_t width) {
  const ShownValue& e = difference.expected_value;
  const ShownValue& a = difference.actual_value;
  using Form = ShownValue::Form;
  Excerpts out;
  if (e.form == Form::none || a.form == Form::none) {
    out.expected = excerpt(e, width);
    out.actual = excerpt(a, width);
    return out;
  }
  if (e.form == Form::bytes && a.form == Form::bytes) {
    const std::uint64_t offset = difference.offset.value_or(0);
    // A few equal bytes before the first that differs.
    const std::uint64_t from = offset > 4 ? offset - 4 : 0;
    out.expected = bytes_excerpt(e.text, from);
    out.actual = bytes_excerpt(a.text, from);
    out.where = fmt::format("at byte {}", offset);
    return out;
  }
  const std::string line_e = e.form == Form::bytes ? bytes_excerpt(e.text, 0) : in_one_line(e);
  const std::string line_a = a.form == Form::bytes ? bytes_excerpt(a.text, 0) : in_one_line(a);
  const auto mismatch = std::mismatch(
      line_e.begin(), line_e.begin() + static_cast<std::ptrdiff_t>(std::min(line_e.size(), line_a.size())), line_a.begin());
  const std::size_t at = character_start(line_e, static_cast<std::size_t>(mismatch.first - line_e.begin()));
  const bool short_enough = characters(line_e) <= width && characters(line_a) <= width;
  const std::size_t before = characters(std::string_view(line_e).substr(0, at));
  std::size_t from = 0;
  if (!short_enough && before > width / 2) {
    from = retreat(line_e, at, width / 3);
    out.where = fmt::format("at character {}", before + (line_e.front() == '"' ? 0 : 1));
  }
  out.expected = cut(line_e, from, width);
  out.actual = cut(line_a, from, width);
  return out;
}

}  // namespace stream
