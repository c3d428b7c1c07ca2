#include "merge/entry_text.hpp"

#include <algorithm>
#include <cstdint>

#include "message_time.hpp"
#include "stream/text/json_find.hpp"
#include "stream/text/json_scan.hpp"

namespace har::merging {

using stream::Json;
using stream::Nanos;

void append_edited(std::string& out, std::string_view text, const std::vector<Edit>& edits) {
  const char* from = text.data();
  for (const Edit& edit : edits) {
    out.append(from, edit.where.data());
    out += edit.text;
    from = edit.where.data() + edit.where.size();
  }
  out.append(from, text.data() + text.size());
}

std::optional<std::string> raw_string(std::string_view value) {
  if (value.size() < 2 || value.front() != '"' || value.back() != '"') return std::nullopt;
  const std::string_view inside = value.substr(1, value.size() - 2);
  if (inside.find('\\') == std::string_view::npos) return std::string(inside);
  auto json = stream::parse_json(value);
  if (!json || !json->is_string()) return std::nullopt;
  return std::move(json->as_string());
}

namespace {

/// The value of an entry's startedDateTime if it stands among its last members, as browsers have it that sort them by name: found
/// from behind, so that the bodies before it are not looked at. Nothing: it may stand elsewhere.
std::optional<std::string_view> find_start_from_behind(std::string_view entry) {
  constexpr std::string_view kName = "\"startedDateTime\"";
  constexpr std::size_t kReach = 4096;
  const std::size_t from = entry.size() - std::min(entry.size(), kReach);
  const std::size_t found = entry.substr(from).rfind(kName);
  if (found == std::string_view::npos || from + found == 0 || entry[from + found - 1] == '\\') return std::nullopt;
  constexpr std::string_view kSpace = " \t\r\n";
  std::size_t at = entry.find_first_not_of(kSpace, from + found + kName.size());
  if (at == std::string_view::npos || entry[at] != ':') return std::nullopt;
  at = entry.find_first_not_of(kSpace, at + 1);
  if (at == std::string_view::npos || entry[at] != '"') return std::nullopt;
  const std::size_t end = entry.find_first_of("\"\\", at + 1);
  if (end == std::string_view::npos || entry[end] != '"') return std::nullopt;
  // It is the entry's own member if what follows closes one bracket, at the very end.
  stream::ElementScanner scanner;
  std::vector<std::size_t> ends;
  const std::string_view rest = entry.substr(end + 1);
  if (scanner.scan(rest, 0, ends) != rest.size() || !scanner.closed()) return std::nullopt;
  return entry.substr(at, end + 1 - at);
}

}  // namespace

std::optional<stream::WallTime> entry_time(std::string_view entry) {
  auto raw = find_start_from_behind(entry);
  if (!raw) raw = stream::find_raw_value(entry, {"startedDateTime"});
  const auto text = raw ? raw_string(*raw) : std::nullopt;
  const auto parsed = text ? stream::parse_iso8601(*text) : std::nullopt;
  if (!parsed) return std::nullopt;
  return parsed->time;
}

namespace {

__extension__ using Wide = __int128;

std::string decimal(Wide value, std::size_t digits) {
  const bool negative = value < 0;
  std::string out;
  for (Wide rest = negative ? -value : value; rest != 0 || out.size() <= digits; rest /= 10) {
    if (out.size() == digits && digits != 0 && out.find('.') == std::string::npos) out += '.';
    out += static_cast<char>('0' + static_cast<int>(rest % 10));
  }
  if (negative) out += '-';
  std::reverse(out.begin(), out.end());
  return out;
}

std::string without_zeros(std::string number) {
  if (number.find('.') == std::string::npos) return number;
  while (number.back() == '0') number.pop_back();
  if (number.back() == '.') number.pop_back();
  return number;
}

std::optional<Nanos> moved_by(Nanos time, Nanos shift) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(time.count(), shift.count(), &sum)) return std::nullopt;
  return Nanos(sum);
}

}  // namespace

std::optional<std::string> shift_timestamp(std::string_view text, Nanos shift) {
  const auto parsed = stream::parse_iso8601(text);
  const auto moved = parsed ? moved_by(parsed->time.time_since_epoch(), shift) : std::nullopt;
  if (!moved) return std::nullopt;
  // "2026-11-22T09:15:30" is what everybody writes; of the other forms of ISO 8601 only the moment stays.
  constexpr std::size_t kSeconds = 19;
  constexpr std::size_t kFraction = kSeconds + 1;
  if (text.size() < kSeconds || text[4] != '-' || text[13] != ':' || text[16] != ':') {
    return stream::format_iso8601(stream::WallTime(*moved));
  }
  std::size_t zone_at = kSeconds;
  if (zone_at < text.size() && (text[zone_at] == '.' || text[zone_at] == ',')) {
    zone_at = std::min(text.find_first_not_of("0123456789", kFraction), text.size());
  }
  const auto local = stream::parse_iso8601(text.substr(0, zone_at));
  const auto local_moved = local ? moved_by(local->time.time_since_epoch(), shift) : std::nullopt;
  if (!local_moved) return std::nullopt;
  std::string out = stream::format_iso8601(stream::WallTime(*local_moved));
  out.pop_back();  // Z
  constexpr std::size_t kSeparator = 10;
  out[kSeparator] = text[kSeparator];
  // As many digits as there were, unless others say something.
  const std::size_t digits = zone_at == kSeconds ? 0 : zone_at - kFraction;
  while (out.size() > kFraction + digits && out.back() == '0') out.pop_back();
  if (out.back() == '.') out.pop_back();
  if (digits != 0) {
    if (out.size() < kFraction + digits) out.append(kFraction + digits - out.size(), '0');
    constexpr std::size_t kNanos = 9;
    if (digits > kNanos) out.replace(kFraction + kNanos, digits - kNanos, text.substr(kFraction + kNanos, digits - kNanos));
    out[kSeconds] = text[kSeconds];
  }
  out += text.substr(zone_at);
  return out;
}

