#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/pace_options.hpp"
#include "common/tls_options.hpp"
#include "common/tool.hpp"
#include "common/where_option.hpp"
#include "stream/net/server.hpp"
#include "streamserve/fault_options.hpp"
#include "streamserve/match.hpp"
#include "streamserve/match_options.hpp"
#include "streamserve/recording.hpp"
#include "streamserve/service_options.hpp"
#include "streamserve/ws_options.hpp"

/// streamserve: be the server in a recording.
namespace tools::streamserve {

struct Options {
  std::vector<std::string> inputs;
  InputGroup input;
  WhereGroup where;
  PaceGroup pace;
  FaultOptions faults;
  AnswerOptions answers;
  bool skip_broken = false;
  bool follow = false;  ///< the inputs are recordings that are still written
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;
  std::optional<stream::Nanos> timeout;
  bool tls = false;  ///< the port speaks TLS
  TlsGroup certificates;
  MatchGroup match;
  ServiceOptions service;
  WsGroup websockets;
};

ToolInfo info();
/// Declares the options on the tool.
void declare(Tool& tool, Options& options);

/// Every exchange of the inputs, ready to be answered. An input that cannot be read is refused with its place.
stream::Result<std::unique_ptr<Recording>> load(const Options& options, Messages& messages);

/// Serves until a signal, or as long as --exit-after and --once say; the exit status.
int run(Tool& tool, Options options);

int main(int argc, const char* const* argv);

}  // namespace tools::streamserve
