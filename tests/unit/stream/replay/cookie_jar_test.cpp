#include "stream/replay/cookie_jar.hpp"

#include <catch2/catch.hpp>

using namespace stream::replay;
using namespace std::chrono_literals;

namespace {

constexpr HttpTime kNow =
    std::chrono::sys_days(std::chrono::year_month_day(std::chrono::year(2026), std::chrono::November, std::chrono::day(28)));

CookiePlace at(std::string_view host, std::string_view path = "/", bool secure = true) { return {host, path, secure, {}}; }

/// What is sent to `to` after `field` has come from `from`.
std::string sent(std::string_view field, const CookiePlace& from, const CookiePlace& to, HttpTime later = kNow) {
  CookieJar jar;
  jar.set(field, from, kNow);
  return to_cookie_header(jar.cookies(to, later));
}

}  // namespace

TEST_CASE("a cookie goes back to where RFC 6265 sends it, and nowhere else") {
  struct Case {
    std::string_view field, from_host, from_path, to_host, to_path, expected;
  };
  const Case cases[] = {
      // §3.1: the examples.
      {"SID=31d4d96e407aad42", "example.com", "/", "example.com", "/deep/er", "SID=31d4d96e407aad42"},
      {"SID=1", "example.com", "/", "www.example.com", "/", ""},
      {"SID=1; Path=/; Domain=example.com", "www.example.com", "/", "www.example.com", "/", "SID=1"},
      {"SID=1; Path=/; Domain=example.com", "www.example.com", "/", "example.com", "/", "SID=1"},
      {"SID=1; Path=/; Domain=.example.com", "www.example.com", "/", "other.example.com", "/", "SID=1"},
      // §5.1.3: domains.
      {"a=1; Domain=example.com", "www.example.com", "/", "badexample.com", "/", ""},
      {"a=1; Domain=other.com", "www.example.com", "/", "other.com", "/", ""},
      {"a=1; Domain=www.example.com", "example.com", "/", "www.example.com", "/", ""},
      {"a=1; Domain=com", "example.com", "/", "example.com", "/", ""},
      {"a=1; Domain=EXAMPLE.com", "www.example.com", "/", "example.com", "/", "a=1"},
      {"a=1; Domain=", "example.com", "/", "example.com", "/", "a=1"},
      {"a=1; Domain=localhost", "localhost", "/", "localhost", "/", "a=1"},
      {"a=1; Domain=127.0.0.1", "127.0.0.1", "/", "127.0.0.1", "/", "a=1"},
      {"a=1; Domain=0.0.1", "127.0.0.1", "/", "127.0.0.1", "/", ""},
      // §5.1.4: paths.
      {"a=1; Path=/docs", "h.test", "/", "h.test", "/docs", "a=1"},
      {"a=1; Path=/docs", "h.test", "/", "h.test", "/docs/x?q=1", "a=1"},
      {"a=1; Path=/docs", "h.test", "/", "h.test", "/docsx", ""},
      {"a=1; Path=/docs/", "h.test", "/", "h.test", "/docs", ""},
      {"a=1; Path=/docs/", "h.test", "/", "h.test", "/docs/x", "a=1"},
      {"a=1; Path=docs", "h.test", "/in/here", "h.test", "/in", "a=1"},
      {"a=1", "h.test", "/in/here", "h.test", "/in/there", "a=1"},
      {"a=1", "h.test", "/in/here", "h.test", "/", ""},
      {"a=1", "h.test", "/here?x=/y/z", "h.test", "/", "a=1"},
      // §5.2: how it is read.
      {"  a  =  1 ;Path=/", "h.test", "/", "h.test", "/", "a=1"},
      {"a=\"quoted; Path=/", "h.test", "/", "h.test", "/", "a=\"quoted"},
      {"a=b=c", "h.test", "/", "h.test", "/", "a=b=c"},
      {"a=", "h.test", "/", "h.test", "/", "a="},
      {"=1", "h.test", "/", "h.test", "/", ""},
      {"no pair", "h.test", "/", "h.test", "/", ""},
      {"a=1\x01", "h.test", "/", "h.test", "/", ""},
      {"a=1; Max-Age=x; Expires=nonsense; Unknown=2; HttpOnly; SameSite=Lax", "h.test", "/", "h.test", "/", "a=1"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.field, c.from_host, c.to_host, c.to_path);
    CHECK(sent(c.field, at(c.from_host, c.from_path), at(c.to_host, c.to_path)) == c.expected);
  }
}

