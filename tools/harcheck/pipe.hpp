#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "stream/io/byte_sink.hpp"
#include "stream/io/byte_source.hpp"

namespace tools::harcheck {

/// Bytes from one thread to another. It holds one to two megabytes: the writer waits for the reader, who may also leave before
/// the end; what is written then goes nowhere.
class Pipe {
 public:
  void write(std::string_view bytes);
  /// No more bytes will come.
  void close();
  /// At least one byte, or 0 at the end.
  std::size_t read(std::span<char> buffer);
  /// Nobody reads any more.
  void leave();

 private:
  static constexpr std::size_t kCapacity = std::size_t{1} << 20;

  std::mutex mutex_;
  std::condition_variable readable_;
  std::condition_variable writable_;
  std::string bytes_;
  std::size_t at_ = 0;
  bool closed_ = false;
  bool left_ = false;
};

/// Reads from the pipe, which outlives it.
std::unique_ptr<stream::ByteSource> pipe_source(Pipe& pipe, std::string name);

/// Writes into the pipe, and into `other` unless that is null; both outlive it. finish() leaves both open.
std::unique_ptr<stream::ByteSink> tee_sink(Pipe& pipe, stream::ByteSink* other, std::string name);

}  // namespace tools::harcheck
