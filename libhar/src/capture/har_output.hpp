#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "capture/captured.hpp"
#include "capture/entry_text.hpp"
#include "capture/har_file.hpp"
#include "capture/output_names.hpp"

namespace har::capture {

/// A HAR, entry by entry, each when its exchange has ended.
class HarOutput final : public Output {
 public:
  /// `options` outlive it. Errors: `exists`, `io`, `usage`.
  static stream::Result<std::unique_ptr<HarOutput>> open(const RecorderOptions& options, const std::string& path);

  void take(const Captured& captured) override;
  void flush(stream::Nanos now) override;
  void sync_now(stream::Nanos now) override;
  void rotate(stream::Nanos now) override;
  void finish(stream::Nanos now) override;
  OutputSummary summary() const override { return summary_; }

 private:
  HarOutput(const RecorderOptions& options, const std::string& path);
  stream::Result<std::unique_ptr<HarFile>> open_next(stream::Nanos now);
  void write(EntryText& entry, const Captured* end);
  void say_incomplete(const EntryText& entry);
  void write_open();
  bool said(const stream::Status& done);
  void finish_file();

  const RecorderOptions& options_;
  OutputNames names_;
  SpoolFile spool_;
  std::string path_;
  std::unique_ptr<HarFile> file_;
  std::unordered_map<Id, std::unique_ptr<EntryText>> open_;
  Id last_id_ = 0;
  EntryText* last_ = nullptr;
  stream::Nanos opened_{};
  stream::Nanos committed_{};
  stream::Nanos synced_{};
  stream::Nanos now_{};    ///< of the last flush
  stream::Nanos retry_{};  ///< while it is failing: not before
  bool failing_ = false;
  bool incomplete_said_ = false;
  std::uint64_t uncommitted_ = 0;  ///< entries
  std::uint64_t open_bytes_ = 0;   ///< what the open entries hold
  std::uint64_t before_ = 0;       ///< bytes in earlier files
  OutputSummary summary_{};
};

}  // namespace har::capture
