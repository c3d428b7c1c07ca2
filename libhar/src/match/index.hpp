#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "match/body.hpp"

/// Recorded requests in little memory. Numbers instead of pointers, and everything in a few large vectors.
namespace har::match {

inline constexpr std::uint32_t kNone = UINT32_MAX;

/// A hash table of numbers, of which the caller knows what they stand for.
class NumberTable {
 public:
  /// The number that `equal` is true for; kNone if there is none.
  template <class Equal>
  std::uint32_t find(std::uint64_t hash, Equal equal) const {
    if (slots_.empty()) return kNone;
    for (std::size_t i = hash & mask(); slots_[i] != kNone; i = (i + 1) & mask()) {
      if (equal(slots_[i])) return slots_[i];
    }
    return kNone;
  }
  /// One that is not there yet. `hash_of` gives the hash of each number in the table.
  template <class HashOf>
  void add(std::uint32_t number, HashOf hash_of) {
    if (slots_.size() < 2 * (size_ + 1)) grow(hash_of);
    place(hash_of(number), number);
    ++size_;
  }
  std::size_t memory() const { return slots_.capacity() * sizeof(std::uint32_t); }

 private:
  std::size_t mask() const { return slots_.size() - 1; }
  void place(std::uint64_t hash, std::uint32_t number) {
    std::size_t i = hash & mask();
    while (slots_[i] != kNone) i = (i + 1) & mask();
    slots_[i] = number;
  }
  template <class HashOf>
  void grow(HashOf hash_of) {
    std::vector<std::uint32_t> old(std::max<std::size_t>(16, slots_.size() * 2), kNone);
    old.swap(slots_);
    for (const std::uint32_t number : old) {
      if (number != kNone) place(hash_of(number), number);
    }
  }
  std::vector<std::uint32_t> slots_{};
  std::size_t size_ = 0;
};

/// A part of a pool.
struct Range {
  std::uint32_t begin = 0;
  std::uint32_t size = 0;
};

/// What all requests of one kind (a method, or an upgrade) for one path have.
struct Place {
  std::string key{};  ///< kind, blank, path
  std::uint32_t first_group = kNone;
  std::uint32_t last_group = kNone;
  std::vector<std::uint32_t> origins{};
};

/// Requests that are the same in everything that must be equal.
struct Group {
  std::uint64_t query = 0;
  std::uint64_t body = 0;  ///< 0: none
  std::uint64_t headers = 0;
  Range pairs{};
  std::uint32_t place = 0;
  std::uint32_t origin = 0;
  std::uint32_t next = kNone;  ///< of the same place
  std::uint32_t first_variant = kNone;
  std::uint32_t last_variant = kNone;
  BodyKind kind = BodyKind::none;
};

/// Requests of a group that nothing tells apart but their turn.
struct Variant {
  std::uint64_t raw = 0;
  Range headers{};
  Range features{};
  std::uint32_t group = 0;
  std::uint32_t next = kNone;  ///< of the same group
  std::uint32_t first = kNone;
  std::uint32_t last = kNone;
  std::uint32_t turn = kNone;  ///< the exchange that is next; kNone: all were given
};

/// A request as the index sees it.
struct Keys {
  std::uint64_t query = 0;
  std::uint64_t headers = 0;
  std::vector<std::uint32_t> pairs{};     ///< sorted hashes of query parameters that are not ignored
  std::vector<std::uint32_t> fields{};    ///< sorted hashes of headers that stay the same from request to request
  std::vector<std::uint32_t> features{};  ///< of the body; only where they are asked for
  Body body{};
};

/// What requests are looked up by, in the place of a method, if they ask for an upgrade.
inline constexpr std::string_view kWebSocket = "websocket";

class Index {
 public:
  Index(const MatchOptions& options, Bodies& bodies) : options_(options), bodies_(bodies) {}

  Keys keys_of(const Request& request, bool with_features) const;
  void add(const Request& request);

  const Place* find_place(std::string_view kind, const std::string& path) const;
  /// kNone: none.
  std::uint32_t find_group(std::uint32_t place, std::uint32_t origin, std::uint64_t query, std::uint64_t headers,
                           std::uint64_t body) const;
  std::uint32_t number_of(const Place& place) const { return static_cast<std::uint32_t>(&place - places_.data()); }
  bool same_origin(std::uint32_t origin, const Request& live) const;

  std::size_t size() const { return next_.size(); }
  std::size_t origins() const { return origins_.size(); }
  const Request& origin(std::uint32_t number) const { return origins_[number]; }
  const Place& place(std::uint32_t number) const { return places_[number]; }
  std::size_t groups() const { return groups_.size(); }
  const Group& group(std::uint32_t number) const { return groups_[number]; }
  Variant& variant(std::uint32_t number) { return variants_[number]; }
  std::size_t variants() const { return variants_.size(); }
  std::uint32_t after(std::uint32_t exchange) const { return next_[exchange]; }
  std::span<const std::uint32_t> numbers(Range range) const { return std::span(pool_).subspan(range.begin, range.size); }
  /// Gives back what was reserved for more.
  void settle();
  std::size_t memory() const;

 private:
  std::uint32_t add_origin(const Request& request);
  std::uint32_t add_group(const Group& group, const Keys& keys);
  std::uint32_t add_variant(std::uint32_t group, const Keys& keys);
  Range keep(const std::vector<std::uint32_t>& numbers);

  const MatchOptions& options_;
  Bodies& bodies_;
  std::vector<Request> origins_{};  // of which only scheme, host and port are set
  std::vector<Place> places_{};
  std::vector<Group> groups_{};
  std::vector<Variant> variants_{};
  std::vector<std::uint32_t> next_{};  // of the same variant, for each exchange
  std::vector<std::uint32_t> pool_{};
  NumberTable place_table_{};
  NumberTable group_table_{};
  NumberTable variant_table_{};
  bool settled_ = false;
};

/// Numbers that two sorted lists have in common.
std::size_t common(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b);

}  // namespace har::match
