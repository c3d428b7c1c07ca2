#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "stream/record/event.hpp"

namespace tools::streamrec {

using Moment = std::chrono::steady_clock::time_point;

struct RecorderOptions {
  std::string path = "-";
  bool overwrite = false;
  bool print = false;  ///< the payload to standard output
};

/// Writes a recording as it happens. A line is with the system when write() returns, so what was printed behind it is in the
/// file even if the program is killed in the next moment.
class Recorder {
 public:
  /// Nothing is written, and nothing replaced, before the first event. Errors: `exists`, `io`.
  static stream::Result<std::unique_ptr<Recorder>> open(const RecorderOptions& options);
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;
  /// A file that was made for nothing is removed.
  ~Recorder();

  /// Writes the line of an event that happened at `moment`; with the header in front of the first. Times never run backwards.
  stream::Status write(stream::Event event, Moment moment);
  /// Hands payload to standard output at once, if it is to be printed. Errors: `io`, see is_broken_pipe().
  stream::Status print(std::string_view payload);

  /// t = 0.
  Moment start() const { return start_; }
  bool empty() const { return !begun_; }
  /// Errors that only show at the end.
  stream::Status finish();

 private:
  Recorder(const RecorderOptions& options, int descriptor, bool created);

  RecorderOptions options_;
  std::string name_;
  int descriptor_;
  bool created_;
  bool begun_ = false;
  Moment start_;
  stream::WallTime wall_start_;
  stream::Nanos last_{};
  std::string line_;
};

}  // namespace tools::streamrec
