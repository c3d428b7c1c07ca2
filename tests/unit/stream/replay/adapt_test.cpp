#include "stream/replay/adapt.hpp"

#include <catch2/catch.hpp>

#include "exchanges.hpp"

using namespace stream;
using namespace stream::replay;
using stream::test::ExchangeBuilder;
using stream::test::ms;

namespace {

using Fields = std::vector<HeaderField>;
using Headers = std::initializer_list<std::pair<std::string, std::string>>;

HttpTime date(std::string_view text) { return parse_http_date(text).value(); }

std::shared_ptr<const Answer> answer_of(const ExchangeBuilder& builder, std::optional<WallTime> start = std::nullopt) {
  Exchange exchange = builder.build();
  exchange.start = start;
  return make_answer(std::make_shared<const Exchange>(std::move(exchange)), {});
}

std::shared_ptr<const Answer> with_headers(Headers headers) {
  return answer_of(ExchangeBuilder().response(ms(0), 200, headers).end(ms(0)));
}

/// api.example is localhost:3000, cdn.example is cdn.local:3000.
Naming naming(bool bodies = false, bool secure = false) {
  Naming naming;
  naming.bodies = bodies;
  naming.secure = secure;
  naming.origin = [secure](std::string_view scheme, std::string_view authority) -> std::optional<std::string> {
    const std::string used = secure ? "https://" : "http://";
    if (authority == "api.example" || authority == "api.example:443" || (scheme.empty() && authority == "example"))
      return used + "localhost:3000";
    if (authority == "cdn.example") return used + "cdn.local:3000";
    return std::nullopt;
  };
  return naming;
}

std::string rewritten(std::string name, std::string value, bool secure = false) {
  return rewrite_names(with_headers({{std::move(name), std::move(value)}}), naming(false, secure))->headers.front().value;
}

std::vector<std::string> bodies(std::vector<std::string> pieces, std::string type = "text/html") {
  ExchangeBuilder builder;
  builder.response(ms(0), 200, {{"Content-Type", std::move(type)}});
  std::int64_t at = 0;
  for (const std::string& piece : pieces) builder.data(ms(++at), piece);
  const auto answer = rewrite_names(answer_of(builder.end(ms(100))), naming(true));
  std::vector<std::string> out;
  for (const Step& step : answer->steps) {
    if (step.kind == StepKind::data) out.push_back(std::to_string(step.at / ms(1)) + ":" + std::string(step.bytes));
  }
  return out;
}

std::string body(std::string text, std::string type = "text/html") {
  return bodies({std::move(text)}, std::move(type)).front().substr(2);
}

}  // namespace

TEST_CASE("dates move by the time since the recording") {
  const Moment moment{date("Tue, 22 Dec 2026 09:15:30 GMT"),
                      date("Tue, 22 Dec 2026 09:00:30 GMT")};  // 30 days later, serving for 15 minutes
  const auto builder = ExchangeBuilder()
                           .response(ms(0), 200,
                                     {{"Date", "Sun, 22 Nov 2026 09:15:31 GMT"},
                                      {"Expires", "Sun, 22 Nov 2026 10:15:31 GMT"},
                                      {"Last-Modified", "Sat, 21 Nov 2026 09:15:30 GMT"},
                                      {"Age", "12"},
                                      {"Cache-Control", "max-age=60"},
                                      {"Retry-After", "120"},
                                      {"Set-Cookie", "a=Expires=1; Path=/; expires=Sun, 29-Nov-2026 09:15:30 GMT; Secure"},
                                      {"Set-Cookie", "b=2; Max-Age=10"}})
                           .end(ms(0));
  const auto answer = refresh_dates(answer_of(builder, parse_iso8601("2026-11-22T09:15:30.400Z").value().time), moment);
  CHECK(answer->headers == Fields{{"Date", "Tue, 22 Dec 2026 09:15:31 GMT"},
                                  {"Expires", "Tue, 22 Dec 2026 10:15:31 GMT"},
                                  {"Last-Modified", "Mon, 21 Dec 2026 09:00:30 GMT"},
                                  {"Age", "12"},
                                  {"Cache-Control", "max-age=60"},
                                  {"Retry-After", "120"},
                                  {"Set-Cookie", "a=Expires=1; Path=/; expires=Tue, 29 Dec 2026 09:15:30 GMT; Secure"},
                                  {"Set-Cookie", "b=2; Max-Age=10"}});
}

