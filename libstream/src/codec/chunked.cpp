#include "stream/codec/chunked.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "stream/codec/http_grammar.hpp"
#include "stream/text/ascii.hpp"

namespace stream {
namespace {

using ascii::equal_ignoring_case;
using ascii::hex_digit;
using ascii::is_blank;
using ascii::trimmed;
using http::is_field_char;
using http::is_token;
using http::is_token_char;
using http::skip_quoted_string;

// A size above 2^63-1 overflows somebody's signed integer; RFC 9112 §7.1 wants it detected.
constexpr std::uint64_t kMaxSize = std::numeric_limits<std::int64_t>::max();
// An untrusted size line must not make us allocate more than arrives.
constexpr std::uint64_t kMaxReserve = std::uint64_t{1} << 20;

std::string show(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (c == '\r') return "CR";
  if (c == '\n') return "LF";
  if (byte > 0x20 && byte < 0x7f) return fmt::format("'{}'", c);
  return fmt::format("byte 0x{:02x}", byte);
}

tl::unexpected<Error> fail_at(ErrorCode code, std::string message, std::uint64_t offset, std::string hint = {}) {
  Place place;
  place.offset = offset;
  return fail({code, std::move(message), std::move(place), std::move(hint)});
}

/// chunk-ext = *( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] ), RFC 9112 §7.1.1. The position of the
/// first byte that does not fit (the size, if something is missing at the end), or npos.
std::size_t find_bad_extension(std::string_view text) {
  std::size_t i = 0;
  const auto skip_blanks = [&] {
    while (i < text.size() && is_blank(text[i])) ++i;
  };
  const auto skip_token = [&] {
    const std::size_t begin = i;
    while (i < text.size() && is_token_char(text[i])) ++i;
    return i > begin;
  };
  while (i < text.size()) {
    skip_blanks();
    if (i == text.size() || text[i] != ';') return i;
    ++i;
    skip_blanks();
    if (!skip_token()) return i;
    const std::size_t behind_name = i;
    skip_blanks();
    if (i == text.size() || text[i] != '=') {
      i = behind_name;
      continue;
    }
    ++i;
    skip_blanks();
    if (i < text.size() && text[i] == '"') {
      const std::size_t end = skip_quoted_string(text, i);
      if (end == std::string_view::npos) return i;
      i = end;
    } else if (!skip_token()) {
      return i;
    }
  }
  return std::string_view::npos;
}

/// Framing, routing, and how the content is to be read must be known before it comes (RFC 9110 §6.5.1).
bool is_forbidden_trailer(std::string_view name) {
  constexpr std::array<std::string_view, 8> kNames = {"transfer-encoding", "content-length", "content-encoding", "content-type",
                                                      "content-range",     "host",           "trailer",          "connection"};
  return std::any_of(kNames.begin(), kNames.end(), [&](std::string_view lower) { return equal_ignoring_case(name, lower); });
}

}  // namespace

std::size_t chunked_line_limit(const Limits& limits) {
  return std::max<std::size_t>(limits.max_entry / 1024, std::size_t{16} << 10);
}

ChunkedDecoder::ChunkedDecoder(ChunkedOptions options) : options_(std::move(options)), offset_(options_.origin) {
  item_.begin = offset_;
}

Status ChunkedDecoder::feed(std::string_view bytes, std::vector<ChunkedItem>& out) {
  if (failure_) return fail(*failure_);
  while (!bytes.empty() && state_ != State::done) {
    if (auto status = step(bytes, out); !status) {
      return give_up(std::move(status).error());
    }
  }
  return {};
}

Status ChunkedDecoder::step(std::string_view& bytes, std::vector<ChunkedItem>& out) {
  bool complete = false;
  switch (state_) {
    case State::size:
      return take_size(bytes);
    case State::extensions:
      STREAM_TRY(take_line(bytes, complete));
      return complete ? end_size_line(out) : Status{};
    case State::data:
      return take_data(bytes, out);
    case State::data_end:
    case State::data_lf:
      return take_data_end(bytes, out);
    case State::trailer:
      STREAM_TRY(take_line(bytes, complete));
      return complete ? end_trailer_line(out) : Status{};
    case State::done:
      break;
  }
  return {};
}

Status ChunkedDecoder::take_size(std::string_view& bytes) {
  while (!bytes.empty()) {
    const int digit = hex_digit(bytes.front());
    if (digit < 0) {
      if (!has_digit_) {
        return fail_at(ErrorCode::syntax, fmt::format("expected a chunk size in hexadecimal, found {}", show(bytes.front())),
                       offset_);
      }
      if (std::string_view("\r\n; \t").find(bytes.front()) == std::string_view::npos) {
        return fail_at(ErrorCode::syntax,
                       fmt::format("expected ';' or the end of the line after a chunk size, found {}", show(bytes.front())),
                       offset_);
      }
      state_ = State::extensions;
      line_begin_ = offset_;
      line_.clear();
      return {};
    }
    has_digit_ = true;
    if (item_.size > (kMaxSize >> 4)) {
      return fail_at(ErrorCode::syntax, "a chunk size is larger than 2^63-1", item_.begin);
    }
    if (offset_ - item_.begin >= chunked_line_limit(options_.limits)) {
      return fail_at(ErrorCode::limit,
                     fmt::format("a chunk size has more than {} digits (--max-entry)", chunked_line_limit(options_.limits)),
                     item_.begin);
    }
    item_.size = item_.size * 16 + static_cast<std::uint64_t>(digit);
    advance(bytes, 1);
  }
  return {};
}

/// Adds to line_ until it is complete, without its CRLF then.
Status ChunkedDecoder::take_line(std::string_view& bytes, bool& complete) {
  const std::size_t lf = bytes.find('\n');
  const std::string_view part = bytes.substr(0, lf);
  const std::size_t limit = chunked_line_limit(options_.limits);
  const bool trailer = state_ == State::trailer;
  if (const std::size_t room = limit - trailer_bytes_ - line_.size(); part.size() > room) {
    advance(bytes, room);
    return fail_at(ErrorCode::limit,
                   trailer ? fmt::format("the trailer section is longer than {} bytes (--max-entry)", limit)
                           : fmt::format("the extensions of a chunk are longer than {} bytes (--max-entry)", limit),
                   line_begin_, "use --max-entry to raise the limit, which is a 1024th of it");
  }
  line_.append(part);
  advance(bytes, part.size());
  if (lf == std::string_view::npos) return {};
  const bool crlf = line_.ends_with('\r');
  if (crlf) line_.pop_back();
  if (const std::size_t cr = line_.find('\r'); cr != std::string::npos) {
    return fail_at(ErrorCode::syntax, trailer ? "a CR within a trailer line" : "a CR within the size line of a chunk",
                   line_begin_ + cr);
  }
  if (!crlf) {
    STREAM_TRY(deviation("chunk-bare-lf",
                         trailer ? "expected CRLF at the end of a trailer line, found LF alone"
                                 : "expected CRLF at the end of a chunk's size line, found LF alone",
                         offset_));
  }
  advance(bytes, 1);
  complete = true;
  return {};
}

Status ChunkedDecoder::end_size_line(std::vector<ChunkedItem>& out) {
  for (std::size_t i = 0; i < line_.size(); ++i) {
    if (!is_field_char(line_[i])) {
      return fail_at(ErrorCode::syntax, fmt::format("{} in the extensions of a chunk", show(line_[i])), line_begin_ + i);
    }
  }
  if (const std::size_t bad = find_bad_extension(line_); bad != std::string_view::npos) {
    STREAM_TRY(deviation("chunk-extension",
                         fmt::format("expected a chunk extension (\";name=value\"), found {}",
                                     bad < line_.size() ? show(line_[bad]) : "the end of the line"),
                         line_begin_ + bad));
  }
  item_.extensions = line_;
  item_.data_begin = offset_;
  if (item_.size == 0) {
    state_ = State::trailer;
    item_.kind = ChunkedItem::Kind::end;
    item_.data_begin = 0;
    line_begin_ = offset_;
    line_.clear();
    return {};
  }
  remaining_ = item_.size;
  state_ = State::data;
  if (options_.pieces) {
    item_.kind = ChunkedItem::Kind::size_line;
    item_.end = offset_;
    out.push_back(item_);
    return {};
  }
  if (item_.size > options_.limits.max_entry) {
    return fail_at(ErrorCode::limit,
                   fmt::format("a chunk of {} bytes is larger than {} (--max-entry)", item_.size, options_.limits.max_entry),
                   item_.begin, "use --max-entry to raise the limit");
  }
  item_.data.reserve(std::min(item_.size, kMaxReserve));
  return {};
}

Status ChunkedDecoder::take_data(std::string_view& bytes, std::vector<ChunkedItem>& out) {
  const std::string_view part = bytes.substr(0, remaining_);
  if (options_.pieces) {
    ChunkedItem& piece = out.emplace_back();
    piece.kind = ChunkedItem::Kind::data;
    piece.begin = piece.data_begin = offset_;
    piece.end = offset_ + part.size();
    piece.data = part;
  } else {
    item_.data.append(part);
  }
  remaining_ -= part.size();
  advance(bytes, part.size());
  if (remaining_ == 0) state_ = State::data_end;
  return {};
}

Status ChunkedDecoder::take_data_end(std::string_view& bytes, std::vector<ChunkedItem>& out) {
  if (state_ == State::data_end && bytes.front() == '\r') {
    state_ = State::data_lf;
    advance(bytes, 1);
    return {};
  }
  if (bytes.front() != '\n') {
    return fail_at(ErrorCode::syntax,
                   fmt::format("expected {} after {} bytes of chunk data, found {}", state_ == State::data_lf ? "LF" : "CRLF",
                               item_.size, show(bytes.front())),
                   offset_);
  }
  if (state_ == State::data_end)
    STREAM_TRY(deviation("chunk-bare-lf", "expected CRLF after chunk data, found LF alone", offset_));
  advance(bytes, 1);
  if (!options_.pieces) {
    item_.end = offset_;
    out.push_back(std::move(item_));
  }
  item_ = {};
  item_.begin = offset_;
  has_digit_ = false;
  state_ = State::size;
  return {};
}

Status ChunkedDecoder::end_trailer_line(std::vector<ChunkedItem>& out) {
  if (line_.empty()) {
    state_ = State::done;
    item_.end = offset_;
    out.push_back(std::move(item_));
    return {};
  }
  STREAM_TRY(add_trailer(line_));
  trailer_bytes_ += line_.size();
  line_begin_ = offset_;
  line_.clear();
  return {};
}

Status ChunkedDecoder::add_trailer(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (!is_field_char(line[i])) {
      return fail_at(ErrorCode::syntax, fmt::format("{} in a trailer line", show(line[i])), line_begin_ + i);
    }
  }
  if (is_blank(line.front()) && !item_.trailers.empty()) {
    STREAM_TRY(deviation("chunk-fold", "a trailer line that is folded (RFC 9112 §5.2)", line_begin_));
    ChunkedTrailer& last = item_.trailers.back();
    const std::string_view more = trimmed(line);
    if (!last.value.empty() && !more.empty()) last.value += ' ';
    last.value += more;
    last.end = offset_;
    return {};
  }
  const std::size_t colon = line.find(':');
  std::string_view name = line.substr(0, colon);
  if (colon != std::string_view::npos && !name.empty() && is_blank(name.back())) {
    const std::size_t length = name.find_last_not_of(" \t") + 1;
    STREAM_TRY(deviation("chunk-trailer-space", "white space before the colon of a trailer line", line_begin_ + length));
    name = name.substr(0, length);
  }
  if (colon == std::string_view::npos || !is_token(name)) {
    return fail_at(ErrorCode::syntax, "expected a trailer line (\"name: value\") or the empty line at the end of the body",
                   line_begin_);
  }
  if (is_forbidden_trailer(name)) {
    report("chunk-trailer-field", fmt::format("{} has no meaning in a trailer (RFC 9110 §6.5.1)", name), line_begin_);
  }
  item_.trailers.push_back({std::string(name), std::string(trimmed(line.substr(colon + 1))), line_begin_, offset_});
  return {};
}

