#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "stream/net/client.hpp"
#include "stream/net/server.hpp"
#include "stream/record/event.hpp"
#include "stream/replay/answer.hpp"

/// What was not recorded is asked for at a real server, and can be recorded meanwhile.
namespace tools::streamserve {

struct UpstreamOptions {
  std::string url{};     ///< whom to ask; empty: the host that the client named, as it asks a proxy
  std::string record{};  ///< the recording to append to; empty: none
  bool insecure = false;

  bool active() const { return !url.empty() || !record.empty(); }
};

/// Passes requests on, each on a connection and a thread of its own; answers are relayed as they come, and no faster than the
/// client reads them.
class Upstream {
 public:
  /// Errors: `usage` (the URL), `io` (the recording cannot be appended to).
  static stream::Result<std::unique_ptr<Upstream>> open(const UpstreamOptions& options);
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;
  /// Gives up what is going on.
  ~Upstream();

  /// In whose thread answers are put together. Before relay().
  void serves(stream::net::Server& server) { server_ = &server; }
  /// The answer, which begins when the server's does: an error of the network becomes a 502.
  std::shared_ptr<const stream::replay::Answer> relay(const stream::net::Request& request);
  /// Where a request goes; empty: nobody knows.
  std::string url_of(const stream::net::Request& request) const;

 private:
  class Recorder;
  class Relay;

  explicit Upstream(UpstreamOptions options);

  UpstreamOptions options_;
  std::unique_ptr<Recorder> recorder_;
  stream::net::Server* server_ = nullptr;
  std::mutex mutex_;                            // of relays_
  std::vector<std::shared_ptr<Relay>> relays_;  // that are going on
};

}  // namespace tools::streamserve