TEST_CASE("a secure cookie goes over TLS only, and comes from there") {
  CHECK(sent("a=1; Secure", at("h.test"), at("h.test")) == "a=1");
  CHECK(sent("a=1; Secure", at("h.test"), at("h.test", "/", false)).empty());
  CHECK(sent("a=1; Secure", at("h.test", "/", false), at("h.test")).empty());
  CHECK(sent("__Secure-a=1", at("h.test"), at("h.test")).empty());
  CHECK(sent("__Host-a=1; Secure; Path=/", at("h.test"), at("h.test")) == "__Host-a=1");
  CHECK(sent("__Host-a=1; Secure; Path=/; Domain=h.test", at("h.test"), at("h.test")).empty());
}

TEST_CASE("a cookie is sent until it expires, and Max-Age counts before Expires") {
  CHECK(sent("a=1; Max-Age=60", at("h.test"), at("h.test"), kNow + 59s) == "a=1");
  CHECK(sent("a=1; Max-Age=60", at("h.test"), at("h.test"), kNow + 60s).empty());
  CHECK(sent("a=1; Max-Age=0; Expires=Wed, 09 Jun 2094 10:18:14 GMT", at("h.test"), at("h.test")).empty());
  CHECK(sent("a=1; Max-Age=99999999999999999999", at("h.test"), at("h.test"), kNow + 24h * 365 * 50) == "a=1");
  CHECK(sent("a=1; Expires=Sat, 28 Nov 2026 00:01:00 GMT", at("h.test"), at("h.test"), kNow + 59s) == "a=1");
  CHECK(sent("a=1; Expires=Sat, 28 Nov 2026 00:01:00 GMT", at("h.test"), at("h.test"), kNow + 60s).empty());
}

TEST_CASE("a cookie's date is read as RFC 6265 reads it") {
  const auto time = std::chrono::sys_days(std::chrono::year(1994) / 11 / 6) + 8h + 49min + 37s;
  for (const std::string_view text :
       {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "6 november 94 8:49:37",
        "1994 6 Nov 08:49:37", "Nov/6/1994/08:49:37"}) {
    CAPTURE(text);
    CHECK(parse_cookie_date(text) == time);
  }
  for (const std::string_view text : {"", "0", "Sun, 06 Nov 1994", "32 Nov 1994 00:00:00", "31 Feb 2000 00:00:00",
                                      "1 Jan 1600 00:00:00", "1 Jan 2000 24:00:00", "1 Jan 2000 00:60:00"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_cookie_date(text));
  }
}

TEST_CASE("longer paths stand first, then what was set earlier; a cookie that is set again keeps its turn") {
  CookieJar jar;
  const CookiePlace place = at("h.test", "/a/b");
  for (const std::string_view field : {"x=1; Path=/", "y=2; Path=/a", "z=3; Path=/", "x=4; Path=/"})
    CHECK(jar.set(field, place, kNow));
  CHECK(to_cookie_header(jar.cookies(place, kNow)) == "y=2; x=4; z=3");
  CHECK(jar.size() == 3);
}

TEST_CASE("what the server sets takes the place of what was recorded, and what it takes back is not sent") {
  CookieJar jar;
  const CookiePlace place = at("app.test");
  const auto recorded = parse_cookies("sid=old; theme=dark;  lang=de; =odd; alone");
  CHECK(to_cookie_header(jar.over_recorded(recorded, place, kNow)) == "sid=old; theme=dark; lang=de; odd; alone");
  jar.set("sid=live; Path=/", place, kNow);
  jar.set("lang=; Max-Age=0; Path=/", place, kNow);
  jar.set("csrf=t; Path=/", place, kNow);
  jar.set("admin=1; Path=/admin", place, kNow);
  CHECK(to_cookie_header(jar.over_recorded(recorded, place, kNow)) == "sid=live; theme=dark; odd; alone; csrf=t");
}

TEST_CASE("a server that is reached under another name may say either as a cookie's domain") {
  CookieJar jar;
  CookiePlace place{"app.test", "/", true, "localhost"};
  CHECK(jar.set("a=1; Domain=localhost; Path=/", place, kNow));
  CHECK(jar.set("b=2; Domain=app.test; Path=/", place, kNow));
  CHECK_FALSE(jar.set("c=3; Domain=else.test; Path=/", place, kNow));
  CHECK(to_cookie_header(jar.cookies(place, kNow)) == "a=1; b=2");
}

TEST_CASE("a server cannot make the jar grow without end") {
  CookieJar jar;
  for (int i = 0; i < 10'000; ++i)
    jar.set("c" + std::to_string(i) + "=1; Path=/", at("h" + std::to_string(i % 40) + ".test"), kNow);
  CHECK(jar.size() <= 3000);
  CHECK_FALSE(jar.set("a=" + std::string(5000, 'x'), at("h.test"), kNow));
  for (int i = 0; i < 400; ++i) jar.set("d" + std::to_string(i) + "=1; Path=/", at("one.test"), kNow);
  CHECK(jar.cookies(at("one.test"), kNow).size() == 180);
  CHECK(jar.cookies(at("one.test"), kNow).front().first == "d220");
}
