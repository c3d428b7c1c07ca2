#include "stream/text/charset.hpp"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "charset_labels.hpp"
#include "stream/text/ascii.hpp"
#include "stream/text/utf8.hpp"

namespace stream {
namespace {

/// The next code point of valid UTF-8.
std::uint32_t take_code_point(std::string_view& utf8) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(utf8[i])); };
  const std::uint32_t first = at(0);
  const std::size_t size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  std::uint32_t code = size == 1 ? first : first & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) code = code << 6 | (at(i) & 0x3FU);
  utf8.remove_prefix(size);
  return code;
}

// ---- windows-1252: 0x80 to 0x9F; the five that Windows leaves free are the controls of that number (the standard's index).

constexpr std::array<char16_t, 32> kHigh{0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
                                         0x2039, 0x0152, 0x8D,   0x017D, 0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
                                         0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};

std::string decode_1252(std::string_view octets) {
  std::string out;
  out.reserve(octets.size() + octets.size() / 8);
  for (const char c : octets) {
    const auto octet = static_cast<unsigned char>(c);
    append_utf8(out, octet >= 0x80 && octet < 0xA0 ? kHigh[octet - 0x80U] : octet);
  }
  return out;
}

std::optional<std::string> encode_1252(std::string_view utf8) {
  std::string out;
  out.reserve(utf8.size());
  while (!utf8.empty()) {
    const std::uint32_t code = take_code_point(utf8);
    if (code < 0x80 || (code >= 0xA0 && code < 0x100)) {
      out += static_cast<char>(code);
      continue;
    }
    const auto* const high = std::find(kHigh.begin(), kHigh.end(), code);
    if (high == kHigh.end()) return std::nullopt;
    out += static_cast<char>(0x80 + (high - kHigh.begin()));
  }
  return out;
}

// ---- UTF-16

std::optional<std::string> decode_utf16(std::string_view octets, bool big) {
  if (octets.size() % 2 != 0) return std::nullopt;
  const auto unit = [&](std::size_t i) {
    const auto first = static_cast<unsigned char>(octets[i]);
    const auto second = static_cast<unsigned char>(octets[i + 1]);
    return static_cast<std::uint32_t>(big ? first << 8U | second : second << 8U | first);
  };
  std::string out;
  out.reserve(octets.size());
  for (std::size_t i = 0; i < octets.size(); i += 2) {
    std::uint32_t code = unit(i);
    if (code >= 0xD800 && code < 0xE000) {
      if (code >= 0xDC00 || octets.size() - i < 4) return std::nullopt;
      const std::uint32_t low = unit(i + 2);
      if (low < 0xDC00 || low >= 0xE000) return std::nullopt;
      code = 0x10000U + ((code - 0xD800U) << 10U) + (low - 0xDC00U);
      i += 2;
    }
    append_utf8(out, code);
  }
  return out;
}

std::string encode_utf16(std::string_view utf8, bool big) {
  std::string out;
  out.reserve(2 * utf8.size());
  const auto unit = [&](std::uint32_t value) {
    const auto high = static_cast<char>(value >> 8U);
    const auto low = static_cast<char>(value & 0xFFU);
    out += big ? high : low;
    out += big ? low : high;
  };
  while (!utf8.empty()) {
    const std::uint32_t code = take_code_point(utf8);
    if (code < 0x10000) {
      unit(code);
    } else {
      unit(0xD800U + ((code - 0x10000U) >> 10U));
      unit(0xDC00U + (code & 0x3FFU));
    }
  }
  return out;
}

// ---- the others

/// iconv(3), from one charset to another.
class Converter {
 public:
  Converter(const char* to, const char* from) : handle_(iconv_open(to, from)) {}
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;
  ~Converter() {
    if (known()) iconv_close(handle_);
  }

  /// All of it, or nothing.
  std::optional<std::string> convert(std::string_view from) {
    if (!known()) return std::nullopt;
    std::string out;
    // No charset makes more than four times as much of what it is given, but for the escapes at the end.
    const std::size_t most = 4 * from.size() + 16;
    out.reserve(from.size() + from.size() / 2);
    std::array<char, std::size_t{16} << 10> piece{};
    char* in = const_cast<char*>(from.data());  // NOLINT(cppcoreguidelines-pro-type-const-cast): iconv() does not write there
    std::size_t left = from.size();
    for (bool flushing = false;;) {
      char* to = piece.data();
      std::size_t room = piece.size();
      const std::size_t result = flushing ? iconv(handle_, nullptr, nullptr, &to, &room) : iconv(handle_, &in, &left, &to, &room);
      const bool full = result == kFailed && errno == E2BIG;
      const std::size_t made = piece.size() - room;
      // More than 0 is how many characters became others.
      if ((result != 0 && !full) || (full && made == 0) || out.size() + made > most) return std::nullopt;
      out.append(piece.data(), made);
      if (full) continue;
      if (flushing) return out;
      flushing = true;
    }
  }

