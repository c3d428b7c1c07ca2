#include "stream/compare/number.hpp"

#include <catch2/catch.hpp>
#include <random>

using stream::append_canonical_number;
using stream::equal_numbers;
using stream::NumberRule;

namespace {

std::string canonical(std::string_view number) {
  std::string out;
  append_canonical_number(out, number);
  return out;
}

}  // namespace

TEST_CASE("spellings of one number are equal") {
  for (const char* one : {"1", "1.0", "1e0", "10e-1", "0.1e1", "0.001E+3", "1000e-0003", "1.000000000000000000000000000000"}) {
    CAPTURE(one);
    CHECK(equal_numbers("1", one));
    CHECK(canonical(one) == "1e1");
    CHECK_FALSE(equal_numbers("-1", one));
  }
}

TEST_CASE("zero has no sign and no exponent") {
  for (const char* zero : {"0", "-0", "0.0", "-0.000", "0e5", "0.0E-999999999999999999999999", "-0e+1"}) {
    CAPTURE(zero);
    CHECK(equal_numbers("0", zero));
    CHECK(canonical(zero) == "0");
  }
}

TEST_CASE("numbers that a double cannot tell apart differ") {
  CHECK_FALSE(equal_numbers("9007199254740993", "9007199254740992"));
  CHECK_FALSE(equal_numbers("0.1", "0.1000000000000000055511151231257827"));
  CHECK_FALSE(equal_numbers("1e400", "1e401"));
  CHECK_FALSE(equal_numbers("1e-400", "0"));
  CHECK_FALSE(equal_numbers("123456789012345678901234567890", "123456789012345678901234567891"));
}

TEST_CASE("a huge exponent costs nothing and is compared exactly") {
  CHECK(equal_numbers("1e1000000", "10e999999"));
  CHECK_FALSE(equal_numbers("1e1000000", "1e1000001"));
  // Around the size where an exponent no longer fits into 64 bits.
  CHECK(equal_numbers("1e1000000000000000000", "10e999999999999999999"));
  CHECK(equal_numbers("1e-1000000000000000000", "0.1e-999999999999999999"));
  CHECK(equal_numbers("1e99999999999999999999", "0.01e100000000000000000001"));
  CHECK(equal_numbers("1e-99999999999999999999", "100e-100000000000000000001"));
  CHECK(equal_numbers("123e-100000000000000000000", "1.23e-99999999999999999998"));
  CHECK_FALSE(equal_numbers("1e99999999999999999999", "1e99999999999999999998"));
  CHECK_FALSE(equal_numbers("1e99999999999999999999", "1e-99999999999999999999"));
}

TEST_CASE("with the spelling rule 1 and 1.0 differ") {
  CHECK(equal_numbers("1", "1", NumberRule::spelling));
  CHECK_FALSE(equal_numbers("1", "1.0", NumberRule::spelling));
  CHECK_FALSE(equal_numbers("0", "-0", NumberRule::spelling));
}

TEST_CASE("moving the point and the exponent together never changes a number") {
  std::mt19937 random(20251122);
  for (int round = 0; round < 2000; ++round) {
    std::string digits = std::to_string(random() % 1000000);
    if (random() % 3 == 0) digits += std::string(random() % 5, '0');
    const std::int64_t exponent = static_cast<std::int64_t>(random() % 60) - 30;
    const std::string plain = digits + "e" + std::to_string(exponent);
    const auto point = static_cast<std::int64_t>(random() % 20);
    std::string moved = digits;
    if (static_cast<std::int64_t>(moved.size()) <= point)
      moved.insert(0, static_cast<std::size_t>(point) + 1 - moved.size(), '0');
    moved.insert(moved.size() - static_cast<std::size_t>(point), ".");
    if (point == 0) moved += "0";
    moved += "E" + std::to_string(exponent + point);
    CAPTURE(plain, moved);
    CHECK(equal_numbers(plain, moved));
    CHECK(canonical(plain) == canonical(moved));
    CHECK_FALSE(equal_numbers(plain, "1" + plain));
  }
}
