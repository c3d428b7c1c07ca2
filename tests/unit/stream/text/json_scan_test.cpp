#include "stream/text/json_scan.hpp"

#include "stream/text/json_find.hpp"

#include <catch2/catch.hpp>
#include <random>

using stream::ElementScanner;

namespace {

struct Scanned {
  std::vector<std::size_t> ends;
  std::size_t stop = 0;
  bool closed = false;
};

Scanned scan(std::string_view text, std::size_t step) {
  Scanned result;
  ElementScanner scanner;
  std::size_t at = 0;
  while (at < text.size() && !scanner.closed()) {
    const std::string_view piece = text.substr(at, step);
    at += scanner.scan(piece, at, result.ends);
  }
  result.stop = at;
  result.closed = scanner.closed();
  return result;
}

/// The same by one byte after another.
Scanned reference(std::string_view text) {
  Scanned result;
  int depth = 0;
  bool inside = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (inside) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        inside = false;
      }
    } else if (c == '"') {
      inside = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (--depth == 0) result.ends.push_back(i + 1);
      if (depth < 0) {
        result.stop = i + 1;
        result.closed = true;
        return result;
      }
    }
  }
  result.stop = text.size();
  return result;
}

}  // namespace

TEST_CASE("elements end at their brackets, whatever stands in strings") {
  const std::string text = R"({"a":"}]\"{"},{"b":[{},[1]]} , ["\\"] ] trailing)";
  for (const std::size_t step : {std::size_t{64}, std::size_t{4096}}) {
    const Scanned result = scan(text, step);
    CHECK(result.ends == std::vector<std::size_t>{13, 28, 37});
    CHECK(result.closed);
    CHECK(result.stop == 39);
  }
}

TEST_CASE("the scanner agrees with a scan byte by byte on random text, however it is cut into blocks") {
  std::mt19937 random(1);
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    const std::size_t size = random() % 400;
    // Backslashes only where they can stand: outside strings the blockwise scan need not agree.
    bool inside = false;
    while (text.size() < size) {
      const char c = "\"\"\\\\{}[]x y,:\n"[random() % 14];
      if (c == '\\' && !inside) continue;
      if (c == '\\') {
        text += c;
        text += "\\\"n/"[random() % 4];
        continue;
      }
      if (c == '"') inside = !inside;
      text += c;
    }
    const Scanned expected = reference(text);
    for (const std::size_t step : {std::size_t{64}, std::size_t{128}, std::size_t{1024}}) {
      const Scanned result = scan(text, step);
      REQUIRE(result.ends == expected.ends);
      REQUIRE(result.closed == expected.closed);
      REQUIRE(result.stop == expected.stop);
    }
  }
}

TEST_CASE("raw control characters in strings are noticed, and how deep brackets go; white space between tokens is not") {
  std::vector<std::size_t> ends;
  ElementScanner scanner;
  scanner.scan("{\n\t\"a\": [[1]]\r\n}", 0, ends);
  CHECK_FALSE(scanner.take_control());
  CHECK(scanner.take_deepest() == 3);
  scanner.scan("{\"a\nb\"}", 0, ends);
  CHECK(scanner.take_control());
  CHECK_FALSE(scanner.take_control());
}

TEST_CASE("a string's closing quote is the first that no backslash escapes, wherever blocks are cut") {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string text(random() % 300, 'x');
    for (char& c : text) {
      const auto what = random() % 6;
      c = what == 0 ? '\\' : what == 1 && random() % 8 == 0 ? '"' : 'x';
    }
    const std::size_t from = text.empty() ? 0 : random() % text.size();
    std::size_t expected = std::string_view::npos;
    for (std::size_t at = from; at < text.size(); ++at) {
      if (text[at] == '\\') {
        ++at;
      } else if (text[at] == '"') {
        expected = at;
        break;
      }
    }
    CHECK(stream::find_closing_quote(text, from) == expected);
  }
}

TEST_CASE("bytes are counted in any length and at any offset") {
  const std::string text(1000, '\n');
  for (std::size_t from = 0; from < 70; ++from) {
    for (std::size_t size = 0; size < 140; ++size)
      CHECK(stream::count_byte(std::string_view(text).substr(from, size), '\n') == size);
  }
  CHECK(stream::count_byte("a\nb\nc", '\n') == 2);
}

TEST_CASE("minifying drops white space between tokens and nothing else") {
  std::string out = "x";
  CHECK(stream::append_minified(out, "{ \"a b\" : [ 1 ,\n\t2.50 ] }\r\n"));
  CHECK(out == "x{\"a b\":[1,2.50]}");
  CHECK_FALSE(stream::append_minified(out, "{\"a"));
  CHECK(out == "x{\"a b\":[1,2.50]}");
}

TEST_CASE("one value is found by its path, whatever stands before it") {
  using stream::find_raw_value;
  const std::string text =
      R"( {"a" : "x\\\"}{", "status":1, "response" : {"x":[1,{"status":2}], "status" : 404, "u":"v"}, "n": null } )";
  CHECK(find_raw_value(text, {"response", "status"}) == "404");
  CHECK(find_raw_value(text, {"response", "x"}) == R"([1,{"status":2}])");
  CHECK(find_raw_value(text, {"response", "u"}) == "\"v\"");
  CHECK(find_raw_value(text, {"a"}) == R"("x\\\"}{")");
  CHECK(find_raw_value(text, {"n"}) == "null");
  CHECK_FALSE(find_raw_value(text, {"b"}));
  CHECK_FALSE(find_raw_value(text, {"status", "x"}));
  for (std::size_t cut = 0; cut < text.size(); ++cut)
    (void)find_raw_value(std::string_view(text).substr(0, cut), {"response", "nothing"});
}
