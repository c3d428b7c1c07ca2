#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/tls_options.hpp"
#include "common/tool.hpp"
#include "stream/proxy/proxy.hpp"

namespace tools::harproxy {

/// Where clients come, and when the proxy ends.
struct ListenOptions {
  std::string host = "127.0.0.1";
  std::optional<std::uint16_t> port{};
  std::string target{};  ///< a URL; empty: clients say where they want to go
  bool keep_host = false;
  bool tls = false;
  TlsGroup certificates{};
  std::optional<stream::Nanos> timeout{};
  std::size_t max_head = std::size_t{1} << 20;
  std::string ready_file{};
  std::string status_host = "127.0.0.1";
  std::optional<std::uint16_t> status_port{};  ///< none: no status page
  std::optional<stream::Nanos> drain{};
};

void declare_listening(CLI::App& app, ListenOptions& options, std::uint16_t default_port);
/// Puts them into what the proxy is to do. Errors: `usage`.
stream::Status apply(const ListenOptions& options, stream::proxy::ProxyOptions& proxy);

}  // namespace tools::harproxy
