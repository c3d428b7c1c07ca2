#include <catch2/catch.hpp>

#include "har/match/matcher.hpp"
#include "matching.hpp"

using namespace har::match;
using test::asked;
using test::Table;

namespace {

bool same(const MatchOptions& options, const Request& recorded, const Request& live) {
  return Table(options, {{"POST", "/x", recorded.body, recorded.media_type}}).find(live) == "0";
}

Request body(std::string bytes, std::string media_type) { return asked("POST", "/x", std::move(bytes), std::move(media_type)); }

std::string multipart(std::string_view boundary, std::string_view value) {
  std::string out;
  for (const auto& [name, text] :
       {std::pair<std::string_view, std::string_view>("nonce", boundary), {"file\"; filename=\"a.txt", value}}) {
    out.append("--").append(boundary).append("\r\nContent-Disposition: form-data; name=\"").append(name).append("\"\r\n\r\n");
    out.append(text).append("\r\n");
  }
  return out.append("--").append(boundary).append("--\r\n");
}

}  // namespace

TEST_CASE("bodies are the same by what they mean") {
  struct Case {
    const char* recorded;
    const char* type;
    const char* live;
    const char* live_type;
    bool same;
  };
  constexpr const char* kJson = "application/json; charset=utf-8";
  constexpr const char* kForm = "application/x-www-form-urlencoded";
  const Case cases[] = {
      {R"({"a":1,"b":[1,2]})", kJson, "{ \"b\" : [1, 2.0], \"a\": 10e-1 }", kJson, true},
      {R"({"a":1,"b":[1,2]})", kJson, R"({"b":[2,1],"a":1})", kJson, false},
      {R"({"a":1})", kJson, R"({"a":"1"})", kJson, false},
      {R"({"a":9007199254740993})", kJson, R"({"a":9007199254740992})", kJson, false},
      {R"({"a":null})", kJson, "{}", kJson, false},
      {R"({"a":"\u00e9"})", kJson, "{\"a\":\"\xc3\xa9\"}", kJson, true},
      {R"({"a":1})", kJson, R"({ "a":1 })", "text/plain;charset=UTF-8", true},  // navigator.sendBeacon
      {R"({"a":1})", kJson, R"({ "a":1 })", kForm, true},                       // curl -d
      {R"({"a":1})", "application/vnd.x+json", R"({ "a":1 })", "", true},
      {"1.0", kJson, "1", kJson, true},
      {"1.0", "text/plain", "1", "text/plain", false},
      {R"({"a":1)", kJson, R"({ "a":1)", kJson, false},  // no JSON: bytes
      {"a=1&b=x+y", kForm, "b=x%20y&a=1", kForm, true},
      {"a=1&a=2", kForm, "a=2&a=1", kForm, true},
      {"a=1&a=1", kForm, "a=1", kForm, false},
      {"a=1&b=2", kForm, "a=1&b=2", "", true},  // the same bytes
      {"a=1&b=2", kForm, "b=2&a=1", "", false},
      {"a=1&b=2", "text/plain", "b=2&a=1", "text/plain", false},
      {"text", "text/plain", "text", "application/octet-stream", true},
      {"text", "text/plain", "text ", "text/plain", false},
  };
  for (const Case& each : cases) {
    INFO(each.recorded << " and " << each.live);
    CHECK(same({}, body(each.recorded, each.type), body(each.live, each.live_type)) == each.same);
    CHECK(same({}, body(each.live, each.live_type), body(each.recorded, each.type)) == each.same);
  }
  CHECK(same({}, body("\xff\x00\x01", "application/octet-stream"), body("\xff\x00\x01", "application/octet-stream")));
}

TEST_CASE("parts of a multipart body are compared without the boundary") {
  const auto form = [](std::string_view boundary, std::string_view value) {
    return body(multipart(boundary, value), "multipart/form-data; boundary=" + std::string(boundary));
  };
  MatchOptions options;
  CHECK(!same(options, form("AaB", "text"), form("XyZ", "text")));  // the nonce is another
  options.ignore_body_fields = {"nonce"};
  CHECK(same(options, form("AaB", "text"), form("XyZ", "text")));
  CHECK(!same(options, form("AaB", "text"), form("AaB", "texts")));
  options.ignore_body_fields = {"/file"};
  CHECK(same(options, form("AaB", "text"), form("AaB", "texts")));
  CHECK(!same(options, form("AaB", "text"), form("XyZ", "text")));
}

TEST_CASE("bodies and fields of them can be ignored") {
  constexpr const char* kJson = "application/json";
  constexpr const char* kForm = "application/x-www-form-urlencoded";
  MatchOptions options;
  options.ignore_body_fields = {"/id", ".items[].at", "token"};
  CHECK(same(options, body(R"({"id":1,"items":[{"at":1,"x":2}]})", kJson), body(R"({"items":[{"at":9,"x":2}]})", kJson)));
  CHECK(!same(options, body(R"({"id":1,"items":[{"at":1,"x":2}]})", kJson), body(R"({"id":1,"items":[{"at":1,"x":3}]})", kJson)));
  CHECK(!same(options, body(R"({"token":1})", kJson), body(R"({"token":2})", kJson)));
  CHECK(same(options, body("token=1&id=2&x=3", kForm), body("x=3&token=4", kForm)));
  CHECK(!same(options, body("token=1&x=3", kForm), body("x=4&token=1", kForm)));
  MatchOptions none;
  none.ignore_body = true;
  none.strictness = Strictness::strict;
  CHECK(same(none, body("a", "text/plain"), body("b", "text/plain")));
  CHECK(same(none, body("a", "text/plain"), asked("POST", "/x")));
  MatchOptions wrong;
  wrong.ignore_body_fields = {"/a~3"};
  const auto refused = Matcher::make(wrong);
  REQUIRE(!refused);
  CHECK(refused.error().code == stream::ErrorCode::usage);
}

TEST_CASE("of bodies that mean the same the one with the same bytes is taken") {
  Table table({}, {{"POST", "/x", R"({"a":1})", "application/json"}, {"POST", "/x", R"({"a": 1})", "application/json"}});
  CHECK(table.find(body(R"({"a": 1})", "application/json")) == "1");
  CHECK(table.find(body(R"({"a":1})", "application/json")) == "0");
  CHECK(table.find(body(R"({"a":  1})", "application/json")) == "1");  // both had their turn
}
