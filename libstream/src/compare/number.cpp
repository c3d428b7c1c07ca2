#include "stream/compare/number.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <system_error>

namespace stream {
namespace {

// Adds a small number to a decimal magnitude of more than 18 digits, which is therefore always the larger.
void add_to_magnitude(std::string& digits, std::int64_t addend) {
  bool down = addend < 0;
  std::uint64_t rest = down ? 0 - static_cast<std::uint64_t>(addend) : static_cast<std::uint64_t>(addend);
  for (std::size_t i = digits.size(); i-- > 0 && rest != 0;) {
    const std::uint64_t digit = static_cast<std::uint64_t>(digits[i] - '0');
    const std::uint64_t low = rest % 10;
    rest /= 10;
    std::uint64_t result = 0;
    if (down) {
      result = digit >= low ? digit - low : digit + 10 - low;
      if (digit < low) ++rest;
    } else {
      result = digit + low;
      if (result > 9) {
        result -= 10;
        ++rest;
      }
    }
    digits[i] = static_cast<char>('0' + result);
  }
  if (!down && rest != 0) digits.insert(0, std::to_string(rest));
  const std::size_t first = digits.find_first_not_of('0');
  digits.erase(0, first);
}

__extension__ using Int128 = __int128;

// digits × 10^exponent
struct Decimal {
  Int128 digits = 0;
  std::int64_t exponent = 0;
};

constexpr std::size_t kMaxDigits = 36;

// The usual number: few digits, no exponent.
std::optional<Decimal> to_short_decimal(std::string_view number) {
  constexpr std::size_t kDigits = 18;
  const bool negative = number.starts_with('-');
  if (negative) number.remove_prefix(1);
  if (number.size() > kDigits + 1) return std::nullopt;
  std::int64_t digits = 0;
  std::int64_t fraction = -1;  // digits behind the point; -1: there is none
  for (const char c : number) {
    if (c == '.' && fraction < 0) {
      fraction = 0;
      continue;
    }
    if (c < '0' || c > '9') return std::nullopt;
    digits = digits * 10 + (c - '0');
    if (fraction >= 0) ++fraction;
  }
  if (number.size() > kDigits && fraction < 0) return std::nullopt;
  return Decimal{negative ? -digits : digits, fraction > 0 ? -fraction : 0};
}

// From a canonical number, see append_canonical_number(); nothing if it does not fit.
std::optional<Decimal> to_decimal(std::string_view number) {
  if (const auto usual = to_short_decimal(number)) return usual;
  std::string canonical;
  append_canonical_number(canonical, number);
  Decimal out;
  if (canonical == "0") return out;
  const bool negative = canonical.front() == '-';
  const std::size_t e = canonical.find('e');
  const std::string_view digits = std::string_view(canonical).substr(negative ? 1 : 0, e - (negative ? 1 : 0));
  if (digits.size() > kMaxDigits || canonical.size() - e > 10) return std::nullopt;
  for (const char digit : digits) out.digits = out.digits * 10 + (digit - '0');
  if (negative) out.digits = -out.digits;
  std::from_chars(canonical.data() + e + 1, canonical.data() + canonical.size(), out.exponent);
  out.exponent -= static_cast<std::int64_t>(digits.size());
  return out;
}

bool scale_to(Decimal& number, std::int64_t exponent) {
  if (number.digits == 0) number.exponent = exponent;
  if (number.exponent - exponent > static_cast<std::int64_t>(kMaxDigits)) return false;
  for (; number.exponent > exponent; --number.exponent) {
    if (__builtin_mul_overflow(number.digits, Int128{10}, &number.digits)) return false;
  }
  return true;
}

Int128 magnitude(Int128 value) { return value < 0 ? -value : value; }

// Nothing if the numbers are too large or too far apart.
std::optional<bool> near_exactly(std::string_view expected, std::string_view actual, std::string_view amount, bool percent) {
  auto e = to_decimal(expected);
  auto a = to_decimal(actual);
  auto limit = to_decimal(amount);
  if (!e || !a || !limit) return std::nullopt;
  if (percent) {
    if (__builtin_mul_overflow(limit->digits, magnitude(e->digits), &limit->digits)) return std::nullopt;
    limit->exponent += e->exponent - 2;
  }
  std::int64_t lowest = INT64_MAX;
  for (const Decimal* each : {&*e, &*a, &*limit}) {
    if (each->digits != 0) lowest = std::min(lowest, each->exponent);
  }
  if (lowest == INT64_MAX) return true;
  for (Decimal* each : {&*e, &*a, &*limit}) {
    if (!scale_to(*each, lowest)) return std::nullopt;
  }
  Int128 apart = 0;
  if (__builtin_sub_overflow(e->digits, a->digits, &apart)) return std::nullopt;
  return magnitude(apart) <= limit->digits;
}

// The exponent as written plus `shift`; `shift` is at most the length of a number in memory.
void append_exponent(std::string& out, std::string_view written, std::int64_t shift) {
  bool negative = false;
  if (!written.empty() && (written.front() == '+' || written.front() == '-')) {
    negative = written.front() == '-';
    written.remove_prefix(1);
  }
  written.remove_prefix(std::min(written.find_first_not_of('0'), written.size()));
  if (written.size() <= 18) {
    std::int64_t value = 0;
    std::from_chars(written.data(), written.data() + written.size(), value);
    out += std::to_string((negative ? -value : value) + shift);
    return;
  }
  std::string magnitude(written);
  add_to_magnitude(magnitude, negative ? -shift : shift);
  if (negative) out += '-';
  out += magnitude;
}

}  // namespace

void append_canonical_number(std::string& out, std::string_view number) {
  bool negative = false;
  if (!number.empty() && number.front() == '-') {
    negative = true;
    number.remove_prefix(1);
  }
  const std::size_t e = number.find_first_of("eE");
  const std::string_view exponent = e == std::string_view::npos ? std::string_view{} : number.substr(e + 1);
  const std::string_view mantissa = number.substr(0, e);
  const std::size_t dot = mantissa.find('.');
  const std::string_view whole = mantissa.substr(0, dot);
  const std::string_view fraction = dot == std::string_view::npos ? std::string_view{} : mantissa.substr(dot + 1);

  const std::size_t first = mantissa.find_first_not_of("0.");
  if (first == std::string_view::npos) {
    out += '0';
    return;
  }
  const std::size_t last = mantissa.find_last_not_of("0.");
  if (negative) out += '-';
  // The point moves from behind `whole` to before the first digit that is not 0.
  std::int64_t shift = 0;
  if (first < whole.size()) {
    out.append(whole.substr(first, last < whole.size() ? last + 1 - first : std::string_view::npos));
    if (last > whole.size()) out.append(fraction.substr(0, last - whole.size()));
    shift = static_cast<std::int64_t>(whole.size() - first);
  } else {
    out.append(mantissa.substr(first, last + 1 - first));
    shift = -static_cast<std::int64_t>(first - whole.size() - 1);
  }
  out += 'e';
  append_exponent(out, exponent, shift);
}

bool equal_numbers(std::string_view a, std::string_view b, NumberRule rule) {
  if (a == b) return true;
  if (rule == NumberRule::spelling) return false;
  std::string canonical_a;
  std::string canonical_b;
  append_canonical_number(canonical_a, a);
  append_canonical_number(canonical_b, b);
  return canonical_a == canonical_b;
}

bool near_numbers(std::string_view expected, std::string_view actual, std::string_view amount, bool percent) {
  if (const auto exact = near_exactly(expected, actual, amount, percent)) return *exact;
  // One that is out of range is near none.
  const auto number = [](std::string_view text) {
    long double value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    return read.ec == std::errc{} ? value : std::numeric_limits<long double>::quiet_NaN();
  };
  const long double e = number(expected);
  const long double limit = number(amount) * (percent ? std::fabs(e) / 100 : 1);
  return std::fabs(e - number(actual)) <= limit;
}

}  // namespace stream
