#include "capture/spool.hpp"

#include <algorithm>

namespace har::capture {

stream::Status Spool::append(SpoolFile& file, std::string_view bytes) {
  const std::size_t room = file.held_ < SpoolFile::kMemory ? kLarge : kSmall;
  if (memory_.size() + bytes.size() > room) {
    const std::uint64_t offset = file.file_.size();
    // Two pieces, one extent. What was written before an error is never read.
    STREAM_TRY(file.file_.append(memory_));
    STREAM_TRY(file.file_.append(bytes));
    const std::uint64_t size = memory_.size() + bytes.size();
    if (!extents_.empty() && extents_.back().offset + extents_.back().size == offset) {
      extents_.back().size += size;
    } else if (size != 0) {
      extents_.push_back({offset, size});
    }
    file.held_ -= memory_.size();
    memory_.clear();
  } else {
    file.held_ += bytes.size();
    memory_ += bytes;
  }
  size_ += bytes.size();
  return {};
}

stream::Status Spool::each(const SpoolFile& file, const std::function<stream::Status(std::string_view)>& call) const {
  std::string piece;
  for (Extent extent : extents_) {
    while (extent.size != 0) {
      piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(extent.size, kLarge)));
      STREAM_TRY(file.file_.read(extent.offset, piece));
      STREAM_TRY(call(piece));
      extent.offset += piece.size();
      extent.size -= piece.size();
    }
  }
  return memory_.empty() ? stream::Status() : call(memory_);
}

void Spool::clear(SpoolFile& file) {
  for (const Extent& extent : extents_) file.file_.release(extent.offset, extent.size);
  file.held_ -= memory_.size();
  *this = {};
}

}  // namespace har::capture
