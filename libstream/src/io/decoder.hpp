#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "stream/io/byte_source.hpp"

namespace stream {

/// One compressed format, without I/O: bytes in, bytes out.
class Decoder {
 public:
  struct Step {
    std::size_t consumed = 0;
    std::size_t produced = 0;
    bool member_end = false;       ///< a gzip member, a zstd frame, or a whole stream ended after `consumed`
    std::optional<Error> error{};  ///< without a place; `produced` bytes came whole before it
  };
  Decoder() = default;
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  virtual ~Decoder() = default;

  /// Goes on as far as both spans allow; `in` may be empty, to get what is held back for want of room.
  virtual Step step(std::span<const char> in, std::span<char> out) = 0;

  /// What bytes that start with `first`, after a member's end, are.
  enum class After { member, padding, garbage };
  virtual After after_member(char first) const = 0;
};

/// `the gzip data is damaged: …`
Error damaged(std::string_view format, std::string_view what);

std::unique_ptr<Decoder> make_decoder(Compression compression);   ///< any of these
std::unique_ptr<Decoder> make_inflater(Compression compression);  ///< gzip or zlib
std::unique_ptr<Decoder> make_zstd_decoder();
std::unique_ptr<Decoder> make_brotli_decoder();

/// `prefix` starts a zlib stream that is none, but text that looks like it.
bool inflates(std::span<const char> prefix);

}  // namespace stream
