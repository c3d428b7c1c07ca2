#include <catch2/catch.hpp>

#include "entry_marks.hpp"

using namespace har::check;
using test::Change;
using test::entry_with;

namespace {

using Lines = std::vector<std::string>;

Lines values(std::initializer_list<Change> changes) { return test::said(check_values, entry_with(changes)); }

Lines url(std::string_view text) { return values({{{"request", "url"}, text}}); }

Lines header(std::string_view name, std::string_view value) {
  const std::string list = "[{\"name\": " + std::string(name) + ", \"value\": " + std::string(value) + "}]";
  return values({{{"response", "headers"}, list}});
}

Lines base64(std::string_view text) {
  return values({{{"response", "content", "encoding"}, "\"base64\""}, {{"response", "content", "text"}, text}});
}

Field field(std::string_view raw) { return {raw}; }

}  // namespace

TEST_CASE("the characters of a string are those that its escapes stand for") {
  CHECK(text_of(field(R"("plain")")) == "plain");
  CHECK(text_of(field(R"("\"\\\/\b\f\n\r\t")")) == "\"\\/\b\f\n\r\t");
  CHECK(text_of(field(R"("caf\u00e9 \ud83d\ude00.")")) == "caf\xC3\xA9 \xF0\x9F\x98\x80.");
  CHECK(text_of(field(R"("\u0000a")")) == std::string_view("\0a", 2));
  CHECK(text_of(field(R"("\ud83d.")")) == "\xEF\xBF\xBD.");
  CHECK(text_of(field(R"("\ude00\ud83d\u0041")")) ==
        "\xEF\xBF\xBD\xEF\xBF\xBD"
        "A");
  CHECK(text_of(field("\"\"")).empty());
  CHECK(text_of(field("12")).empty());
  CHECK(text_of(field("")).empty());
  std::string scratch;
  const std::string_view raw = "\"plain\"";
  CHECK(text_of(field(raw), scratch).data() == raw.data() + 1);
}

TEST_CASE("a number is read as it stands, and anything else is the fallback") {
  CHECK(number_of(field("12"), 0) == 12);
  CHECK(number_of(field("-1"), 0) == -1);
  CHECK(number_of(field("1.5e2"), 0) == 150);
  CHECK(number_of(field("1e999"), 0) > 1e308);
  CHECK(number_of(field("1e-999"), 7) == 0);
  CHECK(number_of(field("\"12\""), 7) == 7);
  CHECK(number_of(field("null"), 7) == 7);
  CHECK(number_of(field(""), 7) == 7);
}

TEST_CASE("an entry that is right has no marks") { CHECK(values({}) == Lines{}); }

TEST_CASE("a date that does not exist is marked") {
  const auto started = [](std::string_view text) { return values({{{"startedDateTime"}, text}}); };
  CHECK(started(R"("2026-02-29T00:00:00Z")") ==
        Lines{R"(date-value /startedDateTime: expected a day from 01 to 28 in 2026-02, found "2026-02-29T00:00:00Z")"});
  CHECK(started(R"("2024-02-29T00:00:00Z")") == Lines{});
  CHECK(started(R"("2026-13-01T00:00:00.5Z")") ==
        Lines{R"(date-value /startedDateTime: expected a month from 01 to 12, found 13 in "2026-13-01T00:00:00.5Z")"});
  CHECK(started(R"("2026-01-01T25:00:00+01:00")") ==
        Lines{R"(date-value /startedDateTime: expected an hour up to 23, found 25 in "2026-01-01T25:00:00+01:00")"});
  CHECK(started(R"("2026-01-01T23:60:00Z")").size() == 1);
  CHECK(started(R"("2026-01-01T23:59:61Z")").size() == 1);
  CHECK(started(R"("2026-01-01T12:00:00+24:00")") ==
        Lines{R"(date-value /startedDateTime: expected a zone up to 23:59, found "2026-01-01T12:00:00+24:00")"});
  CHECK(started(R"("2016-12-31T23:59:60Z")") == Lines{});  // a leap second
  CHECK(started(R"("2026-01-01T24:00:00Z")") == Lines{});  // the end of the day
  CHECK(started(R"("yesterday")") == Lines{});             // no date at all is for the shape
  CHECK(started(R"("2026-02-30T00:00:00")") == Lines{});
  CHECK(
      values({{{"response", "cookies"}, R"([{"name": "a", "value": "1", "expires": "2026-04-31T00:00:00.000Z"}])"}}) ==
      Lines{
          "date-value /response/cookies/0/expires: expected a day from 01 to 30 in 2026-04, found \"2026-04-31T00:00:00.000Z\""});
}

TEST_CASE("a timing between -1 and 0 is marked") {
  CHECK(values({{{"timings", "blocked"}, "-0.911"}}) ==
        Lines{"timings-negative /timings/blocked: expected milliseconds, or -1, found -0.911"});
  CHECK(values({{{"timings", "blocked"}, "-1"}}) == Lines{});
  CHECK(values({{{"timings", "blocked"}, "-0"}}) == Lines{});
}

TEST_CASE("a status is from 100 to 599, or says that there was no answer") {
  const auto status = [](std::string_view text) { return values({{{"response", "status"}, text}}); };
  CHECK(status("100") == Lines{});
  CHECK(status("599") == Lines{});
  CHECK(status("600") == Lines{"status-range /response/status: expected a status from 100 to 599, found 600"});
  CHECK(status("99").size() == 1);
  CHECK(status("-3") == Lines{"status-range /response/status: expected a status from 100 to 599, found -3"});
  for (const std::string none : {"0", "-1", "-2"}) {
    CHECK(status(none) ==
          Lines{"status-none /response/status: expected a status from 100 to 599, found " + none + ": no answer"});
  }
  CHECK(status("\"200\"") == Lines{});
}

TEST_CASE("a method is a token") {
  const auto method = [](std::string_view text) { return values({{{"request", "method"}, text}}); };
  CHECK(method(R"("get")") == Lines{});
  CHECK(method(R"("M-SEARCH")") == Lines{});
  CHECK(method(R"("\u0047ET")") == Lines{});
  CHECK(method(R"("")") == Lines{"method-token /request/method: expected a method, found \"\""});
  CHECK(method(R"("GET /")") == Lines{"method-token /request/method: expected a method, found \"GET /\""});
}

TEST_CASE("a header's name is a token, or one behind a colon") {
  CHECK(header(R"("x-a_b")", R"("1")") == Lines{});
  CHECK(header(R"(":status")", R"("200")") == Lines{});
  CHECK(header(R"("Accept Encoding")", R"("1")") ==
        Lines{"header-name /response/headers/0/name: expected a header name, found \"Accept Encoding\""});
  CHECK(header(R"("")", R"("1")").size() == 1);
  CHECK(header(R"(":")", R"("1")").size() == 1);
  CHECK(header("null", R"("1")") == Lines{});
}

TEST_CASE("a header's value is one line; several values joined by LF are milder than a line that is a header") {
  CHECK(header(R"("etag")", R"("\"tab\tand quote\"")") == Lines{});
  CHECK(header(R"("set-cookie")", R"("a=1\nb=2")") ==
        Lines{R"(header-value /response/headers/0/value: expected one line, found 2: "a=1\nb=2" (note))"});
  CHECK(header(R"("via")", R"("1.1 a\n1.1 b")").size() == 1);
  CHECK(header(R"("x")", R"("1\nSet-Cookie: a=1")") ==
        Lines{R"(header-value /response/headers/0/value: expected no CR, LF or NUL, found "1\nSet-Cookie: a=1")"});
  CHECK(header(R"("x")", R"("1\r\n2")") ==
        Lines{R"(header-value /response/headers/0/value: expected no CR, LF or NUL, found "1\r\n2")"});
  CHECK(header(R"("x")", R"("1\u0000")").size() == 1);
  CHECK(header(R"("x")", R"("1\n")") ==
        Lines{R"(header-value /response/headers/0/value: expected no CR, LF or NUL, found "1\n")"});
}

TEST_CASE("of very many headers that are wrong a hundred are named") {
  std::string list = "[";
  for (int i = 0; i < 150; ++i) list += R"({"name": "a b", "value": "x"},)";
  list.back() = ']';
  const Lines lines = values({{{"request", "headers"}, list}});
  REQUIRE(lines.size() == 101);
  CHECK(lines[99] == "header-name /request/headers/99/name: expected a header name, found \"a b\"");
  CHECK(lines[100] == "header-name /request/headers: 50 more of them");
}

TEST_CASE("a URL has a scheme and a host") {
  for (const std::string_view good : {R"("http://a")", R"("https://[::1]:8443/x?y")", R"("WS://u:p@host/")", R"("wss://a/")",
                                      R"("data:image/svg+xml,<svg fill='#fff'>")", R"("blob:https://a.example/1-2")",
                                      R"("about:blank")", R"("file:///tmp/x")", R"("chrome-extension://abc/x.js")"}) {
    CHECK(url(good) == Lines{});
  }
  CHECK(url(R"("")") == Lines{"url-absolute /request/url: expected a URL, found an empty string"});
  CHECK(url(R"("/path")") == Lines{"url-absolute /request/url: expected scheme://host/…, found \"/path\""});
  CHECK(url(R"("localhost:8080/x")") == Lines{"url-absolute /request/url: expected scheme://host/…, found \"localhost:8080/x\""});
  CHECK(url(R"("https:///x")") == Lines{"url-absolute /request/url: expected a host behind the scheme, found \"https:///x\""});
  CHECK(url(R"("http:foo")").size() == 1);
  CHECK(url(R"("gopher://a/")") == Lines{"url-scheme /request/url: expected a known scheme, found \"gopher\""});
  CHECK(values({{{"request", "url"}, R"("a.example:443")"}, {{"request", "method"}, R"("CONNECT")"}}) == Lines{});
}

TEST_CASE("a URL has no fragment, and no characters that must be encoded") {
  CHECK(url(R"("https://a/x#top")") == Lines{"url-fragment /request/url: expected no fragment, found \"#top\""});
  CHECK(url(R"("https://a/x y")") ==
        Lines{"url-characters /request/url: expected percent-encoding, found \" y\" behind \"https://a/x\""});
  CHECK(url(R"("https://a/caf\u00e9")").size() == 1);
  CHECK(url(R"("https://a/x?a={1}|2")") ==
        Lines{"url-characters /request/url: expected percent-encoding, found \"{1}|2\" behind \"https://a/x?a=\" (off)"});
}

TEST_CASE("a version is HTTP/x.y") {
  const auto version = [](std::string_view text) { return values({{{"response", "httpVersion"}, text}}); };
  for (const std::string_view good : {R"("HTTP/1.0")", R"("HTTP/2")", R"("HTTP/2.0")", R"("HTTP/3")"})
    CHECK(version(good) == Lines{});
  for (const std::string bad : {"h2", "http/2.0", "unknown", "", "HTTP"}) {
    CHECK(version("\"" + bad + "\"") == Lines{"http-version /response/httpVersion: expected HTTP/x.y, found \"" + bad + "\""});
  }
}

TEST_CASE("the server's address is an IP address; without one, or in brackets, is a form of its own") {
  const auto address = [](std::string_view text) { return values({{{"serverIPAddress"}, text}}); };
  for (const std::string_view good : {R"("127.0.0.1")", R"("2606:4700::1")", R"("fe80::1%eth0")", R"("::ffff:1.2.3.4")"})
    CHECK(address(good) == Lines{});
  CHECK(address(R"("")") == Lines{"server-address-form /serverIPAddress: expected an IP address, found \"\""});
  CHECK(address(R"("[::1]")") ==
        Lines{"server-address-form /serverIPAddress: expected an IP address without brackets, found \"[::1]\""});
  for (const std::string bad : {"1.1.1.1000", "a.example", "127.0.0.1:80", "[a.example]", "127.0.0.1 "}) {
    CHECK(address("\"" + bad + "\"") == Lines{"server-address /serverIPAddress: expected an IP address, found \"" + bad + "\""});
  }
}

TEST_CASE("a media type has a type and a subtype") {
  const auto mime = [](std::string_view text) { return values({{{"response", "content", "mimeType"}, text}}); };
  CHECK(mime(R"("application/vnd.api+json ; charset=\"utf-8\"")") == Lines{});
  for (const std::string bad : {"", "x-unknown", "text/", "text html/x", "text/html charset=utf-8"}) {
    CHECK(mime("\"" + bad + "\"") == Lines{"mime-type /response/content/mimeType: expected type/subtype, found \"" + bad + "\""});
  }
}

TEST_CASE("an encoding is base64") {
  CHECK(values({{{"response", "content", "encoding"}, R"("utf-8")"}}) ==
        Lines{"content-encoding /response/content/encoding: expected \"base64\", found \"utf-8\""});
  CHECK(values({{{"response", "content", "encoding"}, "null"}}) == Lines{});
}

TEST_CASE("base64 is of its alphabet, and ends in its padding") {
  CHECK(base64(R"("aGVsbG8=")") == Lines{});
  CHECK(base64(R"("")") == Lines{});
  CHECK(base64(R"("a\/\u002b=")") == Lines{});  // PHP escapes the slash
  CHECK(base64(R"("aGVs\r\nbG8=")") ==
        Lines{"base64-breaks /response/content/text: expected base64 in one piece, found white space in it"});
  CHECK(base64(R"("aGVs!G8=")") ==
        Lines{"base64-invalid /response/content/text: expected base64, found \"!G8=\" behind 4 good characters"});
  CHECK(base64(R"("aGVs_G8=")") ==
        Lines{"base64-invalid /response/content/text: expected base64, found \"_\", which is of base64url"});
  CHECK(base64(R"("aG=sbG8=")") ==
        Lines{"base64-invalid /response/content/text: expected base64, found '=' behind 2 of 8 characters"});
  CHECK(base64(R"("aGVsb")") ==
        Lines{"base64-invalid /response/content/text: expected base64, found 5 characters, which is no multiple of 4"});
  CHECK(base64(R"("aGVsbG8==")").size() == 1);
  CHECK(base64(R"("====")").size() == 1);
  CHECK(base64(R"("aGVsbG8")") ==
        Lines{"base64-invalid /response/content/text: expected '=' at the end of the base64, found no padding (warning)"});
  CHECK(values({{{"request", "postData"}, R"({"mimeType": "a/b", "params": [], "text": "%", "_encoding": "base64"})"}}) ==
        Lines{"base64-invalid /request/postData/text: expected base64, found \"%\" behind 0 good characters"});
}

TEST_CASE("text that is base64 by its size is base64 that does not say so") {
  const auto sized = [](std::string_view size, std::string_view text) {
    return values({{{"response", "content", "size"}, size}, {{"response", "content", "text"}, text}});
  };
  CHECK(sized("14", R"("aGVsbG8gd29ybGQhIQ==")").size() == 0);
  CHECK(sized("13", R"("aGVsbG8gd29ybGQhIQ==")") ==
        Lines{"base64-undeclared /response/content/text: expected \"encoding\": \"base64\" beside base64 text, found none; the "
              "text decodes to 13 bytes, which is size"});
  CHECK(sized("20", R"("aGVsbG8gd29ybGQhIQ==")") == Lines{});
  CHECK(sized("3", R"("word")") == Lines{});  // too short to tell
  CHECK(sized("12", R"("hello, world. 16")") == Lines{});
}
