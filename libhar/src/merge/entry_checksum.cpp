#include "har/entry_checksum.hpp"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstring>
#include <optional>

#include "stream/text/json.hpp"
#include "stream/text/json_find.hpp"
#include "stream/text/json_scan.hpp"
#include "stream/text/utf8.hpp"

namespace har {
namespace {

static_assert(std::endian::native == std::endian::little, "SipHash reads its input as little-endian words");

class SipHash {
 public:
  SipHash() {
    // The state of the paper for the key 00 01 … 0f; 0xee marks 128 bits of output.
    constexpr std::uint64_t kKey0 = 0x0706050403020100;
    constexpr std::uint64_t kKey1 = 0x0f0e0d0c0b0a0908;
    v_ = {kKey0 ^ 0x736f6d6570736575, kKey1 ^ 0x646f72616e646f6d ^ 0xee, kKey0 ^ 0x6c7967656e657261, kKey1 ^ 0x7465646279746573};
  }

  EntryChecksum hash(std::string_view bytes) {
    std::size_t at = 0;
    for (; at + 8 <= bytes.size(); at += 8) block(word(bytes.substr(at, 8)));
    block(word(bytes.substr(at)) | static_cast<std::uint64_t>(bytes.size()) << 56);
    EntryChecksum out;
    v_[2] ^= 0xee;
    rounds(4);
    out.low = v_[0] ^ v_[1] ^ v_[2] ^ v_[3];
    v_[1] ^= 0xdd;
    rounds(4);
    out.high = v_[0] ^ v_[1] ^ v_[2] ^ v_[3];
    out.entries = 1;
    return out;
  }

 private:
  static std::uint64_t word(std::string_view bytes) {
    std::uint64_t out = 0;
    std::memcpy(&out, bytes.data(), bytes.size());
    return out;
  }
  void block(std::uint64_t word) {
    v_[3] ^= word;
    rounds(2);
    v_[0] ^= word;
  }
  void rounds(int count) {
    for (int i = 0; i < count; ++i) {
      v_[0] += v_[1];
      v_[1] = std::rotl(v_[1], 13) ^ v_[0];
      v_[0] = std::rotl(v_[0], 32);
      v_[2] += v_[3];
      v_[3] = std::rotl(v_[3], 16) ^ v_[2];
      v_[0] += v_[3];
      v_[3] = std::rotl(v_[3], 21) ^ v_[0];
      v_[2] += v_[1];
      v_[1] = std::rotl(v_[1], 17) ^ v_[2];
      v_[2] = std::rotl(v_[2], 32);
    }
  }

  std::array<std::uint64_t, 4> v_{};
};

/// The four digits of a \u escape at `text`, if they are there.
std::optional<std::uint32_t> escaped_unit(std::string_view text) {
  if (text.size() < 6 || text[0] != '\\' || text[1] != 'u') return std::nullopt;
  std::uint32_t unit = 0;
  for (const char c : text.substr(2, 4)) {
    const int digit = c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
    if (digit < 0) return std::nullopt;
    unit = unit << 4 | static_cast<std::uint32_t>(digit);
  }
  return unit;
}

/// Appends what write_json_string makes of a character, without the quotes.
void append_escaped(std::string& out, std::uint32_t code_point) {
  std::string character;
  stream::append_utf8(character, code_point);
  std::string quoted;
  stream::write_json_string(quoted, character);
  out.append(quoted, 1, quoted.size() - 2);
}

/// `text` without the escapes that need not be. Outside of strings JSON has no backslash.
std::string with_few_escapes(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t slash = text.find('\\');
    out += text.substr(0, slash);
    if (slash == std::string_view::npos) break;
    text.remove_prefix(slash);
    std::size_t used = 2;
    if (const auto unit = escaped_unit(text)) {
      used = 6;
      const auto low = (*unit & 0xfc00) == 0xd800 ? escaped_unit(text.substr(6)) : std::nullopt;
      if (low && (*low & 0xfc00) == 0xdc00) {
        used = 12;
        append_escaped(out, 0x10000 + ((*unit & 0x3ff) << 10) + (*low & 0x3ff));
      } else if ((*unit & 0xf800) == 0xd800) {
        out += fmt::format("\\u{:04x}", *unit);
      } else {
        append_escaped(out, *unit);
      }
    } else if (text.size() > 1 && text[1] == '/') {
      out += '/';
    } else {
      out += text.substr(0, used);
    }
    text.remove_prefix(std::min(used, text.size()));
  }
  return out;
}

/// Takes the members `pageref` out of a minified object.
void remove_pageref(std::string& object) {
  for (;;) {
    std::optional<std::pair<std::size_t, std::size_t>> found;
    stream::each_raw_member(object, [&](std::string_view name, std::string_view value) {
      if (name != "pageref") return true;
      const auto from = static_cast<std::size_t>(name.data() - object.data()) - 1;
      found = {from, static_cast<std::size_t>(value.data() - object.data()) + value.size()};
      return false;
    });
    if (!found) return;
    auto [from, to] = *found;
    if (object[to] == ',') {
      ++to;
    } else if (object[from - 1] == ',') {
      --from;
    }
    object.erase(from, to - from);
  }
}

}  // namespace

EntryChecksum& EntryChecksum::operator+=(const EntryChecksum& other) {
  low += other.low;
  high += other.high + (low < other.low ? 1U : 0U);
  entries += other.entries;
  return *this;
}

EntryChecksum& EntryChecksum::operator-=(const EntryChecksum& other) {
  high -= other.high + (low < other.low ? 1U : 0U);
  low -= other.low;
  entries -= other.entries;
  return *this;
}

std::string to_string(const EntryChecksum& checksum) { return fmt::format("{:016x}{:016x}", checksum.high, checksum.low); }

std::string canonical_entry(std::string_view entry) {
  std::string out;
  out.reserve(entry.size());
  if (!stream::append_minified(out, entry)) out = entry;
  if (out.find('\\') != std::string::npos) out = with_few_escapes(out);
  remove_pageref(out);
  return out;
}

EntryChecksum siphash128(std::string_view bytes) { return SipHash().hash(bytes); }

EntryChecksum entry_checksum(std::string_view entry) { return siphash128(canonical_entry(entry)); }

}  // namespace har
