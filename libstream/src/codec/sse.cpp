#include "stream/codec/sse.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "stream/text/utf8.hpp"

namespace stream {
namespace {

constexpr std::string_view kBom = "\xEF\xBB\xBF";

const char* find_byte(const char* from, const char* end, char byte) {
  const void* found = from == end ? nullptr : std::memchr(from, byte, static_cast<std::size_t>(end - from));
  return found == nullptr ? end : static_cast<const char*>(found);
}

// The offset of the first CR or LF from `at` on, or of the last one; npos if there is none. find_first_of() would look at
// one byte at a time.
std::size_t find_line_end(std::string_view bytes, std::size_t at) {
  const std::size_t lf = bytes.find('\n', at);
  return std::min(lf, bytes.substr(0, lf).find('\r', at));
}

std::size_t find_last_line_end(std::string_view bytes) {
  const auto last = [](std::string_view text, char byte) {
    const void* found = text.empty() ? nullptr : ::memrchr(text.data(), byte, text.size());
    return found == nullptr ? std::string_view::npos : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
  };
  const std::size_t lf = last(bytes, '\n');
  const std::size_t after = lf + 1;  // 0 if there is no LF
  const std::size_t cr = last(bytes.substr(after), '\r');
  return cr == std::string_view::npos ? lf : after + cr;
}

// The next CR or LF. Each is looked for at most once over any byte, so a piece with one kind only costs one pass more.
class LineEnds {
 public:
  LineEnds(const char* from, const char* end) : end_(end), cr_(find_byte(from, end, '\r')), lf_(find_byte(from, end, '\n')) {}

  const char* next(const char* from) {
    if (cr_ < from) cr_ = find_byte(from, end_, '\r');
    if (lf_ < from) lf_ = find_byte(from, end_, '\n');
    return std::min(cr_, lf_);
  }

 private:
  const char* end_;
  const char* cr_;
  const char* lf_;
};

std::string printable(std::string_view name) {
  constexpr std::size_t kShown = 40;
  std::string text;
  for (const char c : name.substr(0, kShown)) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      text += fmt::format("\\x{:02X}", static_cast<unsigned char>(c));
    } else {
      text += c;
    }
  }
  // The cut may have gone through a character.
  return replace_invalid_utf8(name.size() > kShown ? text + "…" : text);
}

}  // namespace

Status SseDecoder::feed(std::string_view bytes, std::vector<SseItem>& out) {
  if (failure_) return fail(*failure_);
  // Each piece is gone over more than once, so it should stay in the cache.
  constexpr std::size_t kPiece = std::size_t{256} << 10;
  while (!bytes.empty()) {
    if (!feed_piece(bytes.substr(0, kPiece), out)) return fail(*failure_);
    bytes.remove_prefix(std::min(kPiece, bytes.size()));
  }
  return {};
}

bool SseDecoder::feed_piece(std::string_view bytes, std::vector<SseItem>& out) {
  std::size_t at = 0;
  if (held_cr_) {
    held_cr_ = false;
    const std::size_t lf = bytes.front() == '\n' ? 1 : 0;
    carry_.append(bytes.substr(0, lf));
    at = lf;
    if (!carried_line(offset_ + lf, 1 + lf, out)) return false;
  }
  if (line_begin_ < offset_) {  // a line has begun in an earlier piece
    const std::size_t line_end = find_line_end(bytes, at);
    if (line_end != std::string_view::npos && (bytes[line_end] == '\n' || line_end + 1 < bytes.size())) {
      const std::size_t size = bytes[line_end] == '\r' && bytes[line_end + 1] == '\n' ? 2 : 1;
      carry_.append(bytes.substr(at, line_end + size - at));
      at = line_end + size;
      if (!carried_line(offset_ + at, size, out)) return false;
    } else {
      held_cr_ = line_end != std::string_view::npos;
      at = bytes.size();
    }
  }
  if (at < bytes.size() && !feed_lines(bytes, at, out)) return false;
  keep(bytes);
  offset_ += bytes.size();
  return check_size(offset_);
}

// The lines from `at` on, where one begins; stops at the one that is not complete.
bool SseDecoder::feed_lines(std::string_view bytes, std::size_t at, std::vector<SseItem>& out) {
  const char* const begin = bytes.data();
  const char* const end = begin + bytes.size();
  const char* from = begin + at;
  const std::size_t last_end = find_last_line_end(bytes);
  if (last_end == std::string_view::npos || last_end < at) return true;
  // One check for all lines that lie whole in this piece; only if it fails is each looked at.
  const bool checked = is_utf8(bytes.substr(at, last_end - at));
  LineEnds ends(from, end);
  for (;;) {
    const char* const line_end = ends.next(from);
    if (line_end == end) return true;
    const char* next = line_end + 1;
    if (*line_end == '\r') {
      if (next == end) {
        held_cr_ = true;
        return true;
      }
      if (*next == '\n') ++next;
    }
    Line whole{{from, static_cast<std::size_t>(line_end - from)},
               line_begin_,
               offset_ + static_cast<std::uint64_t>(next - begin),
               checked};
    if (!line(whole, out)) return false;
    from = next;
  }
}

