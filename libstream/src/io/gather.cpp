#include "gather.hpp"

#include <array>
#include <utility>

#include "system.hpp"

namespace stream {

Status Gather::write(std::string_view bytes) {
  STREAM_TRY(status());
  if (bytes.size() >= kLarge || gathered_.size() + bytes.size() > kCapacity) {
    if (bytes.size() >= kLarge) return send(bytes);
    STREAM_TRY(send({}));
  }
  if (gathered_.capacity() < kCapacity) gathered_.reserve(kCapacity);
  gathered_.append(bytes);
  return {};
}

Status Gather::flush() {
  STREAM_TRY(status());
  return send({});
}

Status Gather::send(std::string_view bytes) {
  std::array<iovec, 2> parts{{{gathered_.data(), gathered_.size()}, {const_cast<char*>(bytes.data()), bytes.size()}}};
  auto sent = write_all(descriptor_, parts, name_);
  if (!sent) return refuse(std::move(sent).error());
  gathered_.clear();
  return {};
}

tl::unexpected<Error> Gather::refuse(Error error) {
  failed_ = true;
  error_ = std::move(error);
  return fail(error_);
}

Status Gather::status() const {
  if (failed_) return fail(error_);
  return {};
}

}  // namespace stream
