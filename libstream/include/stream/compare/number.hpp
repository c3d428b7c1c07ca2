#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace stream {

/// How two JSON numbers are compared.
enum class NumberRule : std::uint8_t {
  value,     ///< by value, exactly: 1, 1.0 and 10e-1 are equal; 9007199254740993 and 9007199254740992 are not
  spelling,  ///< as written: 1 and 1.0 differ
};

/// Appends a spelling that all equal numbers share and no two different ones do: sign, digits without zeros at either end,
/// "e", and the exponent of a point before the first digit. Zero (and minus zero) is "0". `number` is a valid RFC 8259
/// number of any size; the work is linear in its length, however large its exponent.
void append_canonical_number(std::string& out, std::string_view number);

bool equal_numbers(std::string_view a, std::string_view b, NumberRule rule = NumberRule::value);

/// Whether `actual` is at most `amount` away from `expected`, or so many per cent of `expected`. `amount` is a decimal number
/// that is not negative. Exact for numbers that have, on a common scale, up to 36 digits; others are rounded to 64 bits first.
bool near_numbers(std::string_view expected, std::string_view actual, std::string_view amount, bool percent);

}  // namespace stream
