#include <catch2/catch.hpp>

#include "checked.hpp"

namespace {

using namespace har::check;

constexpr std::string_view kToken = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTYifQ.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";

Lines of(std::string entry) {
  Checked checked(std::move(entry));
  CHECK(checked.walked);
  Marks marks;
  check_secrets(checked.facts, marks);
  return checked.lines(std::move(marks));
}
Lines header(std::string_view name, std::string_view value) {
  return of(
      fmt::format(R"({{"request":{{"headers":[{{"name":"Host","value":"x"}},{{"name":"{}","value":"{}"}}]}}}})", name, value));
}
Lines body(std::string_view text, std::string_view mime = "application/json") {
  return of(fmt::format(R"({{"response":{{"content":{{"mimeType":"{}","text":"{}"}}}}}})", mime, text));
}

}  // namespace

TEST_CASE("headers with credentials are marked, without showing them") {
  CHECK(
      header("Authorization", "Basic dXNlcjpwYXNz") ==
      Lines{
          R"(secret-header /request/headers/1/value: expected no header with credentials, found "Authorization" with a value of 18 characters)"});
  for (const char* const name : {"Cookie", "proxy-authorization", "X-API-Key", "x-amz-security-token", "X-CSRF-Token", "apikey",
                                 "X-Auth-Token", "x-access-token", "X-Client-Secret", "X-Vault-Token"}) {
    CAPTURE(name);
    CHECK(header(name, "0123456789abcdef").size() == 1);
  }
  for (const char* const name : {"Accept", "X-Request-Id", "Authorize", "X-Token-Kind"})
    CHECK(header(name, "0123456789abcdef").empty());
}

TEST_CASE("what was taken out is no secret") {
  for (const char* const value : {"", "[REMOVED]", "redacted", "<redacted>", "***", "xxxxxxxx", "{{token}}", "null"}) {
    CAPTURE(value);
    CHECK(header("Authorization", value).empty());
  }
  CHECK(
      of(R"({"response":{"headers":[{"name":"set-cookie","value":"deleted"}],"cookies":[{"name":"sid","value":"[REDACTED]"}]}})")
          .empty());
}

TEST_CASE("cookies' values are marked") {
  CHECK(
      of(R"({"response":{"cookies":[{"name":"sid","value":"abc123"}]}})") ==
      Lines{
          R"(secret-cookie /response/cookies/0/value: expected no value of a cookie, found "sid" with a value of 6 characters)"});
}

TEST_CASE("credentials in addresses are marked once") {
  CHECK(
      of(R"({"request":{"url":"https://a/?access_token=abcdef","queryString":[{"name":"access_token","value":"abcdef"}]}})") ==
      Lines{
          R"(secret-query /request/queryString/0/value: expected no query parameter with credentials, found "access_token" with a value of 6 characters)"});
  CHECK(of(R"({"request":{"url":"https://a/?x=1&access_token=abcdef","queryString":[]}})").size() == 1);
  CHECK(of(R"({"request":{"url":"https://user:pass@a/"}})") ==
        Lines{R"(secret-query /request/url: expected no password in a URL, found "user" with a value of 4 characters)"});
  CHECK(of(R"({"response":{"redirectURL":"https://a/cb#id_token=abcdef"}})").size() == 1);
  CHECK(of(R"({"request":{"headers":[{"name":"Referer","value":"https://a/?code=4/0AX4XfWhmqZ8aaaaaaaaa"}]}})").size() == 1);
  // A country.
  CHECK(of(R"({"request":{"url":"https://a/?code=de"}})").empty());
  CHECK(of(R"({"request":{"url":"https://a/?code=THE_LONG_NAME_OF_SOMETHING"}})").empty());
  CHECK(of(R"({"request":{"url":"https://host:8080/@x"}})").empty());
}

TEST_CASE("passwords in bodies are marked") {
  CHECK(
      of(R"({"request":{"postData":{"mimeType":"application/x-www-form-urlencoded","text":"user=a&password=hunter2"}}})") ==
      Lines{
          R"(secret-body /request/postData/text: expected no field with credentials, found "password" with a value of 7 characters)"});
  CHECK(of(R"({"request":{"postData":{"mimeType":"x","params":[{"name":"passwd","value":"hunter2"}]}}})").size() == 1);
  CHECK(
      body(R"({\"user\": \"a\", \"password\" : \"hunter2\"})") ==
      Lines{
          R"(secret-body /response/content/text: expected no body with credentials, found "password" with a value of 7 characters)"});
  CHECK(body(R"({\"refresh_token\":\"abc\"})").size() == 1);
  // JSON in JSON.
  CHECK(body(R"({\"body\":\"{\\\"clientSecret\\\":\\\"abc\\\"}\"})").size() == 1);
  // A translation, a type, a script.
  CHECK(body(R"({\"password\":\"Password\",\"secret\":\"Your secret\",\"type\":\"password\",\"token\":\"x\"})").empty());
  CHECK(body(R"(f({\"password\":\"hunter2\"}))", "text/javascript").empty());
  // In base64.
  CHECK(
      of(R"({"response":{"content":{"mimeType":"application/json","encoding":"base64","text":"eyJwYXNzd29yZCI6Imh1bnRlcjIifQ=="}}})")
          .size() == 1);
  CHECK(
      of(R"({"_webSocketMessages":[{"type":"send","time":1,"opcode":1,"data":"{\"password\":\"hunter2\"}"}]})") ==
      Lines{
          R"(secret-body /_webSocketMessages: expected no message with credentials, found "password" with a value of 7 characters)"});
}

TEST_CASE("a JSON Web Token is found wherever it stands") {
  CHECK(body(fmt::format(R"({{\"x\":\"{}\"}})", kToken)) ==
        Lines{fmt::format("secret-token /response/content/text: expected no JSON Web Token, found one of {} characters",
                          kToken.size())});
  CHECK(of(fmt::format(R"({{"comment":"{}"}})", kToken)).size() == 1);
  CHECK(of(fmt::format(R"({{"comment":"{0}\n{0}"}})", kToken)).size() == 1);
  CHECK(of(fmt::format(R"({{"comment":"line\n{0}"}})", kToken)).size() == 1);
  // Without its signature, as those who share files cut it.
  CHECK(of(R"({"comment":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTYifQ.redacted"})").empty());
  CHECK(of(R"({"comment":"eyJhbGciOiJIUzI1NiJ9"})").empty());
  CHECK(of(R"({"comment":"eyJhbGciOiJIUzI1NiJ9.eyJ"})").empty());
}
