#pragma once

#include <string>
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
};

/// --noise, --test-set, --ignore, --mask, --type, --shape, --size, --regex, --tolerance.
void add_noise_options(Tool& tool, NoiseOptions& options);

/// The rules of these options. `findings`: what is passed over in files. Errors: `usage`, and those of reading files.
stream::Result<stream::NoiseRules> read_noise_rules(const NoiseOptions& options, const stream::FindingSink& findings);

}  // namespace tools
