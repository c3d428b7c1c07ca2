// What a format does not hold is said, once an entry and member.
#include <catch2/catch.hpp>

#include "formats/losses.hpp"

using namespace har;
using stream::parse_json;

namespace {

std::vector<std::string> lost(std::string_view entry, std::initializer_list<std::string_view> held) {
  std::vector<std::string> out;
  const auto json = parse_json(entry);
  REQUIRE(json);
  format::report_losses(*json, std::vector<std::string_view>(held), "X", {}, [&](const stream::Finding& finding) {
    CHECK(is_loss(finding));
    CHECK(finding.level == stream::Level::warning);
    out.push_back(finding.rule);
  });
  return out;
}

}  // namespace

TEST_CASE("members that a format does not hold are lost, and those that say nothing are not") {
  CHECK(lost(R"({"comment": "a", "connection": "", "time": 3, "cache": {}, "_x": null, "pageref": "p"})", {"time"}) ==
        std::vector<std::string>{"lost-comment", "lost-pageref"});
}

TEST_CASE("what covers a member covers all below it, and a part that is held is told from one that is not") {
  constexpr std::string_view kEntry = R"({"request": {"method": "GET", "headers": [{"name": "A", "value": "b", "comment": "c"},
    {"name": "A", "value": "b", "comment": "d"}], "headersSize": -1, "bodySize": 0}})";
  CHECK(lost(kEntry, {"request"}).empty());
  CHECK(lost(kEntry, {"request.method", "request.headers[].name", "request.headers[].value"}) ==
        std::vector<std::string>{"lost-request-headers-comment"});
  CHECK(lost(kEntry, {"request.method"}) == std::vector<std::string>{"lost-request-headers"});
  CHECK(lost(kEntry, {"request.meth"}) == std::vector<std::string>{"lost-request-headers", "lost-request-method"});
}