std::string shift_number(std::string_view number, Nanos shift, int decimals) {
  const std::size_t dot = number.find('.');
  const std::size_t exponent = number.find_first_of("eE");
  const std::size_t fraction = dot == std::string_view::npos ? 0 : number.size() - dot - 1;
  constexpr std::size_t kMost = 30;  // digits that fit into 128 bits, with room for a carry
  if (exponent != std::string_view::npos || number.size() > kMost) {
    // What a reader takes for a time, see read_message_time(); anything else stays.
    const auto time = decimals == 9   ? stream::parse_decimal_seconds(number)
                      : decimals == 6 ? stream::parse_decimal_millis(number)
                                      : stream::parse_decimal_millis(std::string(number) + "e-3");
    const auto moved = time ? moved_by(*time, shift) : std::nullopt;
    return moved ? without_zeros(decimal(moved->count(), static_cast<std::size_t>(decimals))) : std::string(number);
  }
  Wide value = 0;
  for (const char c : number) {
    if (c >= '0' && c <= '9') value = value * 10 + (c - '0');
  }
  if (number.starts_with('-')) value = -value;
  // As many decimals as both need.
  std::int64_t add = shift.count();
  std::size_t add_digits = static_cast<std::size_t>(decimals);
  while (add_digits > fraction && add % 10 == 0) {
    add /= 10;
    --add_digits;
  }
  Wide wide_add = add;
  std::size_t digits = fraction;
  for (; digits < add_digits; ++digits) value *= 10;
  for (; add_digits < digits; ++add_digits) wide_add *= 10;
  return decimal(value + wide_add, digits);
}

namespace {

class Shifter {
 public:
  Shifter(std::string_view entry, Nanos shift) : entry_(entry), shift_(shift) {}

  std::string shifted() {
    stream::each_raw_member(entry_, [&](std::string_view name, std::string_view value) {
      if (name == "startedDateTime") {
        const auto text = raw_string(value);
        if (auto moved = text ? shift_timestamp(*text, shift_) : std::nullopt) {
          edits_.push_back({value, '"' + std::move(*moved) + '"'});
        }
      } else if (name == "_webSocketMessages") {
        messages(value);
      } else if (name == "_eventSourceMessages" || name == "_streamChunks") {
        stream::each_raw_element(value, [&](std::string_view element) {
          time_of(element, "time", 9);
          return true;
        });
      } else if (name == "_webSocketClose") {
        time_of(value, "timestamp", 9);
      }
      return true;
    });
    std::string out;
    append_edited(out, entry_, edits_);
    return out;
  }

 private:
  void time_of(std::string_view object, std::string_view wanted, int decimals) {
    stream::each_raw_member(object, [&](std::string_view name, std::string_view value) {
      // -1 and the like: no time
      const bool number = !value.empty() && value.front() >= '0' && value.front() <= '9';
      if (name == wanted && number) edits_.push_back({value, shift_number(value, shift_, decimals)});
      return true;
    });
  }

  void messages(std::string_view list) {
    const auto json = stream::parse_json(list);
    const auto started = entry_time(entry_);
    if (!json || !json->is_array()) return;
    std::vector<const Json*> times;
    for (const Json& message : json->as_array()) times.push_back(&message["time"]);
    int decimals = 9;
    switch (detect_message_clock(times, started.value_or(stream::WallTime{}))) {
      case MessageClock::untimed:
      case MessageClock::monotonic:
        return;
      case MessageClock::seconds:
        break;
      case MessageClock::milliseconds:
        decimals = 6;
        break;
      case MessageClock::microseconds:
        decimals = 3;
        break;
    }
    stream::each_raw_element(list, [&](std::string_view element) {
      time_of(element, "time", decimals);
      return true;
    });
  }

  std::string_view entry_;
  Nanos shift_;
  std::vector<Edit> edits_;
};

}  // namespace

std::string shift_entry(std::string_view entry, Nanos shift) { return Shifter(entry, shift).shifted(); }

void shift_pages(Json& pages, Nanos shift) {
  if (!pages.is_array()) return;
  for (Json& page : pages.as_array()) {
    Json* const started = page.find("startedDateTime");
    if (started == nullptr || !started->is_string()) continue;
    if (auto moved = shift_timestamp(started->as_string(), shift)) *started = std::move(*moved);
  }
}

}  // namespace har::merging
