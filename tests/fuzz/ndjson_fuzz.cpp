// Lines of JSON decode alike however they are cut.
#include <cstddef>
#include <cstdint>

#include "codec_cuts.hpp"
#include "stream/codec/ndjson.hpp"
#include "stream/text/json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::uint8_t choice = take(bytes);
  stream::NdjsonOptions options;
  options.parse = (choice & 1U) != 0;
  if ((choice & 2U) != 0) options.empty_lines = stream::NdjsonOptions::EmptyLines::error;
  if ((choice & 4U) != 0) options.limits.max_entry = 8U + choice;
  const auto decoded = decode_alike<stream::NdjsonItem, stream::NdjsonDecoder>(options, bytes, choice);
  for (const auto& item : decoded.items) {
    require(item.text == bytes.substr(item.begin, item.text.size()));
    if (options.parse) require(item.valid == stream::parse_json(item.text).has_value());
  }
  return 0;
}
