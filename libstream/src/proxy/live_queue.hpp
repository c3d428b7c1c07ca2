#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "stream/replay/playback.hpp"
#include "stream/text/timestamp.hpp"

namespace stream::proxy {

/// What a relay is to do with an answer that goes wrong on purpose.
struct LiveOp {
  enum class Kind : std::uint8_t {
    pass,   ///< bytes, as if the origin had sent them
    raw,    ///< bytes for the client that are no part of the protocol: nobody reads along
    reset,  ///< the client's connection is reset
    cut,    ///< it ends
    end,    ///< the origin has ended its connection
    lost,   ///< the origin has reset it
  };
  Nanos at{};
  Kind kind = Kind::pass;
  std::string bytes{};
  bool whole = true;  ///< it begins where a frame or a chunk may
};

/// What is on its way, each at its time: as late and as slow as it shall be.
class LiveQueue {
 public:
  static constexpr std::uint64_t kPiecesASecond = 20;

  /// From here on everything comes so much later.
  void delay(Nanos more) { shift_ = sum(shift_, more); }
  /// No more than so many bytes a second.
  void slow(std::uint64_t rate) { rate_ = rate_ == 0 ? rate : std::min(rate_, rate); }

  /// A head, or what ends the answer: no bytes that a rate counts.
  void put(LiveOp::Kind kind, std::string bytes, Nanos arrival) {
    last_ = std::max(last_, sum(arrival, shift_));
    add({last_, kind, std::move(bytes), true});
  }
  /// Of a body, or a message. `pieces`: it may be cut to come at its rate.
  void put_payload(std::string bytes, Nanos arrival, bool pieces) {
    if (rate_ == 0) return put(LiveOp::Kind::pass, std::move(bytes), arrival);
    const std::size_t most = pieces ? static_cast<std::size_t>(std::max<std::uint64_t>(1, rate_ / kPiecesASecond))
                                    : std::max<std::size_t>(1, bytes.size());
    for (std::size_t from = 0; from < bytes.size(); from += most) {
      std::string piece = bytes.substr(from, most);
      const Nanos earliest = std::max(last_, sum(arrival, shift_));
      // Since when the line has been busy without a break, so that roundings do not add up.
      if (earliest > sum(busy_since_, replay::transfer_time(busy_bytes_, rate_))) {
        busy_since_ = earliest;
        busy_bytes_ = 0;
      }
      busy_bytes_ += piece.size();
      last_ = sum(busy_since_, replay::transfer_time(busy_bytes_, rate_));
      add({last_, LiveOp::Kind::pass, std::move(piece), from == 0});
    }
  }

  /// Where what is put in at `at` stands: behind what is due until then; with `whole` not within a frame or a chunk.
  std::size_t place_of(Nanos at, bool whole) const {
    std::size_t i = 0;
    while (i < ops_.size() && (ops_[i].at <= at || (whole && !ops_[i].whole))) ++i;
    return i;
  }
  /// Takes away what stands there and behind it.
  void cut(std::size_t place) {
    while (ops_.size() > place) {
      held_ -= ops_.back().bytes.size();
      ops_.pop_back();
    }
    last_ = ops_.empty() ? Nanos{} : ops_.back().at;
    shift_ = {};
  }
  void insert(std::size_t place, LiveOp op) {
    if (place > 0) op.at = std::max(op.at, ops_[place - 1].at);
    held_ += op.bytes.size();
    last_ = std::max(last_, op.at);
    ops_.insert(ops_.begin() + static_cast<std::ptrdiff_t>(place), std::move(op));
  }
  /// What stands there and behind it, and all that is to come, comes so much later.
  void delay_from(std::size_t place, Nanos more) {
    for (std::size_t i = place; i < ops_.size(); ++i) ops_[i].at = sum(ops_[i].at, more);
    if (place < ops_.size()) {
      last_ = sum(last_, more);
      busy_since_ = sum(busy_since_, more);
    }
    delay(more);
  }

  /// What is due, in order.
  std::vector<LiveOp> take(Nanos now) {
    std::vector<LiveOp> due;
    while (!ops_.empty() && ops_.front().at <= now) {
      held_ -= ops_.front().bytes.size();
      due.push_back(std::move(ops_.front()));
      ops_.pop_front();
    }
    return due;
  }
  std::optional<Nanos> next() const { return ops_.empty() ? std::nullopt : std::optional(ops_.front().at); }
  bool empty() const { return ops_.empty(); }
  std::size_t size() const { return ops_.size(); }
  std::size_t held() const { return held_; }

 private:
  static Nanos sum(Nanos a, Nanos b) { return a > Nanos::max() - b ? Nanos::max() : a + b; }
  void add(LiveOp op) {
    held_ += op.bytes.size();
    ops_.push_back(std::move(op));
  }

  std::deque<LiveOp> ops_;
  std::size_t held_ = 0;
  Nanos shift_{};
  Nanos last_{};
  std::uint64_t rate_ = 0;
  Nanos busy_since_{};
  std::uint64_t busy_bytes_ = 0;
};

}  // namespace stream::proxy
