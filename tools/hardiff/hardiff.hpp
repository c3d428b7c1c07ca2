#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/noise_options.hpp"
#include "common/tool.hpp"
#include "common/where_option.hpp"
#include "har/diff/diff.hpp"
#include "hardiff/against/against.hpp"
#include "hardiff/report.hpp"

/// hardiff: what changed between two sessions, apart from noise.
namespace tools::hardiff {

struct Options {
  std::vector<std::string> inputs{};    ///< EXPECTED and ACTUAL
  std::vector<std::string> expected{};  ///< --expected
  std::vector<std::string> actual{};
  std::optional<std::string> expected_from{};
  std::optional<std::string> actual_from{};
  har::diff::Profile profile = har::diff::Profile::standard;
  bool strict_numbers = false;
  NoiseOptions noise{};
  std::vector<std::string> only{};
  std::vector<std::string> hosts{};
  std::vector<std::string> ignored_query{};
  std::vector<std::string> templates{};
  bool order = true;
  bool timing = false;
  std::vector<std::string> fail_on{};
  const ReportForm* form = nullptr;
  std::size_t max_diffs = SIZE_MAX;
  WhereGroup where{};
  std::string tmp_dir{};
  InputGroup input{};
  OutputGroup output{};
  unsigned threads = 0;
  AgainstOptions against{};
  std::optional<std::string> to{};  ///< the format of what --against writes
};

/// Declares the options on the tool.
void declare(Tool& tool, Options& options);
ToolInfo info();

/// The paths of both sides. Errors: `usage`.
struct Sides {
  std::vector<std::string> expected{};
  std::vector<std::string> actual{};
};
stream::Result<Sides> sides_of(const Options& options);

/// What the library is asked. Errors: `usage`, and those of reading noise files.
stream::Result<har::diff::DiffOptions> diff_options(const Options& options, Tool& tool);

/// Compares; the exit status.
int run(Tool& tool, const Options& options);
/// The same with a live server (--against).
int run_live(Tool& tool, const Options& options);

/// Where the report goes, and what makes it.
struct OpenReport {
  std::unique_ptr<stream::ByteSink> output{};  ///< null with -q
  std::unique_ptr<har::diff::DiffSink> sink{};
};
/// `path`: "-" is standard output.
stream::Result<OpenReport> open_report(Tool& tool, const Options& options, const har::diff::DiffOptions& diff,
                                       const std::string& path, const stream::OutputOptions& output);
/// Finishes the report, and says what is to be said at the end; the exit status.
int conclude(Tool& tool, const har::diff::DiffOptions& diff, const har::diff::DiffResult& result, OpenReport& report);

int main(int argc, const char* const* argv);

}  // namespace tools::hardiff
