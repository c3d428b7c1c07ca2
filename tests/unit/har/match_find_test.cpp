#include <catch2/catch.hpp>

#include "har/match/matcher.hpp"
#include "matching.hpp"

using namespace har::match;
using test::asked;
using test::Table;

TEST_CASE("method, host, path, query, and body must be the same, and nothing else") {
  Table table({}, {{"GET", "https://a.test/x?q=1"},
                   {"GET", "https://a.test/x?q=2"},
                   {"POST", "https://a.test/x?q=1"},
                   {"GET", "https://b.test/x?q=1"},
                   {"GET", "https://a.test:8443/x?q=1"},
                   {"GET", "http://a.test/y"}});
  struct Case {
    const char* method;
    const char* url;
    const char* found;
  };
  const Case cases[] = {
      {"GET", "https://a.test/x?q=1", "0"},
      {"GET", "https://a.test/x?q=2", "1"},
      {"POST", "https://a.test/x?q=1", "2"},
      {"GET", "https://b.test/x?q=1", "3"},
      {"GET", "https://a.test:8443/x?q=1", "4"},
      {"GET", "https://a.test:443/x?q=1", "0"},
      {"GET", "https://A.test./x?q=1", "0"},
      {"GET", "https://a.test/%78?%71=%31", "0"},
      {"GET", "https://a.test/x?q=1#f", "0"},
      {"GET", "https://a.test/x", "none"},
      {"GET", "https://a.test/x?q=1&q=1", "none"},
      {"GET", "https://a.test/x?q=3", "none"},
      {"GET", "https://a.test/X?q=1", "none"},
      {"get", "https://a.test/x?q=1", "none"},
      {"PUT", "https://a.test/x?q=1", "none"},
      {"GET", "https://c.test/x?q=1", "none"},
      {"GET", "http://a.test/x?q=1", "none"},
      {"GET", "https://a.test/y", "none"},
      {"GET", "/x?q=2", "1"},
      {"GET", "/y", "5"},
      {"GET", "/x%2F?q=1", "none"},
  };
  for (const Case& each : cases) {
    INFO(each.method << " " << each.url);
    CHECK(table.find(asked(each.method, each.url)) == each.found);
  }
}

TEST_CASE("where the scheme is not known, the usual ports of both are the same") {
  Table table({}, {{"GET", "https://a.test/x"}, {"GET", "http://a.test:8080/x"}});
  Request live = make_request("GET", "/x");
  set_authority(live, "a.test");
  CHECK(table.find(live) == "0");
  set_authority(live, "a.test:443");
  CHECK(table.find(live) == "0");
  set_authority(live, "a.test:8080");
  CHECK(table.find(live) == "1");
  set_authority(live, "a.test:81");
  CHECK(table.find(live) == "none");
}

TEST_CASE("parameters of the query may stand in any order, and some may be ignored") {
  MatchOptions options;
  options.ignore_query = {"t", "_"};
  Table table(options, {{"GET", "/x?a=1&b=2&t=9"}, {"GET", "/y?a=1&a=2"}});
  CHECK(table.find(asked("GET", "/x?b=2&t=7&a=1")) == "0");
  CHECK(table.find(asked("GET", "/x?b=2&a=1&_=3")) == "0");
  CHECK(table.find(asked("GET", "/x?b=2&a=1&c=")) == "none");
  CHECK(table.find(asked("GET", "/y?a=2&a=1")) == "1");
  CHECK(table.find(asked("GET", "/y?a=2")) == "none");
}

TEST_CASE("hosts, ports, and schemes can be ignored") {
  const std::vector<test::Row> rows{{"GET", "https://a.test:1/x"}, {"GET", "http://b.test:2/y"}};
  const auto find = [&](const MatchOptions& options, std::string_view url) {
    return Table(options, rows).find(asked("GET", url));
  };
  MatchOptions none;
  MatchOptions scheme;
  scheme.ignore_scheme = true;
  MatchOptions port;
  port.ignore_port = true;
  MatchOptions host;
  host.ignore_host = true;
  CHECK(find(none, "http://a.test:1/x") == "none");
  CHECK(find(scheme, "http://a.test:1/x") == "0");
  CHECK(find(none, "https://a.test:9/x") == "none");
  CHECK(find(port, "https://a.test:9/x") == "0");
  CHECK(find(port, "https://b.test/x") == "none");
  CHECK(find(host, "https://b.test/x") == "0");
  CHECK(find(host, "http://a.test/y") == "1");
}

