#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "stream/io/byte_source.hpp"
#include "stream/io/finding.hpp"
#include "stream/record/event.hpp"

namespace stream {

/// Parses one line (without its end). `origin` is the place of its first byte.
Result<Event> parse_event(std::string_view line, const Place& origin, const Limits& limits = {});

/// Reads a recording line by line, in memory bounded by the longest line.
///
/// A file without a header is accepted; a header in the middle (a concatenated file) is an event like any other. A last
/// line that is cut loses only itself and is reported ("recording-cut"). Any other line that is no event is an error: the
/// next call goes on behind it, so that the caller decides whether to stop.
class RecordingReader {
 public:
  /// `source` outlives the reader.
  RecordingReader(ByteSource& source, FindingSink report = {}, const Limits& limits = {});
  ~RecordingReader();

  /// The next event, or nothing at the end. Errors: `syntax`, `limit`, and those of the source.
  Result<std::optional<Event>> next();

  /// The line that the last event stood on; valid until the next call.
  std::string_view line() const;
  Place place() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Puts events together to exchanges. An exchange is complete with its `end`, when its id is used by a new request, or
/// when finish() is called (then incomplete).
///
/// They come out in the order in which they began: one that is complete waits for those that began before it, as long as
/// all that wait hold less than `hold` bytes of data; then the first to be complete comes out first.
class ExchangeAssembler {
 public:
  static constexpr std::size_t kHold = std::size_t{16} << 20;
  explicit ExchangeAssembler(std::size_t hold = kHold) : hold_(hold) {}

  void add(Event event);
  /// The end of the input: what is open is incomplete.
  void finish();
  std::optional<Exchange> take();
  /// The last header seen.
  const std::optional<Event>& header() const { return header_; }
  /// How many exchanges are open.
  std::size_t open() const { return open_.size(); }

 private:
  struct Part {
    std::size_t order = 0;  ///< of its beginning
    std::size_t size = 0;   ///< bytes of its data
    Exchange exchange{};
  };
  void complete(std::map<std::string, Part>::iterator part);

  std::size_t hold_;
  std::optional<Event> header_;
  std::map<std::string, Part> open_;  // by id
  std::set<std::size_t> open_orders_;
  std::map<std::size_t, Part> waiting_;  // complete, by order
  std::deque<std::size_t> completed_;    // orders as they were completed; the first is waiting, others may be gone
  std::size_t waiting_size_ = 0;
  std::size_t begun_ = 0;
};

}  // namespace stream
