// What is found in a folder of real recordings (HARTAPE_CORPUS), producer by producer: tests/data/check/corpus.tsv
// (HARTAPE_BLESS=1 writes it). A change of a rule shows there what it does to files of real programs.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "har/check/check.hpp"

namespace fs = std::filesystem;
using namespace har::check;

namespace {

const fs::path kTable = fs::path(HARTAPE_SOURCE_DIR) / "tests/data/check/corpus.tsv";

/// What of a browser's name is no export of that browser: somebody took entries out of one and wrote members by hand.
const std::set<std::string> kEdited = {
    "chrome-devtools__jonluca-har-to-openapi__post-same-endpoint-diff-bodies.har",
    "chrome-devtools__opentripplanner-otp-react-redux__geocoder-mock-normal.har",
};

/// "recorded__chrome-devtools-156-h1.har" and "chrome-devtools__….har" are of chrome-devtools.
std::string producer_of(std::string_view name) {
  constexpr std::string_view kRecorded = "recorded__";
  if (!name.starts_with(kRecorded)) return std::string(name.substr(0, name.find("__")));
  name.remove_prefix(kRecorded.size());
  const std::string_view first = name.substr(0, name.find('-'));
  if (first == "firefox" || first == "playwright") return std::string(first);
  return std::string(name.substr(0, name.find('-', first.size() + 1)));
}

bool is_browser(std::string_view producer) {
  return producer == "chrome-devtools" || producer == "firefox" || producer == "safari-webkit" || producer == "ie-edge-f12";
}

struct Cell {
  std::size_t findings = 0;
  std::set<std::string> files{};
};

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE(
    "what is found in recordings of real programs is known, and a browser's own export has no error under the default profile") {
  const char* corpus = std::getenv("HARTAPE_CORPUS");
  if (corpus == nullptr) {
    WARN("skipped: HARTAPE_CORPUS is not set");
    return;
  }
  constexpr std::pair<std::string_view, Profile> kProfiles[] = {
      {"default", Profile::regular},       {"strict", Profile::strict},         {"chrome", Profile::chrome},
      {"firefox", Profile::firefox},       {"playwright", Profile::playwright}, {"mitmproxy", Profile::mitmproxy},
      {"har-schema", Profile::har_schema},
  };
  // Profile, producer, level, rule.
  std::map<std::array<std::string, 4>, Cell> cells;
  std::size_t files = 0;
  for (const char* folder : {"har", "recorded_here"}) {
    for (const auto& file : fs::directory_iterator(fs::path(corpus) / folder)) {
      const std::string name = file.path().filename().string();
      if (!name.ends_with(".har") && !name.ends_with(".har.gz")) continue;
      const std::string producer = producer_of(name);
      const bool browser = is_browser(producer);
      ++files;
      for (const auto& [profile, id] : kProfiles) {
        INFO(name << " " << profile);
        auto input = har::open_source(file.path().string(), "har", {});
        REQUIRE(input);
        Options options;
        options.profile = id;
        const auto summary = check(*input, options, [&](const stream::Finding& finding) {
          const std::string_view level = finding.level == stream::Level::error     ? "error"
                                         : finding.level == stream::Level::warning ? "warning"
                                                                                   : "note";
          Cell& cell = cells[{std::string(profile), producer, std::string(level), finding.rule}];
          ++cell.findings;
          cell.files.insert(name);
          if (browser && id == Profile::regular && finding.level == stream::Level::error && !kEdited.contains(name))
            FAIL_CHECK("a browser's own export has an error: " << to_string(finding));
        });
        CHECK(summary);
      }
    }
  }
  CHECK(files > 200);
  std::string found = "profile\tproducer\tlevel\trule\tfindings\tfiles\n";
  for (const auto& [key, cell] : cells) {
    found += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\n", key[0], key[1], key[2], key[3], cell.findings, cell.files.size());
  }
  if (std::getenv("HARTAPE_BLESS") != nullptr) std::ofstream(kTable, std::ios::binary) << found;
  const bool same = read(kTable) == found;
  if (!same) std::ofstream("corpus.tsv.found", std::ios::binary) << found;
  INFO("what was found is in corpus.tsv.found");
  CHECK(same);
}
