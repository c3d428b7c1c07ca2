#include <catch2/catch.hpp>

#include "stream/text/base64.hpp"
#include "stream/text/timestamp.hpp"
#include "stream/text/units.hpp"
#include "stream/text/utf8.hpp"

using namespace stream;
using namespace std::chrono_literals;

TEST_CASE("base64 has the vectors of RFC 4648, tolerates line breaks and missing padding, and refuses the rest") {
  const std::pair<std::string, std::string> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    CHECK(base64_encode(bytes) == text);
    CHECK(base64_decode(text) == bytes);
  }
  CHECK(base64_decode("Zm9v\r\nYmFy\n") == "foobar");
  CHECK(base64_decode("Zm8") == "fo");
  for (const char* bad : {"Z", "Zm9v!", "Zm9*", "Zg==Zg==", "Zg=x"}) CHECK_FALSE(base64_decode(bad));
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  CHECK(base64_decode(base64_encode(all)) == all);
}

TEST_CASE("UTF-8: overlong forms, surrogates and cut sequences are not valid") {
  CHECK(is_utf8("h\xC3\xA9llo \xE2\x82\xAC \xF0\x9F\x98\x80"));
  for (const char* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80", "\xF4\x90\x80\x80",
                          "\xF5\x80\x80\x80", "\xE2\x82", "\xFF"}) {
    CHECK_FALSE(is_utf8(bad));
    CHECK_FALSE(is_utf8(std::string(40, 'a') + bad));
    CHECK(find_invalid_utf8(std::string(40, 'a') + bad + "z") == 40);
  }
  CHECK(replace_invalid_utf8("a\xE2\x82z\xFF\xC0\x80") ==
        "a\xEF\xBF\xBDz\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // the Encoding Standard's count
}

TEST_CASE("ISO 8601 as writers of HAR have it") {
  const WallTime expected = std::chrono::sys_days(std::chrono::year(2009) / 4 / 16) + 12h + 7min + 23s + 596ms;
  for (const char* text : {"2009-04-16T12:07:23.596Z", "2009-04-16T14:07:23.596+02:00", "2009-04-16T14:07:23.596+0200",
                           "2009-04-16 12:07:23.5960000Z", "20090416T120723.596Z"}) {
    INFO(text);
    const auto time = parse_iso8601(text);
    REQUIRE(time);
    CHECK(time->time == expected);
    CHECK(time->zone);
  }
  CHECK_FALSE(parse_iso8601("2009-04-16T12:07:23")->zone);
  CHECK(parse_iso8601("2009-04-16T12:07:23.123456789999Z")->time - parse_iso8601("2009-04-16T12:07:23Z")->time == 123456789ns);
  for (const char* bad : {"", "2009", "2009-02-30T00:00:00Z", "2009-13-01T00:00:00Z", "2009-04-16T25:00:00Z",
                          "2009-04-16T12:07:23.Z", "yesterday", "2009-04-16T12:07:23Zx"}) {
    INFO(bad);
    CHECK_FALSE(parse_iso8601(bad));
  }
  CHECK(format_iso8601(expected) == "2009-04-16T12:07:23.596Z");
  CHECK(format_iso8601(expected + 1ns) == "2009-04-16T12:07:23.596000001Z");
  CHECK(format_iso8601(WallTime{} - 1ms) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("decimal times are exact to the nanosecond in both directions") {
  CHECK(format_decimal_seconds(1693314240794808100ns) == "1693314240.7948081");
  CHECK(parse_decimal_seconds("1693314240.7948081") == 1693314240794808100ns);
  CHECK(parse_decimal_millis("1693314240794.8081") == 1693314240794808100ns);
  CHECK(format_decimal_millis(1500000ns) == "1.5");
  CHECK(format_decimal_seconds(-1ns) == "-0.000000001");
  CHECK(parse_decimal_seconds("1.5e-3") == 1500us);
  CHECK(parse_decimal_seconds("15E2") == 1500s);
  CHECK(parse_decimal_seconds("0.0000000005") == 1ns);
  CHECK(parse_decimal_seconds("0e999999999") == 0ns);
  for (const char* bad : {"", "-", ".5", "1.", "1e", "1e999999", "99999999999", "abc"}) {
    INFO(bad);
    CHECK_FALSE(parse_decimal_seconds(bad));
  }
  for (std::int64_t t = -5'000'000'000; t < 5'000'000'000; t += 76'543'211) {
    CHECK(parse_decimal_seconds(format_decimal_seconds(Nanos(t))) == Nanos(t));
    CHECK(parse_decimal_millis(format_decimal_millis(Nanos(t))) == Nanos(t));
  }
  CHECK(format_decimal_seconds(Nanos::min()) == "-9223372036.854775808");
}

TEST_CASE("durations and sizes take units") {
  CHECK(parse_duration("150ms") == 150ms);
  CHECK(parse_duration("2s") == 2s);
  CHECK(parse_duration("1.5m") == 90s);
  CHECK(parse_duration("1m30s") == 90s);
  CHECK(parse_duration("0") == 0s);
  CHECK(parse_duration("250us") == 250us);
  for (const char* bad : {"", "s", "1x", "-1s", "1m30", "1..5s", "99999999999h"}) {
    INFO(bad);
    CHECK_FALSE(parse_duration(bad));
  }
  CHECK(parse_size("10MiB") == 10u << 20);
  CHECK(parse_size("10MB") == 10'000'000u);
  CHECK(parse_size("4Ki") == 4096u);
  CHECK(parse_size("512") == 512u);
  for (const char* bad : {"", "MB", "1x", "1MiBs", "-1"}) CHECK_FALSE(parse_size(bad));
  CHECK(format_size(12'300'000) == "12.3 MB");
  CHECK(format_duration(1234ms) == "1.234 s");
}
