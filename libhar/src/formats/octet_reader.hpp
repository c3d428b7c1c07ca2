#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "stream/io/byte_source.hpp"
#include "stream/io/error.hpp"

namespace har::format {

/// A source with a window of what comes next, for formats whose units say how long they are, or are looked for.
class OctetReader {
 public:
  /// `source` outlives the reader.
  explicit OctetReader(stream::ByteSource& source) : source_(source) {}

  /// Reads until at least `size` octets are there. False: there are no more than those of view(). Errors: those of the source;
  /// what came before one is there.
  stream::Result<bool> fill(std::size_t size);
  /// Reads some more. False: there are none.
  stream::Result<bool> more() { return fill(view().size() + 1); }
  /// What was read and not taken; valid until the next call of fill(), more() or skip().
  std::string_view view() const { return std::string_view(buffer_).substr(begin_); }
  /// Passes over `size` octets of the view.
  void take(std::size_t size);
  /// Passes over what need not be there yet. How many there were.
  stream::Result<std::uint64_t> skip(std::uint64_t size);

  std::uint64_t offset() const { return offset_; }  ///< of the view's first octet, in the decompressed input
  const std::string& name() const { return source_.name(); }
  stream::Place place() const { return place(offset_); }
  stream::Place place(std::uint64_t offset) const {
    stream::Place place;
    place.source = name();
    place.offset = offset;
    return place;
  }

 private:
  static constexpr std::size_t kRead = std::size_t{64} << 10;

  stream::ByteSource& source_;
  std::string buffer_;
  std::size_t begin_ = 0;
  std::uint64_t offset_ = 0;
  bool ended_ = false;
};

}  // namespace har::format