 private:
  static constexpr auto kFailed = static_cast<std::size_t>(-1);
  // NOLINTNEXTLINE(performance-no-int-to-ptr): that is how iconv_open() says it
  bool known() const { return handle_ != reinterpret_cast<iconv_t>(-1); }

  iconv_t handle_;
};

const CharsetName& name_of(Charset charset) { return kCharsetNames[static_cast<std::size_t>(charset)]; }

/// U+E0000 to U+E007F, which glibc leaves out instead of refusing them.
bool has_tags(std::string_view utf8) {
  for (std::size_t at = 0; (at = utf8.find("\xF3\xA0", at)) != std::string_view::npos; at += 2) {
    if (at + 2 < utf8.size() && static_cast<unsigned char>(utf8[at + 2]) <= 0x81) return true;
  }
  return false;
}

}  // namespace

std::string_view to_string(Charset charset) { return name_of(charset).name; }

std::optional<Charset> charset_by_label(std::string_view label) {
  const auto is_blank = [](char c) { return ascii::is_space(c) || c == '\f'; };  // ASCII whitespace of the Infra Standard
  while (!label.empty() && is_blank(label.front())) label.remove_prefix(1);
  while (!label.empty() && is_blank(label.back())) label.remove_suffix(1);
  std::array<char, 24> folded{};
  if (label.empty() || label.size() > folded.size()) return std::nullopt;
  std::transform(label.begin(), label.end(), folded.begin(), ascii::to_lower);
  const std::string_view wanted(folded.data(), label.size());
  const auto* const found = std::lower_bound(kCharsetLabels.begin(), kCharsetLabels.end(), wanted,
                                             [](const CharsetLabel& known, std::string_view text) { return known.label < text; });
  return found != kCharsetLabels.end() && found->label == wanted ? std::optional(found->charset) : std::nullopt;
}

std::string_view charset_parameter(std::string_view media_type) {
  for (std::size_t at = media_type.find(';'); at != std::string_view::npos;) {
    media_type.remove_prefix(at + 1);
    at = media_type.find(';');
    const std::string_view parameter = media_type.substr(0, at);
    const std::size_t equals = parameter.find('=');
    if (equals == std::string_view::npos) continue;
    if (!ascii::equal_ignoring_case(ascii::trimmed(parameter.substr(0, equals)), "charset")) continue;
    std::string_view value = ascii::trimmed(parameter.substr(equals + 1));
    if (value.starts_with('"') || value.starts_with('\'')) value.remove_prefix(1);
    if (value.ends_with('"') || value.ends_with('\'')) value.remove_suffix(1);
    return value;
  }
  return {};
}

bool is_ascii_compatible(Charset charset) {
  return charset != Charset::utf_16be && charset != Charset::utf_16le && charset != Charset::iso_2022_jp;
}

bool is_ascii(std::string_view bytes) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080U;
  std::size_t at = 0;
  for (; bytes.size() - at >= sizeof(std::uint64_t); at += sizeof(std::uint64_t)) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, bytes.data() + at, sizeof eight);
    if ((eight & kHighBits) != 0) return false;
  }
  return std::all_of(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::optional<std::string> decode_charset(Charset charset, std::string_view octets) {
  if (is_ascii_compatible(charset) && is_ascii(octets)) return std::string(octets);
  switch (charset) {
    case Charset::utf_8:
      return is_utf8(octets) ? std::optional(std::string(octets)) : std::nullopt;
    case Charset::windows_1252:
      return decode_1252(octets);
    case Charset::utf_16be:
    case Charset::utf_16le:
      return decode_utf16(octets, charset == Charset::utf_16be);
    default:
      break;
  }
  auto out = Converter("UTF-8", name_of(charset).iconv).convert(octets);
  if (out && !is_utf8(*out)) return std::nullopt;
  return out;
}

std::optional<std::string> encode_charset(Charset charset, std::string_view utf8) {
  if (is_ascii_compatible(charset) && is_ascii(utf8)) return std::string(utf8);
  if (!is_utf8(utf8)) return std::nullopt;
  switch (charset) {
    case Charset::utf_8:
      return std::string(utf8);
    case Charset::windows_1252:
      return encode_1252(utf8);
    case Charset::utf_16be:
    case Charset::utf_16le:
      return encode_utf16(utf8, charset == Charset::utf_16be);
    default:
      break;
  }
  // What would begin an escape (the standard's ISO-2022-JP encoder).
  if (charset == Charset::iso_2022_jp && utf8.find_first_of("\x0E\x0F\x1B") != std::string_view::npos) return std::nullopt;
  if (has_tags(utf8)) return std::nullopt;
  return Converter(name_of(charset).iconv, "UTF-8").convert(utf8);
}

}  // namespace stream
