// The file is compiled once for each instruction set (Highway's foreach_target), and the best one is chosen when it runs.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "json_scan.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "json_blocks.hpp"
#include "stream/text/json_scan.hpp"

HWY_BEFORE_NAMESPACE();
namespace stream::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// One bit a byte, for 64 bytes.
struct Masks {
  std::uint64_t backslash = 0;
  std::uint64_t quote = 0;
  std::uint64_t open = 0;
  std::uint64_t close = 0;
  std::uint64_t control = 0;
};

HWY_INLINE Masks classify(const std::uint8_t* block) {
  const hn::CappedTag<std::uint8_t, 64> d;
  constexpr std::size_t kLanes = HWY_MIN(HWY_MAX_BYTES, 64);
  Masks masks;
  for (std::size_t i = 0; i < 64; i += kLanes) {
    const auto v = hn::LoadU(d, block + i);
    const auto folded = hn::Or(v, hn::Set(d, 0x20));  // '[' and '{', ']' and '}' differ in this bit alone
    masks.backslash |= bits_of(d, hn::Eq(v, hn::Set(d, '\\'))) << i;
    masks.quote |= bits_of(d, hn::Eq(v, hn::Set(d, '"'))) << i;
    masks.open |= bits_of(d, hn::Eq(folded, hn::Set(d, '{'))) << i;
    masks.close |= bits_of(d, hn::Eq(folded, hn::Set(d, '}'))) << i;
    masks.control |= bits_of(d, hn::Lt(v, hn::Set(d, 0x20))) << i;
  }
  return masks;
}

std::size_t Scan(ElementScanner::State& scanner, const std::uint8_t* data, std::size_t size, std::size_t base,
                 std::vector<std::size_t>& ends) {
  // What stands in registers does not wait for what was just stored. Nothing in the inner loop calls a function, for the same
  // reason: so what is left of the data is put into a block of its own before.
  ElementScanner::State state = scanner;
  const std::size_t whole = size - size % 64;
  std::uint8_t last[64];
  if (whole != size) {
    __builtin_memset(last, ' ', sizeof last);
    __builtin_memcpy(last, data + whole, size - whole);
  }
  for (std::size_t at = 0; at < size; at += 64) {
    // Blocks in which no element can end.
    std::uint64_t open = 0;
    std::uint64_t close = 0;
    for (; at < size; at += 64) {
      const Masks masks = classify(at < whole ? data + at : last);
      const std::uint64_t escaped = take_escaped(masks.backslash, state);
      const std::uint64_t inside = take_inside(masks.quote & ~escaped, state);
      state.control |= (masks.control & inside) != 0;
      open = masks.open & ~inside;
      close = masks.close & ~inside;
      const auto closing = static_cast<std::int64_t>(hwy::PopCount(close));
      if (state.depth <= closing) break;
      state.depth += static_cast<std::int64_t>(hwy::PopCount(open)) - closing;
      state.deepest = HWY_MAX(state.deepest, state.depth);
    }
    if (at >= size) break;
    for (std::uint64_t brackets = open | close; brackets != 0; brackets &= brackets - 1) {
      const std::uint64_t bit = brackets & (~brackets + 1);
      if ((open & bit) != 0) {
        ++state.depth;
        state.deepest = HWY_MAX(state.deepest, state.depth);
        continue;
      }
      if (--state.depth > 0) continue;
      const std::size_t end = at + hwy::Num0BitsBelowLS1Bit_Nonzero64(bit) + 1;
      if (state.depth < 0) {
        state.closed = true;
        scanner = state;
        return end;
      }
      ends.push_back(base + end);
    }
  }
  scanner = state;
  return size;
}

std::size_t ClosingQuote(const std::uint8_t* data, std::size_t size) {
  const hn::CappedTag<std::uint8_t, 64> d;
  constexpr std::size_t kLanes = HWY_MIN(HWY_MAX_BYTES, 64);
  const auto slash = hn::Set(d, '\\');
  const auto mark = hn::Set(d, '"');
  ElementScanner::State state;
  alignas(64) std::uint8_t last[64];
  for (std::size_t at = 0; at < size; at += 64) {
    const std::uint8_t* block = data + at;
    if (at + 64 > size) {
      __builtin_memset(last, ' ', sizeof last);
      __builtin_memcpy(last, block, size - at);
      block = last;
    }
    std::uint64_t backslash = 0;
    std::uint64_t quote = 0;
    for (std::size_t i = 0; i < 64; i += kLanes) {
      const auto v = hn::LoadU(d, block + i);
      backslash |= bits_of(d, hn::Eq(v, slash)) << i;
      quote |= bits_of(d, hn::Eq(v, mark)) << i;
    }
    const std::uint64_t closing = quote & ~take_escaped(backslash, state);
    if (closing != 0) return at + hwy::Num0BitsBelowLS1Bit_Nonzero64(closing);
  }
  return size;
}

std::size_t CountByte(const std::uint8_t* data, std::size_t size, std::uint8_t byte) {
  const hn::ScalableTag<std::uint8_t> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto wanted = hn::Set(d, byte);
  std::size_t count = 0;
  std::size_t at = 0;
  for (; at + lanes <= size; at += lanes) count += hn::CountTrue(d, hn::Eq(hn::LoadU(d, data + at), wanted));
  for (; at < size; ++at) count += data[at] == byte ? 1 : 0;
  return count;
}

}  // namespace stream::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <simdjson.h>

namespace stream {

HWY_EXPORT(Scan);
HWY_EXPORT(ClosingQuote);
HWY_EXPORT(CountByte);

std::size_t ElementScanner::scan(std::string_view bytes, std::size_t base, std::vector<std::size_t>& ends) {
  return HWY_DYNAMIC_DISPATCH(Scan)(state_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), base, ends);
}

std::size_t find_closing_quote(std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(at);
  const std::size_t found = HWY_DYNAMIC_DISPATCH(ClosingQuote)(reinterpret_cast<const std::uint8_t*>(rest.data()), rest.size());
  return found == rest.size() ? std::string_view::npos : at + found;
}

std::size_t count_byte(std::string_view bytes, char byte) {
  return HWY_DYNAMIC_DISPATCH(CountByte)(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(),
                                         static_cast<std::uint8_t>(byte));
}

bool append_minified(std::string& out, std::string_view json) {
  const std::size_t from = out.size();
  out.resize(from + json.size() + 64);  // simdjson writes whole blocks
  std::size_t length = 0;
  const auto error = simdjson::minify(json.data(), json.size(), out.data() + from, length);
  out.resize(from + (error == simdjson::SUCCESS ? length : 0));
  return error == simdjson::SUCCESS;
}

}  // namespace stream

#endif
