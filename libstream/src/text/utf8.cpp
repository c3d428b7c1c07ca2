#include "stream/text/utf8.hpp"

#include <simdjson.h>

namespace stream {
namespace {

/// The length of the valid sequence at the start of `bytes`, or 0; `maximal` is how many bytes belong together if it is
/// not valid (Unicode 15 §3.9, table 3-7: the maximal subpart).
std::size_t sequence_length(std::string_view bytes, std::size_t& maximal) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  maximal = 1;
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  std::size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xbf;
  if (lead >= 0xc2 && lead <= 0xdf) {
    length = 2;
  } else if (lead >= 0xe0 && lead <= 0xef) {
    length = 3;
    if (lead == 0xe0) low = 0xa0;
    if (lead == 0xed) high = 0x9f;
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    length = 4;
    if (lead == 0xf0) low = 0x90;
    if (lead == 0xf4) high = 0x8f;
  } else {
    return 0;
  }
  for (std::size_t i = 1; i < length; ++i) {
    if (i >= bytes.size() || byte(i) < low || byte(i) > high) return 0;
    maximal = i + 1;
    low = 0x80;
    high = 0xbf;
  }
  return length;
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  if (bytes.size() < 16) {  // most strings of a HAR are short: a call through a pointer costs more than the bytes
    for (const char c : bytes) {
      if (static_cast<unsigned char>(c) >= 0x80) return simdjson::validate_utf8(bytes.data(), bytes.size());
    }
    return true;
  }
  return simdjson::validate_utf8(bytes.data(), bytes.size());
}

std::size_t find_invalid_utf8(std::string_view bytes) {
  if (is_utf8(bytes)) return std::string_view::npos;
  std::size_t at = 0;
  while (at < bytes.size()) {
    std::size_t maximal = 0;
    const std::size_t length = sequence_length(bytes.substr(at), maximal);
    if (length == 0) return at;
    at += length;
  }
  return std::string_view::npos;
}

std::string replace_invalid_utf8(std::string_view bytes) {
  if (is_utf8(bytes)) return std::string(bytes);
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    std::size_t maximal = 0;
    const std::size_t length = sequence_length(bytes, maximal);
    if (length != 0) {
      out.append(bytes.substr(0, length));
      bytes.remove_prefix(length);
    } else {
      out += "\xef\xbf\xbd";
      bytes.remove_prefix(maximal);
    }
  }
  return out;
}

void append_utf8(std::string& out, std::uint32_t code_point) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xc0 | code_point >> 6);
    put(0x80 | (code_point & 0x3f));
  } else if (code_point < 0x10000) {
    put(0xe0 | code_point >> 12);
    put(0x80 | (code_point >> 6 & 0x3f));
    put(0x80 | (code_point & 0x3f));
  } else {
    put(0xf0 | code_point >> 18);
    put(0x80 | (code_point >> 12 & 0x3f));
    put(0x80 | (code_point >> 6 & 0x3f));
    put(0x80 | (code_point & 0x3f));
  }
}

}  // namespace stream
