#pragma once

#include <catch2/catch.hpp>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stream/io/error.hpp"
#include "stream/io/finding.hpp"

/// All that a decoder says about an input.
template <class Item>
struct Decoded {
  std::vector<Item> items{};
  std::vector<std::string> rules{};  // of the findings, in their order
  std::vector<stream::Finding> findings{};
  std::optional<stream::Error> error{};

  bool operator==(const Decoded&) const = default;
};

/// Feeds `bytes` cut at the offsets that `next_cut` gives: the end of the piece that begins at its argument.
template <class Item, class Decoder, class Options>
Decoded<Item> decode_cut(Options options, std::string_view bytes, const std::function<std::size_t(std::size_t)>& next_cut) {
  Decoded<Item> decoded;
  options.findings = [&](const stream::Finding& finding) {
    decoded.rules.push_back(finding.rule);
    decoded.findings.push_back(finding);
  };
  Decoder decoder(std::move(options));
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t next = next_cut(at);
    if (auto fed = decoder.feed(bytes.substr(at, next - at), decoded.items); !fed) {
      decoded.error = fed.error();
      return decoded;
    }
    at = next;
  }
  if (auto finished = decoder.finish(decoded.items); !finished) decoded.error = finished.error();
  return decoded;
}

/// What `bytes` decodes to; checks that it is the same byte by byte and cut in two anywhere.
template <class Item, class Decoder, class Options>
Decoded<Item> decode_every_way(const Options& options, std::string_view bytes) {
  const auto whole = decode_cut<Item, Decoder>(options, bytes, [&](std::size_t) { return bytes.size(); });
  const auto single = decode_cut<Item, Decoder>(options, bytes, [](std::size_t at) { return at + 1; });
  CHECK((single == whole));
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    const auto halves = decode_cut<Item, Decoder>(options, bytes, [&](std::size_t at) { return at < cut ? cut : bytes.size(); });
    if (halves != whole) {
      CAPTURE(cut);
      CHECK((halves == whole));
      break;
    }
  }
  return whole;
}
