#include "stream/compare/path.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using stream::PathMatcher;
using stream::PathPattern;

namespace {

using Paths = std::vector<PathPattern>;

Paths set_of(std::initializer_list<const char*> patterns) {
  Paths out;
  for (const char* pattern : patterns) {
    const auto path = stream::parse_path(pattern);
    REQUIRE(path);
    out.push_back(*path);
  }
  return out;
}

PathMatcher::State start(PathMatcher& matcher, std::size_t count) {
  std::vector<std::uint32_t> active;
  for (std::size_t i = 0; i < count; ++i) active.push_back(static_cast<std::uint32_t>(i));
  return matcher.start(active);
}

// Whether a pattern names the path, or something above it.
bool names(const Paths& patterns, std::initializer_list<const char*> path) {
  PathMatcher matcher(patterns);
  auto state = start(matcher, patterns.size());
  if (!matcher.matched(state).empty()) return true;
  for (const char* name : path) {
    state = matcher.member(state, name);
    if (!matcher.matched(state).empty()) return true;
  }
  return false;
}

bool same(const char* dotted, const char* pointer) {
  const auto a = stream::parse_path(dotted);
  const auto b = stream::parse_path(pointer);
  REQUIRE(a);
  REQUIRE(b);
  return std::equal(a->levels.begin(), a->levels.end(), b->levels.begin(), b->levels.end(),
                    [](const auto& x, const auto& y) { return x.kind == y.kind && x.name == y.name; });
}

}  // namespace

TEST_CASE("a pattern without wildcards names one place and all below it") {
  const auto set = set_of({"/a/b"});
  CHECK(names(set, {"a", "b"}));
  CHECK(names(set, {"a", "b", "c"}));
  CHECK_FALSE(names(set, {"a"}));
  CHECK_FALSE(names(set, {"b"}));
  CHECK_FALSE(names(set, {"a", "c", "b"}));
  CHECK_FALSE(names(set, {"A", "b"}));
}

TEST_CASE("one star is exactly one level") {
  const auto set = set_of({"/a/*/c"});
  CHECK(names(set, {"a", "b", "c"}));
  CHECK(names(set, {"a", "0", "c"}));
  CHECK_FALSE(names(set, {"a", "c"}));
  CHECK_FALSE(names(set, {"a", "b", "b", "c"}));
}

TEST_CASE("two stars are any number of levels, none included") {
  const auto set = set_of({"/**/ts"});
  CHECK(names(set, {"ts"}));
  CHECK(names(set, {"a", "ts"}));
  CHECK(names(set, {"a", "b", "3", "ts", "x"}));
  CHECK_FALSE(names(set, {"a", "TS"}));
  CHECK_FALSE(names(set, {"a", "b"}));
  const auto middle = set_of({"/a/**/b/**/c"});
  CHECK(names(middle, {"a", "b", "c"}));
  CHECK(names(middle, {"a", "x", "b", "b", "y", "c"}));
  CHECK_FALSE(names(middle, {"a", "x", "c", "b"}));
}

TEST_CASE("array indices are levels") {
  const auto set = set_of({"/items/1/id"});
  PathMatcher matcher(set);
  const auto items = matcher.member(start(matcher, 1), "items");
  CHECK(matcher.matched(matcher.member(matcher.element(items, 1), "id")) == std::vector<std::uint32_t>{0});
  CHECK(matcher.matched(matcher.member(matcher.element(items, 10), "id")).empty());
}

TEST_CASE("escapes name slashes, tildes and literal stars") {
  CHECK(names(set_of({"/a~1b"}), {"a/b"}));
  CHECK(names(set_of({"/a~0b"}), {"a~b"}));
  CHECK(names(set_of({"/~01"}), {"~1"}));
  CHECK(names(set_of({"/~2"}), {"*"}));
  CHECK_FALSE(names(set_of({"/~2"}), {"a"}));
  CHECK(names(set_of({"/"}), {""}));
}

TEST_CASE("the empty pointer names the whole value") {
  CHECK(names(set_of({""}), {}));
  CHECK_FALSE(names(set_of({}), {"a"}));
}

