#include "streamserve/streamserve.hpp"

#include <fmt/format.h>
#include <malloc.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>

#include "stream/text/units.hpp"

namespace tools::streamserve {
namespace {

namespace net = stream::net;
using stream::replay::Answer;
using stream::replay::StepKind;

std::string now_text() {
  return stream::format_iso8601(std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now()));
}

std::string_view ending_text(StepKind last) {
  switch (last) {
    case StepKind::cut:
      return ", cut off like the recording";
    case StepKind::reset:
      return ", reset as recorded";
    case StepKind::stall:
      return ", left hanging as recorded";
    default:
      return "";
  }
}

/// Finds the answers and writes the log.
class Replay final : public net::Handler {
 public:
  Replay(Messages& messages, Finder& finder, Miss how_missed, Changes& changes, Recording& recording, std::uint64_t exit_after)
      : messages_(messages),
        finder_(finder),
        miss_(how_missed),
        changes_(changes),
        recording_(recording),
        exit_after_(exit_after) {}
  /// Whom --exit-after stops.
  void serves(net::Server& server) { server_ = &server; }

  std::shared_ptr<const Answer> answer(const net::Request& request) override {
    const Match match = finder_.find(request);
    if (!match.index) {
      const Nearest nearest = finder_.nearest(request);
      log(fmt::format("{} {} {}", request.method, request.target, miss_text(miss_, match.miss, nearest)));
      return miss_answer(miss_, request, match.miss, nearest);
    }
    if (!match.note.empty()) {
      log(fmt::format("{} {}: answered by exchange {}: {}", request.method, request.target, recording_.name(*match.index),
                      match.note));
    }
    const auto recorded = recording_.answer(*match.index);
    if (!recorded) {
      log(fmt::format("{} {} 502 exchange {}: {}", request.method, request.target, recording_.name(*match.index),
                      to_string(recorded.error())));
      return unreadable_answer(recorded.error());
    }
    std::string note;
    auto answer = changes_.apply(request, *recorded, note);
    if (!note.empty()) log(fmt::format("{} {}: {}", request.method, request.target, note));
    return answer;
  }

  void served(const net::Request& request, const Answer& answer, const net::Served& served) override {
    const auto index = answer.origin ? answer.origin->index : answer.index;
    if (!index) return;  // of our own making; a miss has its line
    if (!messages_.quiet) log_served(request, answer, served, *index);
    if (++answered_ == exit_after_) server_->stop();
  }

  void refused(std::string_view peer, int status, std::string_view why) override {
    log(fmt::format("{} {}: {}", peer, status, why));
  }

  void received(const net::Request& request, int opcode, std::uint64_t size) override {
    if (messages_.verbosity > 0)
      log(fmt::format("{} {}: received {} bytes with opcode {}", request.method, request.target, size, opcode));
  }

 private:
  void log_served(const net::Request& request, const Answer& answer, const net::Served& served, std::size_t index) {
    const bool complete = served.outcome == net::Outcome::complete;
    const std::string fault = answer.note.empty() ? "" : fmt::format(", fault: {}", answer.note);
    const std::string_view ending = fault.empty() ? ending_text(served.last) : std::string_view{};
    log(fmt::format("{} {} {} exchange {}, {} bytes, at most {} late{}{}", request.method, request.target, served.status,
                    recording_.name(index), served.body_bytes, stream::format_duration(served.max_lateness), fault,
                    complete ? std::string(ending) : fmt::format(", {}", net::to_string(served.outcome))));
  }

  void log(std::string_view text) {
    if (messages_.quiet) return;
    const std::string line = fmt::format("{} {}\n", now_text(), text);
    std::fputs(line.c_str(), stderr);
  }

  Messages& messages_;
  Finder& finder_;
  const Miss miss_;
  Changes& changes_;
  Recording& recording_;
  const std::uint64_t exit_after_;
  net::Server* server_ = nullptr;
  std::uint64_t answered_ = 0;
};

std::atomic<net::Server*> running{nullptr};
static_assert(std::atomic<net::Server*>::is_always_lock_free);  // read in a signal handler

void stop_running(int) {
  if (net::Server* const server = running.load()) server->stop();
}

/// Ctrl-C and SIGTERM stop `server` as long as this lives.
class StopOnSignals {
 public:
  explicit StopOnSignals(net::Server& server) {
    running.store(&server);
    set(stop_running);
  }
  StopOnSignals(const StopOnSignals&) = delete;
  StopOnSignals& operator=(const StopOnSignals&) = delete;
  ~StopOnSignals() {
    set(SIG_IGN);  // a second Ctrl-C has nothing to add
    running.store(nullptr);
  }

 private:
  static void set(void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
  }
};

/// Large pieces of memory go back to the system when they are freed, instead of being cut up among thousands of connections.
void keep_heap_whole() { mallopt(M_MMAP_THRESHOLD, 32 * 1024); }

/// Each connection takes a descriptor, and the usual limit of 1024 is there for programs that use select().
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int run(Tool& tool, Options options) {
  Messages& messages = tool.messages();
  stream::replay::Pace& pace = options.pace.pace;
  if (const auto error = check_pace(pace)) return failed(tool, *error);
  if (options.timeout && *options.timeout <= stream::Nanos{}) {
    return failed(tool, {stream::ErrorCode::usage, "--timeout: expected a time greater than 0", {}, {}});
  }
  pace.seed = choose_seed(messages, options.pace.seed, pace.jitter || hangs_on_chance(options.faults));
  const auto recorded = load(options, messages);
  if (!recorded) return failed(tool, recorded.error());
  Recording& recording = **recorded;

  for (std::size_t i = 0; pace.rounds != 1 && i < recording.size(); ++i) {
    if (recording.kind(i) == stream::StreamKind::http) continue;
    const auto answer = recording.answer(i);
    if (answer && (*answer)->rounds != pace.rounds)
      messages.warning(fmt::format("exchange {} is not repeated: all of it is due at once", recording.name(i)));
  }

  keep_heap_whole();
  raise_descriptor_limit();
  net::ServerOptions where;
  where.host = options.host;
  where.port = options.port;
  if (options.timeout) where.idle_timeout = *options.timeout;
  Finder finder(recording, options.match);
  where.kept_body = finder.body_size();
  Changes changes(options.faults, pace.seed);
  Replay replay(messages, finder, options.match.miss, changes, recording, options.exit_after);
  const auto server = net::Server::listen(where, replay);
  if (!server) return failed(tool, server.error());
  replay.serves(**server);
  const StopOnSignals signals(**server);

  // The address is what scripts wait for: they may connect from now on.
  std::puts((*server)->url().c_str());
  std::fflush(stdout);
  messages.verbose(
      fmt::format("{} exchanges, {} bytes of memory for each", recording.size(), recording.memory() / recording.size()));
  for (std::size_t i = 0; messages.verbosity > 0 && i < recording.size(); ++i) {
    const har::match::Request request = recording.request(i);
    messages.verbose(
        fmt::format("exchange {}: {} {}", recording.name(i), request.websocket ? "WebSocket" : request.method, request.target()));
  }
  if (const auto status = (*server)->run(); !status) return failed(tool, status.error());
  return kYes;
}

int main(int argc, const char* const* argv) {
  Tool tool(info());
  Options options;
  declare(tool, options);
  return tool.run(argc, argv, [&] { return run(tool, options); });
}

}  // namespace tools::streamserve
