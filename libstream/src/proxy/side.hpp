#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "transport.hpp"

namespace stream::proxy {

/// One end of a relay: what is to be written there, as far as it could not be written yet.
class Side {
 public:
  Side() = default;
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;

  enum class Sent : std::uint8_t {
    all,      ///< everything is with the system
    waiting,  ///< some of it waits until the other end reads
    failed,   ///< the connection is gone
  };

  bool is_open() const { return transport_.has_value(); }
  net::Transport& transport() { return *transport_; }
  const net::Transport& transport() const { return *transport_; }
  /// From here on bytes go there; what was sent before waits for flush().
  void open(net::Transport transport) { transport_.emplace(std::move(transport)); }
  /// What was not sent is thrown away. Waits are cancelled.
  void close() {
    if (transport_) transport_->close();
    transport_.reset();
    std::string().swap(pending_);
    at_ = 0;
    reading = writing = ended = shut_wanted = shut = false;
  }
  net::Transport take() {
    net::Transport transport = transport_->take();
    transport_.reset();
    return transport;
  }

  std::size_t unsent() const { return pending_.size() - at_; }
  /// Of all connections that this was.
  std::uint64_t bytes() const { return bytes_; }

  /// Writes what it can, and keeps the rest. Bytes of a side that is not open are kept.
  Sent send(std::string_view bytes) { return send({}, bytes); }
  /// Both, one behind the other, as if they were one.
  Sent send(std::string_view first, std::string_view second) {
    if (!transport_ || unsent() != 0) {
      pending_.append(first).append(second);
      return transport_ ? Sent::waiting : Sent::all;
    }
    while (!first.empty() || !second.empty()) {
      const std::array<std::string_view, 2> both{first, second};
      const auto io = transport_->write(first.empty() ? std::span(both).subspan(1) : std::span(both));
      if (io.kind == net::Transport::Kind::again) {
        pending_.assign(first).append(second);
        at_ = 0;
        return Sent::waiting;
      }
      if (io.kind != net::Transport::Kind::done) return Sent::failed;
      bytes_ += io.size;
      const std::size_t of_first = std::min(io.size, first.size());
      first.remove_prefix(of_first);
      second.remove_prefix(io.size - of_first);
    }
    return Sent::all;
  }
  /// In front of what waits.
  void put_first(std::string_view bytes) {
    pending_.replace(0, at_, bytes);
    at_ = 0;
  }
  Sent flush() {
    while (unsent() != 0) {
      const std::string_view bytes = std::string_view(pending_).substr(at_);
      const auto io = transport_->write({&bytes, 1});
      if (io.kind == net::Transport::Kind::again) return Sent::waiting;
      if (io.kind != net::Transport::Kind::done) return Sent::failed;
      bytes_ += io.size;
      at_ += io.size;
    }
    at_ = 0;
    // A stretch of backpressure leaves no memory behind.
    if (pending_.capacity() > 4096) {
      std::string().swap(pending_);
    } else {
      pending_.clear();
    }
    return Sent::all;
  }

  bool reading = false;      ///< it is waited for bytes
  bool writing = false;      ///< it is waited for room
  bool ended = false;        ///< nothing more comes from there
  bool shut_wanted = false;  ///< nothing more goes there, behind what is unsent
  bool shut = false;         ///< it was told so

 private:
  std::optional<net::Transport> transport_{};
  std::string pending_{};
  std::size_t at_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace stream::proxy
