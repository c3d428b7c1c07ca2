#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "har/capture/recorder.hpp"
#include "stream/record/tap.hpp"

/// What a relay has told, on its way to the outputs.
namespace har::capture {

using Id = stream::Tap::Id;

/// One thing that happened. What means something depends on `kind`; views are valid during the call that gives it on.
struct Captured {
  enum class Kind : std::uint8_t { request, data, trailers, interim, response, message, close, end };
  Kind kind = Kind::data;
  Id id = 0;
  stream::Nanos t{};                                         ///< since the recording's zero
  stream::Direction direction = stream::Direction::receive;  ///< data
  std::string_view bytes{};                                  ///< data
  stream::TapRequest request{};
  stream::TapResponse response{};
  stream::TapMessage message{};
  stream::TapClose close{};
  stream::TapEnd end{};
  std::span<const stream::TapField> fields{};  ///< interim, trailers
  int status = 0;                              ///< interim

  /// end: how large the bodies were, without transfer coding, and how much of them is kept.
  struct Body {
    std::uint64_t size = 0;
    std::uint64_t kept = 0;
    bool wanted = true;  ///< false: it is not recorded (--bodies)
    bool cut() const { return wanted && kept < size; }
  };
  Body sent{};
  Body received{};
  std::uint64_t dropped = 0;            ///< end: events of this exchange for which there was no room
  std::string_view decoded_request{};   ///< request: the content coding that was undone, since secrets are looked for in the body
  std::string_view decoded_response{};  ///< response: the same
};

/// What is done with it. All calls come from the recorder's thread.
class Consumer {
 public:
  Consumer() = default;
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;
  virtual ~Consumer() = default;
  virtual void take(const Captured& captured) = 0;
};

/// Files of one form.
class Output : public Consumer {
 public:
  /// What was taken goes to the disk as far as it should by now.
  virtual void flush(stream::Nanos now) = 0;
  /// All that was taken goes to the disk now.
  virtual void sync_now(stream::Nanos now) = 0;
  virtual void rotate(stream::Nanos now) = 0;
  virtual void finish(stream::Nanos now) = 0;
  virtual OutputSummary summary() const = 0;
};

}  // namespace har::capture
