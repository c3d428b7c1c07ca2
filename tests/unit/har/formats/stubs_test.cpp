// Rules for servers that answer: Hoverfly and WireMock.
#include <catch2/catch.hpp>

#include "conversion.hpp"

using namespace har;
using stream::Json;
using Strings = std::vector<std::string>;

namespace {

std::string entry(std::string_view url, std::string_view answer, std::string_view more = "", std::string_view response = "") {
  return R"({"startedDateTime":"2026-11-22T09:15:30.000Z","time":20,"request":{"method":"GET","url":")" + std::string(url) +
         R"(","headers":[])" + std::string(more) +
         R"(},"response":{"status":200,"statusText":"OK","headers":[{"name":"Set-Cookie","value":"a=b"},{"name":"set-cookie","value":"c=d"},{"name":"Content-Length","value":"99"},{"name":"Transfer-Encoding","value":"chunked"}],"content":{"size":1,"mimeType":"text/plain","text":")" +
         std::string(answer) + R"("})" + std::string(response) + R"(},"timings":{"send":0,"wait":20,"receive":0}})";
}

Json convert(const Strings& entries, std::string_view to, Strings* findings = nullptr, WriteOptions options = {}) {
  std::string har = R"({"log":{"entries":[)";
  for (std::size_t i = 0; i < entries.size(); ++i) har += (i > 0 ? "," : "") + entries[i];
  const auto out = test::convert(har + "]}}", "har", to, options);
  CHECK(out.errors.empty());
  if (findings != nullptr) *findings = out.findings;
  const auto json = stream::parse_json(out.text);
  REQUIRE(json);
  return *json;
}

const Strings kRepeats{entry("http://h.example/a?x=1&y=2&x=%203", "1"), entry("http://h.example/b", "2"),
                       entry("http://h.example/a?x=1&y=2&x=%203", "3"), entry("http://h.example/a?x=1&y=2&x=%203", "4")};

}  // namespace

TEST_CASE("a simulation of Hoverfly has a pair for each answer, and a sequence for those of the same request") {
  const Json json = convert(kRepeats, "hoverfly");
  CHECK(json["meta"]["schemaVersion"].string_or("") == "v5.2");
  const auto& pairs = json["data"]["pairs"].as_array();
  REQUIRE(pairs.size() == 4);
  CHECK(
      to_json(pairs[0]["request"]) ==
      R"({"path":[{"matcher":"exact","value":"/a"}],"method":[{"matcher":"exact","value":"GET"}],"destination":[{"matcher":"exact","value":"h.example"}],"scheme":[{"matcher":"exact","value":"http"}],"query":{"x":[{"matcher":"exact","value":"1; 3"}],"y":[{"matcher":"exact","value":"2"}]},"requiresState":{"sequence:1":"1"}})");
  CHECK(
      to_json(pairs[0]["response"]) ==
      R"({"status":200,"body":"1","encodedBody":false,"headers":{"Set-Cookie":["a=b","c=d"]},"templated":false,"fixedDelay":20,"transitionsState":{"sequence:1":"2"}})");
  CHECK(pairs[1]["request"].find("requiresState") == nullptr);
  CHECK(to_json(pairs[3]["request"]["requiresState"]) == R"({"sequence:1":"3"})");
  CHECK(pairs[3]["response"].find("transitionsState") == nullptr);
}

TEST_CASE("mappings of WireMock have a scenario for the answers of the same request") {
  const Json json = convert(kRepeats, "wiremock");
  CHECK(json["meta"]["total"].int_or(0) == 4);
  const auto& mappings = json["mappings"].as_array();
  REQUIRE(mappings.size() == 4);
  CHECK(
      to_json(mappings[0]) ==
      R"({"request":{"method":"GET","url":"/a?x=1&y=2&x=%203"},"response":{"status":200,"statusMessage":"OK","headers":{"Set-Cookie":["a=b","c=d"]},"body":"1","fixedDelayMilliseconds":20},"scenarioName":"scenario-1","requiredScenarioState":"Started","newScenarioState":"2"})");
  CHECK(mappings[1].find("scenarioName") == nullptr);
  CHECK(mappings[3]["requiredScenarioState"].string_or("") == "3");
  CHECK(mappings[3].find("newScenarioState") == nullptr);
}

TEST_CASE("bodies that are no text are coded, and compared as what they are") {
  const std::string binary = entry("http://h/", "AAH/", R"(,"postData":{"mimeType":"","text":"gIE=","_encoding":"base64"})");
  const std::string coded = binary.substr(0, binary.find("\"text\":\"AAH/\"")) + "\"encoding\":\"base64\"," +
                            binary.substr(binary.find("\"text\":\"AAH/\""));
  const std::string json = entry("http://h/", "x", R"(,"postData":{"mimeType":"application/json","text":"{\"a\":1}"})");
  Strings findings;
  const Json hoverfly = convert({coded, json}, "hoverfly", &findings);
  CHECK(hoverfly["data"]["pairs"].as_array()[0]["response"]["encodedBody"].bool_or(false));
  CHECK(hoverfly["data"]["pairs"].as_array()[0]["response"]["body"].string_or("") == "AAH/");
  CHECK(to_json(hoverfly["data"]["pairs"].as_array()[1]["request"]["body"]) == R"([{"matcher":"json","value":"{\"a\":1}"}])");
  CHECK(std::count_if(findings.begin(), findings.end(), [](const std::string& finding) {
          return finding.find("the body is not compared: it is no text [lost-request-postData]") != std::string::npos;
        }) == 1);
  const Json wiremock = convert({coded, json}, "wiremock");
  CHECK(wiremock["mappings"].as_array()[0]["response"]["base64Body"].string_or("") == "AAH/");
  CHECK(to_json(wiremock["mappings"].as_array()[0]["request"]["bodyPatterns"]) == R"([{"binaryEqualTo":"gIE="}])");
  CHECK(to_json(wiremock["mappings"].as_array()[1]["request"]["bodyPatterns"]) == R"([{"equalToJson":"{\"a\":1}"}])");
}

TEST_CASE("mappings do not tell hosts apart, and that is said") {
  Strings findings;
  convert({entry("http://a.example/x", "1"), entry("http://b.example/x", "2")}, "wiremock", &findings);
  CHECK(std::count_if(findings.begin(), findings.end(), [](const std::string& finding) {
          return finding.find("[lost-request-url-host]") != std::string::npos;
        }) == 1);
}

TEST_CASE("no entries give an empty simulation and no mappings, in any layout") {
  CHECK(convert({}, "hoverfly")["data"]["pairs"].as_array().empty());
  CHECK(convert({}, "wiremock")["mappings"].as_array().empty());
  WriteOptions pretty;
  pretty.style = WriteOptions::Style::pretty;
  CHECK(convert(kRepeats, "hoverfly", nullptr, pretty) == convert(kRepeats, "hoverfly"));
}
