#include "streamserve/ws_options.hpp"

#include <catch2/catch.hpp>

using namespace tools::streamserve;
using stream::replay::ClientMessage;
using stream::replay::WsMode;

namespace {

/// "same", or what differs: "/a: 1 2"; "messages differ" without a place.
std::string compared(stream::NoiseRules rules, std::string_view expected, std::string_view actual, int opcode = 1,
                     int actual_opcode = 0) {
  const MessageComparer comparer(std::move(rules));
  const auto mismatch = comparer({stream::Nanos{}, opcode, expected}, actual_opcode == 0 ? opcode : actual_opcode, actual);
  if (!mismatch) return "same";
  if (mismatch->expected.empty() && mismatch->actual.empty()) return "messages differ";
  return mismatch->where + ": " + mismatch->expected + " " + mismatch->actual;
}

stream::NoiseRules ignoring(std::initializer_list<std::string_view> patterns) {
  stream::NoiseRules rules;
  for (const auto pattern : patterns) REQUIRE(rules.ignore(pattern));
  return rules;
}

std::string refused(const WsGroup& group) {
  const auto made = Conversations::make(group, [](const stream::Finding&) {});
  return made ? "" : made.error().message;
}

}  // namespace

TEST_CASE("a client's message is compared by its meaning where it is JSON, and to the byte where it is not") {
  CHECK(compared({}, R"({"op":"sub","n":1})", R"({ "n" : 1.0, "op" : "sub" })") == "same");
  CHECK(compared({}, R"({"op":"sub","n":[1,2]})", R"({"op":"sub","n":[1,3]})") == "/n/1: 2 3");
  CHECK(compared({}, R"({"op":"sub"})", R"({"op":"sub","x":{"y":1}})") == R"(/x: nothing {"y":1})");
  CHECK(compared({}, R"({"op":"sub","x":1})", R"({"op":"sub"})") == "/x: 1 nothing");
  CHECK(compared({}, R"({"a":1})", "not JSON") == "messages differ");
  CHECK(compared({}, "[1,2]", R"({"a":1})") == "messages differ");
  CHECK(compared({}, "12345678901234567890", "12345678901234567891") == "messages differ");
  CHECK(compared({}, "hello", "hello") == "same");
  CHECK(compared({}, "hello", "hello ") == "messages differ");
  CHECK(compared({}, "", "x") == "messages differ");
  CHECK(compared({}, "", "") == "same");
  CHECK(compared({}, "\x01\x02", "\x01\x02", 2) == "same");
  CHECK(compared({}, "\x01\x02", "\x01\x03", 2) == "messages differ");
  CHECK(compared({}, "text", "text", 1, 2) == "messages differ");
}

TEST_CASE("rules of noise let differences in a client's messages pass") {
  CHECK(compared(ignoring({"/id"}), R"({"op":"sub","id":"a"})", R"({"id":"b","op":"sub"})") == "same");
  CHECK(compared(ignoring({"/id"}), R"({"op":"sub","id":"a"})", R"({"op":"sub"})") == "same");
  CHECK(compared(ignoring({"/id"}), R"({"op":"sub","id":"a"})", R"({"op":"un","id":"b"})") == R"(/op: "sub" "un")");
  CHECK(compared(ignoring({"/**/time", "/a/*/b"}), R"({"x":{"time":1},"a":[{"b":1},{"b":2}]})",
                 R"({"x":{"time":2},"a":[{"b":3},{"b":4}]})") == "same");
  const std::string large = "{\"a\":\"" + std::string(500, 'x') + "\"}";
  CHECK(compared({}, R"({"a":1})", large) == "/a: 1 \"" + std::string(79, 'x') + "…");
}

TEST_CASE("options of WebSocket matching that would do nothing are refused") {
  WsGroup group;
  CHECK(refused(group).empty());
  group.match = WsMatch::json;
  CHECK_FALSE(refused(group).empty());
  group.match = WsMatch::unset;
  group.ignore = {"/a"};
  CHECK(refused(group) == "--ws timed does not look at what the client says, so there is nothing to match");
  group.mode = WsMode::both;
  CHECK(refused(group).empty());
  group.match = WsMatch::exact;
  CHECK(refused(group) == "--ws-match exact lets nothing pass: it does not go with --ws-ignore and --ws-noise");
  group.ignore.clear();
  CHECK(refused(group).empty());
  group.match = WsMatch::json;
  group.ignore = {"a~3"};
  CHECK(refused(group).starts_with("--ws-ignore: "));
  group.ignore.clear();
  group.noise = {"/nonexistent/noise.yaml"};
  CHECK_FALSE(refused(group).empty());
}
