#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "stream/io/byte_source.hpp"
#include "stream/record/event.hpp"

namespace stream {

/// The events of one exchange, one after another: its request and its response where there are, its timeline, its end.
class EventSource {
 public:
  EventSource() = default;
  EventSource(const EventSource&) = delete;
  EventSource& operator=(const EventSource&) = delete;
  virtual ~EventSource() = default;

  /// The next event, or nothing at the end, for good.
  virtual Result<std::optional<Event>> next() = 0;
  /// Whether the events come as they happen, so that the next may take long.
  virtual bool live() const { return false; }
  /// A body by itself: without a request, a status, and times.
  virtual bool bare() const { return false; }
  /// Whether its times are those at which things happened.
  virtual bool timed() const { return !bare(); }
  /// Whether next() may be called on another thread, and long before its event is needed: nobody could tell.
  virtual bool may_read_ahead() const { return false; }
  /// Gives back the bytes of an event that is no longer needed, to be filled again.
  virtual void recycle(std::string&& /*bytes*/) {}
  /// The wall clock at t = 0, if it is known by now.
  virtual std::optional<WallTime> start() const { return std::nullopt; }
};

/// Those of an exchange in memory, which outlives the source.
std::unique_ptr<EventSource> events_of(const Exchange& exchange);
std::unique_ptr<EventSource> events_of(Exchange&& exchange);

/// All of them together.
Result<Exchange> collect(EventSource& events);

/// Since when an input is read.
using Clock = std::function<Nanos()>;

/// A body by itself, of a kind that is known, as its bytes are read. `source` outlives the events. With a clock each piece has
/// the time at which it came. Where nothing more was waited for (ErrorCode::timeout) the end has the reason "timeout".
std::unique_ptr<EventSource> body_events(ByteSource& source, StreamKind kind, Clock clock = {});

}  // namespace stream
