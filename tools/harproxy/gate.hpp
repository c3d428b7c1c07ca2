#pragma once

#include <cstdint>

#include "har/capture/recorder.hpp"

namespace tools::harproxy {

/// Stands before the recorder: recording can be stopped and begun again while traffic goes on. An exchange belongs to the time of
/// its request. All calls come from the relay's thread.
class Gate final : public stream::Tap {
 public:
  /// Outlives it. Null: nothing is recorded.
  void records_to(har::capture::Recorder* recorder) { recorder_ = recorder; }
  har::capture::Recorder* recorder() const { return recorder_; }

  void start() { open_ = true; }
  void stop() { open_ = false; }
  /// What has passed so far is in the files before the next.
  void rotate();
  bool recording() const { return open_ && recorder_ != nullptr; }

  stream::TapInterest request(Id id, stream::TapTime at, const stream::TapRequest& request) override;
  void request_data(Id id, stream::TapTime at, std::string_view bytes) override;
  void request_trailers(Id id, stream::TapTime at, std::span<const stream::TapField> trailers) override;
  void interim(Id id, stream::TapTime at, int status, std::span<const stream::TapField> fields) override;
  stream::TapInterest response(Id id, stream::TapTime at, const stream::TapResponse& response) override;
  void data(Id id, stream::TapTime at, std::string_view bytes) override;
  void message(Id id, stream::TapTime at, const stream::TapMessage& message) override;
  void close(Id id, stream::TapTime at, const stream::TapClose& close) override;
  void end(Id id, stream::TapTime at, const stream::TapEnd& end) override;
  void idle() override;

 private:
  har::capture::Recorder* recorder_ = nullptr;
  bool open_ = true;
};

}  // namespace tools::harproxy
