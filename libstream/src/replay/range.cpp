#include "range.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "edit.hpp"
#include "fields.hpp"

namespace stream::replay {
namespace {

constexpr std::size_t kMostRanges = 16;

/// Digits; the largest number there is for more.
std::optional<std::uint64_t> parse_number(std::string_view text) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  if (text.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    value = value > (kMax - digit) / 10 ? kMax : value * 10 + digit;
  }
  return value;
}

/// One range-spec: "0-499", "500-", "-500". False: it is none. One that the body does not have is empty.
bool parse_range(std::string_view text, std::uint64_t size, ByteRange& range) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return false;
  const std::string_view left = trimmed(text.substr(0, dash));
  const std::string_view right = trimmed(text.substr(dash + 1));
  const auto first = parse_number(left);
  const auto last = parse_number(right);
  if ((!left.empty() && !first) || (!right.empty() && !last) || (!first && !last)) return false;
  if (!first) {
    range = {size - std::min(size, *last), size};
    return true;
  }
  if (last && *last < *first) return false;
  if (*first >= size) return true;
  range = {*first, last && *last < size ? *last + 1 : size};
  return true;
}

bool overlap(std::vector<ByteRange> ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const ByteRange& a, const ByteRange& b) { return a.begin < b.begin; });
  return std::adjacent_find(ranges.begin(), ranges.end(),
                            [](const ByteRange& a, const ByteRange& b) { return b.begin < a.end; }) != ranges.end();
}

/// The bytes of a range with their own pauses, the first of them due at `from`.
std::vector<Step> pieces(const std::vector<Step>& steps, ByteRange range, Nanos from) {
  std::vector<Step> out;
  std::uint64_t begin = 0;
  Nanos shift{};
  for (const Step& step : steps) {
    if (step.kind != StepKind::data) continue;
    const std::uint64_t end = begin + step.bytes.size();
    const std::uint64_t first = std::max(begin, range.begin);
    const std::uint64_t last = std::min(end, range.end);
    if (first < last) {
      if (out.empty()) shift = step.at - from;
      out.push_back({step.at - shift, StepKind::data, 0,
                     step.bytes.substr(static_cast<std::size_t>(first - begin), static_cast<std::size_t>(last - first))});
    }
    begin = end;
  }
  return out;
}

/// Whether a text stands in a body, be it over several pieces. Without a copy of the body, which may be large.
bool is_in_body(const std::vector<Step>& steps, std::string_view text) {
  std::string seam;  // the end of what has come, as much as an occurrence may begin in
  for (const Step& step : steps) {
    if (step.kind != StepKind::data) continue;
    if (step.bytes.find(text) != std::string_view::npos) return true;
    seam += step.bytes.substr(0, text.size() - 1);
    if (seam.find(text) != std::string::npos) return true;
    if (step.bytes.size() >= text.size()) seam = step.bytes.substr(step.bytes.size() - (text.size() - 1));
    if (seam.size() >= text.size()) seam.erase(0, seam.size() - (text.size() - 1));
  }
  return false;
}

/// One that is nowhere in the body. The same for the same answer.
std::string find_boundary(const Answer& answer) {
  for (unsigned number = 1;; ++number) {
    std::string boundary = fmt::format("part-of-{}-bytes-{}", answer.body_size, number);
    if (!is_in_body(answer.steps, "--" + boundary)) return boundary;
  }
}

std::string content_range(ByteRange range, std::uint64_t size) {
  return fmt::format("bytes {}-{}/{}", range.begin, range.end - 1, size);
}

}  // namespace

Ranges parse_ranges(std::string_view field, std::uint64_t size) {
  Ranges ranges;
  ranges.ignored = true;
  const auto equals = field.find('=');
  if (equals == std::string_view::npos || !iequals(trimmed(field.substr(0, equals)), "bytes")) return ranges;
  bool good = true;
  std::size_t count = 0;
  each_listed(field.substr(equals + 1), [&](std::string_view text) {
    ByteRange range;
    good = good && ++count <= kMostRanges && parse_range(text, size, range);
    if (good && range.begin < range.end) ranges.list.push_back(range);
  });
  ranges.ignored = !good || count == 0 || overlap(ranges.list);
  if (ranges.ignored) ranges.list.clear();
  return ranges;
}

std::shared_ptr<const Answer> cut_to(const std::vector<ByteRange>& ranges, const std::shared_ptr<const Answer>& answer) {
  Edit edit(answer);
  Answer& made = edit.answer();
  const std::vector<Step>& all = answer->steps;
  const auto is_data = [](const Step& step) { return step.kind == StepKind::data; };
  const auto first = std::find_if(all.begin(), all.end(), is_data);
  Nanos from = first == all.end() ? all.front().at : first->at;
  std::vector<Step> steps{all.front()};
  const bool several = ranges.size() > 1;
  std::string boundary;
  std::string type;
  if (several) {
    boundary = find_boundary(*answer);
    type = find_header(made.headers, "content-type");
    set_field(made.headers, "Content-Type", "multipart/byteranges; boundary=" + boundary);
  } else {
    set_field(made.headers, "Content-Range", content_range(ranges.front(), answer->body_size));
  }
  for (const ByteRange& range : ranges) {
    if (several) {
      std::string head = fmt::format("{}--{}\r\n", steps.size() > 1 ? "\r\n" : "", boundary);
      if (!type.empty()) head += fmt::format("Content-Type: {}\r\n", type);
      head += fmt::format("Content-Range: {}\r\n\r\n", content_range(range, answer->body_size));
      steps.push_back({from, StepKind::data, 0, edit.keep(std::move(head))});
    }
    const auto part = pieces(all, range, from);
    from = part.back().at;
    steps.insert(steps.end(), part.begin(), part.end());
  }
  if (several) steps.push_back({from, StepKind::data, 0, edit.keep(fmt::format("\r\n--{}--\r\n", boundary))});
  // The end is as far behind the body's last byte as it was, and at once behind any other.
  const auto last = std::find_if(all.rbegin(), all.rend(), is_data);
  const bool to_end = !several && ranges.front().end == answer->body_size && last != all.rend();
  steps.push_back({to_end ? from + (all.back().at - last->at) : from, StepKind::end, 0, {}});
  edit.steps() = std::move(steps);
  set_field(made.headers, "Accept-Ranges", "bytes");
  made.status = 206;
  made.reason.clear();
  made.trailers.clear();
  made.chunked = false;
  made.recorded_length = 0;  // a length is known; which, is counted
  return edit.take({});
}

}  // namespace stream::replay
