#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/tool.hpp"
#include "har/diff/diff.hpp"
#include "har/format.hpp"
#include "stream/replay/schedule.hpp"

/// hardiff --against: the recorded requests are sent to a live server, and what it answers is compared with what was recorded.
namespace tools::hardiff {

struct AgainstOptions {
  std::string url{};  ///< empty: it was not asked for
  std::vector<std::string> headers{};
  bool no_conditional = false;
  bool recorded_pace = false;
  std::int64_t speed_millionths = stream::replay::kRecordedSpeed;
  std::optional<stream::Nanos> margin{};
  std::optional<stream::Nanos> connect_timeout{};
  bool allow_extra = false;
  bool insecure = false;
  std::string ca_file{};

  bool wanted() const { return !url.empty(); }
};

/// --against and its options, in a group of their own.
void declare_against(Tool& tool, AgainstOptions& options);

/// What the rest of the command line says.
struct AgainstRun {
  std::string session{};                 ///< the recording; "-" is standard input
  std::vector<std::string> map_hosts{};  ///< --map-host, see Targets
  std::optional<std::string> from{};
  stream::InputOptions input{};
  std::string output{};  ///< where what came is written; empty: nowhere
  stream::OutputOptions output_options{};
  std::optional<std::string> to{};  ///< its format; without it what the suffix says, else har
  const har::diff::DiffOptions* diff = nullptr;
  har::diff::DiffSink* sink = nullptr;
  /// Which requests are sent; may be empty: all.
  std::function<bool(har::EntryView&, std::size_t index, const har::Input&, const har::LogInfo*)> choose{};
  std::size_t max_steps = SIZE_MAX;  ///< so many differing answers are enough
};

struct AgainstResult {
  har::diff::DiffResult diff{};
  bool incomplete = false;  ///< interrupted, or the recording could not be read to its end: it was said
};

/// Sends and compares. Steps come in the order of the recording. Errors: `usage`, `io` (nobody answers there), and those of the
/// sink and the output.
stream::Result<AgainstResult> run_against(Tool& tool, const AgainstOptions& options, const AgainstRun& run);

}  // namespace tools::hardiff
