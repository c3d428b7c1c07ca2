// Lines of text decode alike however they are cut, and make the input again.
#include <cstddef>
#include <cstdint>

#include "codec_cuts.hpp"
#include "stream/codec/lines.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::uint8_t choice = take(bytes);
  stream::LinesOptions options;
  if ((choice & 1U) != 0) options.limits.max_entry = 1U + choice;
  const auto decoded = decode_alike<stream::TextLine, stream::LinesDecoder>(options, bytes, choice);
  if (decoded.error) return 0;
  std::string joined;
  for (const auto& line : decoded.items) {
    joined += line.text;
    if (line.ending == stream::TextLine::Ending::crlf) joined += '\r';
    if (line.ending != stream::TextLine::Ending::none) joined += '\n';
    require(joined.size() == line.end);
  }
  require(joined == bytes);
  return 0;
}
