#include "capture/text.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <string>

#include "stream/text/base64.hpp"
#include "stream/text/json.hpp"
#include "stream/text/utf8.hpp"

namespace har::capture {
namespace {

constexpr std::uint64_t kOnes = 0x0101010101010101U;
constexpr std::uint64_t kHighs = 0x8080808080808080U;

/// The high bit of each byte that JSON escapes. The lowest is right; behind it there may be more than there should be, since the
/// subtractions borrow.
std::uint64_t escapes_in(std::uint64_t word) {
  const std::uint64_t control = (word - kOnes * 0x20) & ~word;
  const std::uint64_t quotes = word ^ (kOnes * static_cast<unsigned char>('"'));
  const std::uint64_t slashes = word ^ (kOnes * static_cast<unsigned char>('\\'));
  return (control | ((quotes - kOnes) & ~quotes) | ((slashes - kOnes) & ~slashes)) & kHighs;
}

/// What stands behind the backslash; 'u': four digits more.
constexpr std::array<char, 256> kEscapes = [] {
  std::array<char, 256> table{};
  for (std::size_t i = 0; i < 0x20; ++i) table[i] = 'u';
  table['"'] = '"';
  table['\\'] = '\\';
  table['\b'] = 'b';
  table['\f'] = 'f';
  table['\n'] = 'n';
  table['\r'] = 'r';
  table['\t'] = 't';
  return table;
}();

inline char* put_escape(char* out, char c) {
  const char escape = kEscapes[static_cast<unsigned char>(c)];
  out[0] = '\\';
  out[1] = escape;
  if (escape != 'u') [[likely]]
    return out + 2;
  constexpr char kHex[] = "0123456789abcdef";
  out[2] = '0';
  out[3] = '0';
  out[4] = kHex[(static_cast<unsigned char>(c) >> 4) & 15];
  out[5] = kHex[static_cast<unsigned char>(c) & 15];
  return out + 6;
}

#if defined(__SSE2__)
constexpr std::size_t kStride = 16;

/// Where JSON escapes a byte all bits are set.
__m128i escapes_in(__m128i bytes) {
  const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
  const __m128i quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
  const __m128i slashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
  return _mm_or_si128(control, _mm_or_si128(quotes, slashes));
}

/// Copies `kCount` strides; whether there is nothing to be escaped in them. `high` gathers all bytes.
template <std::size_t kCount>
bool copy_plain(char* to, const char* from, __m128i& high) {
  __m128i found = _mm_setzero_si128();
  for (std::size_t i = 0; i < kCount; ++i) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i * kStride));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i * kStride), bytes);
    high = _mm_or_si128(high, bytes);
    found = _mm_or_si128(found, escapes_in(bytes));
  }
  return _mm_movemask_epi8(found) == 0;
}

/// Which of 16 bytes JSON escapes, a bit for each.
unsigned escapes_at(const char* from) {
  return static_cast<unsigned>(_mm_movemask_epi8(escapes_in(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)))));
}
#endif

/// At most kPiece bytes; all bytes' high bits are gathered in `high`.
constexpr std::size_t kPiece = 4096;
void put_piece(Text& out, std::string_view text, std::uint64_t& high) {
  char* const begin = out.room(6 * text.size() + 64);
  char* to = begin;
  const char* from = text.data();
  const char* const end = from + text.size();
#if defined(__SSE2__)
  __m128i highs = _mm_setzero_si128();
  constexpr std::size_t kMany = 4;
  while (static_cast<std::size_t>(end - from) >= kStride) {
    if (static_cast<std::size_t>(end - from) >= kMany * kStride && copy_plain<kMany>(to, from, highs)) {
      from += kMany * kStride;
      to += kMany * kStride;
    } else if (copy_plain<1>(to, from, highs)) {
      from += kStride;
      to += kStride;
    } else {
      const int plain = std::countr_zero(escapes_at(from));
      from += plain;
      to = put_escape(to + plain, *from);
      ++from;
    }
  }
  if (_mm_movemask_epi8(highs) != 0) high |= kHighs;
#endif
  while (end - from >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, from, 8);
    std::memcpy(to, &word, 8);
    high |= word;
    std::uint64_t found = escapes_in(word);
    if constexpr (std::endian::native == std::endian::big) found = found == 0 ? 0 : kHighs;
    if (found == 0) {
      from += 8;
      to += 8;
      continue;
    }
    if constexpr (std::endian::native == std::endian::little) {
      const int plain = std::countr_zero(found) / 8;
      from += plain;
      to = put_escape(to + plain, *from);
      ++from;
    } else {
      break;
    }
  }
  for (; from != end; ++from) {
    const auto byte = static_cast<unsigned char>(*from);
    high |= byte;
    if (byte < 0x20 || byte == '"' || byte == '\\') {
      to = put_escape(to, *from);
    } else {
      *to++ = *from;
    }
  }
  out.added(static_cast<std::size_t>(to - begin));
}

