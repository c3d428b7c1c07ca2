#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stream/compare/noise.hpp"
#include "stream/compare/number.hpp"
#include "stream/text/json.hpp"

namespace stream {

/// What counts as equal.
struct ValueRules {
  NoiseRules noise{};
  NumberRule numbers = NumberRule::value;
};

enum class ValueChange : std::uint8_t {
  changed,  ///< the same kind of value, but another
  type,     ///< a value of another kind
  missing,  ///< expected, but not there
  extra,    ///< there, but not expected
  moved,    ///< there, but at another place
};
std::string_view to_string(ValueChange change);  ///< "changed", "type", "missing", "extra", "moved"

/// One place where two JSON values differ. The values are parts of those that were compared.
struct JsonDifference {
  ValueChange change = ValueChange::changed;
  std::string expected_pointer{};  ///< RFC 6901; extra: where the value would have been
  std::string actual_pointer{};    ///< differs from the other behind an element that was inserted or removed
  const Json* expected = nullptr;  ///< extra: none
  const Json* actual = nullptr;    ///< missing: none
  /// missing, extra: a member of that name is on both sides, but not as often.
  bool duplicate = false;
};

class NoiseMatcher;
struct NoiseEffect;

/// Compares JSON values by meaning: the order of members does not matter, that of elements does; numbers are compared
/// exactly; strings code point by code point, also where they hold JSON themselves. Members of the same name are compared
/// one by one from the last backwards, for the last is the one that readers take. Ignored parts are left out first.
///
/// Without rules equal() is exact, symmetric and transitive. With them it holds for at least the same values; `tolerance`
/// makes it intransitive, and `accept` and a percentage take their first value for the expected one. Equal values at
/// one place have equal hashes. One comparer belongs to one thread; the rules outlive it.
class JsonComparer {
 public:
  /// A place as the rules see it, see NoiseMatcher.
  using State = std::uint32_t;

  explicit JsonComparer(const ValueRules& rules);
  JsonComparer(const JsonComparer&) = delete;
  JsonComparer& operator=(const JsonComparer&) = delete;
  ~JsonComparer();

  // Values that are whole, and subject to the rules that are for all items.
  bool equal(const Json& expected, const Json& actual) { return equal(expected, top_, actual, top_); }
  /// Stays the same only within one version of the library.
  std::uint64_t hash(const Json& value) { return hash(value, top_); }
  /// Differences in the order of `expected`; at most `limit`. Elements of arrays are aligned, so that an inserted one is
  /// one difference.
  std::vector<JsonDifference> compare(const Json& expected, const Json& actual, std::size_t limit = SIZE_MAX) {
    return compare(expected, top_, actual, top_, limit);
  }
  /// Appends hashes of what is in the value, for likeness(); at most about `limit`.
  void features(std::vector<std::uint32_t>& out, const Json& value, std::size_t limit = 64) { features(out, value, top_, limit); }

  // Places of items, for those who compare other things by the same rules.
  State data(const Item& item);
  /// A field beside the data, by its name without '@'.
  State field(const Item& item, std::string_view name);
  /// A place below another: RFC 6901. What is below an ignored place is ignored.
  State below(State state, std::string_view pointer);
  bool ignored(State state);
  /// Whether no rule is about the place (but there may be rules about what is below).
  bool plain(State state);
  /// The text with the masks of the place applied.
  std::string apply_masks(State state, std::string_view text);

  // The same for values at a place that the matcher knows.
  NoiseMatcher& matcher() { return *matcher_; }
  bool equal(const Json& expected, State state_e, const Json& actual, State state_a);
  std::uint64_t hash(const Json& value, State state);
  std::vector<JsonDifference> compare(const Json& expected, State state_e, const Json& actual, State state_a,
                                      std::size_t limit = SIZE_MAX);
  void features(std::vector<std::uint32_t>& out, const Json& value, State state, std::size_t limit = 64);

 private:
  struct Member;
  struct Element;
  struct Run;
  struct Search;
  bool equal_plain(const Json& a, State state_a, const Json& b, State state_b);
  bool equal_relaxed(const NoiseEffect& effect, const Json& expected, State state_e, const Json& actual, State state_a);
  bool same_shape(const Json& a, State state_a, const Json& b, State state_b);
  std::size_t kept_size(const Json& value, State state);
  std::uint64_t hash_plain(const Json& value, State state);
  std::uint64_t hash_shape(const Json& value, State state);
  void collect_features(std::vector<std::uint32_t>& out, const Json& value, State state, std::uint64_t path, std::size_t limit);
  std::vector<Member> members(const Json::Object& object, State state);
  std::vector<Element> elements(const Json::Array& array, State state);
  void compare(Search& search, const Json& expected, State state_e, const Json& actual, State state_a);
  void compare_objects(Search& search, const Json::Object& expected, State state_e, const Json::Object& actual, State state_a);
  void compare_arrays(Search& search, const Json::Array& expected, State state_e, const Json::Array& actual, State state_a);
  void compare_runs(Search& search, const Run& expected, const Run& actual);
  std::uint64_t key_of(const NoiseRules::Compiled& rule, const Element& element);
  bool equal_in_any_order(const std::vector<Element>& a, const std::vector<Element>& b);
  void compare_in_any_order(Search& search, const NoiseRules::Compiled& rule, const std::vector<Element>& expected,
                            const std::vector<Element>& actual);

  const ValueRules& rules_;
  std::unique_ptr<NoiseMatcher> matcher_;
  State top_ = 0;
};

/// 1000 if two sorted lists of features are the same, 0 if they share nothing.
int likeness(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b);

/// Features of a text: its words.
void text_features(std::vector<std::uint32_t>& out, std::string_view text, std::size_t limit = 64);

/// A fast hash of bytes, the same on every machine. Not for untrusted keys.
std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed = 0);
std::uint64_t hash_combine(std::uint64_t a, std::uint64_t b);

}  // namespace stream