TEST_CASE("several patterns hold side by side") {
  const auto set = set_of({"/id", "/**/created", "/choices/*/delta"});
  CHECK(names(set, {"id"}));
  CHECK(names(set, {"x", "created"}));
  CHECK(names(set, {"choices", "0", "delta"}));
  CHECK(names(set, {"choices", "0", "created"}));
  CHECK_FALSE(names(set, {"choices", "0", "index"}));
  CHECK_FALSE(names(set, {"x", "id"}));
}

TEST_CASE("a pattern may be for what is below its place") {
  auto set = set_of({"/a"});
  set.front().below = true;
  PathMatcher matcher(set);
  const auto a = matcher.member(start(matcher, 1), "a");
  CHECK(matcher.matched(a).size() == 1);
  CHECK(matcher.matched(matcher.element(matcher.member(a, "x"), 7)).size() == 1);
  CHECK(matcher.matched(matcher.member(start(matcher, 1), "b")).empty());
}

TEST_CASE("names in any case, and elements that are no levels, can be asked for") {
  using Kind = PathPattern::Level::Kind;
  PathPattern pattern;
  pattern.levels = {
      {Kind::any_depth, {}, false}, {Kind::name, "user", true}, {Kind::any_elements, {}, false}, {Kind::name, "id", true}};
  PathMatcher matcher({pattern});
  const auto top = start(matcher, 1);
  const auto user = matcher.member(matcher.member(top, "data"), "User");
  CHECK(matcher.matched(matcher.member(user, "ID")).size() == 1);
  CHECK(matcher.matched(matcher.member(matcher.element(matcher.element(user, 0), 1), "iD")).size() == 1);
  CHECK(matcher.matched(matcher.member(matcher.member(user, "0"), "id")).empty());
  CHECK(matcher.matched(matcher.member(matcher.member(top, "users"), "id")).empty());
}

TEST_CASE("only the patterns that are asked for are looked for") {
  const auto set = set_of({"/a", "/a"});
  PathMatcher matcher(set);
  CHECK(matcher.matched(matcher.member(matcher.start({1}), "a")) == std::vector<std::uint32_t>{1});
  CHECK(matcher.matched(matcher.member(matcher.start({0, 1}), "a")) == std::vector<std::uint32_t>{0, 1});
  CHECK(matcher.start({}) == PathMatcher::kNothing);
}

TEST_CASE("dots and brackets say what a pointer says") {
  CHECK(same(".", ""));
  CHECK(same(".a.b", "/a/b"));
  CHECK(same(".choices[].delta", "/choices/*/delta"));
  CHECK(same(".choices[*].delta", "/choices/*/delta"));
  CHECK(same(".a[0][12]", "/a/0/12"));
  CHECK(same(".[0].a", "/0/a"));
  CHECK(same("..created", "/**/created"));
  CHECK(same(".a..b.*", "/a/**/b/*"));
  CHECK(same(".**.b", "/**/b"));
  CHECK(same(R"(.["a.b"]["/"])", "/a.b/~1"));
  CHECK(same(R"(.a["*"])", "/a/~2"));
}

TEST_CASE("a pattern with dots that is none is refused") {
  for (const char* bad : {".a.", "..", "...a", ".a[", ".a[x]", ".a[\"b]", ".a[0", ".a[0]b", ".a[\"b\"", ".[]]"}) {
    INFO(bad);
    const auto path = stream::parse_path(bad);
    REQUIRE_FALSE(path);
    CHECK(path.error().code == stream::ErrorCode::usage);
    CHECK(path.error().message.find(bad) != std::string::npos);
  }
}

TEST_CASE("a pattern that is no pointer is refused with what may have been meant") {
  const auto bare = stream::parse_path("created");
  REQUIRE_FALSE(bare);
  CHECK(bare.error().code == stream::ErrorCode::usage);
  CHECK(bare.error().message == "the pattern 'created' begins neither with / nor with @");
  CHECK(bare.error().hint ==
        "/created is a member of the JSON value, /**/created one at any depth, @created a field of the event");
  CHECK(stream::parse_path("/a~3").error().message == "the pattern '/a~3' has a ~ that is none of ~0, ~1 and ~2");
  CHECK_FALSE(stream::parse_path("/a~"));
}