std::uint64_t put_inside(Text& out, std::string_view text) {
  std::uint64_t high = 0;
  for (std::size_t at = 0; at < text.size(); at += kPiece) put_piece(out, text.substr(at, kPiece), high);
  return high & kHighs;
}

/// Two digits each.
constexpr std::array<char, 200> kPairs = [] {
  std::array<char, 200> table{};
  for (std::size_t i = 0; i < 100; ++i) {
    table[2 * i] = static_cast<char>('0' + i / 10);
    table[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return table;
}();

/// `digits` decimals behind the point, without zeros at the end.
void put_decimal(Text& out, std::int64_t value, std::uint64_t unit, int digits) {
  std::uint64_t magnitude = value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  if (value < 0) out << '-';
  put_number(out, magnitude / unit);
  auto rest = static_cast<std::uint32_t>(magnitude % unit);
  if (rest == 0) return;
  char* const to = out.room(static_cast<std::size_t>(digits) + 1);
  to[0] = '.';
  int at = digits;
  for (; at >= 2; at -= 2) {
    std::memcpy(to + at - 1, &kPairs[std::size_t{2} * (rest % 100)], 2);
    rest /= 100;
  }
  if (at == 1) to[1] = static_cast<char>('0' + rest);
  int used = digits;
  while (to[used] == '0') --used;
  out.added(static_cast<std::size_t>(used) + 1);
}

}  // namespace

void Text::drop_front(std::size_t count) {
  std::memmove(data_.get(), data_.get() + count, size_ - count);
  size_ -= count;
}

void Text::grow(std::size_t count) {
  const std::size_t capacity = std::max({std::size_t{256}, 2 * capacity_, size_ + count});
  std::unique_ptr<char[]> data(new char[capacity]);
  if (size_ != 0) std::memcpy(data.get(), data_.get(), size_);
  data_ = std::move(data);
  capacity_ = capacity;
}

void put_number(Text& out, std::uint64_t value) {
  char* const to = out.room(20);
  out.added(static_cast<std::size_t>(std::to_chars(to, to + 20, value).ptr - to));
}

void put_seconds(Text& out, stream::Nanos time) { put_decimal(out, time.count(), 1'000'000'000, 9); }
void put_millis(Text& out, stream::Nanos time) { put_decimal(out, time.count(), 1'000'000, 6); }

void put_string(Text& out, std::string_view text) {
  const std::size_t before = out.size();
  out << '"';
  if (put_inside(out, text) != 0 && !stream::is_utf8(text)) {
    out.cut(before);
    std::string repaired;
    stream::write_json_string(repaired, text);
    out << repaired;
    return;
  }
  out << '"';
}

void put_escaped(Text& out, std::string_view text) { put_inside(out, text); }

void put_base64(Text& out, std::string_view bytes) {
  // In pieces that stay in the cache; whole groups of three have no padding.
  constexpr std::size_t kGroup = 3 * 4096;
  std::string encoded;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(kGroup, bytes.size()))) {
    encoded.clear();
    stream::base64_append(encoded, bytes.substr(0, kGroup));
    out << encoded;
  }
}

void put_octets(Text& out, std::string_view bytes) {
  const std::size_t before = out.size();
  out << R"("data":")";
  if (put_inside(out, bytes) != 0 && !stream::is_utf8(bytes)) {
    out.cut(before);
    out << R"("data64":")";
    put_base64(out, bytes);
  }
  out << '"';
}

}  // namespace har::capture
