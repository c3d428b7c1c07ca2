#include "har/entry_view.hpp"

#include <catch2/catch.hpp>

using namespace har;

namespace {

constexpr std::string_view kEntry = R"({
  "startedDateTime": "2026-03-01T10:00:00.5Z", "time": 12.5,
  "request": {"method": "POST", "url": "https://a.example/\u00e9?x=1", "headers": [
      {"name": "X-A", "value": "1"}, {"name": "x-a", "value": "2\n"}],
    "postData": {"mimeType": "text/plain", "text": "aGk=", "_encoding": "base64"}},
  "response": {"status": 404, "content": {"size": 3, "mimeType": "text/plain; charset=utf-8", "text": "AQID", "encoding": "base64"}},
  "timings": {"wait": 10, "dns": -1, "ssl": null}})";

}  // namespace

TEST_CASE("an entry's values are found in its text") {
  EntryView view(kEntry);
  CHECK(view.status() == 404);
  CHECK(view.method() == "POST");
  CHECK(view.url() == "https://a.example/é?x=1");
  CHECK(view.header(EntryPart::request, "X-a") == "2\n");
  CHECK_FALSE(view.header(EntryPart::response, "X-a"));
  CHECK(view.phase("wait") == 10.0);
  CHECK_FALSE(view.phase("dns"));
  CHECK_FALSE(view.phase("ssl"));
  CHECK_FALSE(view.phase("send"));
  REQUIRE(view.started());
  CHECK(stream::format_iso8601(*view.started()) == "2026-03-01T10:00:00.500Z");
  CHECK(view.media_type() == "text/plain; charset=utf-8");
  const BodyBytes answer = view.response_body();
  CHECK(answer.known);
  CHECK(answer.bytes == "\x01\x02\x03");
  const BodyBytes asked = view.request_body();
  CHECK(asked.bytes == "hi");
  CHECK(asked.media_type == "text/plain");
}

TEST_CASE("a view is used for one entry after another, and nothing of the first is left") {
  EntryView view(kEntry);
  CHECK(view.status() == 404);
  CHECK(view.response_body().known);
  view.reset(R"({"response": {"status": 0}})");
  CHECK(view.status() == 0);
  CHECK(view.url().empty());
  CHECK_FALSE(view.response_body().known);
  CHECK(view.response_body().bytes.empty());
  CHECK_FALSE(view.request_body().known);
}

TEST_CASE("what is no entry has no values, and no cut of one is read beyond its end") {
  for (const std::string_view text : {"", "null", "[]", "3", "{", "{\"request\"", "{\"response\": 3}"}) {
    EntryView view(text);
    CHECK(view.status() == 0);
    CHECK(view.method().empty());
    CHECK_FALSE(view.response_body().known);
  }
  for (std::size_t size = 0; size < kEntry.size(); ++size) {
    const std::string cut(kEntry.substr(0, size));  // memory of its own: a sanitizer sees what is read behind it
    EntryView view(cut);
    (void)view.status();
    (void)view.header(EntryPart::request, "x-a");
    (void)view.request_body();
    (void)view.response_body();
    (void)view.phase("ssl");
  }
}

TEST_CASE("a form's parameters are its body") {
  EntryView view(R"({"request": {"postData": {"mimeType": "application/x-www-form-urlencoded",
    "params": [{"name": "a b", "value": "1&2"}, {"name": "c"}]}}})");
  CHECK(view.request_body().bytes == "a+b=1%262&c");
}

TEST_CASE("a body that is not the base64 that it should be is given as it is, and said to be broken") {
  EntryView view(R"({"response": {"content": {"text": "§§", "encoding": "base64"}}})");
  const BodyBytes body = view.response_body();
  CHECK(body.known);
  CHECK(body.broken);
  CHECK(body.bytes == "§§");
}
