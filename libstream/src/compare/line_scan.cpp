// The file is compiled once for each instruction set (Highway's foreach_target), and the best one is chosen when it runs.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "line_scan.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <bit>
#include <cstdint>

#include "line_scan.hpp"

HWY_BEFORE_NAMESPACE();
namespace stream::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class D, class M>
HWY_INLINE std::uint64_t line_bits(D d, M mask) {
  std::uint64_t bits = 0;
  alignas(64) std::uint8_t bytes[8] = {};
  hn::StoreMaskBits(d, mask, bytes);
  __builtin_memcpy(&bits, bytes, sizeof bits);
  return bits;
}

std::size_t CommonPrefix(const std::uint8_t* a, const std::uint8_t* b, std::size_t size) {
  const hn::CappedTag<std::uint8_t, 64> d;
  constexpr std::size_t kLanes = HWY_MIN(HWY_MAX_BYTES, 64);
  std::size_t at = 0;
  for (; at + kLanes <= size; at += kLanes) {
    const auto differ = hn::Ne(hn::LoadU(d, a + at), hn::LoadU(d, b + at));
    if (HWY_UNLIKELY(!hn::AllFalse(d, differ))) return at + static_cast<std::size_t>(std::countr_zero(line_bits(d, differ)));
  }
  while (at < size && a[at] == b[at]) ++at;
  return at;
}

/// One bit a byte, for 64 bytes.
struct LineMasks {
  std::uint64_t differ = 0;
  std::uint64_t feed = 0;
  std::uint64_t low = 0;  // white space and control characters
  std::uint64_t nul = 0;
};

HWY_INLINE LineMasks line_masks(const std::uint8_t* a, const std::uint8_t* b) {
  const hn::CappedTag<std::uint8_t, 64> d;
  constexpr std::size_t kLanes = HWY_MIN(HWY_MAX_BYTES, 64);
  LineMasks masks;
  for (std::size_t i = 0; i < 64; i += kLanes) {
    const auto v = hn::LoadU(d, a + i);
    masks.differ |= line_bits(d, hn::Ne(v, hn::LoadU(d, b + i))) << i;
    masks.feed |= line_bits(d, hn::Eq(v, hn::Set(d, '\n'))) << i;
    masks.low |= line_bits(d, hn::Lt(v, hn::Set(d, 0x21))) << i;
    masks.nul |= line_bits(d, hn::Eq(v, hn::Zero(d))) << i;
  }
  return masks;
}

EqualLines FindEqualLines(const std::uint8_t* a, const std::uint8_t* b, std::size_t size, bool plain) {
  EqualLines out;
  const std::uint64_t wanted = plain ? ~std::uint64_t{0} : 0;
  std::uint64_t begins = 1;  // bit 0: a line begins here
  const std::size_t whole = size - size % 64;
  std::uint8_t last_a[64];
  std::uint8_t last_b[64];
  if (whole != size) {  // what is behind the end differs
    __builtin_memset(last_a, 'a', sizeof last_a);
    __builtin_memset(last_b, 'b', sizeof last_b);
    __builtin_memcpy(last_a, a + whole, size - whole);
    __builtin_memcpy(last_b, b + whole, size - whole);
  }
  std::size_t feed_block = 0;
  std::uint64_t feed_bits = 0;  // of the last block that has a line feed
  std::size_t lines = 0;
  for (std::size_t at = 0; at < size; at += 64) {
    const LineMasks masks = at < whole ? line_masks(a + at, b + at) : line_masks(last_a, last_b);
    const std::uint64_t starts = masks.feed << 1 | begins;
    std::uint64_t stop = masks.differ | (((starts & masks.low) | masks.nul) & wanted);
    begins = masks.feed >> 63;
    std::uint64_t feed = masks.feed;
    if (HWY_UNLIKELY(stop != 0)) {
      feed &= (stop & (~stop + 1)) - 1;
      if (feed != 0) {
        feed_block = at;
        feed_bits = feed;
        lines += static_cast<std::size_t>(hwy::PopCount(feed));
      }
      break;
    }
    feed_block = feed != 0 ? at : feed_block;
    feed_bits = feed != 0 ? feed : feed_bits;
    lines += static_cast<std::size_t>(hwy::PopCount(feed));
  }
  if (feed_bits == 0) return out;
  out.bytes = feed_block + 64 - static_cast<std::size_t>(std::countl_zero(feed_bits));
  out.lines = lines;
  return out;
}

}  // namespace stream::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace stream {

HWY_EXPORT(CommonPrefix);
HWY_EXPORT(FindEqualLines);

namespace {
const std::uint8_t* bytes_of(std::string_view text) { return reinterpret_cast<const std::uint8_t*>(text.data()); }
}  // namespace

std::size_t common_prefix(std::string_view a, std::string_view b) {
  return HWY_DYNAMIC_DISPATCH(CommonPrefix)(bytes_of(a), bytes_of(b), std::min(a.size(), b.size()));
}

EqualLines equal_lines(std::string_view a, std::string_view b, bool plain) {
  return HWY_DYNAMIC_DISPATCH(FindEqualLines)(bytes_of(a), bytes_of(b), std::min(a.size(), b.size()), plain);
}

}  // namespace stream

#endif
