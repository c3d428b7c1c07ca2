#include "formats/octet_reader.hpp"

#include <algorithm>

namespace har::format {

using stream::fail;
using stream::Result;

Result<bool> OctetReader::fill(std::size_t size) {
  while (view().size() < size) {
    if (ended_) return false;
    if (begin_ > 0) {
      buffer_.erase(0, begin_);
      begin_ = 0;
      // The room of a large unit is given back.
      if (buffer_.capacity() > (kRead << 6) && buffer_.size() < kRead && size < kRead) buffer_.shrink_to_fit();
    }
    const std::size_t before = buffer_.size();
    // What is asked for may be a lie: the room grows with what comes.
    buffer_.resize(before + std::clamp(before, kRead, kRead << 6));
    auto count = source_.read({buffer_.data() + before, buffer_.size() - before});
    buffer_.resize(before + (count ? *count : 0));
    if (!count) return fail(std::move(count).error());
    ended_ = *count == 0;
  }
  return true;
}

void OctetReader::take(std::size_t size) {
  begin_ += size;
  offset_ += size;
}

Result<std::uint64_t> OctetReader::skip(std::uint64_t size) {
  std::uint64_t skipped = 0;
  while (skipped < size) {
    const auto some = fill(1);
    if (!some) return fail(some.error());
    if (!*some) break;
    const std::size_t taken = static_cast<std::size_t>(std::min<std::uint64_t>(view().size(), size - skipped));
    take(taken);
    skipped += taken;
  }
  return skipped;
}

}  // namespace har::format
