// Chunked framing: the same items, findings and error for every cut; pieces join to the chunks; what is decoded encodes to
// what decodes to the same. The first byte chooses options.
#include "stream/codec/chunked.hpp"

#include "wire_cuts.hpp"

using stream::ChunkedDecoder;
using stream::ChunkedItem;
using stream::ChunkedOptions;
using Kind = ChunkedItem::Kind;

namespace {

struct Decoding {
  Outcome<ChunkedItem> outcome{};
  std::vector<stream::Finding> findings{};
  std::uint64_t consumed = 0;
  bool operator==(const Decoding&) const = default;
};

Decoding decode(ChunkedOptions options, const std::vector<std::string>& parts) {
  Decoding decoding;
  options.findings = [&decoding](const stream::Finding& finding) { decoding.findings.push_back(finding); };
  ChunkedDecoder decoder(options);
  decoding.outcome = run<ChunkedItem>(decoder, parts);
  decoding.consumed = decoder.consumed();
  return decoding;
}

std::string all_data(const std::vector<ChunkedItem>& items) {
  std::string data;
  for (const auto& item : items) data += item.data;
  return data;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  ChunkedOptions options;
  options.lenient = (data[0] & 1U) != 0;
  if ((data[0] & 2U) != 0) options.limits.max_entry = 20;
  options.origin = data[0];

  const Decoding whole = decode(options, {std::string(bytes)});
  Cuts cuts(bytes);
  require(decode(options, cuts.parts(bytes, 1)) == whole, "byte by byte");
  require(decode(options, cuts.parts(bytes, 9)) == whole, "random cuts");
  require(whole.consumed <= bytes.size(), "more consumed than fed");
  std::uint64_t at = options.origin;
  for (const auto& item : whole.outcome.items) {
    require(item.begin == at && item.end > item.begin, "items follow each other");
    at = item.end;
    if (item.kind == Kind::chunk) {
      require(bytes.substr(item.data_begin - options.origin, item.data.size()) == item.data, "data stands at its place");
    }
  }

  ChunkedOptions in_pieces = options;
  in_pieces.pieces = true;
  const Decoding pieces = decode(in_pieces, cuts.parts(bytes, 9));
  if (!whole.outcome.error) {
    require(!pieces.outcome.error && all_data(pieces.outcome.items) == all_data(whole.outcome.items),
            "pieces join to the chunks");
    require(pieces.findings == whole.findings && pieces.consumed == whole.consumed, "pieces end where chunks end");
  }

  if (whole.outcome.error || whole.outcome.items.empty() || !whole.outcome.items.back().complete ||
      whole.outcome.items.back().kind != Kind::end) {
    return 0;
  }
  std::string wire;
  for (const auto& item : whole.outcome.items) {
    if (item.kind == Kind::chunk) stream::append_chunk(wire, item.data, item.extensions);
  }
  const auto& end = whole.outcome.items.back();
  require(stream::append_last_chunk(wire, end.trailers, end.extensions).has_value(), "decoded trailers can be encoded");
  const Decoding again = decode(options, {wire});
  require(!again.outcome.error && again.outcome.items.size() == whole.outcome.items.size(), "encoded chunks decode");
  for (std::size_t i = 0; i < again.outcome.items.size(); ++i) {
    const auto& [a, b] = std::tie(again.outcome.items[i], whole.outcome.items[i]);
    require(a.data == b.data && a.extensions == b.extensions && a.trailers.size() == b.trailers.size(), "the same chunk");
    for (std::size_t k = 0; k < a.trailers.size(); ++k) {
      require(a.trailers[k].name == b.trailers[k].name && a.trailers[k].value == b.trailers[k].value, "the same trailer");
    }
  }
  return 0;
}
