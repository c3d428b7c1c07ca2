#include "stream/text/base64.hpp"

#include <array>
#include <cstdint>

namespace stream {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kInvalid = 0xff;
constexpr std::uint8_t kSpace = 0xfe;

constexpr std::array<std::uint8_t, 256> kValues = [] {
  std::array<std::uint8_t, 256> table{};
  table.fill(kInvalid);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i)
    table[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  for (const char c : {' ', '\t', '\r', '\n'}) table[static_cast<unsigned char>(c)] = kSpace;
  return table;
}();

}  // namespace

void base64_append(std::string& out, std::string_view bytes) {
  const auto octet = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])); };
  std::size_t at = out.size();
  out.resize(at + (bytes.size() + 2) / 3 * 4);
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const std::uint32_t group = octet(i) << 16 | octet(i + 1) << 8 | octet(i + 2);
    out[at++] = kAlphabet[group >> 18];
    out[at++] = kAlphabet[group >> 12 & 63];
    out[at++] = kAlphabet[group >> 6 & 63];
    out[at++] = kAlphabet[group & 63];
  }
  if (const std::size_t left = bytes.size() - i; left != 0) {
    const std::uint32_t group = octet(i) << 16 | (left == 2 ? octet(i + 1) << 8 : 0);
    out[at++] = kAlphabet[group >> 18];
    out[at++] = kAlphabet[group >> 12 & 63];
    out[at++] = left == 2 ? kAlphabet[group >> 6 & 63] : '=';
    out[at++] = '=';
  }
}

std::string base64_encode(std::string_view bytes) {
  std::string out;
  base64_append(out, bytes);
  return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 4 * 3 + 3);
  std::uint32_t group = 0;
  int have = 0;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    const std::uint8_t value = kValues[static_cast<unsigned char>(text[i])];
    if (value < 64) {
      group = group << 6 | value;
      if (++have == 4) {
        out += static_cast<char>(group >> 16);
        out += static_cast<char>(group >> 8 & 0xff);
        out += static_cast<char>(group & 0xff);
        group = 0;
        have = 0;
      }
    } else if (value == kInvalid) {
      break;
    }
  }
  for (; i < text.size(); ++i) {  // only padding and white space may follow
    if (text[i] != '=' && kValues[static_cast<unsigned char>(text[i])] != kSpace) return std::nullopt;
  }
  if (have == 1) return std::nullopt;
  if (have == 2) out += static_cast<char>(group >> 4 & 0xff);
  if (have == 3) {
    out += static_cast<char>(group >> 10 & 0xff);
    out += static_cast<char>(group >> 2 & 0xff);
  }
  return out;
}

}  // namespace stream
