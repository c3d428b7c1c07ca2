#include <catch2/catch.hpp>

#include "check/pairs.hpp"
#include "check/url_parts.hpp"
#include "entry_marks.hpp"

using namespace har::check;
using test::Change;
using test::entry_with;

namespace {

using Lines = std::vector<std::string>;

Lines relations(std::initializer_list<Change> changes) { return test::said(check_relations, entry_with(changes)); }

Lines query(std::string_view url, std::string_view list) {
  const std::string text = "\"https://a.example/" + std::string(url) + "\"";
  return relations({{{"request", "url"}, text}, {{"request", "queryString"}, list}});
}

Lines cookies(std::string_view header, std::string_view list) {
  const std::string headers = R"([{"name": "Cookie", "value": ")" + std::string(header) + "\"}]";
  return relations({{{"request", "headers"}, headers}, {{"request", "cookies"}, list}});
}

Lines set_cookies(std::string_view headers, std::string_view list) {
  return relations({{{"response", "headers"}, headers}, {{"response", "cookies"}, list}});
}

Lines redirect(std::string_view status, std::string_view location, std::string_view url) {
  const std::string headers = R"([{"name": "location", "value": ")" + std::string(location) + "\"}]";
  const std::string text = "\"" + std::string(url) + "\"";
  return relations({{{"response", "status"}, status}, {{"response", "headers"}, headers}, {{"response", "redirectURL"}, text}});
}

Lines content(std::string_view content) { return relations({{{"response", "content"}, content}}); }

Lines form(std::string_view text, std::string_view params) {
  const std::string post = R"({"mimeType": "application/x-www-form-urlencoded", "text": ")" + std::string(text) +
                           R"(", "params": )" + std::string(params) + "}";
  Lines lines = relations({{{"request", "method"}, "\"POST\""}, {{"request", "postData"}, post}});
  std::erase(lines, "post-both /request/postData/params: expected either params or text, found both");
  return lines;
}

}  // namespace

TEST_CASE("an entry whose values agree has no marks") { CHECK(relations({}) == Lines{}); }

TEST_CASE("time is the sum of the timings, but for rounding") {
  const auto time = [](std::string_view text) { return relations({{{"time"}, text}}); };
  CHECK(time("51") == Lines{});
  CHECK(time("49.2") == Lines{});
  CHECK(time("52") == Lines{"time-sum /time: expected the sum of the timings, 50 ms, found 52 ms"});
  CHECK(time("60.5") ==
        Lines{"time-sum-ssl /time: expected the sum of the timings, 50 ms, found 60.5 ms, which counts ssl, 10 ms, besides"});
  CHECK(time("-1") == Lines{});
  CHECK(relations({{{"timings", "wait"}, "10000"}, {{"time"}, "10070"}}) == Lines{});  // half a percent
  CHECK(relations({{{"timings", "wait"}, "10000"}, {{"time"}, "10100"}}).size() == 1);
  CHECK(relations({{{"timings"}, R"({"send": -1, "wait": -1, "receive": -1})"}}) == Lines{});  // nothing is known
  CHECK(relations({{{"timings", "receive"}, "null"}, {{"time"}, "9000"}}) == Lines{});         // receive may have been that long
  CHECK(relations({{{"timings", "receive"}, "null"}, {{"time"}, "20"}}) ==
        Lines{"time-sum /time: expected the sum of the timings, 45 ms, found 20 ms"});
}

TEST_CASE("ssl is within connect") {
  CHECK(relations({{{"timings", "ssl"}, "20"}}) == Lines{});
  CHECK(relations({{{"timings", "ssl"}, "22.5"}}) ==
        Lines{"ssl-in-connect /timings/ssl: expected at most connect, 20 ms, found 22.5 ms"});
}

