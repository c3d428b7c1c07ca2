#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "stream/compare/noise.hpp"
#include "stream/io/finding.hpp"

namespace stream {

struct NoiseFileOptions {
  std::string source{};    ///< for places in messages
  std::string test_set{};  ///< of a Keploy configuration: the test set whose noise holds besides the global one
  /// What of a Keploy file is passed over: noise of requests, expressions that are none (there they never match).
  FindingSink findings{};
  /// Of our own form: the rule of a place, where places are more than NoiseRule::path has.
  std::function<Result<NoiseRule>(std::string_view place)> rule_at{};
  bool requests = false;  ///< requests are compared, so that Keploy's noise of them counts
};

/// Adds the rules of a YAML file (see docs/noise.md): one of our own, a configuration of Keploy with its globalNoise, or
/// Keploy's test cases. Rules of Keploy are for a whole suite of tests and therefore optional.
///
/// Errors: `syntax`, `usage`, `limit`, at their places in the file. Some rules may have been added then.
Status read_noise_file(NoiseRules& rules, std::string_view text, const NoiseFileOptions& options);

}  // namespace stream
