#include "check/importers/python.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <string>

#include "stream/text/ascii.hpp"

namespace har::check::importers::python {
namespace {

using stream::ascii::is_digit;

std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits || !std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(digits), is_digit))
    return std::nullopt;
  int number = 0;
  std::from_chars(text.data(), text.data() + digits, number);
  text.remove_prefix(digits);
  return number;
}

bool skip(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

/// YYYY-MM-DD, YYYYMMDD, YYYY-Www-D, YYYYWwwD, without the day of the week too; takes it off.
bool take_day(std::string_view& text) {
  const std::optional<int> year = take_number(text, 4);
  if (!year || *year < 1) return false;
  const bool dashes = skip(text, '-');
  if (skip(text, 'W')) {
    const std::optional<int> week = take_number(text, 2);
    if (!week || *week < 1 || *week > 53) return false;
    if (*week == 53) {
      // A year has 53 weeks if it begins on a Thursday, or is a leap year that begins on a Wednesday.
      const std::chrono::weekday first{std::chrono::sys_days{std::chrono::year{*year} / 1 / 1}};
      const bool leap = std::chrono::year{*year}.is_leap();
      if (first != std::chrono::Thursday && !(leap && first == std::chrono::Wednesday)) return false;
    }
    if (dashes) {
      // The dash may be the separator in front of the hours.
      if (!text.starts_with('-') || (text.size() > 2 && is_digit(text[2]))) return true;
      text.remove_prefix(1);
    } else {
      // Of digits that follow the first is the day, unless that leaves an even number for what is not the separator.
      const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
      if (digits != 1 && (digits == 0 || digits % 2 == 1)) return true;
    }
    const std::optional<int> day = take_number(text, 1);
    return day && *day >= 1 && *day <= 7;
  }
  const std::optional<int> month = take_number(text, 2);
  if (!month || (dashes && !skip(text, '-'))) return false;
  const std::optional<int> day = take_number(text, 2);
  if (!day) return false;
  return std::chrono::year_month_day{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                     std::chrono::day{static_cast<unsigned>(*day)}}
      .ok();
}

/// HH, HH:MM, HH:MM:SS, with a fraction, and without the colons. Of a time in front of a zone the last character, and what
/// stands behind a fraction, is not looked at.
bool is_clock(std::string_view text, bool zone, bool before_zone) {
  std::array<int, 3> parts{};
  bool colons = true;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::optional<int> number = take_number(text, 2);
    if (!number) return false;
    parts[i] = *number;
    if (text.empty()) break;
    if (before_zone && text.size() == 1) {
      text = {};
      break;
    }
    if (i == 0) colons = text.front() == ':';
    if (text.front() == '.' || text.front() == ',') break;
    if (i == 2) {  // a fraction behind a colon, or behind nothing
      if (colons ? text.front() != ':' : text.size() == 1 || !is_digit(text.front())) return false;
      break;
    }
    if (colons && !skip(text, ':')) return false;
  }
  if (!text.empty()) {
    if (!is_digit(text.front())) text.remove_prefix(1);
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digits == 0 || (digits != text.size() && (!before_zone || digits < 6))) return false;
  }
  // A zone's offset is less than a day; its minutes and seconds may be 99.
  if (zone) return parts[0] * 3600 + parts[1] * 60 + parts[2] < 24 * 3600;
  return parts[0] < 24 && parts[1] < 60 && parts[2] < 60;
}

}  // namespace

bool is_date(std::string_view text) {
  if (!take_day(text)) return false;
  if (text.empty()) return true;
  // One character stands between day and time, whichever.
  text.remove_prefix(1);
  while (!text.empty() && (static_cast<unsigned char>(text.front()) & 0xC0U) == 0x80) text.remove_prefix(1);
  const std::size_t sign = text.find_first_of("+-");
  const bool zone = sign != std::string_view::npos;
  return is_clock(text.substr(0, sign), false, zone) && (!zone || is_clock(text.substr(sign + 1), true, false));
}

