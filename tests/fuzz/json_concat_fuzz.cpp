// JSON texts one after the other decode alike however they are cut, and hold all of the input but white space.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "codec_cuts.hpp"
#include "stream/codec/json_concat.hpp"
#include "stream/text/json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::uint8_t choice = take(bytes);
  stream::JsonConcatOptions options;
  options.parse = (choice & 1U) != 0;
  if ((choice & 2U) != 0) options.limits.max_entry = 8U + choice;
  const auto decoded = decode_alike<stream::JsonConcatItem, stream::JsonConcatDecoder>(options, bytes, choice);
  std::uint64_t end = bytes.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  const auto only_space = [&](std::uint64_t from, std::uint64_t to) {
    return bytes.substr(from, to - from).find_first_not_of(" \t\r\n") == std::string_view::npos;
  };
  for (const auto& item : decoded.items) {
    require(item.text == bytes.substr(item.begin, item.end - item.begin) && only_space(end, item.begin));
    require(item.line == 1U + static_cast<std::uint64_t>(
                                  std::count(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(item.begin), '\n')));
    if (options.parse) require(item.valid == stream::parse_json(item.text).has_value());
    end = item.end;
  }
  require(decoded.error || only_space(end, bytes.size()));
  return 0;
}
