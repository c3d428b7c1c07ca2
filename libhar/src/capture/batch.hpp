#pragma once

#include <string_view>

#include "capture/captured.hpp"
#include "capture/text.hpp"

namespace har::capture {

/// A batch is handed on when it is as large as this; it has room for a little more, so that it does not grow.
inline constexpr std::size_t kBatchSize = std::size_t{64} << 10;
inline constexpr std::size_t kBatchRoom = std::size_t{82} << 10;

/// What happened, one behind the other, as the relay's thread hands it on: it only copies bytes, everything else is done on the
/// other thread.
class Batch {
 public:
  void put(const Captured& captured);
  /// put() of what there may be millions of.
  void put_message(Id id, stream::Nanos t, const stream::TapMessage& message);
  void put_data(Id id, stream::Nanos t, stream::Direction direction, std::string_view bytes);
  void append(const Batch& other) { bytes_ << other.bytes_.view(); }
  /// Gives everything on, in order.
  void replay(Consumer& consumer) const;

  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }
  void clear() { bytes_.clear(); }
  void reserve(std::size_t size) { bytes_.reserve(size); }
  std::size_t capacity() const { return bytes_.capacity(); }

 private:
  Text bytes_;
};

}  // namespace har::capture
