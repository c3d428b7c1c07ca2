#pragma once

#include <array>
#include <memory>
#include <string>
#include <unordered_map>

#include "capture/captured.hpp"
#include "capture/output_names.hpp"
#include "capture/syncer.hpp"
#include "capture/text.hpp"

namespace har::capture {

/// The NDJSON recording (docs/recording.md), appended to as things happen. Whatever stops it, only a last line is cut.
class NdjsonOutput final : public Output {
 public:
  /// `options` outlive it. Errors: `exists`, `io`.
  static stream::Result<std::unique_ptr<NdjsonOutput>> open(const RecorderOptions& options, const std::string& path);
  ~NdjsonOutput() override;

  void take(const Captured& captured) override;
  void flush(stream::Nanos now) override;
  void sync_now(stream::Nanos now) override;
  void rotate(stream::Nanos now) override;
  void finish(stream::Nanos now) override;
  OutputSummary summary() const override { return summary_; }

 private:
  /// An exchange whose request is in the file.
  struct Begun {
    std::string heads{};  ///< its lines, for the next file
    std::size_t request = 0;
    bool websocket = false;
    bool responded = false;
    std::uint64_t response_head = 0;
    bool form = false;
  };

  /// How the line of a message begins: the same for all that came in one piece.
  struct MessageHead {
    Id id = 0;
    stream::Nanos t{};
    int opcode = 0;
    std::string text{};
  };

  NdjsonOutput(const RecorderOptions& options, const std::string& path)
      : options_(options), names_(path, options.rotation.size != 0 || options.rotation.age.count() != 0) {}
  stream::Status open_next(stream::Nanos now);
  stream::Status open_file(const std::string& path);
  void put_header();
  void open_line(std::string_view name, Id id, stream::Nanos t);
  void put(const Captured& captured, Begun& begun);
  void put_message(const Captured& captured);
  void put_end(const Captured& captured, const Begun& begun);
  void try_to_write(stream::Nanos now);
  void failed(int number, stream::Nanos now);
  void sync(stream::Nanos now);
  void close_file();

  const RecorderOptions& options_;
  OutputNames names_;
  std::string path_;
  int descriptor_ = -1;
  bool regular_ = false;
  std::uint64_t size_ = 0;  ///< of the file: whole lines
  stream::Nanos opened_{};
  Text text_;                  ///< lines that are not in the file yet
  std::uint64_t waiting_ = 0;  ///< how many
  std::unordered_map<Id, Begun> begun_;
  std::array<MessageHead, 2> message_heads_{};  ///< received, sent
  Id last_id_ = 0;
  Begun* last_ = nullptr;  ///< of last_id_
  bool failing_ = false;   ///< the last write failed
  bool losing_ = false;    ///< lines are thrown away
  bool gone_ = false;      ///< nobody reads the pipe any more
  std::uint64_t lost_now_ = 0;
  stream::Nanos retry_{};
  stream::Nanos last_t_{};
  stream::Nanos synced_{};
  bool unsynced_ = false;
  std::unique_ptr<Syncer> syncer_{};  ///< where it is brought to the disk now and then
  OutputSummary summary_{};
};

}  // namespace har::capture
