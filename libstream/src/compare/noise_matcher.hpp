#pragma once

#include <re2/re2.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stream/compare/noise.hpp"
#include "stream/compare/number.hpp"
#include "stream/compare/path.hpp"
#include "stream/text/json.hpp"

namespace stream {

/// A rule, ready for use.
struct NoiseRules::Compiled {
  NoiseRule rule{};
  bool field = false;  // of a field of the item, not of its data
  std::string name{};  // of the field: lower case, without @
  PathPattern path{};  // of the data
  std::unique_ptr<re2::RE2> expression{};
  PathPattern by{};                        // key: in each element
  std::uint64_t filter = 0;                // its bit; 0: all items
  mutable std::atomic<bool> used = false;  // it named something

  bool names_field(std::string_view lower) const {
    return name.ends_with('*') ? lower.starts_with(std::string_view(name).substr(0, name.size() - 1)) : lower == name;
  }
  bool matches(std::string_view text) const {
    return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *expression);
  }
};

/// What the rules say about one place.
struct NoiseEffect {
  bool ignored = false;
  std::vector<const NoiseRules::Compiled*> masks{};    // in the order of the rules
  std::vector<const NoiseRules::Compiled*> relaxed{};  // rules by which different values may be equal
  std::uint32_t relaxed_id = 0;                        // the same for the same `relaxed`; 0: none
  const NoiseRules::Compiled* array = nullptr;         // the order of elements does not matter

  bool plain() const { return !ignored && masks.empty() && relaxed.empty() && array == nullptr; }
};

/// Finds what the rules say about a place. Remembers what it found: one matcher belongs to one thread. The rules outlive it.
class NoiseMatcher {
 public:
  using State = std::uint32_t;
  /// Nothing is said here or below.
  static constexpr State kNothing = PathMatcher::kNothing;

  explicit NoiseMatcher(const NoiseRules& rules);

  /// Which filters an item passes.
  std::uint64_t filters(const Item& item) const;
  /// The data of an item that passes these filters.
  State root(std::uint64_t filters);
  /// A field of such an item. It has no members.
  State field(std::uint64_t filters, std::string_view name);
  State member(State state, std::string_view name) { return state == kNothing ? kNothing : path_.member(state, name); }
  State element(State state, std::size_t index) { return state == kNothing ? kNothing : path_.element(state, index); }
  /// Stays where it is.
  const NoiseEffect& effect(State state);
  bool ignored(State state) { return effect(state).ignored; }
  /// Whether there are rules by which elements stand in any order.
  bool has_arrays() const { return has_arrays_; }
  /// Whether there are rules that named nothing yet.
  bool searching();

 private:
  static constexpr State kField = State{1} << 31;
  NoiseEffect make_effect(const std::vector<std::uint32_t>& rules);

  const NoiseRules& rules_;
  PathMatcher path_;
  std::deque<NoiseEffect> effects_;        // by state of path_
  std::deque<NoiseEffect> field_effects_;  // by state without kField
  std::map<std::uint64_t, State> roots_;
  std::map<std::uint64_t, std::map<std::string, State, std::less<>>> fields_;
  std::map<std::vector<std::uint32_t>, std::uint32_t> relaxed_ids_;
  std::vector<const NoiseRules::Compiled*> unmet_;
  bool has_field_rules_ = false;
  bool has_arrays_ = false;
};

/// The text with the masks of an effect applied.
std::string masked(const NoiseEffect& effect, std::string_view text);

/// Whether the two are within the tolerance; false if they are not of a kind that it is for.
bool within(const Tolerance& tolerance, const Json& expected, const Json& actual);

/// Code points; bytes that are no UTF-8 count as one each, but for those that look like the inside of a code point.
std::size_t code_points(std::string_view text);

}  // namespace stream
