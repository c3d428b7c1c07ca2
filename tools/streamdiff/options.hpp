#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "common/noise_options.hpp"
#include "common/tool.hpp"
#include "har/streams.hpp"
#include "stream/compare/compare.hpp"
#include "streamdiff/report_options.hpp"

namespace tools::streamdiff_tool {

/// Which exchanges, as the command line says it.
struct SelectionOptions {
  std::optional<std::string> id{};
  std::optional<std::size_t> entry{};
  std::optional<std::string> match{};
};

struct Options {
  std::string expected{};
  std::string actual{};
  std::vector<std::string> runs{};  ///< more of them, for --suggest-noise
  InputGroup input{};
  OutputGroup output{};
  std::optional<std::string> expected_from{};
  std::optional<std::string> actual_from{};
  SelectionOptions both_selection{};
  SelectionOptions expected_selection{};
  SelectionOptions actual_selection{};
  NoiseOptions noise{};
  ReportChoice report{};
  std::vector<std::string> join{};
  std::vector<std::string> timing{};
  std::vector<std::string> presets{};
  std::optional<std::string> key{};
  std::optional<std::string> until_match{};
  std::optional<std::size_t> window{};
  std::optional<stream::Nanos> timeout{};
  stream::CompareOptions compare{};
  bool allow_empty = false;
  bool first = false;
  bool update = false;
  bool suggest_noise = false;
  std::optional<std::size_t> max_diffs{};
};

ToolInfo info();
void declare(Tool& tool, Options& options);

/// The selection for one side. Errors: `usage`.
stream::Result<har::StreamSelection> selection_of(const SelectionOptions& side, const SelectionOptions& both);

/// Fills in `options.compare` from what the command line said. Errors: `usage`, and those of noise files.
stream::Status finish(Options& options, Tool& tool);

}  // namespace tools::streamdiff_tool
