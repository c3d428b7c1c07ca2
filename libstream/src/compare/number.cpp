#include "stream/compare/number.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>

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

}  // namespace stream
