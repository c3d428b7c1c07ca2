#include "merge/entry_text.hpp"

#include <catch2/catch.hpp>

namespace har::merging {

using namespace std::chrono_literals;
using stream::Nanos;

TEST_CASE("a time is moved in its own spelling") {
  CHECK(shift_timestamp("2026-11-22T09:15:30.123Z", 1500ms) == "2026-11-22T09:15:31.623Z");
  CHECK(shift_timestamp("2026-11-22T09:15:30.123Z", -1h) == "2026-11-22T08:15:30.123Z");
  CHECK(shift_timestamp("2026-12-31T23:59:59.9+05:30", 100ms) == "2027-01-01T00:00:00.0+05:30");
  CHECK(shift_timestamp("2026-11-22T09:15:30Z", 1s) == "2026-11-22T09:15:31Z");
  CHECK(shift_timestamp("2026-11-22T09:15:30Z", 1us) == "2026-11-22T09:15:30.000001Z");
  CHECK(shift_timestamp("2026-11-22 09:15:30.120000-0800", 1ms) == "2026-11-22 09:15:30.121000-0800");
  CHECK(shift_timestamp("2026-11-22T09:15:30,5", 1s) == "2026-11-22T09:15:31,5");
  CHECK(shift_timestamp("2026-11-22T09:15:30.123456789012Z", 1ns) == "2026-11-22T09:15:30.123456790012Z");
  CHECK(shift_timestamp("2026-11-22T09:15Z", 1s) == "2026-11-22T09:15:01.000Z");
  CHECK(shift_timestamp("20261122T091530Z", 1s) == "2026-11-22T09:15:31.000Z");
  CHECK_FALSE(shift_timestamp("yesterday", 1s));
  CHECK_FALSE(shift_timestamp("2261-12-31T00:00:00Z", Nanos::max()));
}

TEST_CASE("a number is moved to the digit") {
  CHECK(shift_number("1700000000.25", 1500ms, 9) == "1700000001.75");
  CHECK(shift_number("1700000000", 1s, 9) == "1700000001");
  CHECK(shift_number("1700000000", 1ns, 9) == "1700000000.000000001");
  CHECK(shift_number("1700000000.50", -500ms, 9) == "1700000000.00");
  CHECK(shift_number("1699999999.1234567165", 1us, 9) == "1699999999.1234577165");
  CHECK(shift_number("1700000000123.5", 1500us, 6) == "1700000000125.0");
  CHECK(shift_number("1700000000123", 1ms, 6) == "1700000000124");
  CHECK(shift_number("1700000000123456", 1ms, 3) == "1700000000124456");
  CHECK(shift_number("0.5", -1s, 9) == "-0.5");
  CHECK(shift_number("0", -1ns, 9) == "-0.000000001");
  CHECK(shift_number("1.7e9", 1500ms, 9) == "1700000001.5");
  CHECK(shift_number("1.7e12", 1ms, 6) == "1700000000001");
}

TEST_CASE("all moments of an entry are moved, and nothing else") {
  const std::string entry = R"({ "startedDateTime":"2023-11-14T22:13:20.000Z", "time":5,
 "_webSocketMessages":[{"type":"send","time":1700000000.5,"data":"{\"time\":1}"},{"time":-1},{"time":1700000001.5}],
 "_eventSourceMessages":[{"time":1700000000.125,"data":""}], "_streamChunks":[{"time":1700000000.25,"offset":0,"size":1}],
 "_webSocketClose":{"code":1000,"timestamp":1700000002}, "response":{"cookies":[{"expires":"2023-11-14T22:13:20Z"}]}})";
  const std::string moved = R"({ "startedDateTime":"2023-11-14T22:13:22.000Z", "time":5,
 "_webSocketMessages":[{"type":"send","time":1700000002.5,"data":"{\"time\":1}"},{"time":-1},{"time":1700000003.5}],
 "_eventSourceMessages":[{"time":1700000002.125,"data":""}], "_streamChunks":[{"time":1700000002.25,"offset":0,"size":1}],
 "_webSocketClose":{"code":1000,"timestamp":1700000004}, "response":{"cookies":[{"expires":"2023-11-14T22:13:20Z"}]}})";
  CHECK(shift_entry(entry, 2s) == moved);
  CHECK(shift_entry(moved, -2s) == entry);
  CHECK(shift_entry(entry, 0s) == entry);
}

TEST_CASE("messages are moved in the unit of their clock, and not at all if it is unknown") {
  const auto with = [](const std::string& time) {
    return R"({"startedDateTime":"2023-11-14T22:13:20Z","_webSocketMessages":[{"time":)" + time + "}]}";
  };
  CHECK(shift_entry(with("1700000000123"), 1s).find("1700000001123}") != std::string::npos);
  CHECK(shift_entry(with("1700000000123456"), 1s).find("1700000001123456}") != std::string::npos);
  CHECK(shift_entry(with("12345.5"), 1s).find("12345.5}") != std::string::npos);
}

TEST_CASE("what is broken is not changed") {
  for (const std::string_view text :
       {"", "{", "[1]", R"({"startedDateTime")", R"({"startedDateTime":)", R"({"_webSocketClose":[1})"}) {
    CHECK(shift_entry(text, 1s) == text);
  }
}

}  // namespace har::merging
