// The file is compiled once for each instruction set (Highway's foreach_target), and the best one is chosen when it runs.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "json_tokens.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "json_blocks.hpp"
#include "stream/text/json_tokens.hpp"

#ifndef HARTAPE_JSON_TOKENS_ONCE
#define HARTAPE_JSON_TOKENS_ONCE
namespace stream {
namespace {

/// Tokens that are found at a time, and how far apart they may be at most.
constexpr std::size_t kWindow = 2048;
constexpr std::size_t kSpan = std::size_t{1} << 31;

/// The four hexadecimal digits at `digits`, or -1.
int hex4(const char* digits) {
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = digits[i];
    const int digit = c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

bool is_high(int unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low(int unit) { return unit >= 0xDC00 && unit < 0xE000; }

/// The 'u' of an escape: its digits, and whether it is half of a pair whose other half is not there.
void unicode_escape(JsonTokens::State& state, std::size_t at) {
  const int unit = at + 5 <= state.text.size() ? hex4(state.text.data() + at + 1) : -1;
  if (unit < 0) {
    state.bad = true;
    return;
  }
  const bool follows_high = state.high != JsonTokens::kEnd && at == state.high + 6;
  const auto lone = [&](std::size_t where) {
    if (state.surrogate == JsonTokens::kEnd) state.surrogate = where;
  };
  if (state.high != JsonTokens::kEnd && !(follows_high && is_low(unit))) lone(state.high);
  if (is_low(unit) && !follows_high) lone(at);
  state.high = is_high(unit) ? at : JsonTokens::kEnd;
}

}  // namespace
}  // namespace stream
#endif

HWY_BEFORE_NAMESPACE();
namespace stream::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Finds tokens from state.at on, until there are kWindow of them or the text ends; how many, relative to where it began.
std::size_t Fill(JsonTokens::State& state, std::uint32_t* out) {
  const hn::CappedTag<std::uint8_t, 64> d;
  constexpr std::size_t kLanes = HWY_MIN(HWY_MAX_BYTES, 64);
  const auto* const text = reinterpret_cast<const std::uint8_t*>(state.text.data());
  const std::size_t size = state.text.size();
  const std::size_t base = state.at;
  std::size_t at = base;
  std::size_t count = 0;
  struct {
    std::uint64_t escaped;
    std::uint64_t in_string;
  } strings{state.escaped, state.in_string};
  std::uint64_t in_scalar = state.in_scalar;
  std::uint64_t bad = 0;
  // What may stand behind a backslash: " / \\ b f n r t u, by the two halves of the byte.
  alignas(16) static constexpr std::uint8_t kEscapesLow[16] = {0, 0, 1 | 4 | 8, 0, 8, 8, 4, 0, 0, 0, 0, 0, 2, 0, 4, 1};
  alignas(16) static constexpr std::uint8_t kEscapesHigh[16] = {0, 0, 1, 0, 0, 2, 4, 8};
  // Nothing in the loop calls a function: its constants would not stay in registers. So what is left of the text is put into a
  // block of its own before, and escapes \u are looked at behind it.
  const std::size_t whole = size - size % 64;
  std::uint8_t last[64];
  if (whole != size) {
    __builtin_memset(last, ' ', sizeof last);
    __builtin_memcpy(last, text + whole, size - whole);
  }
  constexpr std::size_t kUnicode = 64;
  struct {
    std::size_t at;
    std::uint64_t bits;
  } unicode_in[kUnicode];  // blocks that have such escapes
  std::size_t unicode_blocks = 0;
  const auto escapes_low = hn::LoadDup128(d, kEscapesLow);
  const auto escapes_high = hn::LoadDup128(d, kEscapesHigh);
  while (at < size && count < kWindow && at - base < kSpan && unicode_blocks < kUnicode) {
    const std::uint8_t* const block = at < whole ? text + at : last;
    std::uint64_t backslash = 0;
    std::uint64_t quote = 0;
    std::uint64_t control = 0;
    for (std::size_t i = 0; i < 64; i += kLanes) {
      const auto v = hn::LoadU(d, block + i);
      backslash |= bits_of(d, hn::Eq(v, hn::Set(d, '\\'))) << i;
      quote |= bits_of(d, hn::Eq(v, hn::Set(d, '"'))) << i;
      control |= bits_of(d, hn::Lt(v, hn::Set(d, 0x20))) << i;
    }
    const std::uint64_t escaped = take_escaped(backslash, strings);
    if (HWY_UNLIKELY(escaped != 0)) {
      std::uint64_t good = 0;
      std::uint64_t unicode = 0;
      for (std::size_t i = 0; i < 64; i += kLanes) {
        const auto v = hn::LoadU(d, block + i);
        const auto low = hn::TableLookupBytes(escapes_low, hn::And(v, hn::Set(d, 0x0F)));
        const auto high = hn::TableLookupBytes(escapes_high, hn::ShiftRight<4>(v));
        good |= bits_of(d, hn::Ne(hn::And(low, high), hn::Zero(d))) << i;
        unicode |= bits_of(d, hn::Eq(v, hn::Set(d, 'u'))) << i;
      }
      unicode &= escaped;
      bad |= escaped & ~good;
      unicode_in[unicode_blocks] = {at, unicode};
      unicode_blocks += unicode != 0 ? 1 : 0;
    }
    quote &= ~escaped;
    const std::uint64_t inside = take_inside(quote, strings);  // with the opening quotes, without the closing ones
    bad |= control & inside;
    if (inside == ~std::uint64_t{0} && quote == 0) {  // wholly within one string
      in_scalar = 0;
      at += 64;
      continue;
    }
    std::uint64_t structural = 0;
    std::uint64_t space = 0;
    for (std::size_t i = 0; i < 64; i += kLanes) {
      const auto v = hn::LoadU(d, block + i);
      const auto is = [&](char c) { return hn::Eq(v, hn::Set(d, static_cast<std::uint8_t>(c))); };
      const auto folded = hn::Or(v, hn::Set(d, 0x20));  // '[' and '{', ']' and '}' differ in this bit alone
      const auto folds_to = [&](char c) { return hn::Eq(folded, hn::Set(d, static_cast<std::uint8_t>(c))); };
      structural |= bits_of(d, hn::Or(hn::Or(folds_to('{'), folds_to('}')), hn::Or(is(':'), is(',')))) << i;
      space |= bits_of(d, hn::Or(hn::Or(is(' '), is('\n')), hn::Or(is('\r'), is('\t')))) << i;
    }
    // A scalar begins where something that is neither white space nor a bracket does not go on with one; behind a string's
    // closing quote too, so that "a"b is two tokens.
    const std::uint64_t scalar = ~(structural | space);
    const std::uint64_t bare = scalar & ~quote;
    const std::uint64_t goes_on = bare << 1 | in_scalar;
    in_scalar = bare >> 63;
    const std::uint64_t closing = quote & ~inside;
    std::uint64_t tokens = (structural | (scalar & ~goes_on)) & ~(inside ^ quote) & ~closing;
    tokens |= inside & quote;  // a string is a token even right behind another scalar
    // Eight at a time, and then as many as there are: what is written past them is written over.
    const auto from = static_cast<std::uint32_t>(at - base);
    const std::size_t found = static_cast<std::size_t>(hwy::PopCount(tokens));
    for (std::size_t i = 0; i < found; i += 8) {
      for (std::size_t k = 0; k < 8; ++k) {
        out[count + i + k] =
            from + static_cast<std::uint32_t>(hwy::Num0BitsBelowLS1Bit_Nonzero64(tokens | (std::uint64_t{1} << 63U)));
        tokens &= tokens - 1;
      }
    }
    count += found;
    at += 64;
  }
  for (std::size_t i = 0; i < unicode_blocks; ++i) {
    for (std::uint64_t bits = unicode_in[i].bits; bits != 0; bits &= bits - 1) {
      unicode_escape(state, unicode_in[i].at + hwy::Num0BitsBelowLS1Bit_Nonzero64(bits));
    }
  }
  state.at = at;
  state.escaped = strings.escaped;
  state.in_string = strings.in_string;
  state.in_scalar = in_scalar;
  state.bad = state.bad || bad != 0;
  if (at >= size) {
    state.bad = state.bad || state.in_string != 0;
    if (state.high != JsonTokens::kEnd && state.surrogate == JsonTokens::kEnd) state.surrogate = state.high;
  }
  return count;
}

std::size_t DecodedLength(const std::uint8_t* text, std::size_t size) {
  const hn::CappedTag<std::uint8_t, 64> d;
  constexpr std::size_t kLanes = HWY_MIN(HWY_MAX_BYTES, 64);
  struct {
    std::uint64_t escaped = 0;
  } strings;
  std::size_t length = size;
  std::size_t high = ~std::size_t{0};
  for (std::size_t at = 0; at < size; at += 64) {
    const std::uint8_t* block = text + at;
    std::uint8_t last[64];
    if (HWY_UNLIKELY(at + 64 > size)) {
      __builtin_memset(last, ' ', sizeof last);
      __builtin_memcpy(last, block, size - at);
      block = last;
    }
    std::uint64_t backslash = 0;
    std::uint64_t unicode = 0;
    for (std::size_t i = 0; i < 64; i += kLanes) {
      const auto v = hn::LoadU(d, block + i);
      backslash |= bits_of(d, hn::Eq(v, hn::Set(d, '\\'))) << i;
      unicode |= bits_of(d, hn::Eq(v, hn::Set(d, 'u'))) << i;
    }
    const std::uint64_t escaped = take_escaped(backslash, strings);
    length -= static_cast<std::size_t>(hwy::PopCount(escaped));  // \n is one byte
    for (unicode &= escaped; unicode != 0; unicode &= unicode - 1) {
      const std::size_t u = at + hwy::Num0BitsBelowLS1Bit_Nonzero64(unicode);
      if (u + 5 > size) break;
      const int unit = hex4(reinterpret_cast<const char*>(text) + u + 1);
      const bool pair = is_low(unit) && high != ~std::size_t{0} && u == high + 6;
      // "u12ab" is five bytes here; the second half of a pair adds one to the three of the first.
      length -= 5 - static_cast<std::size_t>(unit < 0x80 ? 1 : unit < 0x800 ? 2 : pair ? 1 : 3);
      high = is_high(unit) ? u : ~std::size_t{0};
    }
  }
  return length;
}

DecodedCounts CountDecoded(const std::uint8_t* text, std::size_t size) {
  const hn::CappedTag<std::uint8_t, 64> d;
  constexpr std::size_t kLanes = HWY_MIN(HWY_MAX_BYTES, 64);
  struct {
    std::uint64_t escaped = 0;
  } strings;
  DecodedCounts counts;
  counts.bytes = size;
  std::size_t high = ~std::size_t{0};
  std::uint64_t before_ef = 0;  // of the block before: where U+FFFD, EF BF BD, began
  std::uint64_t before_bf = 0;
  const std::size_t whole = size - size % 64;
  std::uint8_t last[64];
  __builtin_memset(last, 0x80, sizeof last);  // what continues a character is none
  if (whole != size) __builtin_memcpy(last, text + whole, size - whole);
  for (std::size_t at = 0; at < size; at += 64) {
    const std::uint8_t* const block = at < whole ? text + at : last;
    std::uint64_t backslash = 0;
    std::uint64_t unicode = 0;
    std::uint64_t continues = 0;
    std::uint64_t four = 0;
    std::uint64_t ef = 0;
    std::uint64_t bf = 0;
    std::uint64_t bd = 0;
    for (std::size_t i = 0; i < 64; i += kLanes) {
      const auto v = hn::LoadU(d, block + i);
      backslash |= bits_of(d, hn::Eq(v, hn::Set(d, '\\'))) << i;
      unicode |= bits_of(d, hn::Eq(v, hn::Set(d, 'u'))) << i;
      continues |= bits_of(d, hn::Eq(hn::And(v, hn::Set(d, 0xC0)), hn::Set(d, 0x80))) << i;
      four |= bits_of(d, hn::Gt(v, hn::Set(d, 0xEF))) << i;
      ef |= bits_of(d, hn::Eq(v, hn::Set(d, 0xEF))) << i;
      bf |= bits_of(d, hn::Eq(v, hn::Set(d, 0xBF))) << i;
      bd |= bits_of(d, hn::Eq(v, hn::Set(d, 0xBD))) << i;
    }
    const std::uint64_t escaped = take_escaped(backslash, strings);
    const std::size_t escapes = static_cast<std::size_t>(hwy::PopCount(escaped));
    counts.bytes -= escapes;
    counts.characters += static_cast<std::size_t>(hwy::PopCount(~continues)) - escapes;
    counts.utf16 += static_cast<std::size_t>(hwy::PopCount(four));
    counts.replaced += static_cast<std::size_t>(hwy::PopCount(bd & (bf << 1 | before_bf >> 63) & (ef << 2 | before_ef >> 62)));
    before_ef = ef;
    before_bf = bf;
    for (unicode &= escaped; unicode != 0; unicode &= unicode - 1) {
      const std::size_t u = at + hwy::Num0BitsBelowLS1Bit_Nonzero64(unicode);
      if (u + 5 > size) break;
      const int unit = hex4(reinterpret_cast<const char*>(text) + u + 1);
      const bool pair = is_low(unit) && high != ~std::size_t{0} && u == high + 6;
      counts.bytes -= 5 - static_cast<std::size_t>(unit < 0x80 ? 1 : unit < 0x800 ? 2 : pair ? 1 : 3);
      counts.characters -= pair ? 5 : 4;
      counts.utf16 += pair ? 1 : 0;
      if (pair) {
        --counts.replaced;  // the first half is a half no longer
      } else if (is_high(unit) || is_low(unit) || unit == 0xFFFD) {
        ++counts.replaced;
      }
      high = is_high(unit) ? u : ~std::size_t{0};
    }
  }
  counts.utf16 += counts.characters;
  return counts;
}

bool IsBase64Alphabet(const std::uint8_t* text, std::size_t size) {
  const hn::ScalableTag<std::uint8_t> d;
  const std::size_t lanes = hn::Lanes(d);
  const auto good = [&](auto v) HWY_ATTR {
    const auto folded = hn::Or(v, hn::Set(d, 0x20));
    const auto within = [&](auto bytes, char first, std::uint8_t how_many) HWY_ATTR {
      return hn::Lt(hn::Sub(bytes, hn::Set(d, static_cast<std::uint8_t>(first))), hn::Set(d, how_many));
    };
    const auto letter = within(folded, 'a', 26);
    const auto digit = within(v, '/', 11);  // '/' stands before '0'
    return hn::Or(hn::Or(letter, digit), hn::Or(hn::Eq(v, hn::Set(d, '+')), hn::Eq(v, hn::Set(d, '='))));
  };
  std::size_t at = 0;
  for (; at + lanes <= size; at += lanes) {
    if (!hn::AllTrue(d, good(hn::LoadU(d, text + at)))) return false;
  }
  for (; at < size; ++at) {
    const std::uint8_t c = text[at];
    const std::uint8_t folded = c | 0x20;
    if (!((folded >= 'a' && folded <= 'z') || (c >= '/' && c <= '9') || c == '+' || c == '=')) return false;
  }
  return true;
}

}  // namespace stream::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace stream {

HWY_EXPORT(Fill);
HWY_EXPORT(DecodedLength);
HWY_EXPORT(CountDecoded);
HWY_EXPORT(IsBase64Alphabet);

JsonTokens::JsonTokens() : window_(std::make_unique<std::uint32_t[]>(kWindow + 128)) {}  // NOLINT(modernize-avoid-c-arrays)
JsonTokens::~JsonTokens() = default;

void JsonTokens::start(std::string_view text) {
  state_ = {};
  state_.text = text;
  base_ = 0;
  at_ = end_ = window_.get();
  bad_ = false;
}

bool JsonTokens::refill() {
  std::size_t count = 0;
  while (count == 0 && state_.at < state_.text.size()) {
    base_ = state_.at;
    count = HWY_DYNAMIC_DISPATCH(Fill)(state_, window_.get());
  }
  at_ = window_.get();
  end_ = at_ + count;
  bad_ = state_.bad;
  return count != 0;
}

std::optional<std::size_t> JsonTokens::lone_surrogate() const {
  return state_.surrogate == kEnd ? std::nullopt : std::optional(state_.surrogate);
}

std::optional<BadString> find_bad_string(std::string_view text) {
  bool inside = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!inside) {
      inside = c == '"';
    } else if (c == '"') {
      inside = false;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      return BadString{i, "a control character in a string, which must be escaped"};
    } else if (c == '\\') {
      if (++i == text.size()) break;
      if (std::string_view("\"\\/bfnrtu").find(text[i]) == std::string_view::npos)
        return BadString{i - 1, "an escape that JSON does not have"};
      if (text[i] == 'u' && (i + 5 > text.size() || hex4(text.data() + i + 1) < 0))
        return BadString{i - 1, "\\u without four hexadecimal digits"};
    }
  }
  if (inside) return BadString{text.size(), "the string is not closed"};
  return std::nullopt;
}

std::size_t decoded_length(std::string_view inner) {
  return HWY_DYNAMIC_DISPATCH(DecodedLength)(reinterpret_cast<const std::uint8_t*>(inner.data()), inner.size());
}

DecodedCounts decoded_counts(std::string_view inner) {
  return HWY_DYNAMIC_DISPATCH(CountDecoded)(reinterpret_cast<const std::uint8_t*>(inner.data()), inner.size());
}

bool is_base64_alphabet(std::string_view bytes) {
  return HWY_DYNAMIC_DISPATCH(IsBase64Alphabet)(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

}  // namespace stream

#endif
