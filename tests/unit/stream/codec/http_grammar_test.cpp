#include "stream/codec/http_grammar.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace stream;
using Strings = std::vector<std::string>;

TEST_CASE("a token is of letters, digits and a few marks, and is not empty") {
  CHECK(http::is_token("X-a.b~9"));
  CHECK_FALSE(http::is_token(""));
  CHECK_FALSE(http::is_token("a b"));
  CHECK_FALSE(http::is_token("é"));
  CHECK_FALSE(http::is_token_char('\0'));
}

TEST_CASE("empty elements of a list count for nothing, unless they are asked for") {
  Strings elements;
  http::each_element(" a ,,\tb b, ", [&](std::string_view each) { elements.emplace_back(each); });
  CHECK(elements == Strings{"a", "b b"});
  Strings all;
  http::each_between(" a ;;b;", ';', [&](std::string_view each) { all.emplace_back(each); });
  CHECK(all == Strings{"a", "", "b", ""});
}

TEST_CASE("blanks are spaces and tabs, and no other white space") {
  CHECK(ascii::trimmed(" \ta\r\n ") == "a\r\n");
  CHECK(ascii::trimmed(" \t").empty());
}

TEST_CASE("case is that of ASCII only") {
  CHECK(ascii::equal_ignoring_case("Set-COOKIE", "set-cookie"));
  CHECK_FALSE(ascii::equal_ignoring_case("É", "é"));
  CHECK_FALSE(ascii::equal_ignoring_case("@", "`"));
  CHECK(ascii::lower_case("ÄB[") == "Äb[");
}

TEST_CASE("what anybody may have written is shown in a message without controls, and cut") {
  CHECK(ascii::shown("a\x1b[0m\x7f\xff", 40) == "a?[0m??");
  CHECK(ascii::shown("abcdef", 3) == "abc…");
}