TEST_CASE("Last-Modified is the same each time, so that it can be revalidated") {
  const auto answer =
      with_headers({{"Date", "Sun, 22 Nov 2026 09:15:30 GMT"}, {"Last-Modified", "Sat, 21 Nov 2026 09:15:30 GMT"}});
  const HttpTime started = date("Tue, 22 Dec 2026 09:00:30 GMT");
  const auto early = refresh_dates(answer, {started, started});
  const auto late = refresh_dates(answer, {started + std::chrono::hours(5), started});
  CHECK(find_header(early->headers, "last-modified") == find_header(late->headers, "last-modified"));
  CHECK(find_header(early->headers, "date") == "Tue, 22 Dec 2026 09:00:30 GMT");  // counted from the recorded Date
  CHECK(find_header(late->headers, "date") == "Tue, 22 Dec 2026 14:00:30 GMT");
  const Fields asked{{"If-Modified-Since", std::string(find_header(early->headers, "last-modified"))}};
  CHECK(negotiate({"GET", &asked}, late, started)->status == 304);
}

TEST_CASE("an answer of an unknown time keeps its dates, and so does what is no date") {
  const auto unknown = with_headers({{"Expires", "Sun, 22 Nov 2026 10:15:31 GMT"}});
  CHECK(refresh_dates(unknown, {}) == unknown);
  const auto odd =
      with_headers({{"Date", "Sun, 22 Nov 2026 09:15:30 GMT"}, {"Expires", "0"}, {"Set-Cookie", "a=1; expires=soon"}});
  const auto moved = refresh_dates(odd, {});
  CHECK(find_header(moved->headers, "expires") == "0");
  CHECK(find_header(moved->headers, "set-cookie") == "a=1; expires=soon");
}

TEST_CASE("addresses in headers are those that the client uses") {
  CHECK(rewritten("Location", "https://api.example/a?b=https://api.example/c") ==
        "http://localhost:3000/a?b=http://localhost:3000/c");
  CHECK(rewritten("Location", "https://api.example:443") == "http://localhost:3000");
  CHECK(rewritten("Location", "HTTPS://api.example/") == "http://localhost:3000/");
  CHECK(rewritten("Location", "//cdn.example/x") == "//cdn.local:3000/x");
  CHECK(rewritten("Location", "/next") == "/next");
  CHECK(rewritten("Location", "https://other.example/") == "https://other.example/");
  CHECK(rewritten("Location", "https://api.example.evil/") == "https://api.example.evil/");
  CHECK(rewritten("Location", "https://xapi.example/") == "https://xapi.example/");
  CHECK(rewritten("Location", "https://user@api.example/") == "https://user@api.example/");
  CHECK(rewritten("Location", "https://api.example@evil/") == "https://api.example@evil/");
  CHECK(rewritten("Location", "https://api.example:444/") == "https://api.example:444/");
  CHECK(rewritten("Content-Location", "https://api.example/a") == "http://localhost:3000/a");
  CHECK(rewritten("Refresh", "5; url=https://api.example/a") == "5; url=http://localhost:3000/a");
  CHECK(rewritten("Link", "<https://api.example/2>; rel=next, <https://cdn.example/x>; rel=preload") ==
        "<http://localhost:3000/2>; rel=next, <http://cdn.local:3000/x>; rel=preload");
  CHECK(rewritten("Access-Control-Allow-Origin", "https://api.example") == "http://localhost:3000");
  CHECK(rewritten("Access-Control-Allow-Origin", "*") == "*");
  CHECK(rewritten("X-Other", "https://api.example/") == "https://api.example/");
  CHECK(rewritten("Location", "http://api.example/", true) == "https://localhost:3000/");
}

TEST_CASE("cookies are such that a client of this place takes them") {
  CHECK(rewritten("Set-Cookie", "a=Secure; Domain=api.example; Path=/; Secure; HttpOnly; SameSite=None") ==
        "a=Secure; Path=/; HttpOnly");
  CHECK(rewritten("Set-Cookie", "a=1; domain=.example; SameSite=Lax") == "a=1; SameSite=Lax");
  CHECK(rewritten("Set-Cookie", "a=1; Domain=other.example") == "a=1; Domain=other.example");
  CHECK(rewritten("Set-Cookie", "a=1; Domain=cdn.example;Path=/") == "a=1; Domain=cdn.local;Path=/");
  CHECK(rewritten("Set-Cookie", "a=1; Secure; SameSite=None", true) == "a=1; Secure; SameSite=None");
  CHECK(rewritten("Set-Cookie", "secure; Path=/") == "secure; Path=/");
}