Status ChunkedDecoder::finish(std::vector<ChunkedItem>& out) {
  if (failure_) return fail(*failure_);
  if (state_ == State::done) return {};
  std::string message;
  switch (state_) {
    case State::size:
      message = has_digit_ ? "the input ends within a chunk size" : "expected a chunk, found the end of the input";
      break;
    case State::extensions:
      message = "the input ends within the size line of a chunk";
      break;
    case State::data:
      message = fmt::format("the input ends {} bytes before the end of a chunk of {} bytes", remaining_, item_.size);
      break;
    case State::data_end:
    case State::data_lf:
      message = "expected CRLF after chunk data, found the end of the input";
      break;
    case State::trailer:
    case State::done:
      message = "the input ends within the trailer section of a chunked body";
      break;
  }
  if (!options_.lenient) return give_up(fail_at(ErrorCode::truncated, std::move(message), offset_).value());
  report("chunk-cut", std::move(message), offset_);
  const bool in_chunk = state_ == State::data || state_ == State::data_end || state_ == State::data_lf;
  if ((in_chunk && !options_.pieces) || state_ == State::trailer) {
    item_.complete = false;
    item_.end = offset_;
    out.push_back(std::move(item_));
  }
  state_ = State::done;
  return {};
}

Status ChunkedDecoder::give_up(Error error) {
  error.place.source = options_.source;
  failure_ = std::move(error);
  return fail(*failure_);
}

