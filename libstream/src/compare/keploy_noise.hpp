#pragma once

#include <vector>

#include "stream/compare/noise_file.hpp"
#include "stream/text/yaml.hpp"

namespace stream {

/// Whether a document is one of Keploy's that may hold noise.
bool is_keploy(const YamlNode& document);
Status read_keploy_noise(NoiseRules& rules, const YamlNode& document, const NoiseFileOptions& options);

}  // namespace stream
