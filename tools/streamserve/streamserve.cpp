#include "streamserve/streamserve.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <unordered_map>

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

std::string deviations_text(std::uint64_t count) {
  if (count == 0) return {};
  return fmt::format(", {} deviation{}", count, count == 1 ? "" : "s");
}

/// Finds the answers and writes the log.
class Replay final : public net::Handler {
 public:
  Replay(Messages& messages, Finder& finder, Miss how_missed, Changes& changes, const Conversations& conversations,
         const std::vector<Recorded>& recorded, std::uint64_t exit_after)
      : messages_(messages),
        finder_(finder),
        miss_(how_missed),
        changes_(changes),
        conversations_(conversations),
        exit_after_(exit_after) {
    for (const Recorded& exchange : recorded) names_.emplace(exchange.answer.get(), &exchange);
  }
  /// Whom --exit-after stops.
  void serves(net::Server& server) { server_ = &server; }

  std::shared_ptr<const Answer> answer(const net::Request& request) override {
    const Match match = finder_.find(request);
    if (match.recorded == nullptr) {
      const Nearest nearest = finder_.nearest(request);
      log(fmt::format("{} {} {}", request.method, request.target, miss_text(miss_, match.miss, nearest)));
      return miss_answer(miss_, request, match.miss, nearest);
    }
    if (!match.note.empty()) {
      log(fmt::format("{} {}: answered by exchange {}: {}", request.method, request.target, match.recorded->name, match.note));
    }
    std::string note;
    auto answer = changes_.apply(request, match.recorded->answer, note);
    if (!note.empty()) log(fmt::format("{} {}: {}", request.method, request.target, note));
    return answer;
  }

  void served(const net::Request& request, const Answer& answer, const net::Served& served) override {
    const auto found = names_.find(answer.origin ? answer.origin.get() : &answer);
    if (found == names_.end()) return;  // of our own making; a miss has its line
    const bool complete = served.outcome == net::Outcome::complete;
    const std::string fault = answer.note.empty() ? "" : fmt::format(", fault: {}", answer.note);
    const std::string_view ending = fault.empty() ? ending_text(served.last) : std::string_view{};
    const std::string how = fmt::format(", {}{}{}", net::to_string(served.outcome), served.why.empty() ? "" : ": ", served.why);
    log(fmt::format("{} {} {} exchange {}, {} bytes, at most {} late{}{}{}", request.method, request.target, served.status,
                    found->second->name, served.body_bytes, stream::format_duration(served.max_lateness), fault,
                    complete ? std::string(ending) : how, deviations_text(served.deviations)));
    if (++answered_ == exit_after_) server_->stop();
  }

  std::unique_ptr<stream::replay::Conversation> converse(const net::Request&, std::shared_ptr<const Answer> answer) override {
    return conversations_.start(std::move(answer));
  }

  void deviated(const net::Request& request, const Answer& answer, const stream::replay::Deviation& deviation) override {
    const auto found = names_.find(answer.origin ? answer.origin.get() : &answer);
    log(fmt::format("{} {} exchange {}: deviation: {}", request.method, request.target,
                    found == names_.end() ? answer.id : found->second->name, to_string(deviation)));
  }

  void refused(std::string_view peer, int status, std::string_view why) override {
    log(fmt::format("{} {}: {}", peer, status, why));
  }

  void received(const net::Request& request, int opcode, std::uint64_t size) override {
    if (messages_.verbosity > 0)
      log(fmt::format("{} {}: received {} bytes with opcode {}", request.method, request.target, size, opcode));
  }

 private:
  void log(std::string_view text) {
    if (messages_.quiet) return;
    const std::string line = fmt::format("{} {}\n", now_text(), text);
    std::fputs(line.c_str(), stderr);
  }

  Messages& messages_;
  Finder& finder_;
  const Miss miss_;
  Changes& changes_;
  const Conversations& conversations_;
  const std::uint64_t exit_after_;
  std::unordered_map<const Answer*, const Recorded*> names_;
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
  const auto conversations = Conversations::make(options.websockets, messages.findings());
  if (!conversations) return failed(tool, conversations.error());
  const auto recorded = load(options, messages);
  if (!recorded) return failed(tool, recorded.error());

  for (const Recorded& exchange : *recorded) {
    if (pace.rounds != exchange.answer->rounds && exchange.answer->kind != stream::StreamKind::http)
      messages.warning(fmt::format("exchange {} is not repeated: all of it is due at once", exchange.name));
  }

  raise_descriptor_limit();
  net::ServerOptions where;
  where.host = options.host;
  where.port = options.port;
  if (options.timeout) where.idle_timeout = *options.timeout;
  where.max_message = options.websockets.max_message;
  const auto finder = Finder::make(*recorded, options.match);
  if (!finder) return failed(tool, finder.error());
  where.kept_body = (*finder)->body_size();
  Changes changes(options.faults, pace.seed);
  Replay replay(messages, **finder, options.match.miss, changes, *conversations, *recorded, options.exit_after);
  const auto server = net::Server::listen(where, replay);
  if (!server) return failed(tool, server.error());
  replay.serves(**server);
  const StopOnSignals signals(**server);

  // The address is what scripts wait for: they may connect from now on.
  std::puts((*server)->url().c_str());
  std::fflush(stdout);
  for (const Recorded& exchange : *recorded) {
    messages.verbose(fmt::format("exchange {}: {} {}", exchange.name, exchange.answer->websocket ? "WebSocket" : exchange.method,
                                 exchange.target));
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