/// An error, or in a lenient decoder a finding.
Status ChunkedDecoder::deviation(std::string rule, std::string message, std::uint64_t offset) {
  if (!options_.lenient) return fail_at(ErrorCode::syntax, std::move(message), offset);
  report(std::move(rule), std::move(message), offset);
  return {};
}

void ChunkedDecoder::report(std::string rule, std::string message, std::uint64_t offset) {
  if (!options_.findings) return;
  Place place;
  place.source = options_.source;
  place.offset = offset;
  options_.findings({Level::warning, std::move(rule), std::move(message), std::move(place)});
}

void ChunkedDecoder::advance(std::string_view& bytes, std::size_t count) {
  bytes.remove_prefix(count);
  offset_ += count;
}

void append_chunk(std::string& out, std::string_view data, std::string_view extensions) {
  if (data.empty()) return;
  fmt::format_to(std::back_inserter(out), "{:x}{}\r\n", data.size(), extensions);
  out.append(data).append("\r\n");
}

Status append_last_chunk(std::string& out, std::span<const ChunkedTrailer> trailers, std::string_view extensions) {
  for (const auto& [name, value, begin, end] : trailers) {
    if (!is_token(name)) return fail({ErrorCode::usage, fmt::format("\"{}\" is no name for a trailer field", name), {}, {}});
    if (!std::all_of(value.begin(), value.end(), is_field_char)) {
      return fail({ErrorCode::usage, fmt::format("the value of the trailer field {} has a control character", name), {}, {}});
    }
  }
  out.append("0").append(extensions).append("\r\n");
  for (const auto& trailer : trailers) out.append(trailer.name).append(": ").append(trailer.value).append("\r\n");
  out.append("\r\n");
  return {};
}

}  // namespace stream
