#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/tool.hpp"
#include "stream/compare/noise.hpp"
#include "stream/io/finding.hpp"

namespace tools {

/// What may differ, as the command line says it.
struct NoiseOptions {
  std::vector<std::string> files{};
  std::string test_set{};
  std::vector<std::string> ignore{};
  std::vector<std::string> mask{};
  std::vector<std::string> type{};
  std::vector<std::string> shape{};
  std::vector<std::string> size{};
  std::vector<std::string> regex{};
  std::vector<std::string> tolerance{};
  std::vector<std::string> set{};
  std::vector<std::string> key{};
};

/// How a tool reads what its options say.
struct NoiseReading {
  stream::FindingSink findings{};  ///< what is passed over in files
  /// The rule of a place, to be completed; without it places are what stream::NoiseRule has.
  std::function<stream::Result<stream::NoiseRule>(std::string_view place)> rule_at{};
  /// A mask and a tolerance may stand without a place: they hold everywhere.
  bool everywhere = false;
  bool requests = false;  ///< of Keploy's noise, that of requests counts too
};

/// --noise, --test-set, --ignore, --mask, --type, --shape, --size, --regex, --tolerance, --set, --key. `place` is what an
/// option's place is called.
void add_noise_options(Tool& tool, NoiseOptions& options, const std::string& place = "PATH");

/// The rules of these options. Errors: `usage`, and those of reading files.
stream::Result<stream::NoiseRules> read_noise_rules(const NoiseOptions& options, const NoiseReading& reading);

}  // namespace tools
