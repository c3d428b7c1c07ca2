// A multipart stream decodes alike however it is cut, and its bodies again when they are encoded.
#include <cstddef>
#include <cstdint>

#include "codec_cuts.hpp"
#include "stream/codec/multipart.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::uint8_t choice = take(bytes);
  constexpr std::string_view kBoundaries[] = {"b", "--b", "", "frame"};
  stream::MultipartOptions options;
  options.boundary = kBoundaries[choice % 4U];
  if ((choice & 4U) != 0) options.limits.max_entry = 16U + choice;
  const auto decoded = decode_alike<stream::MultipartItem, stream::MultipartDecoder>(options, bytes, choice);
  std::string encoded;
  stream::MultipartEncoder encoder("b");
  for (const auto& item : decoded.items) {
    require(item.begin <= item.body_begin && item.body == bytes.substr(item.body_begin, item.end - item.body_begin));
    encoder.part(encoded, item.headers, item.body);
  }
  encoder.close(encoded);
  stream::MultipartOptions strict;
  strict.boundary = "b";
  stream::MultipartDecoder decoder(strict);
  std::vector<stream::MultipartItem> again;
  require(decoder.feed(encoded, again).has_value() && decoder.finish(again).has_value());
  require(again.size() == decoded.items.size());
  for (std::size_t i = 0; i < again.size(); ++i) require(again[i].body == decoded.items[i].body && again[i].complete);
  (void)stream::boundary_of(bytes);
  return 0;
}
