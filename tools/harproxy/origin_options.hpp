#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/tool.hpp"
#include "stream/proxy/origin_options.hpp"

namespace tools::harproxy {

/// How origins are reached.
struct OriginGroup {
  std::string upstream{};               ///< a URL; empty: origins are reached directly
  std::vector<std::string> no_proxy{};  ///< lists
  std::vector<std::string> trust{};     ///< files
  std::vector<std::string> insecure{};  ///< globs of hosts
  std::vector<std::string> tunnel{};    ///< globs of hosts whose TLS is never opened
  std::optional<stream::Nanos> connect_timeout{};
};

void declare_origins(CLI::App& app, OriginGroup& options);
/// Errors: `usage`; `io` where a file of --trust cannot be read.
stream::Result<stream::proxy::OriginOptions> origin_options(const OriginGroup& options);

}  // namespace tools::harproxy
