#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "har/stat/facts.hpp"
#include "har/stat/quantiles.hpp"

namespace har::stat {

/// WebSocket conversations of a group.
struct SocketSummary {
  std::uint64_t connections = 0;
  std::array<std::uint64_t, 2> messages{};  ///< sent, received
  std::array<std::uint64_t, 2> bytes{};
  std::uint64_t control = 0;
  std::uint64_t errors = 0;
  std::uint64_t untimed = 0;              ///< conversations with messages whose times nobody knows
  std::map<int, std::uint64_t> closes{};  ///< by code
  Quantiles duration;
  Quantiles first;
  Quantiles gap;

  explicit SocketSummary(std::size_t exact_up_to) : duration(exact_up_to), first(exact_up_to), gap(exact_up_to) {}
  void add(const SocketFacts& facts);
  void add(const SocketSummary& other);
  bool operator==(const SocketSummary&) const = default;
};

/// Streams of one kind in a group.
struct StreamSummary {
  std::uint64_t streams = 0;
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;
  std::uint64_t chunks = 0;
  Quantiles duration;
  Quantiles first;
  Quantiles gap;
  Quantiles chunk_gap;

  explicit StreamSummary(std::size_t exact_up_to)
      : duration(exact_up_to), first(exact_up_to), gap(exact_up_to), chunk_gap(exact_up_to) {}
  void add(const StreamFacts& facts, std::uint64_t bytes);
  void add(const StreamSummary& other);
  bool operator==(const StreamSummary&) const = default;
};

struct CacheCount {
  std::uint64_t responses = 0;
  std::uint64_t bytes = 0;  ///< of bodies
  bool operator==(const CacheCount&) const = default;
};

/// What is known of a group of entries. Everything in it can be added, in any order.
struct Summary {
  std::uint64_t entries = 0;
  std::uint64_t errors = 0;                       ///< status 0: no answer
  std::array<std::uint64_t, 5> status_classes{};  ///< 1xx to 5xx
  std::map<int, std::uint64_t> statuses{};
  std::uint64_t request_bytes = 0;
  std::uint64_t response_bytes = 0;
  std::uint64_t transferred = 0;
  std::uint64_t from_cache = 0;
  std::array<CacheCount, kCacheClasses> cache{};
  CacheCount without_validator{};  ///< of those that a cache may keep: fresh, heuristic, revalidate, unusable
  std::vector<Quantiles> phases;   ///< by Phase
  Quantiles size;                  ///< of the answers' bodies
  std::unique_ptr<SocketSummary> sockets{};
  std::map<stream::StreamKind, StreamSummary> streams{};

  explicit Summary(std::size_t exact_up_to)
      : phases(kPhases, Quantiles(exact_up_to)), size(exact_up_to), exact_up_to_(exact_up_to) {}
  void add(const EntryFacts& facts, const EntryFactsList& list);
  void add(const Summary& other);
  const Quantiles& phase(Phase phase) const { return phases[static_cast<std::size_t>(phase)]; }
  std::size_t exact_up_to() const { return exact_up_to_; }
  bool operator==(const Summary& other) const;

 private:
  std::size_t exact_up_to_;
};

}  // namespace har::stat