TEST_CASE("chosen headers must be equal") {
  MatchOptions options;
  options.headers = {"Accept", "X-Version"};
  Table table(options, {{"GET", "/x", {}, {}, {{"accept", "text/html"}}},
                        {"GET", "/x", {}, {}, {{"accept", "application/json"}}},
                        {"GET", "/x", {}, {}, {{"accept", "application/json"}, {"x-version", "2"}}}});
  CHECK(table.find(asked("GET", "/x", {}, {}, {{"Accept", " application/json "}})) == "1");
  CHECK(table.find(asked("GET", "/x", {}, {}, {{"Accept", "text/html"}, {"X-Other", "1"}})) == "0");
  CHECK(table.find(asked("GET", "/x", {}, {}, {{"X-Version", "2"}, {"Accept", "application/json"}})) == "2");
  CHECK(table.find(asked("GET", "/x")) == "none");
  CHECK(table.find(asked("GET", "/x", {}, {}, {{"X-Version", "application/json"}})) == "none");
}

TEST_CASE("of the same requests those with the same headers are taken, whatever changes from request to request") {
  Table table({}, {{"GET", "/x", {}, {}, {{"Accept", "text/html"}, {"Cookie", "a=1"}}},
                   {"GET", "/x", {}, {}, {{"Accept", "image/png"}, {"Cookie", "a=2"}, {"X-Request-Id", "7"}}},
                   {"GET", "/x", {}, {}, {{"Accept", "image/png"}, {"Sec-Fetch-Mode", "cors"}}}});
  CHECK(table.find(asked("GET", "/x", {}, {}, {{"accept", "image/png"}, {"cookie", "a=1"}})) == "1");
  CHECK(table.find(asked("GET", "/x", {}, {}, {{"accept", "text/html"}, {"cookie", "a=2"}})) == "0");
  CHECK(table.find(asked("GET", "/x", {}, {}, {{"accept", "image/png"}})) == "2");
}

TEST_CASE("a header that was recorded and does not come counts against an exchange, if there is one without") {
  Table table({}, {{"GET", "/x", {}, {}, {{"Accept", "a"}, {"Range", "bytes=0-1"}}}, {"GET", "/x", {}, {}, {{"Accept", "a"}}}});
  CHECK(table.find(asked("GET", "/x", {}, {}, {{"Accept", "a"}})) == "1");
  CHECK(table.find(asked("GET", "/x", {}, {}, {{"Accept", "a"}, {"Range", "bytes=0-1"}})) == "0");
}

TEST_CASE("repeats get what the policy says") {
  struct Case {
    Repeat repeat;
    const char* order;
  };
  const Case cases[] = {{Repeat::sequence_last, "0 2 3 3 3 3 3 "},
                        {Repeat::consume, "0 2 3 exhausted exhausted exhausted exhausted "},
                        {Repeat::first, "0 0 0 0 0 0 0 "},
                        {Repeat::cycle, "0 2 3 0 2 3 0 "}};
  for (const Case& each : cases) {
    MatchOptions options;
    options.repeat = each.repeat;
    Table table(options, {{"GET", "/x"}, {"GET", "/y"}, {"GET", "/x"}, {"GET", "/x"}});
    std::string order;
    for (int i = 0; i < 7; ++i) order += table.find(asked("GET", "/x")) + " ";
    CHECK(order == each.order);
    CHECK(table.find(asked("GET", "/y")) == "1");
  }
}

TEST_CASE("turns of requests that headers tell apart are one sequence where the headers do not come") {
  Table table({}, {{"GET", "/x", {}, {}, {{"X-Try", "1"}}},
                   {"GET", "/x", {}, {}, {{"X-Try", "2"}}},
                   {"GET", "/x", {}, {}, {{"X-Try", "1"}}}});
  std::string order;
  for (int i = 0; i < 4; ++i) order += table.find(asked("GET", "/x"));
  CHECK(order == "0122");
  CHECK(table.find(asked("GET", "/x", {}, {}, {{"X-Try", "2"}})) == "1");
}

TEST_CASE("what is consumed gives way to what is not, even if its headers agree less") {
  MatchOptions options;
  options.repeat = Repeat::consume;
  Table table(options, {{"GET", "/x", {}, {}, {{"A", "1"}}}, {"GET", "/x", {}, {}, {{"A", "2"}}}});
  std::string order;
  for (int i = 0; i < 3; ++i) order += table.find(asked("GET", "/x", {}, {}, {{"A", "2"}})) + " ";
  CHECK(order == "1 0 exhausted ");
}

