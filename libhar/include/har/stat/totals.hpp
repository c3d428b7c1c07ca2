#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "har/entry_reader.hpp"
#include "har/stat/facts.hpp"
#include "har/stat/summary.hpp"

namespace har::stat {

/// What entries are grouped by.
enum class Dimension : std::uint8_t {
  host,
  type,
  status,
  status_class,
  method,
  protocol,
  page,
  mime,
  url,
  path,
  input,
  address,
  cache,
};
inline constexpr std::size_t kDimensions = 13;
std::string_view to_string(Dimension dimension);  ///< "status-class" …
std::optional<Dimension> dimension_from_name(std::string_view name);

/// Several dimensions are taken together: a group is what agrees in all of them.
using Section = std::vector<Dimension>;
std::string to_string(const Section& section);  ///< "host,type"
/// Errors: `usage`.
stream::Result<Section> parse_section(std::string_view text);

/// What is asked for. Totals with the same settings can be added.
struct Settings {
  std::vector<Section> sections{};
  std::size_t exact_up_to = Quantiles::kExactUpTo;
  std::size_t max_groups = 200;      ///< of each section
  std::size_t max_requests = 16384;  ///< that are told apart, to see which were made more than once
  std::size_t top = 10;              ///< slowest, largest and most repeated
  bool operator==(const Settings&) const = default;
};

/// A 64-bit number that is the same on every machine.
std::uint64_t stable_hash(std::string_view text);

/// A group's name: a value for each dimension of its section.
using GroupKey = std::string;  ///< the values, separated by U+001F
std::vector<std::string_view> parts_of(std::string_view key);

/// The groups of a section. Of more than `max_groups` those stay whose names have the least hashes, and what the others hold is
/// in other(): which they are depends on the names alone, so that it makes no difference in which order, or where, they came.
class Groups {
 public:
  Groups(std::size_t max_groups, std::size_t exact_up_to) : max_groups_(max_groups), exact_up_to_(exact_up_to) {}

  Summary& operator[](std::string_view key);  ///< other(), if it is none of those that stay
  void add(const Groups& other);
  /// The same of one group.
  void add(std::string_view key, const Summary& summary) { (*this)[key].add(summary); }
  void add_other(const Summary& summary) { other_summary().add(summary); }

  struct Group {
    std::uint64_t hash = 0;
    Summary summary;
  };
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using Map = std::unordered_map<GroupKey, Group, Hash, std::equal_to<>>;
  const Map& groups() const { return groups_; }
  const Summary* find(std::string_view key) const;
  const Summary* other() const { return other_ ? &*other_ : nullptr; }
  /// In the order of their entries, most first; those of as many by their names.
  std::vector<std::pair<std::string_view, const Summary*>> sorted() const;

 private:
  Summary& other_summary();
  void find_last();

  std::size_t max_groups_;
  std::size_t exact_up_to_;
  Map groups_{};
  std::optional<Summary> other_{};
  std::uint64_t last_hash_ = 0;  ///< the greatest there is, and whose it is; of a full map
  std::string last_key_{};
};

/// An entry that stands out.
struct TopEntry {
  std::uint64_t value = 0;
  std::string input{};
  std::uint64_t index = 0;  ///< in its input, from 0
  std::string method{};
  std::string url{};
  std::string type{};
  int status = 0;
  bool operator==(const TopEntry&) const = default;
  auto operator<=>(const TopEntry&) const = default;
};

/// The `size` greatest values, those of the same value in the order of input, number and so on: a total order, so that it makes
/// no difference which part of them was seen first.
class TopList {
 public:
  explicit TopList(std::size_t size) : size_(size) {}
  bool wants(std::uint64_t value) const { return size_ != 0 && (list_.size() < size_ || value >= list_.back().value); }
  void add(TopEntry entry);
  void add(const TopList& other) {
    for (const TopEntry& entry : other.list_) add(entry);
  }
  const std::vector<TopEntry>& entries() const { return list_; }
  bool operator==(const TopList&) const = default;