TEST_CASE("addresses in bodies are rewritten only where that is asked for") {
  CHECK(body("<a href=\"https://api.example/x\">") == "<a href=\"http://localhost:3000/x\">");
  CHECK(body("{\"u\":\"https:\\/\\/api.example\\/x\"}", "application/json") == "{\"u\":\"http:\\/\\/localhost:3000\\/x\"}");
  CHECK(body("'wss://api.example/ws' \"ws://cdn.example\"") == "'ws://localhost:3000/ws' \"ws://cdn.local:3000\"");
  CHECK(body("<script src=\"//cdn.example/x.js\">") == "<script src=\"//cdn.local:3000/x.js\">");
  CHECK(body("a comment //cdn.example and /path//cdn.example") == "a comment //cdn.example and /path//cdn.example");
  CHECK(body("See https://api.example. ftp://api.example") == "See http://localhost:3000. ftp://api.example");
  CHECK(body("svn+https://api.example") == "svn+https://api.example");
  CHECK(body("https://api.example", "image/png") == "https://api.example");
  CHECK(body("https:// https://[ //") == "https:// https://[ //");
  const auto answer = answer_of(
      ExchangeBuilder().response(ms(0), 200, {{"Content-Type", "text/html"}}).data(ms(0), "https://api.example").end(ms(0)));
  CHECK(rewrite_names(answer, naming())->steps[1].bytes == "https://api.example");
  const auto cut =
      answer_of(ExchangeBuilder().response(ms(0), 200, {{"Content-Type", "text/html"}}).data(ms(0), "https://api.example"));
  CHECK(rewrite_names(cut, naming(true))->steps[1].bytes == "https://api.example");
}

TEST_CASE("an address over several pieces comes with the last of them, and nothing early") {
  CHECK(bodies({"a https://api", ".exa", "mple/x", " b"}) ==
        std::vector<std::string>{"1:a ", "3:http://localhost:3000/x", "4: b"});
  CHECK(bodies({"https://api.example", "/x https://cdn.", "example"}) ==
        std::vector<std::string>{"1:http://localhost:3000", "2:/x ", "3:http://cdn.local:3000"});
}

TEST_CASE("a preflight gets leave for what it asks") {
  const Fields asked{{"Origin", "https://app.example"},
                     {"Access-Control-Request-Method", "PUT"},
                     {"Access-Control-Request-Headers", "content-type,x-a"},
                     {"Access-Control-Request-Private-Network", "true"}};
  CHECK(is_preflight({"OPTIONS", &asked}));
  CHECK(!is_preflight({"GET", &asked}));
  const Fields plain{{"Origin", "https://app.example"}};
  CHECK(!is_preflight({"OPTIONS", &plain}));
  const auto answer = preflight_answer({"OPTIONS", &asked});
  CHECK(answer->status == 204);
  CHECK(answer->headers == Fields{{"Access-Control-Allow-Origin", "https://app.example"},
                                  {"Access-Control-Allow-Credentials", "true"},
                                  {"Vary", "Origin"},
                                  {"Access-Control-Allow-Methods", "PUT"},
                                  {"Access-Control-Allow-Headers", "content-type,x-a"},
                                  {"Access-Control-Allow-Private-Network", "true"}});
}

TEST_CASE("another origin may read everything, in the place of what was recorded") {
  const Fields asked{{"Origin", "http://localhost:5173"}};
  CHECK(is_cross_origin({"GET", &asked}, "localhost:8080"));
  CHECK(!is_cross_origin({"GET", &asked}, "LOCALHOST:5173"));
  const Fields sandboxed{{"Origin", "null"}};
  CHECK(is_cross_origin({"GET", &sandboxed}, "localhost:8080"));
  const Fields none;
  CHECK(!is_cross_origin({"GET", &none}, "localhost:8080"));
  const auto answer = with_cors({"GET", &asked}, with_headers({{"Content-Type", "text/plain"},
                                                               {"access-control-allow-origin", "https://app.example"},
                                                               {"Access-Control-Expose-Headers", "X-Old"},
                                                               {"Vary", "Accept"},
                                                               {"X-A", "1"},
                                                               {"x-a", "2"},
                                                               {"Set-Cookie", "a=1"}}));
  CHECK(answer->headers == Fields{{"Content-Type", "text/plain"},
                                  {"access-control-allow-origin", "http://localhost:5173"},
                                  {"Vary", "Accept, Origin"},
                                  {"X-A", "1"},
                                  {"x-a", "2"},
                                  {"Set-Cookie", "a=1"},
                                  {"Access-Control-Allow-Credentials", "true"},
                                  {"Access-Control-Expose-Headers", "Vary, X-A"}});
}