TEST_CASE("each session counts by itself") {
  for (const Repeat repeat : {Repeat::sequence_last, Repeat::consume, Repeat::cycle}) {
    MatchOptions options;
    options.repeat = repeat;
    Table table(options, {{"GET", "/x"}, {"GET", "/x"}});
    CHECK(table.find(asked("GET", "/x"), "a") == "0");
    CHECK(table.find(asked("GET", "/x"), "b") == "0");
    CHECK(table.find(asked("GET", "/x"), "a") == "1");
    CHECK(table.find(asked("GET", "/x")) == "0");
    CHECK(table.find(asked("GET", "/x"), "b") == "1");
    CHECK(table.find(asked("GET", "/x")) == "1");
  }
}

TEST_CASE("the oldest of too many sessions is forgotten") {
  Table table({}, {{"GET", "/x"}, {"GET", "/x"}});
  CHECK(table.find(asked("GET", "/x"), "first") == "0");
  for (int i = 0; i < 9'999; ++i) table.find(asked("GET", "/x"), std::to_string(i));
  CHECK(table.find(asked("GET", "/x"), "first") == "1");
  CHECK(table.find(asked("GET", "/x"), "one more") == "0");
  CHECK(table.find(asked("GET", "/x"), "first") == "0");
}

TEST_CASE("HEAD is answered by what was recorded for it, else by GET, whose turn stays") {
  Table table({}, {{"GET", "/x"}, {"GET", "/x"}, {"GET", "/y"}, {"HEAD", "/y"}});
  CHECK(table.find(asked("HEAD", "/x")) == "0");
  CHECK(table.find(asked("HEAD", "/x")) == "0");
  CHECK(table.find(asked("GET", "/x")) == "0");
  CHECK(table.find(asked("GET", "/x")) == "1");
  CHECK(table.find(asked("HEAD", "/y")) == "3");
  CHECK(table.find(asked("HEAD", "/z")) == "none");
}

TEST_CASE("an upgrade finds WebSocket exchanges first, and a plain request finds them last") {
  test::Row socket{"GET", "ws://h/x", {}, {}, {{"Sec-WebSocket-Key", "abc"}, {"Sec-WebSocket-Extensions", "permessage-deflate"}}};
  test::Row alone{"GET", "wss://h/y"};
  socket.websocket = alone.websocket = true;
  Table table({}, {{"GET", "http://h/x"}, socket, alone, {"GET", "ws://h/z"}});
  CHECK(table.find(test::upgrade("/x")) == "1");
  CHECK(table.find(test::upgrade("ws://h/x")) == "1");
  CHECK(table.find(asked("GET", "/x")) == "0");
  CHECK(table.find(asked("GET", "/y")) == "2");
  CHECK(table.find(test::upgrade("/y")) == "2");
  CHECK(table.find(test::upgrade("/y?v=1")) == "none");
  CHECK(table.find(test::upgrade("/z")) == "3");
  CHECK(table.find(asked("POST", "/y")) == "none");
}

TEST_CASE("each rung of the ladder answers what the one below does not") {
  const std::vector<test::Row> rows{{"POST", "/same", "{\"a\":1}", "application/json"},
                                    {"POST", "/empty"},
                                    {"GET", "/q?a=1&b=2"},
                                    {"GET", "/q?a=1&b=3&c=4"},
                                    {"POST", "/many", "{\"model\":\"m\",\"say\":\"hello there\"}", "application/json"},
                                    {"POST", "/many", "{\"model\":\"m\",\"say\":\"good bye\"}", "application/json"}};
  struct Case {
    Request live;
    const char* strict;
    const char* normal;
    const char* loose;
  };
  const std::string type = "application/json";
  const Case cases[] = {
      {asked("POST", "/same", "{ \"a\": 1.0 }", type), "0", "0", "0"},
      {asked("POST", "/same", "{\"a\":2}", type), "none", "none", "0 it was recorded with another body (50 % alike)"},
      {asked("POST", "/same"), "none", "none", "0 it was recorded with another body (0 % alike)"},
      {asked("POST", "/empty", "x"), "none", "1 it was recorded without a body", "1 it was recorded without a body"},
      {asked("POST", "/empty?x=1", "x"), "none", "none", "1 it was recorded with another query and body (0 % alike)"},
      {asked("GET", "/q?a=1&b=3"), "none", "none", "3 it was recorded with another query (80 % alike)"},
      {asked("GET", "/q?a=1"), "none", "none", "2 it was recorded with another query (66 % alike)"},
      {asked("GET", "/q"), "none", "none", "2 it was recorded with another query (0 % alike)"},
      {asked("POST", "/many", "{\"model\":\"m\",\"say\":\"good bye\"}", type), "5", "5", "5"},
      {asked("GET", "/many"), "none", "none", "none"},
      {asked("GET", "/other"), "none", "none", "none"},
  };
  for (const Case& each : cases) {
    INFO(each.live.method << " " << each.live.target() << " " << each.live.body);
    MatchOptions options;
    for (const auto& [strictness, expected] :
         {std::pair(Strictness::strict, each.strict), std::pair(Strictness::normal, each.normal),
          std::pair(Strictness::loose, each.loose)}) {
      options.strictness = strictness;
      CHECK(Table(options, rows).find_noted(each.live) == expected);
    }
  }
}

TEST_CASE("the most similar body is taken, and none that is less similar than asked for") {
  MatchOptions options;
  options.strictness = Strictness::loose;
  const std::vector<test::Row> rows{{"POST", "/m", R"({"model":"m","top":1,"say":"hello"})", "application/json"},
                                    {"POST", "/m", R"({"model":"n","top":1,"say":"bye"})", "application/json"}};
  const Request live = asked("POST", "/m", R"({"model":"n","top":1,"say":"good bye"})", "application/json");
  CHECK(Table(options, rows).find(live) == "1");
  options.min_score = 990;
  CHECK(Table(options, rows).find(live) == "none");
  CHECK(Table(options, rows).find(asked("POST", "/m", rows[0].body, "application/json")) == "0");
}

TEST_CASE("redirects can be followed, with what they make of the method") {
  const auto row = [](const char* method, const char* url, int status, const char* location) {
    test::Row out{method, url};
    out.status = status;
    out.location = location;
    return out;
  };
  const std::vector<test::Row> rows{row("GET", "https://a.test/old", 301, "/new"),
                                    row("GET", "https://a.test/new", 302, "https://b.test/end?x=1#f"),
                                    row("GET", "https://b.test/end?x=1", 200, ""),
                                    row("POST", "https://a.test/form", 303, "done"),
                                    row("POST", "https://a.test/move", 307, "done"),
                                    row("GET", "https://a.test/done", 200, ""),
                                    row("POST", "https://a.test/done", 201, ""),
                                    row("GET", "https://a.test/loop", 302, "loop"),
                                    row("GET", "https://a.test/out", 302, "https://c.test/"),
                                    row("GET", "https://a.test/turn", 302, "/turn"),
                                    row("GET", "https://a.test/turn", 200, ""),
                                    row("GET", "http://a.test/up", 301, "https://a.test/up"),
                                    row("GET", "https://a.test/up", 200, ""),
                                    row("GET", "http://a.test/down", 301, "https://a.test/downs"),
                                    row("GET", "http://a.test/downs", 200, "")};
  CHECK(Table({}, rows).find(asked("GET", "/old")) == "0");
  MatchOptions options;
  options.follow_redirects = true;
  Table table(options, rows);
  CHECK(table.find_noted(asked("GET", "/old")) == "2 the redirect to https://b.test/end?x=1 was followed");
  CHECK(table.find(asked("POST", "/form")) == "5");
  CHECK(table.find(asked("POST", "/move")) == "6");
  CHECK(table.find(asked("GET", "/loop")) == "cycle");
  CHECK(table.find_noted(asked("GET", "/out")) == "8 the redirect to https://c.test/ is not followed: that was not recorded");
  CHECK(table.find(asked("GET", "/turn")) == "10");
  CHECK(table.find(asked("GET", "/down")) == "14");
  options.repeat = Repeat::first;
  CHECK(Table(options, rows).find(asked("GET", "/up")) == "12");
}

TEST_CASE("an exchange without a host answers at any, and hosts are counted with their ports") {
  Table table({}, {{"GET", "/a"}, {"GET", "http://h/b"}, {"GET", "https://h/b"}, {"GET", "http://h:81/b"}});
  CHECK(table.find(asked("GET", "https://any.test/a")) == "0");
  CHECK(table.matcher().hosts() == 2);
  CHECK(table.matcher().knows_host(asked("GET", "http://h/")));
  CHECK(!table.matcher().knows_host(asked("GET", "http://i/")));
  CHECK(Table({}, {}).find(asked("GET", "/")) == "none");
}
