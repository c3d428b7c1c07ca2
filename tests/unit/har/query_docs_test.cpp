// docs/expressions.md: every field and function stands in it, and its examples say what is so.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "har/entry_pass.hpp"
#include "har/query/query.hpp"

using namespace har;

namespace {

std::string read(const std::string& name) {
  std::ifstream file(fmt::format("{}/{}", HARTAPE_SOURCE_DIR, name), std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string in_table(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string row(const query::FieldInfo& info) {
  return fmt::format("| `{}` | {} | {} |\n", info.name, info.type, in_table(info.what));
}

/// Numbers of the sample's entries.
std::string matched(const query::Query& query) {
  auto input = open_source(fmt::format("{}/samples/shop.har", HARTAPE_SOURCE_DIR), {}, {});
  REQUIRE(input);
  std::string out;
  query::Query::Scratch scratch;
  EntryPass<int> pass;
  pass.work = [&](const EntryPiece& piece, int&) {
    for (std::size_t i = 0; i < piece.entries.size(); ++i) {
      EntryView view(piece.entries[i].text);
      if (query.matches({view, piece.first + i, "samples/shop.har", piece.info, piece.files, nullptr}, scratch))
        out += fmt::format("{}{}", out.empty() ? "" : " ", piece.first + i);
    }
    return true;
  };
  pass.take = [](const TakenPiece&, int&) -> stream::Result<bool> { return true; };
  EntryPassOptions options;
  options.numbered = true;
  REQUIRE(each_entry(*input, options, pass));
  return out.empty() ? "none" : out;
}

}  // namespace

TEST_CASE("every field and every function stands in docs/expressions.md as it is") {
  const std::string document = read("docs/expressions.md");
  std::string fields;
  for (const query::FieldInfo& field : query::fields()) fields += row(field);
  std::string functions;
  for (const query::FieldInfo& function : query::functions()) functions += row(function);
  CAPTURE(fields, functions);
  CHECK(document.find("| field | type | what |\n|---|---|---|\n" + fields + "\n") != std::string::npos);
  CHECK(document.find("| function | gives | what |\n|---|---|---|\n" + functions + "\n") != std::string::npos);
}

TEST_CASE("each example in docs/expressions.md is true of the entries that it names") {
  std::istringstream document(read("docs/expressions.md"));
  bool inside = false;
  std::size_t count = 0;
  for (std::string line; std::getline(document, line);) {
    if (line.starts_with("```")) inside = line == "```expressions";
    const std::size_t mark = line.rfind(" # ");
    if (!inside || mark == std::string::npos) continue;
    const std::string text = line.substr(0, line.find_last_not_of(' ', mark) + 1);
    CAPTURE(text);
    const auto query = query::Query::compile(text);
    if (!query) FAIL(to_string(query.error()));
    CHECK(matched(*query) == line.substr(mark + 3));
    ++count;
  }
  CHECK(count > 50);
}
