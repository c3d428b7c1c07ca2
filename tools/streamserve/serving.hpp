#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "stream/net/server.hpp"
#include "streamserve/fault_options.hpp"
#include "streamserve/mocks.hpp"
#include "streamserve/repertoire.hpp"
#include "streamserve/request_log.hpp"
#include "streamserve/signals.hpp"
#include "streamserve/streamserve.hpp"
#include "streamserve/ws_options.hpp"

namespace tools::streamserve {

/// What came of all requests so far.
struct Tally {
  std::uint64_t complete = 0;
  std::uint64_t client_left = 0;
  std::uint64_t timed_out = 0;
  std::uint64_t failed = 0;
  std::uint64_t missed = 0;
  std::uint64_t mocked = 0;  ///< answers by mocks; they are among the others, too
  std::uint64_t refused = 0;
  std::uint64_t deviations = 0;
  /// What clients did that was not in the recording, a line each; the first kMostStrays of them.
  std::vector<std::string> strays{};

  static constexpr std::size_t kMostStrays = 100;
  void stray(std::string line) {
    if (strays.size() < kMostStrays) strays.push_back(std::move(line));
  }
};

/// An answer that is going on.
struct Running {
  std::string source{};  ///< "exchange 1", "mock orders.mocks.json:12"
  std::string member{};  ///< "exchange" or "mock", as the log's JSON has it
  std::string name{};    ///< of the exchange, or place of the mock
  std::string method{};
  std::string target{};
  std::string peer{};
  std::chrono::steady_clock::time_point begin{};
};

/// Finds the answers and writes the log.
class Serving final : public stream::net::Handler {
 public:
  /// What it works with. All of it outlives it.
  struct Parts {
    RequestLog& log;
    Changes& changes;
    const Conversations& conversations;
    Mocks* mocks = nullptr;        ///< null: none
    Upstream* upstream = nullptr;  ///< null: misses are not passed on
  };
  Serving(const Options& options, Messages& messages, std::shared_ptr<Repertoire> repertoire, const Parts& parts);
  /// Whom --exit-after stops.
  void serves(stream::net::Server& server) { server_ = &server; }

  std::shared_ptr<const stream::replay::Answer> answer(const stream::net::Request& request) override;
  void served(const stream::net::Request& request, const stream::replay::Answer& answer,
              const stream::net::Served& served) override;
  void refused(std::string_view peer, int status, std::string_view why) override;
  void received(const stream::net::Request& request, int opcode, std::uint64_t size) override;
  std::unique_ptr<stream::replay::Conversation> converse(const stream::net::Request& request,
                                                         std::shared_ptr<const stream::replay::Answer> answer) override;
  void deviated(const stream::net::Request& request, const stream::replay::Answer& answer,
                const stream::replay::Deviation& deviation) override;

  /// Reads inputs and mocks anew; what cannot be read stays as it was.
  void reload();
  /// Reads the mocks that have changed.
  void refresh_mocks();
  /// Takes what has been recorded meanwhile, with --follow.
  void follow() { repertoire_->poll(); }
  /// Takes no more requests.
  void drain(stream::Nanos limit);

  const Tally& tally() const { return tally_; }
  const Repertoire& repertoire() const { return *repertoire_; }
  const std::unordered_map<std::uint64_t, Running>& running() const { return running_; }

 private:
  std::shared_ptr<const stream::replay::Answer> mock_answer(const stream::net::Request& request);
  std::shared_ptr<const stream::replay::Answer> mock_handshake(const stream::net::Request& request);
  std::shared_ptr<const stream::replay::Answer> missed(const stream::net::Request& request, const Match& match);
  std::shared_ptr<const stream::replay::Answer> changed(const stream::net::Request& request,
                                                        std::shared_ptr<const stream::replay::Answer> answer);
  void begin(const stream::net::Request& request, std::string member, std::string name);
  void end_if_over();

  const Options& options_;
  Messages& messages_;
  const Parts parts_;
  RequestLog& log_;
  Changes& changes_;
  std::shared_ptr<Repertoire> repertoire_;
  /// Between answer() and converse().
  std::unique_ptr<stream::mock::WebSocketConversation> mocked_;
  stream::net::Server* server_ = nullptr;
  std::unordered_map<std::uint64_t, Running> running_;  // by the request's tag
  std::uint64_t next_tag_ = 0;
  std::uint64_t answered_ = 0;
  Tally tally_;
};

/// What --verify says at the end: whether the clients did what was recorded, and what they did not.
bool verify(const Serving& serving, RequestLog& log, Messages& messages);

}  // namespace tools::streamserve