// The line at the end of carry_, which its line end completes.
bool SseDecoder::carried_line(std::uint64_t end, std::size_t line_end_size, std::vector<SseItem>& out) {
  const std::string_view text = std::string_view(carry_).substr(static_cast<std::size_t>(line_begin_ - carry_begin_));
  Line carried{text.substr(0, text.size() - line_end_size), line_begin_, end};
  return line(carried, out);
}

// Drops what is no longer needed from carry_, and adds what is needed of this piece.
void SseDecoder::keep(std::string_view bytes) {
  const std::uint64_t begin = entry_begin();
  if (begin >= offset_) {
    carry_.assign(bytes.substr(static_cast<std::size_t>(begin - offset_)));
  } else {
    // Happens once, for the byte order mark: else carry_ begins with what is needed.
    if (begin > carry_begin_) carry_.erase(0, static_cast<std::size_t>(begin - carry_begin_));
    carry_.append(bytes.substr(static_cast<std::size_t>(begin + carry_.size() - offset_)));
  }
  carry_begin_ = begin;
}

bool SseDecoder::check_size(std::uint64_t end) {
  if (end - entry_begin() <= options_.limits.max_entry) return true;
  failure_ = Error{ErrorCode::limit, fmt::format("an event of more than {} bytes (--max-entry)", options_.limits.max_entry),
                   Place{options_.source, in_block_ ? block_line_ : line_number_, 0, entry_begin(), {}},
                   "use --max-entry to allow more"};
  return false;
}

bool SseDecoder::line(Line& line, std::vector<SseItem>& out) {
  if (!check_size(line.end)) return false;
  std::string replaced;
  if (line.begin == 0 && line.text.starts_with(kBom)) {
    line.text.remove_prefix(kBom.size());
    line.begin += kBom.size();
  }
  if (!line.checked) {
    if (const std::size_t invalid = find_invalid_utf8(line.text); invalid != std::string_view::npos) {
      report(Level::warning, "sse-invalid-utf8", "bytes that are not UTF-8; they are read as U+FFFD", line, invalid + 1);
      replaced = replace_invalid_utf8(line.text);
      line.text = replaced;
    }
  }
  if (line.text.empty()) {
    if (in_block_) dispatch(line.end, out);
  } else if (line.text.front() == ':') {
    comment(line, out);
  } else {
    field(line, out);
  }
  line_begin_ = line.end;
  ++line_number_;
  return true;
}

void SseDecoder::comment(const Line& line, std::vector<SseItem>& out) {
  SseItem& item = out.emplace_back();
  item.kind = SseItem::Kind::comment;
  item.begin = line.begin;
  item.end = line.end;
  item.line = line_number_;
  item.text = line.text.substr(1);
}

void SseDecoder::field(const Line& line, std::vector<SseItem>& out) {
  if (!in_block_) {
    in_block_ = true;
    block_begin_ = line.begin;
    block_line_ = line_number_;
  }
  const std::size_t colon = line.text.find(':');
  const std::string_view name = line.text.substr(0, colon);
  std::string_view value;
  if (colon != std::string_view::npos) {
    value = line.text.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
  }
  if (name == "data") {
    if (has_data_) {
      block_.data += '\n';
      block_.data += value;
    } else {
      block_.data = value;
      has_data_ = true;
    }
  } else if (name == "event") {
    block_.type = value.empty() ? std::string_view("message") : value;
    block_.has_event = true;
  } else if (name == "id") {
    if (value.find('\0') != std::string_view::npos) {
      report(Level::warning, "sse-id-null", "an id with U+0000 is ignored", line);
    } else {
      block_.last_event_id = value;
      block_.has_id = true;
    }
  } else if (name == "retry") {
    retry_field(value, line, out);
  } else if (!options_.findings) {
    return;
  } else if (name.starts_with(kBom)) {
    report(Level::warning, "sse-bom",
           "a byte order mark inside of the stream is part of a field's name, and the field is ignored", line);
  } else {
    report(Level::note, "sse-unknown-field", fmt::format("the field \"{}\" is unknown and ignored", printable(name)), line);
  }
}

