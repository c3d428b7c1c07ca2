#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <system_error>

#include "common/signals.hpp"
#include "stream/text/json.hpp"
#include "stream/text/units.hpp"
#include "stream/text/utf8.hpp"
#include "streamrec/streamrec.hpp"

namespace tools::streamrec {
namespace {

using stream::Event;
using stream::EventKind;
using stream::StreamKind;
using Clock = std::chrono::steady_clock;

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);  // written in a signal handler

/// What an input is by how it begins.
StreamKind kind_of(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (text.starts_with('\x1e')) return StreamKind::json_seq;
  for (const std::string_view field : {"data:", "event:", "id:", "retry:", ":"}) {
    if (text.starts_with(field)) return StreamKind::sse;
  }
  const std::string_view line = text.substr(0, text.find('\n'));
  if (line.size() < text.size() && (line.starts_with('{') || line.starts_with('[')) && stream::parse_json(line))
    return StreamKind::ndjson;
  return stream::is_utf8(text) ? StreamKind::text : StreamKind::binary;
}

enum class Ready { yes, stopped, over };

/// Signals are only let in while this waits, so that none is missed before it does.
Ready wait_for_input(std::optional<Moment> deadline, const sigset_t& signals) {
  for (;;) {
    if (interrupted) return Ready::stopped;
    timespec left{};
    if (deadline) {
      const auto rest = std::max(stream::Nanos{}, std::chrono::duration_cast<stream::Nanos>(*deadline - Clock::now()));
      if (rest == stream::Nanos{}) return Ready::over;
      left.tv_sec = static_cast<time_t>(rest.count() / 1'000'000'000);
      left.tv_nsec = static_cast<long>(rest.count() % 1'000'000'000);
    }
    pollfd waiting{STDIN_FILENO, POLLIN, 0};
    if (::ppoll(&waiting, 1, deadline ? &left : nullptr, &signals) > 0) return Ready::yes;
  }
}

/// One stream without a request.
class Input {
 public:
  Input(const Options& options, Recorder& recorder, Watch& watch) : options_(options), recorder_(recorder), watch_(watch) {}

  stream::Status take(std::string_view bytes, Moment now) {
    if (!begun_) STREAM_TRY(begin(bytes, now));
    bytes_ += bytes.size();
    if (!options_.lines) return piece(bytes, now);
    for (std::string_view rest = bytes; !rest.empty() && watch_.reached().empty();) {
      const auto end = rest.find('\n');
      line_.append(rest.substr(0, end == std::string_view::npos ? end : end + 1));
      if (end == std::string_view::npos) break;
      rest.remove_prefix(end + 1);
      STREAM_TRY(piece(line_, now));
      line_.clear();
    }
    return {};
  }

  stream::Status end(std::string reason, std::string text, Moment now) {
    if (!begun_) STREAM_TRY(begin({}, now));
    if (!line_.empty()) STREAM_TRY(piece(line_, now));
    watch_.end();
    Event line;
    line.kind = EventKind::end;
    line.reason = std::move(reason);
    line.data = std::move(text);
    return recorder_.write(std::move(line), now);
  }

  std::uint64_t bytes() const { return bytes_; }

 private:
  stream::Status begin(std::string_view bytes, Moment now) {
    begun_ = true;
    const StreamKind kind = options_.kind ? *options_.kind : kind_of(bytes);
    watch_.begin(kind);
    Event line;
    line.kind = EventKind::response;
    line.stream_kind = to_string(kind);
    line.object = stream::Json::object();
    return recorder_.write(std::move(line), now);
  }

  stream::Status piece(std::string_view bytes, Moment now) {
    Event line;
    line.kind = EventKind::data;
    line.data = std::string(bytes);
    STREAM_TRY(recorder_.write(std::move(line), now));
    STREAM_TRY(recorder_.print(bytes));
    watch_.data(bytes);
    return {};
  }

  const Options& options_;
  Recorder& recorder_;
  Watch& watch_;
  bool begun_ = false;
  std::string line_;  // with --lines: what has no end yet
  std::uint64_t bytes_ = 0;
};

}  // namespace

int record_input(Tool& tool, const Options& options, Recorder& recorder, Watch& watch) {
  std::optional<Moment> deadline;
  const bool planned = options.duration && (!options.max_time || *options.duration <= *options.max_time);
  if (options.duration || options.max_time) deadline = recorder.start() + (planned ? *options.duration : *options.max_time);

  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGINT);
  sigaddset(&blocked, SIGTERM);
  sigprocmask(SIG_BLOCK, &blocked, &before);
  const StopOnSignals signals([] { interrupted = true; });

  Input input(options, recorder, watch);
  int result = kYes;
  std::string reason = "eof";
  std::string why;
  std::array<char, 65536> buffer{};
  for (;;) {
    const Ready ready = wait_for_input(deadline, before);
    const Moment now = Clock::now();
    if (ready == Ready::stopped || ready == Ready::over) {
      reason = ready == Ready::over && !planned ? "timeout" : "abort";
      why = ready == Ready::stopped ? "interrupted" : planned ? "--duration is over" : "--max-time is over";
      if (reason == "timeout") {
        tool.messages().error(why);
        result = kNo;
      }
      break;
    }
    const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got == 0) break;
    if (got < 0) {
      if (errno == EAGAIN || errno == EINTR) continue;
      reason = "error";
      why = fmt::format("cannot read: {}", std::system_category().message(errno));
      tool.messages().error(stream::Error{stream::ErrorCode::io, why, {"<stdin>"}, {}});
      result = kFailure;
      break;
    }
    if (auto status = input.take({buffer.data(), static_cast<std::size_t>(got)}, now); !status) {
      if (stream::is_broken_pipe(status.error())) (void)input.end("abort", "nobody reads the payload any more", now);
      return failed(tool, status.error());
    }
    if (!watch.reached().empty()) {
      reason = "abort";
      why = watch.reached();
      break;
    }
  }
  const Moment now = Clock::now();
  if (auto status = input.end(reason, why, now); !status) return failed(tool, status.error());
  tool.messages().verbose(fmt::format("{} events, {} bytes, duration {}", watch.events(), input.bytes(),
                                      stream::format_duration(now - recorder.start())));
  return result;
}

}  // namespace tools::streamrec
