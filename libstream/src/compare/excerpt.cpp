#include "stream/compare/excerpt.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "report_columns.hpp"
#include "report_words.hpp"
#include "stream/text/utf8.hpp"

namespace stream {
namespace {

constexpr std::size_t kShownBytes = 16;

std::string cut(std::string_view text, std::size_t from, std::size_t width) {
  const std::size_t end = advance_columns(text, from, width);
  return fmt::format("{}{}{}", from > 0 ? "…" : "", text.substr(from, end - from), end < text.size() ? "…" : "");
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

ShownLine whole(std::string text) { return {{std::move(text), false}}; }

// The pieces between two offsets, with … where something is left out.
ShownLine clipped(const std::vector<Piece>& pieces, std::size_t from, std::size_t to, std::size_t size) {
  ShownLine out;
  if (from > 0) out.push_back({"…", false});
  std::size_t at = 0;
  for (const Piece& piece : pieces) {
    const std::size_t begin = std::max(at, from);
    const std::size_t end = std::min(at + piece.text.size(), to);
    if (begin < end) out.push_back({std::string(piece.text.substr(begin - at, end - begin)), piece.changed});
    at += piece.text.size();
  }
  if (to < size) out.push_back({"…", false});
  return out;
}

// One change, or all of them between two offsets.
bool in_view(const std::vector<Piece>& pieces, std::size_t from, std::size_t to) {
  std::size_t at = 0;
  std::size_t changes = 0;
  bool within = true;
  for (const Piece& piece : pieces) {
    changes += piece.changed ? 1U : 0U;
    within = within && (!piece.changed || (at >= from && at + piece.text.size() <= to));
    at += piece.text.size();
  }
  return within || changes <= 1;
}

// What changed with a little around each change.
ShownLine hunks(const std::vector<Piece>& pieces, std::size_t width) {
  ShownLine out;
  std::size_t left = 2 * width;  // columns
  const auto show = [&](std::string_view text, bool changed) {
    if (text.empty() || left == 0) return;
    const std::size_t end = advance_columns(text, 0, left);
    out.push_back({std::string(text.substr(0, end)), changed});
    left -= std::min(left, columns_of(text.substr(0, end)));
    if (end < text.size()) left = 0;
  };
  const auto leave_out = [&] {
    if (left > 0) out.push_back({"…", false});
  };
  const std::size_t around = std::max(width / 6, std::size_t{4});
  for (std::size_t i = 0; i < pieces.size() && left > 0; ++i) {
    const std::string_view text = pieces[i].text;
    if (pieces[i].changed) {
      const std::size_t end = advance_columns(text, 0, width);
      show(text.substr(0, end), true);
      if (end < text.size()) leave_out();
      continue;
    }
    const std::size_t head = i == 0 ? 0 : advance_columns(text, 0, around);
    const std::size_t tail = i + 1 == pieces.size() ? text.size() : retreat_columns(text, text.size(), around);
    if (head >= tail) {
      show(text, false);
      continue;
    }
    show(text.substr(0, head), false);
    leave_out();
    show(text.substr(tail), false);
  }
  if (left == 0) out.push_back({"…", false});
  return out;
}

}  // namespace

std::string plain(const ShownLine& line) {
  std::string out;
  for (const ShownPiece& piece : line) out += piece.text;
  return out;
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
  if (columns_of(line) <= width) return line;
  // As far in as the value itself says, but not so far that less than `width` is left.
  const std::size_t focus = std::min(in_one_line({value.form, value.text.substr(0, value.focus)}).size(), line.size());
  const std::size_t from = columns_of(std::string_view(line).substr(0, focus)) > width / 2
                               ? std::min(retreat_columns(line, focus, width / 3), retreat_columns(line, line.size(), width))
                               : std::size_t{0};
  return cut(line, from, width);
}

Excerpts excerpts(const ShownValue& e, const ShownValue& a, const std::optional<std::uint64_t>& offset, std::size_t width) {
  using Form = ShownValue::Form;
  Excerpts out;
  if (e.form == Form::none || a.form == Form::none) {
    if (e.form != Form::none) out.expected = whole(excerpt(e, width));
    if (a.form != Form::none) out.actual = whole(excerpt(a, width));
    return out;
  }
  if (e.form == Form::bytes && a.form == Form::bytes) {
    const std::uint64_t at = offset.value_or(0);
    // A few equal bytes before the first that differs.
    const std::uint64_t from = at > 4 ? at - 4 : 0;
    out.expected = whole(bytes_excerpt(e.text, from));
    out.actual = whole(bytes_excerpt(a.text, from));
    out.where = fmt::format("at byte {}", at);
    return out;
  }
  if (e.form == Form::bytes || a.form == Form::bytes) {
    out.expected = whole(excerpt(e, width));
    out.actual = whole(excerpt(a, width));
    return out;
  }
  const std::string line_e = in_one_line(e);
  const std::string line_a = in_one_line(a);
  const auto [pieces_e, pieces_a] = word_diff(line_e, line_a);
  if (columns_of(line_e) <= width && columns_of(line_a) <= width) {
    out.expected = clipped(pieces_e, 0, line_e.size(), line_e.size());
    out.actual = clipped(pieces_a, 0, line_a.size(), line_a.size());
    return out;
  }
  const auto mismatch = std::mismatch(
      line_e.begin(), line_e.begin() + static_cast<std::ptrdiff_t>(std::min(line_e.size(), line_a.size())), line_a.begin());
  const std::size_t at = character_start(line_e, static_cast<std::size_t>(mismatch.first - line_e.begin()));
  const std::string_view before = std::string_view(line_e).substr(0, at);
  std::size_t from = 0;
  if (columns_of(before) > width / 2) {
    from = retreat_columns(line_e, at, width / 3);
    out.where = fmt::format("at character {}", count_characters_of(before) + (line_e.front() == '"' ? 0 : 1));
  }
  const std::size_t to_e = advance_columns(line_e, from, width);
  const std::size_t to_a = advance_columns(line_a, from, width);
  const bool window = in_view(pieces_e, from, to_e) && in_view(pieces_a, from, to_a);
  out.expected = window ? clipped(pieces_e, from, to_e, line_e.size()) : hunks(pieces_e, width);
  out.actual = window ? clipped(pieces_a, from, to_a, line_a.size()) : hunks(pieces_a, width);
  return out;
}

Excerpts excerpts(const Difference& difference, std::size_t width) {
  return excerpts(difference.expected_value, difference.actual_value, difference.offset, width);
}

}  // namespace stream
