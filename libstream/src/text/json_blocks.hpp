// What the scanners of JSON have in common, for one instruction set: included once for each by files that Highway compiles
// several times.
#if defined(HARTAPE_JSON_BLOCKS_TOGGLE) == defined(HWY_TARGET_TOGGLE)
#ifdef HARTAPE_JSON_BLOCKS_TOGGLE
#undef HARTAPE_JSON_BLOCKS_TOGGLE
#else
#define HARTAPE_JSON_BLOCKS_TOGGLE
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace stream::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class D, class M>
HWY_INLINE std::uint64_t bits_of(D d, M mask) {
  std::uint64_t bits = 0;
  alignas(64) std::uint8_t bytes[8] = {};
  hn::StoreMaskBits(d, mask, bytes);
  __builtin_memcpy(&bits, bytes, sizeof bits);
  return bits;
}

/// Bit i of the result is the parity of the bits 0 … i: it turns quotes into the insides of strings.
HWY_INLINE std::uint64_t prefix_xor(std::uint64_t x) {
#if HWY_TARGET <= HWY_SSE4
  const hn::CappedTag<std::uint64_t, 2> d;
  const auto product = hn::CLMulLower(hn::Set(d, x), hn::Set(d, ~std::uint64_t{0}));
  return hn::GetLane(product);
#else
  x ^= x << 1;
  x ^= x << 2;
  x ^= x << 4;
  x ^= x << 8;
  x ^= x << 16;
  x ^= x << 32;
  return x;
#endif
}

/// What one block of 64 bytes hands on to the next: `escaped` (1: its first byte is escaped) and `in_string` (all ones: its
/// first byte is inside a string) of a State.

/// The bytes of the block that a backslash escapes.
template <class State>
HWY_INLINE std::uint64_t take_escaped(std::uint64_t backslash, State& state) {
  std::uint64_t escaped = state.escaped;
  if (backslash == 0) {
    state.escaped = 0;
    return escaped;
  }
  // A run of backslashes escapes what follows it if its length is odd: subtracting the starts of the runs from the odd
  // positions carries through each run.
  constexpr std::uint64_t kOdd = 0xAAAAAAAAAAAAAAAAU;
  const std::uint64_t starts = backslash & ~state.escaped;
  const std::uint64_t carried = (((starts << 1) | kOdd) - starts) ^ kOdd;
  escaped = carried ^ (backslash | state.escaped);
  state.escaped = (carried & backslash) >> 63;
  return escaped;
}

/// The bytes inside strings, the opening quotes with them and the closing ones without; `quote` without the escaped ones.
template <class State>
HWY_INLINE std::uint64_t take_inside(std::uint64_t quote, State& state) {
  const std::uint64_t inside = prefix_xor(quote) ^ state.in_string;
  state.in_string = ~(inside >> 63) + 1;  // all ones or none, without a branch
  return inside;
}

}  // namespace stream::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
