#include "stream/compare/ignore.hpp"

#include <catch2/catch.hpp>

using stream::IgnoreMatcher;
using stream::IgnoreSet;

namespace {

IgnoreSet set_of(std::initializer_list<const char*> patterns) {
  IgnoreSet set;
  for (const char* pattern : patterns) REQUIRE(set.add(pattern));
  return set;
}

// Whether the path, or something above it, is ignored.
bool ignores(const IgnoreSet& set, std::initializer_list<const char*> path) {
  IgnoreMatcher matcher(set);
  auto state = matcher.root();
  if (matcher.ignored(state)) return true;
  for (const char* name : path) {
    state = matcher.member(state, name);
    if (matcher.ignored(state)) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("a pattern without wildcards names one place and all below it") {
  const auto set = set_of({"/a/b"});
  CHECK(ignores(set, {"a", "b"}));
  CHECK(ignores(set, {"a", "b", "c"}));
  CHECK_FALSE(ignores(set, {"a"}));
  CHECK_FALSE(ignores(set, {"b"}));
  CHECK_FALSE(ignores(set, {"a", "c", "b"}));
  CHECK_FALSE(ignores(set, {"A", "b"}));
}

TEST_CASE("one star is exactly one level") {
  const auto set = set_of({"/a/*/c"});
  CHECK(ignores(set, {"a", "b", "c"}));
  CHECK(ignores(set, {"a", "0", "c"}));
  CHECK_FALSE(ignores(set, {"a", "c"}));
  CHECK_FALSE(ignores(set, {"a", "b", "b", "c"}));
}

TEST_CASE("two stars are any number of levels, none included") {
  const auto set = set_of({"/**/ts"});
  CHECK(ignores(set, {"ts"}));
  CHECK(ignores(set, {"a", "ts"}));
  CHECK(ignores(set, {"a", "b", "3", "ts", "x"}));
  CHECK_FALSE(ignores(set, {"a", "TS"}));
  CHECK_FALSE(ignores(set, {"a", "b"}));
  const auto middle = set_of({"/a/**/b/**/c"});
  CHECK(ignores(middle, {"a", "b", "c"}));
  CHECK(ignores(middle, {"a", "x", "b", "b", "y", "c"}));
  CHECK_FALSE(ignores(middle, {"a", "x", "c", "b"}));
}

TEST_CASE("array indices are levels") {
  const auto set = set_of({"/items/1/id"});
  IgnoreMatcher matcher(set);
  const auto items = matcher.member(matcher.root(), "items");
  CHECK(matcher.ignored(matcher.member(matcher.element(items, 1), "id")));
  CHECK_FALSE(matcher.ignored(matcher.member(matcher.element(items, 10), "id")));
}

TEST_CASE("escapes name slashes, tildes and literal stars") {
  CHECK(ignores(set_of({"/a~1b"}), {"a/b"}));
  CHECK(ignores(set_of({"/a~0b"}), {"a~b"}));
  CHECK(ignores(set_of({"/~01"}), {"~1"}));
  CHECK(ignores(set_of({"/~2"}), {"*"}));
  CHECK_FALSE(ignores(set_of({"/~2"}), {"a"}));
  CHECK(ignores(set_of({"/"}), {""}));
}

TEST_CASE("the empty pointer ignores the whole value") {
  CHECK(ignores(set_of({""}), {}));
  CHECK_FALSE(ignores(set_of({}), {"a"}));
}

TEST_CASE("several patterns hold side by side") {
  const auto set = set_of({"/id", "/**/created", "/choices/*/delta"});
  CHECK(ignores(set, {"id"}));
  CHECK(ignores(set, {"x", "created"}));
  CHECK(ignores(set, {"choices", "0", "delta"}));
  CHECK(ignores(set, {"choices", "0", "created"}));
  CHECK_FALSE(ignores(set, {"choices", "0", "index"}));
  CHECK_FALSE(ignores(set, {"x", "id"}));
}

TEST_CASE("fields of the item have patterns of their own") {
  const auto set = set_of({"@id", "@Header/X-*"});
  CHECK(set.field("id"));
  CHECK(set.field("header/x-timestamp"));
  CHECK_FALSE(set.field("type"));
  CHECK_FALSE(set.field("header/content-type"));
  CHECK_FALSE(set.has_pointers());
}

TEST_CASE("a pattern that is no pointer is refused with what may have been meant") {
  IgnoreSet set;
  const auto bare = set.add("created");
  REQUIRE_FALSE(bare);
  CHECK(bare.error().code == stream::ErrorCode::usage);
  CHECK(bare.error().message == "the pattern 'created' begins neither with / nor with @");
  CHECK(bare.error().hint ==
        "/created is a member of the JSON value, /**/created one at any depth, @created a field of the event");
  CHECK(set.add("/a~3").error().message == "the pattern '/a~3' has a ~ that is none of ~0, ~1 and ~2");
  CHECK_FALSE(set.add("/a~"));
  CHECK_FALSE(set.add("@"));
  CHECK_FALSE(set.add("@a*b"));
  CHECK(set.empty());
}