TEST_CASE("a query is compared piece by piece, whatever was decoded and in whatever order") {
  CHECK(query("?a=1&b=2", R"([{"name": "a", "value": "1"}, {"name": "b", "value": "2"}])") == Lines{});
  CHECK(query("?a=1&b=2", R"([{"name": "b", "value": "2"}, {"name": "a", "value": "1"}])") == Lines{});
  CHECK(query("?q=a+b%20c%2B", R"([{"name": "q", "value": "a b c+"}])") == Lines{});
  CHECK(query("?q=a+b%20c%2B", R"([{"name": "q", "value": "a+b c+"}])") == Lines{});
  CHECK(query("?q=a+b%20c%2B", R"([{"name": "q", "value": "a+b%20c%2B"}])") == Lines{});
  CHECK(query("?u=https%3A%2F%2Fb%2F%3Fc%253Dd", R"([{"name": "u", "value": "https://b/?c%3Dd"}])") == Lines{});
  CHECK(query("?caf%E9=1", R"([{"name": "caf\u00e9", "value": "1"}])") == Lines{});  // Latin-1
  CHECK(query("?caf%E9=1", R"([{"name": "caf\ufffd", "value": "1"}])") == Lines{});
  CHECK(query("?flag&x=#y=1", R"([{"name": "flag", "value": ""}, {"name": "x", "value": ""}])") == Lines{});
  CHECK(query("?", R"([{"name": "", "value": ""}])") == Lines{});
  CHECK(query("?a=1&&b=2&", R"([{"name": "a", "value": "1"}, {"name": "b", "value": "2"}])") == Lines{});
  CHECK(query("?a=1&a=1", R"([{"name": "a", "value": "1"}, {"name": "a", "value": "1"}])") == Lines{});
}

TEST_CASE("a query that is not the list is marked where it differs") {
  CHECK(query("?a=1", "[]") == Lines{"query-url /request/queryString: expected the 1 parameter of the URL, found none"});
  CHECK(query("", R"([{"name": "a", "value": "1"}])") ==
        Lines{"query-url /request/queryString/0/name: expected what the URL has, found \"a=1\" besides"});
  CHECK(query("?a=1&b=2", R"([{"name": "a", "value": "1"}, {"name": "b", "value": "3"}])") ==
        Lines{"query-url /request/queryString/1/value: expected \"2\" as in the URL, found \"3\""});
  CHECK(query("?a=1&a=1", R"([{"name": "a", "value": "1"}])") ==
        Lines{"query-url /request/queryString: expected \"a=1\" as in the URL, found nothing of it"});
  CHECK(query("?a=b=c", R"([{"name": "a", "value": "b"}])") ==
        Lines{"query-url /request/queryString/0/value: expected \"b=c\" as in the URL, found \"b\""});
  CHECK(relations({{{"request", "url"}, R"("data:text/plain,?a=1")"}}) == Lines{});
}

TEST_CASE("the cookies are those of the header") {
  CHECK(cookies("a=1; b=2", R"([{"name": "a", "value": "1"}, {"name": "b", "value": "2"}])") == Lines{});
  CHECK(cookies("a=1; b=2", R"([{"name": "b", "value": "2"}, {"name": "a", "value": "1"}])") == Lines{});
  CHECK(cookies(R"(a=\"x y\"; b=%41; c)",
                R"([{"name": "a", "value": "x y"}, {"name": "b", "value": "A"}, {"name": "", "value": "c"}])") == Lines{});
  CHECK(cookies("a=x=y;b=", R"([{"name": "a", "value": "x=y"}, {"name": "b", "value": ""}])") == Lines{});
  CHECK(cookies("a=1; b=2", R"([{"name": "a", "value": "1"}])") ==
        Lines{"cookie-header /request/cookies: expected \"b=2\" as in Cookie, found nothing of it"});
  CHECK(cookies("a=1", R"([{"name": "a", "value": "REDACTED"}])") ==
        Lines{"cookie-header /request/cookies/0/value: expected \"1\" as in Cookie, found \"REDACTED\""});
  CHECK(cookies("a=1; b=2", "[]") == Lines{"cookie-header /request/cookies: expected the 2 cookies of Cookie, found none"});
  CHECK(relations({{{"request", "cookies"}, R"([{"name": "a", "value": "1"}])"}}) ==
        Lines{"cookie-header /request/cookies: expected no cookies, as there is no header Cookie, found 1"});
  CHECK(cookies("", "[]") == Lines{});
}

TEST_CASE("the cookies of HTTP/2 stand in several headers") {
  CHECK(relations({{{"request", "headers"}, R"([{"name": "cookie", "value": "a=1"}, {"name": "cookie", "value": "b=2"}])"},
                   {{"request", "cookies"}, R"([{"name": "a", "value": "1"}, {"name": "b", "value": "2"}])"}}) == Lines{});
}

TEST_CASE("cookies that are set are those of the headers") {
  constexpr std::string_view kTwo = R"([{"name": "a", "value": "1", "path": "/"}, {"name": "b", "value": "2"}])";
  CHECK(set_cookies(R"([{"name": "Set-Cookie", "value": "a=1; Path=/"}, {"name": "set-cookie", "value": "b=2"}])", kTwo) ==
        Lines{});
  CHECK(set_cookies(R"([{"name": "Set-Cookie", "value": "a=1; Path=/\nb=2; Secure"}])", kTwo) == Lines{});
  CHECK(set_cookies(R"([{"name": "Set-Cookie", "value": "a=1"}])", kTwo) ==
        Lines{"cookie-header /response/cookies/1/name: expected what Set-Cookie has, found \"b=2\" besides"});
  CHECK(set_cookies(R"([{"name": "Set-Cookie", "value": ["a=1"]}])", kTwo) == Lines{});  // the shape's business
}

TEST_CASE("redirectURL is where Location leads") {
  CHECK(redirect("302", "/x", "/x") == Lines{});
  CHECK(redirect("302", "/x", "https://a.example/x") == Lines{});
  CHECK(redirect("302", "../y/./z?q#top", "https://A.example:443/y/z?q") == Lines{});
  CHECK(redirect("302", "//b.example", "https://b.example/") == Lines{});
  CHECK(redirect("302", "/caf\xC3\xA9", "https://a.example/caf%C3%A9") == Lines{});
  CHECK(redirect("201", "/x", "") == Lines{});
  CHECK(redirect("302", "/x", "") ==
        Lines{"redirect-location /response/redirectURL: expected the Location header, \"/x\", found an empty string"});
  CHECK(redirect("302", "/x", "https://a.example/y") ==
        Lines{"redirect-location /response/redirectURL: expected the Location header, \"/x\", found \"https://a.example/y\""});
  CHECK(relations({{{"response", "headers"}, R"([{"name": "a", "value": "b"}])"}, {{"response", "redirectURL"}, R"("/x")"}}) ==
        Lines{"redirect-location /response/redirectURL: expected an empty string, as there is no Location header, found \"/x\""});
}

TEST_CASE("a reference is resolved as RFC 3986 has it") {
  const std::string base = "http://a/b/c/d;p?q";  // section 5.4
  for (const auto& [reference, url] : std::vector<std::pair<std::string, std::string>>{{"g", "http://a/b/c/g"},
                                                                                       {"./g", "http://a/b/c/g"},
                                                                                       {"g/", "http://a/b/c/g/"},
                                                                                       {"/g", "http://a/g"},
                                                                                       {"//g", "http://g/"},
                                                                                       {"?y", "http://a/b/c/d;p?y"},
                                                                                       {"g?y", "http://a/b/c/g?y"},
                                                                                       {"#s", "http://a/b/c/d;p?q"},
                                                                                       {"", "http://a/b/c/d;p?q"},
                                                                                       {".", "http://a/b/c/"},
                                                                                       {"..", "http://a/b/"},
                                                                                       {"../..", "http://a/"},
                                                                                       {"../../../g", "http://a/g"},
                                                                                       {"g;x=1/../y", "http://a/b/c/y"},
                                                                                       {"http://x:80", "http://x/"}}) {
    INFO(reference);
    CHECK(comparable_url(base, reference) == url);
  }
}

TEST_CASE("the size of the content is that of its text") {
  CHECK(content(R"({"size": 6, "mimeType": "text/plain; charset=utf-8", "text": "caf\u00e9\n"})") == Lines{});
  CHECK(content(R"({"size": 5, "mimeType": "text/plain; charset=utf-8", "text": "caf\u00e9\n"})") ==
        Lines{"content-size /response/content/size: expected the length of the text, 6 bytes, found 5, the number of its "
              "characters"});
  CHECK(content(R"({"size": 9, "mimeType": "text/plain", "text": "hello"})") ==
        Lines{"content-size /response/content/size: expected the length of the text, 5 bytes, found 9"});
  CHECK(content(R"({"size": 9, "mimeType": "text/plain", "text": ""})") ==
        Lines{"content-size /response/content/size: expected text of 9 bytes, found an empty string"});
  CHECK(content(R"({"size": 9, "mimeType": "text/plain"})") == Lines{});
  CHECK(content(R"({"size": -1, "mimeType": "text/plain", "text": "hello"})") == Lines{});
  CHECK(content(R"({"size": 8, "mimeType": "text/plain", "text": "hello"})") == Lines{});  // a byte order mark
  CHECK(content(R"({"size": 4, "mimeType": "text/plain; charset=utf-8", "text": "a\ufffd\ufffd"})") ==
        Lines{"content-size /response/content/size: expected the length of the text, 7 bytes, found 4; 2 of its characters stand "
              "for bytes that were lost (U+FFFD)"});
  CHECK(content(R"({"size": 5, "mimeType": "a/b", "encoding": "base64", "text": "aGVsbG8="})") == Lines{});
  CHECK(content(R"({"size": 5, "mimeType": "a/b", "encoding": "base64", "text": "aGVs\r\nbG8"})") == Lines{});
  CHECK(content(R"({"size": 8, "mimeType": "a/b", "encoding": "base64", "text": "aGVsbG8="})") ==
        Lines{"content-size /response/content/size: expected the length of the decoded text, 5 bytes, found 8"});
  CHECK(content(R"({"size": 8, "mimeType": "a/b", "encoding": "base64", "text": "!!!!"})") == Lines{});  // base64-invalid's
  CHECK(content(R"({"size": 13, "mimeType": "a/b", "text": "aGVsbG8gd29ybGQhIQ=="})") == Lines{});       // base64-undeclared's
}

TEST_CASE("text of another charset may have another size") {
  CHECK(content(R"({"size": 4, "mimeType": "text/plain; charset=iso-8859-1", "text": "caf\u00e9"})") == Lines{});
  CHECK(content(R"({"size": 4, "mimeType": "text/html", "text": "caf\u00e9"})") == Lines{});  // its charset may stand inside
  CHECK(content(R"({"size": 4, "mimeType": "application/json", "text": "caf\u00e9"})").size() == 1);
  CHECK(content(R"({"size": 10, "mimeType": "text/plain; charset=utf-16", "text": "hello"})") == Lines{});
  CHECK(content(R"({"size": 12, "mimeType": "text/plain; charset=utf-16", "text": "hello"})") == Lines{});  // with a mark
  CHECK(content(R"({"size": 4, "mimeType": "text/plain; charset=shift_jis", "text": "\u65e5\u672c"})") == Lines{});
  CHECK(content(R"({"size": 5, "mimeType": "text/plain; charset=iso-8859-1", "text": "caf\u00e9"})") == Lines{});  // it was UTF-8
  CHECK(content(R"({"size": 4, "mimeType": "text/plain; charset=iso-8859-1", "text": "hello"})").size() == 1);
  CHECK(content(R"({"size": 99, "mimeType": "text/plain; charset=gbk", "text": "caf\u00e9"})").size() == 1);
  // What it is is known, to the octet.
  CHECK(content(R"({"size": 6, "mimeType": "text/plain; charset=iso-8859-1", "text": "caf\u00e9"})").size() == 1);
  CHECK(content(R"({"size": 5, "mimeType": "text/plain; charset=shift_jis", "text": "\u65e5\u672c"})").size() == 1);
  // What the charset does not have was replaced by who knows what.
  CHECK(content(R"({"size": 3, "mimeType": "text/plain; charset=iso-8859-1", "text": "a\u65e5b"})") == Lines{});
  CHECK(relations({{{"response", "content"}, R"({"size": 4, "mimeType": "text/plain", "text": "caf\u00e9"})"},
                   {{"response", "headers"}, R"([{"name": "Content-Type", "value": "text/plain; charset=UTF-8"}])"}})
            .size() == 1);
}

TEST_CASE("compression is size less bodySize") {
  const auto compression = [](std::string_view text) { return relations({{{"response", "content", "compression"}, text}}); };
  CHECK(compression("0") == Lines{});
  CHECK(compression("3") == Lines{"content-compression /response/content/compression: expected size less bodySize, 0, found 3"});
  CHECK(relations({{{"response", "content", "compression"}, "-20"}, {{"response", "bodySize"}, "25"}}) == Lines{});
  CHECK(relations({{{"response", "content", "compression"}, "0"}, {{"response", "bodySize"}, "25"}}) == Lines{});
  CHECK(relations({{{"response", "content", "compression"}, "7"}, {{"response", "bodySize"}, "-1"}}) == Lines{});
}

TEST_CASE("some answers have no body") {
  const auto status = [](std::string_view text) { return relations({{{"response", "status"}, text}}); };
  CHECK(status("204") == Lines{"body-unexpected /response/content/text: expected no body with status 204, found text"});
  CHECK(status("103").size() == 1);
  CHECK(status("304") == Lines{"body-unexpected /response/content/text: expected no body with status 304, found text (note)"});
  CHECK(relations({{{"response", "status"}, "101"}, {{"_webSocketMessages"}, "[]"}}) == Lines{});
  CHECK(relations({{{"request", "method"}, "\"HEAD\""}}) ==
        Lines{"body-unexpected /response/content/text: expected no body in the answer to HEAD, found text"});
  CHECK(relations({{{"request", "method"}, "\"HEAD\""},
                   {{"response", "content", "text"}, "\"\""},
                   {{"response", "content", "size"}, "0"}}) == Lines{});
}

TEST_CASE("a body is posted either as params or as text, and not with GET") {
  CHECK(relations({{{"request", "postData"}, R"({"mimeType": "a/b", "text": "x", "params": []})"}}) ==
        Lines{"post-on-get /request/postData/text: expected no body with GET, found one"});
  CHECK(relations({{{"request", "postData"}, R"({"mimeType": "a/b", "text": "", "params": []})"}}) == Lines{});
  CHECK(relations({{{"request", "method"}, "\"POST\""},
                   {{"request", "postData"}, R"({"mimeType": "a/b", "text": "x", "params": [{"name": "y"}]})"}}) ==
        Lines{"post-both /request/postData/params: expected either params or text, found both"});
}

TEST_CASE("the params of a form are those of its text") {
  constexpr std::string_view kParams = R"([{"name": "a", "value": "1 2"}, {"name": "b", "value": "\u00fc"}])";
  CHECK(form("a=1+2&b=%C3%BC", kParams) == Lines{});
  CHECK(form("b=%C3%BC&a=1%202\\r\\n", kParams) == Lines{});
  CHECK(form("Content-Type: application/x-www-form-urlencoded\\r\\nContent-Length: 14\\r\\n\\r\\na=1+2&b=%C3%BC", kParams) ==
        Lines{});
  CHECK(form("a=1+2", kParams) ==
        Lines{"post-disagree /request/postData/params/1/name: expected what postData.text has, found \"b=\xC3\xBC\" besides"});
  CHECK(form("a=1+2&b=%C3%BC&c=3", kParams) ==
        Lines{"post-disagree /request/postData/params: expected \"c=3\" as in postData.text, found nothing of it"});
}

TEST_CASE("lists are the same whatever their order, and each of several equal pairs counts") {
  const std::vector<Pair> abc = {{"a", "1", 0}, {"b", "2", 1}, {"a", "1", 2}};
  CHECK_FALSE(compare_pairs(abc, {{"b", "2", 0}, {"a", "1", 1}, {"a", "1", 2}}));
  const auto fewer = compare_pairs(abc, {{"b", "2", 0}, {"a", "1", 1}});
  REQUIRE(fewer);
  CHECK(fewer->missing == 2);
  CHECK_FALSE(fewer->extra);
  const auto other = compare_pairs(abc, {{"b", "2", 0}, {"a", "1", 1}, {"c", "1", 2}});
  REQUIRE(other);
  CHECK(other->missing == 2);
  CHECK(other->extra == 2);
}
