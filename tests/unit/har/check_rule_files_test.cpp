// Each rule has a file that breaks it and nothing else: tests/data/check/<rule>.*. What is found in each of them, and where, is
// in tests/data/check/expected.tsv (HARTAPE_BLESS=1 writes it).
#include <fmt/format.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "har/check/check.hpp"
#include "stream/io/byte_source.hpp"
#include "stream/text/place.hpp"

namespace fs = std::filesystem;
using namespace har::check;

namespace {

const fs::path kFolder = fs::path(HARTAPE_SOURCE_DIR) / "tests/data/check";

/// Rules that can't be broken alone, and what comes with them.
const std::map<std::string, std::set<std::string>> kCompanions = {
    // A cookie that no header carries contradicts the headers; one that a header carries is a secret there, too.
    {"secret-cookie", {"cookie-header"}},
    // It is the file's mode only if there are secrets in the file.
    {"secret-file-mode", {"secret-header"}},
};

struct Way {
  std::string name;
  Options options{};
};

std::vector<Way> ways(const std::string& name, const std::string& file) {
  const auto with = [&](std::string_view way, Profile profile, bool secrets = false) {
    Way out{std::string(way), {}};
    out.options.profile = profile;
    out.options.secrets = secrets;
    if (name == "json-limit") out.options.limits.max_depth = 8;
    return out;
  };
  const std::vector<Way> programs = {with("chrome", Profile::chrome), with("firefox", Profile::firefox),
                                     with("playwright", Profile::playwright), with("mitmproxy", Profile::mitmproxy),
                                     with("har-schema", Profile::har_schema)};
  std::vector<Way> out = {with("default", Profile::regular), with("strict", Profile::strict)};
  if (name.starts_with("secret-") || name == "valid-more") out.push_back(with("secrets", Profile::regular, true));
  for (const Way& program : programs) {
    if (name == "import-" + program.name || file == "valid.har") out.push_back(program);
  }
  return out;
}

/// A copy of a file that nobody else may read, or everybody.
class Copy {
 public:
  Copy(const fs::path& from, bool open) : folder_(fs::temp_directory_path() / fmt::format("hartape-check-{}", ::getpid())) {
    fs::create_directories(folder_);
    path_ = folder_ / from.filename();
    fs::copy_file(from, path_, fs::copy_options::overwrite_existing);
    fs::permissions(path_, fs::perms(open ? 0644 : 0600));
  }
  ~Copy() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  Copy(const Copy&) = delete;
  Copy& operator=(const Copy&) = delete;
  std::string path() const { return path_.string(); }

 private:
  fs::path folder_;
  fs::path path_;
};

struct Checked {
  std::vector<stream::Finding> findings;
  Summary summary;
};

Checked check_file(const std::string& path, const Options& options) {
  Checked out;
  auto input = har::open_source(path, std::nullopt, {});
  INFO(path);
  REQUIRE(input);
  const auto summary = check(*input, options, [&](const stream::Finding& finding) { out.findings.push_back(finding); });
  REQUIRE(summary);
  out.summary = *summary;
  return out;
}

Severity to_severity(stream::Level level) {
  return level == stream::Level::error ? Severity::error : level == stream::Level::warning ? Severity::warning : Severity::note;
}

std::string line_of(const std::string& file, const std::string& way, const stream::Finding& finding) {
  std::string message = finding.message;
  for (std::size_t at = 0; (at = message.find_first_of("\t\n", at)) != std::string::npos;) message[at] = ' ';
  return fmt::format("{}\t{}\t{}\t{}\t{}:{}\t{}\t{}", file, way, to_string(to_severity(finding.level)), finding.rule,
                     finding.place.line, finding.place.column, finding.place.pointer, message);
}

std::vector<std::string> files() {
  std::vector<std::string> out;
  for (const auto& file : fs::directory_iterator(kFolder)) {
    const std::string name = file.path().filename().string();
    if (!name.ends_with(".tsv") && !name.ends_with(".md")) out.push_back(name);
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("each rule has a file that breaks it and nothing else, at the place that is told") {
  std::string found;
  std::set<std::string> broken;  // rules
  for (const std::string& file : files()) {
    const std::string name = file.substr(0, file.find('.'));
    const bool valid = name.starts_with("valid");
    const Rule* const rule = find_rule(name);
    INFO(file);
    if (!valid) REQUIRE(rule != nullptr);
    const std::string text = read(kFolder / file);
    const Copy copy(kFolder / file, name == "secret-file-mode");
    for (const Way& way : ways(name, file)) {
      INFO(way.name);
      const Checked checked = check_file(copy.path(), way.options);
      std::set<std::string> rules;
      std::size_t counted = 0;
      for (const stream::Finding& finding : checked.findings) {
        found += line_of(file, way.name, finding) + "\n";
        rules.insert(finding.rule);
        // The line and column are those of the offset.
        if (!finding.place.offset) continue;
        CHECK(*finding.place.offset <= text.size());
        stream::Place place{"", 1, 1, 0, ""};
        stream::advance(place, std::string_view(text).substr(0, *finding.place.offset));
        CHECK(place.line == finding.place.line);
        CHECK(place.column == finding.place.column);
      }
      for (const std::size_t count : checked.summary.count) counted += count;
      CHECK(counted == checked.findings.size());

      if (valid) {
        CHECK(rules == std::set<std::string>{});
        continue;
      }
      Severity expected = way.name == "strict" ? rule->strict : rule->regular;
      if (way.name == "secrets") expected = Severity::warning;
      if (name == "import-" + way.name) expected = Severity::error;
      std::set<std::string> wanted;
      if (expected != Severity::off) wanted.insert(name);
      if (const auto companions = kCompanions.find(name); companions != kCompanions.end()) {
        for (const std::string& companion : companions->second) {
          if (way.name == "secrets" || !companion.starts_with("secret-")) wanted.insert(companion);
        }
      }
      CHECK(rules == wanted);
      if (rules.contains(name)) broken.insert(name);
      for (const stream::Finding& finding : checked.findings) {
        // Some forms of what a rule finds are milder.
        if (finding.rule == name) CHECK(to_severity(finding.level) <= expected);
        if (finding.rule == name && way.name == "strict") CHECK(to_severity(finding.level) == expected);
      }
    }
  }
  for (const Rule& rule : rules()) {
    INFO(rule.name);
    CHECK(broken.contains(std::string(rule.name)));
  }

  const fs::path table = kFolder / "expected.tsv";
  const std::string head = "file\tprofile\tlevel\trule\tplace\tpointer\tmessage\n";
  if (std::getenv("HARTAPE_BLESS") != nullptr) std::ofstream(table, std::ios::binary) << head << found;
  CHECK(read(table) == head + found);
}
