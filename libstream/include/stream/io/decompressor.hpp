#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "stream/io/byte_source.hpp"

namespace stream {

class Decoder;

/// Undoes a compression piece by piece, as the pieces come: that of the body of an HTTP message. No I/O.
class Decompressor {
 public:
  /// Not for Compression::none.
  explicit Decompressor(Compression compression, const Limits& limits = {});
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;
  ~Decompressor();

  /// Appends what `bytes` hold. Errors: `syntax`, `limit`; no place. What came whole before an error is appended.
  Status feed(std::string_view bytes, std::string& out);

 private:
  Compression compression_;
  Limits limits_;
  std::unique_ptr<Decoder> decoder_;
  std::uint64_t consumed_ = 0;
  std::uint64_t produced_ = 0;
  bool ended_ = false;  ///< what comes behind the end of a member is not looked at unless it is another
};

/// Whether bytes that begin so can be in this compression. Brotli has no signature: anything can.
bool may_be_in(Compression compression, std::string_view bytes);

}  // namespace stream
