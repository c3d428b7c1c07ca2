// A JSON text sequence decodes alike however it is cut, and its elements again when they are encoded.
#include <cstddef>
#include <cstdint>

#include "codec_cuts.hpp"
#include "stream/codec/json_seq.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::uint8_t choice = take(bytes);
  stream::JsonSeqOptions options;
  if ((choice & 1U) != 0) options.limits.max_entry = 8U + choice;
  const auto decoded = decode_alike<stream::JsonSeqItem, stream::JsonSeqDecoder>(options, bytes, choice);
  std::string encoded;
  std::vector<std::string> texts;
  for (const auto& item : decoded.items) {
    require(bytes.substr(item.begin, item.end - item.begin).find(item.text) != std::string_view::npos);
    if (item.kind != stream::JsonSeqItem::Kind::element) continue;
    texts.push_back(item.text);
    stream::encode_json_seq(encoded, item.text);
  }
  stream::JsonSeqDecoder decoder;
  std::vector<stream::JsonSeqItem> again;
  require(decoder.feed(encoded, again).has_value() && decoder.finish(again).has_value() && again.size() == texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    require(again[i].kind == stream::JsonSeqItem::Kind::element && again[i].text == texts[i]);
  }
  return 0;
}
