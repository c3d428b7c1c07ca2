#include "stream/codec/json_seq.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "stream/text/json.hpp"

namespace stream {
namespace {

constexpr char kRecordSeparator = '\x1E';
constexpr std::string_view kSpace = " \t\r\n";  // RFC 8259 §2

}  // namespace

JsonSeqDecoder::JsonSeqDecoder(JsonSeqOptions options)
    : options_(std::move(options)), splitter_(kRecordSeparator, options_.limits.max_entry) {}

Status JsonSeqDecoder::feed(std::string_view bytes, std::vector<JsonSeqItem>& out) {
  if (failure_) return fail(*failure_);
  const auto each = [&](std::string_view text, std::uint64_t begin, std::uint64_t end) {
    piece(text, begin, end - 1, out);
    ++column_;  // the separator
    separator_seen_ = true;
  };
  if (splitter_.feed(bytes, each)) return {};
  failure_ = Error{ErrorCode::limit, fmt::format("an element of more than {} bytes (--max-entry)", options_.limits.max_entry),
                   Place{options_.source, line_, column_, splitter_.rest_begin(), {}}, "use --max-entry to allow more"};
  return fail(*failure_);
}

Status JsonSeqDecoder::finish(std::vector<JsonSeqItem>& out) {
  if (failure_) return fail(*failure_);
  const std::string_view rest = splitter_.rest();
  piece(rest, splitter_.rest_begin(), splitter_.rest_begin() + rest.size(), out);
  return {};
}

// `bytes` from `begin` to `end`: what stands between two separators.
void JsonSeqDecoder::piece(std::string_view bytes, std::uint64_t begin, std::uint64_t end, std::vector<JsonSeqItem>& out) {
  const auto move_over = [this](std::string_view text) {
    const auto lines = static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
    const std::size_t last = text.rfind('\n');
    line_ += lines;
    column_ = last == std::string_view::npos ? column_ + text.size() : text.size() - last;
  };
  const std::size_t first = std::min(bytes.find_first_not_of(kSpace), bytes.size());
  move_over(bytes.substr(0, first));
  const std::string_view rest = bytes.substr(first);
  const std::string_view text = rest.substr(0, rest.find_last_not_of(kSpace) + 1);
  const Place place{options_.source, line_, column_, begin + first, {}};
  if (!text.empty()) {
    JsonSeqItem& item = out.emplace_back();
    item.text = text;
    item.begin = begin - (separator_seen_ ? 1 : 0);
    item.end = end;
    item.line = line_;
    if (separator_seen_) {
      check(item, begin + first, column_, text.size() < rest.size());
    } else {
      item.kind = JsonSeqItem::Kind::stray;
      report(Level::warning, "json-seq-stray",
             "expected a record separator (0x1E) before the first element; what stands there is no element", place);
    }
  } else if (!bytes.empty() && separator_seen_) {
    report(Level::warning, "json-seq-empty", "expected a JSON text after a record separator, found only white space", place);
  }
  move_over(rest);
}

void JsonSeqDecoder::check(JsonSeqItem& item, std::uint64_t text_begin, std::uint64_t column, bool space_after) const {
  const Place begin{options_.source, item.line, column, text_begin, {}};
  // RFC 7464 §2.4: only strings, arrays and objects show their own end.
  const char first = item.text.front();
  const bool shows_end = first == '"' || first == '[' || first == '{';
  const auto parsed = parse_json(item.text, options_.limits);
  if (!parsed) {
    const Error error = locate(parsed.error(), begin);
    if (error.code == ErrorCode::truncated || (!shows_end && !space_after)) {
      item.kind = JsonSeqItem::Kind::truncated;
      report(Level::error, "json-seq-truncated", fmt::format("a truncated element: {}", error.message), error.place);
    } else {
      item.kind = JsonSeqItem::Kind::invalid;
      report(Level::error, "json-seq-invalid", error.message, error.place);
    }
  } else if (!space_after && !shows_end) {
    item.kind = JsonSeqItem::Kind::truncated;
    report(Level::error, "json-seq-truncated",
           "a number, true, false or null that may be truncated: expected white space after it, found its end", begin);
  } else if (!space_after) {
    report(Level::warning, "json-seq-no-newline", "expected a line feed at the end of the element, found its end", begin);
  }
}

void JsonSeqDecoder::report(Level level, std::string_view rule, std::string message, const Place& place) const {
  if (options_.findings) options_.findings({level, std::string(rule), std::move(message), place});
}

void encode_json_seq(std::string& out, std::string_view json) {
  out += kRecordSeparator;
  out += json;
  out += '\n';
}

}  // namespace stream
