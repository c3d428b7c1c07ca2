#include "common/terminal.hpp"

#include <catch2/catch.hpp>

TEST_CASE("large numbers have their thousands apart, small ones do not change") {
  CHECK(tools::grouped(0) == "0");
  CHECK(tools::grouped(999) == "999");
  CHECK(tools::grouped(1000) == "1,000");
  CHECK(tools::grouped(1234567) == "1,234,567");
  CHECK(tools::grouped(UINT64_MAX) == "18,446,744,073,709,551,615");
}

TEST_CASE("one is singular, and nothing else is") {
  CHECK(tools::counted(0, "entry", "entries") == "0 entries");
  CHECK(tools::counted(1, "entry", "entries") == "1 entry");
  CHECK(tools::counted(4228, "entry", "entries") == "4,228 entries");
}

TEST_CASE("what is printable has no control characters, and is otherwise the same") {
  CHECK(tools::printable("a\x1b[2J\n\t\x7f") == "a\\x1b[2J\\n\\t\\x7f");
  CHECK(tools::printable("Zürich 東京") == "Zürich 東京");
}