 private:
  std::size_t size_;
  std::vector<TopEntry> list_{};
};

/// A request (method, URL and body), and how often it was answered.
struct RepeatedRequest {
  std::uint64_t count = 0;
  std::uint64_t transferred = 0;
  std::uint64_t largest = 0;  ///< of these, what one answer took at most: what is above it was wasted
  std::string method{};
  std::string url{};
  std::uint64_t wasted() const { return transferred - largest; }
  bool operator==(const RepeatedRequest&) const = default;
};

/// Which requests were made more than once. Of more than `max_requests` different ones, those with the least hashes are counted,
/// exactly; they are a sample, of which the rest is estimated. Which they are depends on the requests alone.
class Repeats {
 public:
  struct Hash {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    auto operator<=>(const Hash&) const = default;
  };
  explicit Repeats(std::size_t max_requests) : max_requests_(max_requests) {}

  void add(Hash hash, std::uint64_t transferred, std::string_view method, std::string_view url);
  void add(Hash hash, RepeatedRequest request);
  void add(const Repeats& other);
  /// Some were left out.
  void set_sampled(bool sampled) { sampled_ = sampled_ || sampled; }

  struct Count {
    std::uint64_t requests = 0;  ///< different ones
    std::uint64_t repeated = 0;  ///< answers to one that had been answered
    std::uint64_t wasted = 0;    ///< bytes of these
    bool exact = true;           ///< else it is estimated; the standard error of `requests` is 1/sqrt(max_requests)
  };
  Count count() const;
  /// Those that were made more than once, by wasted bytes, then by count; at most `size`.
  std::vector<const RepeatedRequest*> worst(std::size_t size) const;
  /// All that are kept, in the order of their hashes.
  std::vector<std::pair<Hash, const RepeatedRequest*>> sorted() const;
  bool sampled() const;

 private:
  struct HashOf {
    std::size_t operator()(const Hash& hash) const { return static_cast<std::size_t>(hash.low); }
  };
  void prune(std::size_t above) const;

  std::size_t max_requests_;
  // Seldom pruned, and always before anybody looks.
  mutable std::unordered_map<Hash, RepeatedRequest, HashOf> requests_{};
  mutable bool sampled_ = false;
  mutable std::optional<Hash> last_{};  ///< what is greater is left out
};

/// Everything that was counted. add() is associative and commutative: in whichever order parts are added, and on however many
/// machines, the result is the same to the byte.
class Totals {
 public:
  explicit Totals(Settings settings);

  /// What is counted next is of this input.
  void begin_input(std::string_view name);
  /// Entries that follow each other in the input: `first` is the number of the first, `skipped` says, counted from it and in
  /// order, of which there are no facts.
  void add(const EntryFactsList& facts, std::size_t first, const std::vector<std::size_t>& skipped = {});
  /// What the input has said of its pages: groups by page are named by their titles.
  void end_input(const LogInfo& info);
  /// Of totals with the same settings, all inputs of which have ended.
  void add(const Totals& other);

  const Settings& settings() const { return settings_; }
  std::uint64_t inputs() const { return inputs_; }
  const Summary& all() const { return all_; }
  const Groups& section(std::size_t index) const { return sections_[index]; }
  const TopList& slowest() const { return slowest_; }
  const TopList& largest() const { return largest_; }
  const Repeats& repeats() const { return repeats_; }
  /// When the first entry began, and when the last one ended; none if no entry says so.
  std::optional<std::int64_t> first() const { return first_; }
  std::optional<std::int64_t> last() const { return last_; }

 private:
  friend class PartialReader;
  struct Input {
    std::string name{};
    std::vector<Groups> pages{};  ///< of sections with Dimension::page, until it is known what pages are called
  };
  std::string_view key_of(const Section& section, const EntryFacts& facts, const EntryFactsList& list);
  std::string_view value_of(Dimension dimension, const EntryFacts& facts, const EntryFactsList& list);

  Settings settings_;
  std::uint64_t inputs_ = 0;
  Summary all_;
  std::vector<Groups> sections_{};
  TopList slowest_;
  TopList largest_;
  Repeats repeats_;
  std::optional<std::int64_t> first_{};
  std::optional<std::int64_t> last_{};
  Input input_{};
  std::string key_{};
  std::string value_{};
};

}  // namespace har::stat
