#include "stream/text/yaml.hpp"

#include <catch2/catch.hpp>

using namespace stream;

namespace {

std::string error_of(std::string_view text, const YamlLimits& limits = {}, std::uint64_t first_line = 1) {
  const auto nodes = parse_yaml(text, "x.yaml", limits, first_line);
  return nodes ? "" : to_string(nodes.error());
}

}  // namespace

TEST_CASE("YAML: documents with the places of their values") {
  const auto nodes = parse_yaml("a: 1\n---\nb:\n  - x\n  - 'y'\n", "x.yaml", {}, 10);
  REQUIRE(nodes);
  REQUIRE(nodes->size() == 2);
  CHECK(nodes->front().find("a")->text == "1");
  const YamlNode* b = nodes->back().find("b");
  REQUIRE(b != nullptr);
  REQUIRE(b->items.size() == 2);
  CHECK(b->items[1].line == 14);
  CHECK(b->items[1].column == 5);
}

TEST_CASE("YAML: a plain scalar, a quoted one and a binary one are told apart") {
  const auto nodes = parse_yaml("a: 1\nb: '1'\nc: !!binary |\n  AQ\n  ID\nd: ~\ne: |\n  1\n", "x");
  REQUIRE(nodes);
  const YamlNode& top = nodes->front();
  CHECK(top.find("a")->plain);
  CHECK_FALSE(top.find("b")->plain);
  CHECK_FALSE(top.find("c")->plain);
  CHECK(top.find("c")->binary);
  CHECK(top.find("c")->text == "AQ\nID\n");
  CHECK(top.find("d")->kind == YamlNode::Kind::null);
  CHECK_FALSE(top.find("e")->plain);
}

TEST_CASE("YAML: a name that stands twice is kept twice") {
  const auto nodes = parse_yaml("data: a\nretry: 5\ndata: b\n", "x");
  REQUIRE(nodes);
  REQUIRE(nodes->front().members.size() == 3);
  CHECK(nodes->front().members[0].second.text == "a");
  CHECK(nodes->front().find("data")->text == "b");
}

TEST_CASE("YAML: what would become too large, or is nested too deeply, is refused") {
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int k = 0; k < 9; ++k) laughs += ", " + before;
    laughs += "]\n";
  }
  CHECK(error_of(laughs).find("the text would become too large") != std::string::npos);
  CHECK(error_of("a: &a [*a]\n") == "x.yaml:1:8: an alias inside of what it stands for");
  CHECK(error_of(std::string(70, '[')).find("nested deeper than 64 levels") != std::string::npos);
  YamlLimits small;
  small.max_bytes = 10;
  CHECK(error_of("a: 123456789\n", small) == "x.yaml: more than 10 bytes of YAML");
  CHECK(error_of("a: [1\n", {}, 7).starts_with("x.yaml:8:1: no YAML: "));
}

TEST_CASE("YAML: three hyphens at the start of a line begin a document, and nothing else does") {
  CHECK(begins_yaml_document("---"));
  CHECK(begins_yaml_document("--- # again"));
  CHECK_FALSE(begins_yaml_document("----"));
  CHECK_FALSE(begins_yaml_document(" ---"));
  CHECK_FALSE(begins_yaml_document("--"));
}
