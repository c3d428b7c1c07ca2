#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "stream/record/event_source.hpp"
#include "stream/text/json_tokens.hpp"

namespace stream {

/// The JSON tokens of the whole lines of a piece of a body, as far as they could be found together.
struct LineTokens {
  std::size_t begin = 0;                 ///< the first line that begins in the piece
  std::size_t end = 0;                   ///< behind the last whole line
  std::vector<std::uint32_t> offsets{};  ///< in the piece, ascending
  bool valid = false;                    ///< the lines are UTF-8, and all strings are in order and end in their line
};

/// Finds them. What begins the piece up to its first line feed belongs to a line before.
void find_line_tokens(std::string_view piece, JsonTokens& tokens, LineTokens& out);

/// An event, and the tokens of its data if they were asked for.
struct ReadEvent {
  Event event{};
  LineTokens tokens{};
};

/// Events that are read on a thread of their own once there are several, if that is `wanted` and the source lets them be.
class ReadAhead {
 public:
  /// `events` outlives it.
  ReadAhead(EventSource& events, bool wanted) : events_(events), allowed_(wanted && events.may_read_ahead()) {}
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;
  ~ReadAhead();

  Result<std::optional<ReadEvent>> next();
  /// What was given out comes back to be filled again.
  void recycle(ReadEvent&& used);
  /// Whether tokens are wanted of what is read from now on.
  void want_tokens(bool wanted) { wanted_ = wanted; }

 private:
  void run();
  Result<std::optional<ReadEvent>> read();

  EventSource& events_;
  bool allowed_;
  std::size_t given_ = 0;
  std::atomic<bool> wanted_ = false;
  JsonTokens finder_;  // of the reading thread

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Result<std::optional<ReadEvent>>> ready_;
  std::vector<ReadEvent> used_;
  std::vector<LineTokens> spare_;  // of the reading thread
  bool ended_ = false;             // the last of ready_ is the last for good
  bool stop_ = false;
  bool reader_waits_ = false;
  bool caller_waits_ = false;
  std::thread thread_;
};

}  // namespace stream
