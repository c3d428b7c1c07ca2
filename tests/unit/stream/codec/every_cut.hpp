#pragma once

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/io/error.hpp"

/// What a push decoder made of an input, and a check that the way in which the input is cut makes no difference.
template <class Item>
struct Decoded {
  std::vector<Item> items{};
  std::optional<stream::Error> error{};

  bool operator==(const Decoded&) const = default;
};

template <class Item, class Decoder>
Decoded<Item> decode_parts(Decoder& decoder, const std::vector<std::string_view>& parts) {
  Decoded<Item> decoded;
  stream::Status status;
  for (const auto& part : parts) {
    // A view of its own memory, so that a sanitizer sees a decoder that keeps it.
    const std::string copy(part);
    status = decoder.feed(copy, decoded.items);
    if (!status) break;
  }
  if (status) status = decoder.finish(decoded.items);
  if (!status) decoded.error = status.error();
  return decoded;
}

/// Feeds the whole, byte by byte, and cut in two at every place (of a long input: at the places near its ends, and at some
/// between). `make` makes a decoder; `after` is run on each decoder at its end.
template <class Item, class Make, class After>
Decoded<Item> decode_every_cut(std::string_view bytes, Make make, After after) {
  auto first = make();
  const auto whole = decode_parts<Item>(first, {bytes});
  after(first);
  const auto check = [&](const std::vector<std::string_view>& parts) {
    auto decoder = make();
    const auto decoded = decode_parts<Item>(decoder, parts);
    CHECK((decoded == whole));
    after(decoder);
  };
  std::vector<std::string_view> singles;
  for (std::size_t i = 0; i < bytes.size(); ++i) singles.push_back(bytes.substr(i, 1));
  check(singles);
  constexpr std::size_t kNear = 400;
  const std::size_t stride = bytes.size() > 2 * kNear ? bytes.size() / 20 : 1;
  for (std::size_t cut = 1; cut < bytes.size();) {
    INFO("cut at " << cut);
    check({bytes.substr(0, cut), bytes.substr(cut)});
    cut += cut < kNear || cut + kNear > bytes.size() ? 1 : stride;
  }
  return whole;
}

template <class Item, class Make>
Decoded<Item> decode_every_cut(std::string_view bytes, Make make) {
  return decode_every_cut<Item>(bytes, make, [](const auto&) {});
}
