#include <catch2/catch.hpp>

#include "har/match/matcher.hpp"
#include "matching.hpp"

using namespace har::match;
using test::asked;
using test::Table;

TEST_CASE("the nearest exchange is named with everything that differs") {
  MatchOptions options;
  options.headers = {"Accept"};
  options.ignore_query = {"t"};
  Table table(options,
              {{"GET", "https://a.test/v1/chat/completions"},
               {"POST", "https://a.test/v1/chat/completions", R"({"model":"m","n":1})", "application/json", {{"Accept", "x"}}},
               {"POST", "https://a.test/v1/models?limit=10&t=1"},
               {"POST", "https://a.test/v1/models?limit=2&page=1"},
               {"POST", "https://a.test/form", "a=1&b=2", "application/x-www-form-urlencoded"}});
  struct Case {
    Request live;
    const char* told;
  };
  const Case cases[] = {
      {asked("POST", "https://a.test/v2/chat/completions", R"({"model":"m","n":1})", "application/json", {{"Accept", "x"}}),
       R"(1; path: expected "/v1/chat/completions", got "/v2/chat/completions")"},
      {asked("GET", "/v1/chat/completion"), R"(0; path: expected "/v1/chat/completions", got "/v1/chat/completion")"},
      {asked("PUT", "/v1/models?limit=2&page=1"), R"(3; method: expected "POST", got "PUT")"},
      {asked("POST", "/v1/models?limit=2&page=2"), R"(3; query page: expected "1", got "2")"},
      {asked("POST", "/v1/models?limit=10&t=2&x=y"), R"(2; query x: expected nothing, got "y")"},
      {asked("POST", "https://b.test:81/v1/models?limit=10"),
       R"(2; host: expected "a.test", got "b.test"; port: expected "the usual one", got "81")"},
      {asked("POST", "/v1/chat/completions", R"({"model":"n","n":1,"z":[]})", "application/json", {{"accept", "y"}}),
       R"(1; header Accept: expected "x", got "y"; body /model: expected ""m"", got ""n""; body /z: expected nothing, got "[]")"},
      {asked("POST", "/form", "a=1&b=3", "application/x-www-form-urlencoded"), R"(4; body b: expected "2", got "3")"},
      {asked("POST", "/form", "x", "text/plain"), R"(4; body: expected "a=1&b=2", got "x")"},
      {asked("POST", "/form"), R"(4; body: expected "a=1&b=2", got nothing)"},
      {test::upgrade("/v1/chat/completions"), R"(0; method: expected "GET", got "websocket")"},
  };
  for (const Case& each : cases) CHECK(table.explain(each.live) == each.told);
  CHECK(Table({}, {}).explain(asked("GET", "/")) == "nothing");
}

TEST_CASE("long values are shortened between characters, and control characters are not shown") {
  std::string text(77, 'a');
  text += "\xc3\xa9\xc3\xa9\xc3\xa9";
  Table table({}, {{"POST", "/x", text, "text/plain"}});
  CHECK(table.explain(asked("POST", "/x", "a\x1b[2J\n", "text/plain")) ==
        "0; body: expected \"" + std::string(77, 'a') + "…\", got \"a\\x1b[2J\\x0a\"");
}