void SseDecoder::retry_field(std::string_view value, const Line& line, std::vector<SseItem>& out) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  const bool digits = !value.empty() && value.find_first_not_of("0123456789") == std::string_view::npos;
  if (!digits) {
    report(Level::warning, "sse-retry-invalid",
           fmt::format("expected decimal digits in a retry field, found \"{}\"; it is ignored", printable(value)), line);
    return;
  }
  std::uint64_t milliseconds = 0;
  for (const char c : value) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (milliseconds > (kMax - digit) / 10) {
      milliseconds = kMax;
      report(Level::warning, "sse-retry-overflow", "a retry field of more than 64 bits; it is read as 2^64-1", line);
      break;
    }
    milliseconds = milliseconds * 10 + digit;
  }
  block_.retry = milliseconds;
  retry_ = milliseconds;
  SseItem& item = out.emplace_back();
  item.kind = SseItem::Kind::retry;
  item.begin = line.begin;
  item.end = line.end;
  item.line = line_number_;
  item.retry = milliseconds;
}

void SseDecoder::dispatch(std::uint64_t end, std::vector<SseItem>& out) {
  if (block_.has_id) last_event_id_ = block_.last_event_id;
  SseItem& item = out.emplace_back();
  item.kind = has_data_ ? SseItem::Kind::event : SseItem::Kind::no_data;
  item.begin = block_begin_;
  item.end = end;
  item.line = block_line_;
  // The hot path: what the block did not set is not touched, and what it set is set again before it is used again.
  if (block_.has_event) item.event.type = std::move(block_.type);
  if (has_data_) item.event.data = std::move(block_.data);
  item.event.last_event_id = last_event_id_;
  item.event.has_event = std::exchange(block_.has_event, false);
  item.event.has_id = std::exchange(block_.has_id, false);
  item.event.retry = std::exchange(block_.retry, std::nullopt);
  if (!has_data_ && options_.findings) {
    options_.findings({Level::note, "sse-no-data", "a block without a data field is no event",
                       Place{options_.source, block_line_, 0, block_begin_, {}}});
  }
  has_data_ = false;
  in_block_ = false;
}

void SseDecoder::report(Level level, std::string_view rule, std::string message, const Line& line, std::size_t column) const {
  if (!options_.findings) return;
  const std::uint64_t offset = line.begin + (column == 0 ? 0 : column - 1);
  options_.findings({level, std::string(rule), std::move(message), Place{options_.source, line_number_, column, offset, {}}});
}

Status SseDecoder::finish(std::vector<SseItem>& out) {
  if (failure_) return fail(*failure_);
  if (held_cr_) {
    held_cr_ = false;
    if (!carried_line(offset_, 1, out)) return fail(*failure_);
    keep({});
  }
  if (entry_begin() == 0 && carry_.starts_with(kBom)) {
    carry_.erase(0, kBom.size());
    line_begin_ = kBom.size();
  }
  if (carry_.empty()) return {};
  SseItem& item = out.emplace_back();
  item.kind = SseItem::Kind::tail;
  item.begin = entry_begin();
  item.end = offset_;
  item.line = in_block_ ? block_line_ : line_number_;
  item.text = std::exchange(carry_, {});
  if (options_.findings) {
    options_.findings({Level::warning, "sse-truncated", "the stream ends within an event, which a client would not see",
                       Place{options_.source, item.line, 0, item.begin, {}}});
  }
  return {};
}

namespace {

// Calls `each` for the lines of `text` (ended by LF, CR or CRLF); the last one may be empty.
template <class F>
void for_lines(std::string_view text, F each) {
  for (;;) {
    const std::size_t line_end = text.find_first_of("\r\n");
    each(text.substr(0, line_end));
    if (line_end == std::string_view::npos) return;
    text.remove_prefix(line_end + (text.substr(line_end).starts_with("\r\n") ? 2 : 1));
  }
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ':';
  if (!value.empty()) {
    out += ' ';
    out += value;
  }
  out += '\n';
}

std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
  return text;
}

}  // namespace

void encode_sse(std::string& out, const SseEvent& event) {
  if (event.has_event || event.type != "message") append_field(out, "event", one_line(event.type));
  if (event.has_id && event.last_event_id.find('\0') == std::string::npos) append_field(out, "id", one_line(event.last_event_id));
  if (event.retry) append_field(out, "retry", std::to_string(*event.retry));
  for_lines(event.data, [&](std::string_view line) { append_field(out, "data", line); });
  out += '\n';
}

void encode_sse_comment(std::string& out, std::string_view text) {
  for_lines(text, [&](std::string_view line) {
    out += ':';
    out += line;
    out += '\n';
  });
}

}  // namespace stream
