#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "stream/io/error.hpp"
#include "stream/record/event.hpp"

namespace tools::streamrec {

/// "data == [DONE]": a field of an event, == or !=, and the text that it is compared with, to the end of the expression.
struct Until {
  enum class Field { data, event, id };
  Field field = Field::data;
  bool equal = true;
  std::string value{};
};
/// Errors: `usage`.
stream::Result<Until> parse_until(std::string_view text);

struct WatchOptions {
  std::uint64_t max_events = 0;  ///< 0: no limit
  std::optional<Until> until{};
  std::string until_match{};  ///< RE2; empty: none

  bool any() const { return max_events != 0 || until || !until_match.empty(); }
};

/// Follows the events of a stream while it is recorded: counts them, and tells when one of them ends the recording. An event is a
/// server-sent event, a WebSocket message, or a line.
class Watch {
 public:
  /// Errors: `usage` (the expression).
  static stream::Result<std::unique_ptr<Watch>> create(const WatchOptions& options);
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch();

  /// Another stream begins; what is known of the ones before (the count, the last id) stays.
  void begin(stream::StreamKind kind);
  void data(std::string_view bytes);
  void message(std::string_view text);
  /// The stream has ended: a last line without a line feed counts.
  void end();

  /// Why the recording is to end; empty as long as it is not.
  const std::string& reached() const;
  std::uint64_t events() const;
  /// Of server-sent events: what a client would send as Last-Event-ID, and how long it would wait.
  const std::string& last_event_id() const;
  std::optional<std::uint64_t> retry() const;

 private:
  struct Impl;
  explicit Watch(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tools::streamrec
