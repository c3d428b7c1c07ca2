#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
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
    for (std::size_t i = slot_of(hash); slots_[i] != kNone; i = next(i)) {
      if (equal(slots_[i])) return slots_[i];
    }
    return kNone;
  }
  /// One that is not there yet. `hash_of` gives the hash of each number in the table.
  template <class HashOf>
  void add(std::uint32_t number, HashOf hash_of) {
    if (fitting(size_ + 1) > slots_.size()) rebuild(std::max<std::size_t>(16, slots_.size() * 2), hash_of);
    place(hash_of(number), number);
    ++size_;
  }
  /// Gives back what was reserved for more.
  template <class HashOf>
  void fit(HashOf hash_of) {
    if (fitting(size_) < slots_.size()) rebuild(fitting(size_), hash_of);
  }
  void clear() { *this = {}; }
  std::size_t memory() const { return slots_.capacity() * sizeof(std::uint32_t); }

 private:
  /// Seven slots in ten are taken at most.
  static std::size_t fitting(std::size_t size) { return size * 10 / 7 + 1; }
  std::size_t slot_of(std::uint64_t hash) const {
    constexpr std::uint64_t kSpread = 0x9e3779b97f4a7c15;
    return static_cast<std::size_t>(((hash * kSpread) >> 32) * slots_.size() >> 32);
  }
  std::size_t next(std::size_t i) const { return i + 1 == slots_.size() ? 0 : i + 1; }
  void place(std::uint64_t hash, std::uint32_t number) {
    std::size_t i = slot_of(hash);
    while (slots_[i] != kNone) i = next(i);
    slots_[i] = number;
  }
  template <class HashOf>
  void rebuild(std::size_t slots, HashOf hash_of) {
    std::vector<std::uint32_t> old(slots, kNone);
    old.swap(slots_);
    for (const std::uint32_t number : old) {
      if (number != kNone) place(hash_of(number), number);
    }
  }
  std::vector<std::uint32_t> slots_{};
  std::size_t size_ = 0;
};

/// A list in the pool: its size stands before its numbers.
using List = std::uint32_t;
inline constexpr List kEmptyList = 0;

/// What all requests of one kind (a method, or an upgrade) for one path have.
struct Place {
  std::uint32_t key = 0;  ///< where it stands among the texts
  std::uint32_t key_size = 0;
  std::uint32_t first_group = kNone;
  std::uint32_t last_group = kNone;
  std::uint32_t origin = kNone;  ///< the first; see Index::origins_of()
};

/// Requests that are the same in everything that must be equal.
struct Group {
  std::uint64_t query = 0;
  std::uint64_t body = 0;  ///< 0: none
  List pairs = kEmptyList;
  std::uint32_t place = 0;
  std::uint32_t next = kNone;  ///< of the same place
  std::uint32_t first_variant = kNone;
  std::uint32_t last_variant = kNone;
  std::uint32_t origin : 28 = 0;
  std::uint32_t body_kind : 4 = 0;

  BodyKind kind() const { return static_cast<BodyKind>(body_kind); }
};

/// Requests of a group that nothing tells apart but their turn.
struct Variant {
  std::uint64_t raw = 0;
  List headers = kEmptyList;
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
Keys keys_of(const Request& request, const MatchOptions& options, Bodies& bodies, bool with_features);

/// A recorded request, ready to be put in.
struct IndexEntry {
  Request origin{};  ///< of which only scheme, host and port are set
  std::string place{};
  Keys keys{};  ///< without the body's value
};
IndexEntry index_entry(const Request& request, const MatchOptions& options, Bodies& bodies);

/// What requests are looked up by, in the place of a method, if they ask for an upgrade.
inline constexpr std::string_view kWebSocket = "websocket";

class Index {
 public:
  explicit Index(const MatchOptions& options) : options_(options) {}

  void add(const IndexEntry& request);

  const Place* find_place(std::string_view kind, const std::string& path) const;
  /// kNone: none.
  std::uint32_t find_group(std::uint32_t place, std::uint32_t origin, std::uint64_t query, std::uint64_t headers,
                           std::uint64_t body) const;
  std::uint32_t number_of(const Place& place) const { return static_cast<std::uint32_t>(&place - places_.data()); }
  std::uint32_t number_of(const Group& group) const { return static_cast<std::uint32_t>(&group - groups_.data()); }
  bool same_origin(std::uint32_t origin, const Request& live) const;

  std::size_t size() const { return next_.size(); }
  std::size_t origins() const { return origins_.size(); }
  const Request& origin(std::uint32_t number) const { return origins_[number]; }
  const Place& place(std::uint32_t number) const { return places_[number]; }
  /// Kind, blank, path.
  std::string_view key(const Place& place) const {
    return std::string_view(texts_).substr(std::size_t{place.key} * kTextUnit, place.key_size);
  }
  /// Calls `visit` for each origin that a place was recorded at.
  template <class Visit>
  void each_origin(const Place& place, Visit visit) const {
    visit(place.origin);
    if (const auto more = more_origins_.find(number_of(place)); more != more_origins_.end()) {
      for (const std::uint32_t origin : more->second) visit(origin);
    }
  }
  std::size_t groups() const { return groups_.size(); }
  const Group& group(std::uint32_t number) const { return groups_[number]; }
  /// The hash of the chosen headers.
  std::uint64_t headers_of(const Group& group) const { return headers_.empty() ? 0 : headers_[number_of(group)]; }
  Variant& variant(std::uint32_t number) { return variants_[number]; }
  std::size_t variants() const { return variants_.size(); }
  /// Of the body; empty unless loose.
  std::span<const std::uint32_t> features_of(std::uint32_t variant) const {
    return numbers(features_.empty() ? kEmptyList : features_[variant]);
  }
  std::uint32_t after(std::uint32_t exchange) const { return next_[exchange]; }
  std::span<const std::uint32_t> numbers(List list) const { return std::span(pool_).subspan(list + 1, pool_[list]); }
  /// Gives back what was reserved for more. Putting in more is slow once, then.
  void settle();
  std::size_t memory() const;

 private:
  static constexpr std::size_t kTextUnit = 4;

  std::uint32_t add_origin(const Request& origin);
  std::uint32_t add_place(const std::string& key, std::uint32_t origin);
  std::uint32_t add_group(const Group& group, const Keys& keys);
  std::uint32_t add_variant(std::uint32_t group, const Keys& keys);
  List keep(const std::vector<std::uint32_t>& numbers);
  void unsettle();
  std::uint64_t hash_of_place(std::uint32_t number) const;
  std::uint64_t hash_of_group(std::uint32_t number) const;
  std::uint64_t hash_of_variant(std::uint32_t number) const;
  std::uint64_t hash_of_list(List list) const;

  const MatchOptions& options_;
  std::vector<Request> origins_{};  // of which only scheme, host and port are set
  std::string texts_{};             // each begins at a multiple of kTextUnit
  std::vector<Place> places_{};
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> more_origins_{};  // of places that have several
  std::vector<Group> groups_{};
  std::vector<std::uint64_t> headers_{};  // of each group, if headers were chosen
  std::vector<Variant> variants_{};
  std::vector<List> features_{};       // of each variant, if loose
  std::vector<std::uint32_t> next_{};  // of the same variant, for each exchange
  std::vector<std::uint32_t> pool_{0};
  NumberTable place_table_{};
  NumberTable group_table_{};
  // Only for putting in.
  NumberTable variant_table_{};
  NumberTable list_table_{};
  bool settled_ = false;
};

/// Numbers that two sorted lists have in common.
std::size_t common(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b);

}  // namespace har::match