bool is_base64(std::string_view text) {
  std::size_t in_group = 0;
  std::size_t pads = 0;
  bool any = false;
  if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) return false;
  for (const char c : text) {
    if (c == '=') {
      ++pads;
      if (in_group >= 2 && in_group + pads >= 4) return true;  // what follows is not looked at
      continue;
    }
    const bool letter = is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '+' || c == '/';
    if (!letter) continue;
    any = true;
    pads = 0;
    in_group = (in_group + 1) % 4;
  }
  return in_group == 0 || !any;
}

Codec find_codec(std::string_view name) {
  // encodings.normalize_encoding(): everything that is neither letter, digit nor '.' becomes one '_'.
  std::string folded;
  for (const char c : name) {
    const bool letter = is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.';
    if (letter) {
      folded += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    } else if (!folded.empty() && folded.back() != '_') {
      folded += '_';
    }
  }
  while (folded.ends_with('_')) folded.pop_back();
  for (const std::string_view known :
       {"base64", "base_64", "base64_codec", "bz2", "bz2_codec", "hex", "hex_codec", "quopri", "quopri_codec", "quoted_printable",
        "quotedprintable", "uu", "uu_codec", "zip", "zlib", "zlib_codec"}) {
    if (folded == known) return Codec::bytes;
  }
  if (folded == "rot13" || folded == "rot_13") return Codec::letters;
  for (const std::string_view known :
       {"ascii", "us_ascii",   "utf_8",       "utf8",     "utf",       "u8",        "utf_8_sig", "utf_7",   "utf7",   "utf_16",
        "utf16", "utf_16le",   "utf_16_le",   "utf_16be", "utf_16_be", "utf_32",    "utf32",     "latin_1", "latin1", "latin",
        "l1",    "gbk",        "gb2312",      "gb18030",  "big5",      "shift_jis", "sjis",      "euc_jp",  "eucjp",  "euc_kr",
        "euckr", "iso2022_jp", "iso_2022_jp", "koi8_r",   "koi8_u",    "mac_roman", "macintosh"}) {
    if (folded == known) return Codec::charset;
  }
  for (const std::string_view family : {"iso_8859_", "iso8859_", "windows_125", "cp125"}) {
    if (!folded.starts_with(family)) continue;
    const std::string_view number = std::string_view(folded).substr(family.size());
    if (!number.empty() && number.size() <= 2 && std::ranges::all_of(number, is_digit)) return Codec::charset;
  }
  return Codec::unknown;
}

Url parse_url(std::string_view url) {
  while (!url.empty() && static_cast<unsigned char>(url.front()) <= ' ') url.remove_prefix(1);
  const std::size_t colon = url.find(':');
  if (colon != std::string_view::npos && colon != 0) {
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    const std::string_view scheme = url.substr(0, colon);
    if (is_letter(scheme.front()) &&
        std::ranges::all_of(scheme, [&](char c) { return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.'; })) {
      url.remove_prefix(colon + 1);
    }
  }
  if (!url.starts_with("//")) return {};
  url.remove_prefix(2);
  std::string_view host = url.substr(0, url.find_first_of("/?#"));
  if ((host.find('[') == std::string_view::npos) != (host.find(']') == std::string_view::npos)) return {.valid = false};
  if (const std::size_t at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
  std::string_view port;
  if (const std::size_t open = host.find('['); open != std::string_view::npos) {
    host.remove_prefix(open + 1);
    const std::size_t close = std::min(host.find(']'), host.size());
    const std::string_view behind = host.substr(std::min(close + 1, host.size()));
    host = host.substr(0, close);
    if (const std::size_t mark = behind.find(':'); mark != std::string_view::npos) port = behind.substr(mark + 1);
  } else if (const std::size_t mark = host.find(':'); mark != std::string_view::npos) {
    port = host.substr(mark + 1);
    host = host.substr(0, mark);
  }
  int number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  const bool number_read = error == std::errc{} && end == port.data() + port.size() && number >= 0 && number <= 65535;
  return {.valid = port.empty() || (is_digit(port.front()) && number_read), .host = host};
}

}  // namespace har::check::importers::python
