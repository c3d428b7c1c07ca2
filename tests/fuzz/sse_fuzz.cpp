// An event stream decodes alike however it is cut, and its events again to themselves when they are encoded.
#include <cstddef>
#include <cstdint>

#include "codec_cuts.hpp"
#include "stream/codec/sse.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::uint8_t choice = take(bytes);
  stream::SseOptions options;
  if ((choice & 1U) != 0) options.limits.max_entry = 16U + choice;
  const auto decoded = decode_alike<stream::SseItem, stream::SseDecoder>(options, bytes, choice);
  std::uint64_t end = 0;
  for (const auto& item : decoded.items) {
    require(item.end >= end);
    end = item.end;
    if (item.kind == stream::SseItem::Kind::tail) require(item.text == bytes.substr(item.begin, item.end - item.begin));
    if (item.kind != stream::SseItem::Kind::event) continue;
    std::string encoded;
    encode_sse(encoded, item.event);
    stream::SseDecoder decoder;
    std::vector<stream::SseItem> again;
    require(decoder.feed(encoded, again).has_value() && !again.empty());
    stream::SseEvent expected = item.event;
    if (!expected.has_id) expected.last_event_id.clear();
    require(again.back().event == expected && again.back().end == encoded.size());
  }
  return 0;
}
