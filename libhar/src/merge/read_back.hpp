#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "har/entry_checksum.hpp"
#include "har/format.hpp"
#include "stream/io/byte_sink.hpp"
#include "stream/io/byte_source.hpp"

namespace har::merging {

/// The checksum of the entries of an input. Errors: the first of its reader.
stream::Result<EntryChecksum> checksum_of(const Format& format, stream::ByteSource& source, const ReadOptions& options);

/// Hands on what is written, and reads it with the format's own reader on another thread: the checksum is that of the bytes that
/// went out, not of what was meant.
class ReadBackSink final : public stream::ByteSink {
 public:
  ReadBackSink(std::unique_ptr<stream::ByteSink> sink, const Format& format, const ReadOptions& options);
  ~ReadBackSink() override;

  stream::Status write(std::string_view bytes) override;
  stream::Status flush() override { return sink_->flush(); }
  stream::Status end_member() override { return sink_->end_member(); }
  stream::Status finish() override { return sink_->finish(); }
  const std::string& name() const override { return sink_->name(); }

  /// Of all that was written. Once, and before finish(): the output is not to appear if it can't be read.
  stream::Result<EntryChecksum> checksum();

 private:
  class Source;
  void end();

  std::unique_ptr<stream::ByteSink> sink_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> pieces_;
  std::size_t waiting_ = 0;  ///< bytes
  bool ended_ = false;       ///< nothing more is written
  bool gone_ = false;        ///< nothing more is read
  stream::Result<EntryChecksum> result_{};
  std::thread thread_;
};

}  // namespace har::merging
