#include "stream/replay/http_date.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "stream/replay/answer.hpp"

namespace stream::replay {
namespace {

namespace chrono = std::chrono;

constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

/// "06" with at least `least` and at most `most` digits.
std::optional<int> number(std::string_view text, std::size_t least, std::size_t most) {
  if (text.size() < least || text.size() > most) return std::nullopt;
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

std::optional<unsigned> month_of(std::string_view text) {
  const auto found = std::find_if(kMonths.begin(), kMonths.end(), [&](std::string_view name) { return iequals(name, text); });
  if (found == kMonths.end()) return std::nullopt;
  return static_cast<unsigned>(found - kMonths.begin()) + 1;
}

std::optional<chrono::seconds> clock_of(std::string_view text) {
  if (text.size() != 8 || text[2] != ':' || text[5] != ':') return std::nullopt;
  const auto hour = number(text.substr(0, 2), 2, 2);
  const auto minute = number(text.substr(3, 2), 2, 2);
  const auto second = number(text.substr(6, 2), 2, 2);
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return chrono::seconds((*hour * 60 + *minute) * 60 + *second);
}

/// Words without the separators that stand between them in any of the forms.
std::vector<std::string_view> words_of(std::string_view text) {
  constexpr std::string_view kBetween = " ,-";
  std::vector<std::string_view> words;
  while (words.size() < 8) {
    const auto begin = text.find_first_not_of(kBetween);
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin);
    const auto end = std::min(text.find_first_of(kBetween), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

std::optional<HttpTime> moment(std::optional<int> year, std::optional<unsigned> month, std::optional<int> day,
                               std::optional<chrono::seconds> clock) {
  if (!year || !month || !day || !clock) return std::nullopt;
  const chrono::year_month_day date{chrono::year(*year), chrono::month(*month), chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return chrono::sys_days(date) + *clock;
}

}  // namespace

std::optional<HttpTime> parse_http_date(std::string_view text) {
  if (text.empty() || text.front() == '-') return std::nullopt;
  const auto words = words_of(text);
  // "Sun Nov 6 08:49:37 1994"
  if (words.size() == 5 && month_of(words[1])) {
    return moment(number(words[4], 4, 4), month_of(words[1]), number(words[2], 1, 2), clock_of(words[3]));
  }
  // "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT"
  if (words.size() != 6 || !(iequals(words[5], "GMT") || iequals(words[5], "UTC"))) return std::nullopt;
  auto year = number(words[3], 2, 4);
  if (year && words[3].size() == 2) *year += *year < 70 ? 2000 : 1900;
  if (words[3].size() == 3) return std::nullopt;
  return moment(year, month_of(words[2]), number(words[1], 1, 2), clock_of(words[4]));
}

std::string format_http_date(HttpTime time) {
  constexpr HttpTime kFirst{chrono::sys_days(chrono::year(1) / 1 / 1)};
  constexpr HttpTime kLast{chrono::sys_days(chrono::year(9999) / 12 / 31) + chrono::seconds(86399)};
  time = std::clamp(time, kFirst, kLast);
  const auto days = chrono::floor<chrono::days>(time);
  const chrono::year_month_day date(days);
  const auto clock = (time - days).count();
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[chrono::weekday(days).c_encoding()],
                     static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), clock / 3600, clock / 60 % 60, clock % 60);
}

}  // namespace stream::replay
