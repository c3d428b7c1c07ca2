#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "har/capture/redaction.hpp"
#include "har/capture/watch.hpp"
#include "stream/io/byte_sink.hpp"
#include "stream/io/error.hpp"
#include "stream/record/tap.hpp"
#include "stream/text/json.hpp"
#include "stream/text/timestamp.hpp"

/// From what a relay tells to files on the disk, while it happens.
namespace har::capture {

enum class Bodies : std::uint8_t { none, request, response, all };
/// When what was written is made to survive a crash of the machine; one of the process it survives in any case.
enum class Fsync : std::uint8_t { never, interval, always };

enum class OutputForm : std::uint8_t {
  recording,
  har,
  keploy_tests,  ///< a test set of Keploy: what an application was asked, and what it answered
  keploy_mocks,  ///< one with mocks: what an application has asked others
};

struct OutputOptions {
  OutputForm form = OutputForm::recording;
  std::string path{};  ///< recording: "-" is standard output; Keploy: a folder, to which is added
};

/// When the next file is begun. 0: never.
struct Rotation {
  std::uint64_t size = 0;
  stream::Nanos age{};
};

/// What a person should hear of.
struct Notice {
  enum class Kind : std::uint8_t {
    trouble,    ///< an output cannot be written; what that means is in the message
    recovered,  ///< it can again
    dropped,    ///< events were not recorded, since the outputs did not keep up
    rotated,    ///< another file was begun
    left_out,   ///< the form of an output has no place for something
  };
  Kind kind = Kind::trouble;
  std::string message{};
};

struct RecorderOptions {
  std::vector<OutputOptions> outputs{};
  stream::Overwrite overwrite = stream::Overwrite::no;
  stream::Json creator{};                  ///< {"name":…,"version":…}
  stream::WallTime start{};                ///< the wall clock at `zero`
  stream::Nanos zero{};                    ///< of the clock that the tap's times are of
  std::function<stream::Nanos()> clock{};  ///< that clock; it is called on two threads

  Watch watch{};
  Bodies bodies = Bodies::all;  ///< the messages of a WebSocket are sent with the request's and received with the response's
  std::uint64_t max_body = 0;   ///< bytes that are kept of a body or a message; 0: all
  std::optional<Redaction> redaction{};
  Rotation rotation{};

  Fsync fsync = Fsync::interval;
  stream::Nanos fsync_interval = std::chrono::seconds(1);
  stream::Nanos commit_interval = std::chrono::milliseconds(100);  ///< how old a finished entry may be before it is in the HAR
  std::size_t max_queue = std::size_t{64} << 20;                   ///< bytes that wait for the disk
  stream::Nanos max_lag{};                                         ///< how long the relay waits once where there is no more room
  std::string spill_folder{};  ///< for what the entry of an open exchange needs; empty: $TMPDIR or /tmp
  /// Called on the recorder's own thread, and from finish().
  std::function<void(const Notice&)> report{};
};

struct OutputSummary {
  OutputForm form = OutputForm::recording;
  std::vector<std::string> files{};  ///< in their order
  std::uint64_t events = 0;          ///< that are in them; HAR: entries; Keploy: test cases or mocks
  std::uint64_t bytes = 0;
  std::uint64_t lost = 0;      ///< events (HAR: entries, and pieces of those that are incomplete) that could not be written
  std::uint64_t left_out = 0;  ///< exchanges for which its form has no place
  std::string error{};         ///< why the last of them could not; empty: they all were
};

struct Summary {
  std::uint64_t exchanges = 0;
  std::uint64_t events = 0;         ///< that were taken
  std::uint64_t dropped = 0;        ///< events that were not, since there was no room
  std::uint64_t dropped_bytes = 0;  ///< the bytes in them
  std::vector<OutputSummary> outputs{};
};

/// The calls of Tap, idle() and finish() come from one thread. Nothing that happens on a disk makes them wait, but as long as
/// `max_lag` says; beyond the queue's limit requests, chunks and messages are dropped, and counted in the end of their exchange.
class Recorder : public stream::Tap {
 public:
  /// Makes the files and starts the thread that writes. Errors: `exists`, `io`.
  static stream::Result<std::unique_ptr<Recorder>> open(RecorderOptions options);

  /// Begins the next file of every output. May be called on any thread.
  virtual void rotate() = 0;
  /// Brings what was recorded so far into the files and to the disk, whatever the intervals are; then calls `done` on the
  /// recorder's thread. Comes from the thread that tells. One that comes with finish() may not be called.
  virtual void flush(std::function<void()> done) = 0;
  /// Takes what is known so far. May be called on any thread.
  virtual Summary summary() const = 0;
  /// Writes what is left, and stops. An exchange that is open stays without an end: incomplete. Once, and last.
  virtual Summary finish() = 0;
};

}  // namespace har::capture
