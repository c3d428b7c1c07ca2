#include "stream/codec/lines.hpp"

#include <fmt/format.h>

#include <utility>

namespace stream {

LinesDecoder::LinesDecoder(LinesOptions options) : options_(std::move(options)), splitter_('\n', options_.limits.max_entry) {}

Status LinesDecoder::feed(std::string_view bytes, std::vector<TextLine>& out) {
  if (failure_) return fail(*failure_);
  const auto each = [&](std::string_view text, std::uint64_t begin, std::uint64_t end) {
    auto ending = TextLine::Ending::lf;
    if (text.ends_with('\r')) {
      ending = TextLine::Ending::crlf;
      text.remove_suffix(1);
    }
    out.push_back({std::string(text), ++line_, begin, end, ending});
  };
  if (splitter_.feed(bytes, each)) return {};
  failure_ = Error{ErrorCode::limit, fmt::format("a line of more than {} bytes (--max-entry)", options_.limits.max_entry),
                   Place{options_.source, line_ + 1, 0, splitter_.rest_begin(), {}}, "use --max-entry to allow more"};
  return fail(*failure_);
}

Status LinesDecoder::finish(std::vector<TextLine>& out) {
  if (failure_) return fail(*failure_);
  const std::string_view rest = splitter_.rest();
  if (rest.empty()) return {};
  const std::uint64_t begin = splitter_.rest_begin();
  out.push_back({std::string(rest), ++line_, begin, begin + rest.size(), TextLine::Ending::none});
  return {};
}

}  // namespace stream
