#include "stream/codec/ndjson.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "stream/text/json.hpp"

namespace stream {
namespace {

constexpr std::string_view kBom = "\xEF\xBB\xBF";
constexpr std::string_view kSpace = " \t\r\n";  // RFC 8259 §2

}  // namespace

NdjsonDecoder::NdjsonDecoder(NdjsonOptions options) : options_(std::move(options)), splitter_('\n', options_.limits.max_entry) {}

Status NdjsonDecoder::feed(std::string_view bytes, std::vector<NdjsonItem>& out) {
  if (failure_) return fail(*failure_);
  const auto each = [&](std::string_view text, std::uint64_t begin, std::uint64_t end) {
    if (text.ends_with('\r')) text.remove_suffix(1);
    line(text, begin, end, true, out);
  };
  if (splitter_.feed(bytes, each)) return {};
  failure_ = Error{ErrorCode::limit, fmt::format("a line of more than {} bytes (--max-entry)", options_.limits.max_entry),
                   Place{options_.source, line_ + 1, 0, splitter_.rest_begin(), {}}, "use --max-entry to allow more"};
  return fail(*failure_);
}

Status NdjsonDecoder::finish(std::vector<NdjsonItem>& out) {
  if (failure_) return fail(*failure_);
  const std::string_view rest = splitter_.rest();
  if (!rest.empty()) line(rest, splitter_.rest_begin(), splitter_.rest_begin() + rest.size(), false, out);
  return {};
}

void NdjsonDecoder::line(std::string_view text, std::uint64_t begin, std::uint64_t end, bool terminated,
                         std::vector<NdjsonItem>& out) {
  ++line_;
  if (begin == 0 && text.starts_with(kBom)) {
    report(Level::warning, "ndjson-bom", "a byte order mark at the start; it is left out", 0);
    text.remove_prefix(kBom.size());
    begin += kBom.size();
  }
  if (text.find_first_not_of(kSpace) == std::string_view::npos) {
    if (terminated || !text.empty()) {
      const bool error = options_.empty_lines == NdjsonOptions::EmptyLines::error;
      report(error ? Level::error : Level::note, "ndjson-empty-line", "expected a JSON text, found an empty line", begin);
    }
    return;
  }
  NdjsonItem& item = out.emplace_back(NdjsonItem{std::string(text), line_, begin, end, true, terminated});
  item.valid = check(item);
}

bool NdjsonDecoder::check(const NdjsonItem& item) const {
  if (const std::size_t nul = item.text.find('\0'); nul != std::string::npos) {
    report(Level::error, "ndjson-nul",
           "expected a JSON text, found U+0000; a file system leaves such bytes where data was lost in a crash",
           item.begin + nul);
    return false;
  }
  if (!options_.parse && item.terminated) return true;
  if (auto parsed = parse_json(item.text, options_.limits); !parsed) {
    const Error& error = parsed.error();
    const std::uint64_t offset = item.begin + error.place.offset.value_or(0);
    if (item.terminated) {
      report(Level::error, "ndjson-invalid", error.message, offset);
    } else {
      report(Level::error, "ndjson-truncated", fmt::format("the last line has no line end and is cut off: {}", error.message),
             offset);
    }
    return false;
  }
  if (!item.terminated) report(Level::warning, "ndjson-no-newline", "the last line has no line end", item.end);
  return true;
}

void NdjsonDecoder::report(Level level, std::string_view rule, std::string message, std::uint64_t offset) const {
  if (!options_.findings) return;
  // Columns count from the line's first byte, which only the first line's byte order mark moves.
  const std::uint64_t line_begin = splitter_.rest_begin();
  options_.findings(
      {level, std::string(rule), std::move(message), Place{options_.source, line_, offset - line_begin + 1, offset, {}}});
}

void encode_ndjson(std::string& out, std::string_view json) {
  const std::size_t begin = out.size();
  out += json;
  // JSON strings hold no raw line breaks (RFC 8259 §7), so each is white space between tokens.
  std::replace_if(
      out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  out += '\n';
}

}  // namespace stream
