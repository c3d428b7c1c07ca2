#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "common/tool.hpp"
#include "har/capture/recorder.hpp"

namespace tools::harproxy {

/// What is recorded, and where.
struct RecordGroup {
  std::vector<std::string> outputs{};  ///< "-" is standard output
  std::string keploy{};                ///< a folder
  bool overwrite = false;
  std::vector<std::string> watch{};   ///< globs of URLs
  std::vector<std::string> ignore{};  ///< the same, for what is not recorded
  std::vector<std::string> methods{};
  std::vector<std::string> types{};
  std::vector<std::string> headers{};
  har::capture::Bodies bodies = har::capture::Bodies::all;
  std::size_t max_body = 0;
  std::vector<std::string> redact{};
  bool no_redact_defaults = false;
  har::capture::Rotation rotation{};
  har::capture::Fsync fsync = har::capture::Fsync::interval;
  std::optional<stream::Nanos> max_lag{};
  std::size_t max_queue = std::size_t{64} << 20;
  std::string of_writing{};  ///< an option that was given, and says how outputs are written

  bool standard_output() const;
};

void declare_recording(CLI::App& app, RecordGroup& options);
/// All but the clock. `reverse`: we stand in front of one origin. Errors: `usage`.
stream::Result<har::capture::RecorderOptions> recorder_options(const RecordGroup& options, bool reverse);

}  // namespace tools::harproxy
