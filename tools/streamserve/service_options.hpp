#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/tool.hpp"
#include "stream/mock/conversation.hpp"
#include "streamserve/request_log.hpp"

/// What streamserve does besides answering: it says what happens, and ends when it should.
namespace tools::streamserve {

struct ServiceOptions {
  std::vector<std::string> mocks{};  ///< files
  stream::mock::Unmatched unmatched = stream::mock::Unmatched::drop;

  LogOptions log{};
  std::string status_host = "127.0.0.1";
  std::optional<std::uint16_t> status_port{};  ///< none: no status page
  std::string ready_file{};                    ///< empty: none
  std::uint64_t exit_after = 0;                ///< answered requests; 0: never
  bool once = false;                           ///< each exchange is given once, and then it ends
  bool verify = false;
  std::optional<stream::Nanos> drain{};  ///< how long SIGTERM waits for answers; none: 10 s
};

void declare_service(CLI::App& app, ServiceOptions& options);

}  // namespace tools::streamserve
