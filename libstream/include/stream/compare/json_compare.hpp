#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stream/compare/ignore.hpp"
#include "stream/compare/number.hpp"
#include "stream/text/json.hpp"

namespace stream {

/// What counts as equal.
struct ValueRules {
  IgnoreSet ignore{};
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

/// Compares JSON values by meaning: the order of members does not matter, that of elements does; numbers are compared
/// exactly; strings code point by code point, also where they hold JSON themselves. Members of the same name are compared
/// one by one from the last backwards, for the last is the one that readers take. Ignored parts are left out first.
///
/// equal() is exact, symmetric and transitive; equal values have equal hashes. One comparer belongs to one thread; the
/// rules outlive it.
class JsonComparer {
 public:
  explicit JsonComparer(const ValueRules& rules) : rules_(rules), matcher_(rules.ignore) {}

  bool equal(const Json& a, const Json& b) { return equal(a, matcher_.root(), b, matcher_.root()); }
  /// Stays the same only within one version of the library.
  std::uint64_t hash(const Json& value) { return hash(value, matcher_.root()); }
  /// The rules ignore every value.
  bool ignores_all() const { return matcher_.ignored(matcher_.root()); }
  /// Differences in the order of `expected`; at most `limit`. Elements of arrays are aligned, so that an inserted one is
  /// one difference.
  std::vector<JsonDifference> compare(const Json& expected, const Json& actual, std::size_t limit = SIZE_MAX);
  /// Appends hashes of what is in the value, for likeness(); at most about `limit`.
  void features(std::vector<std::uint32_t>& out, const Json& value, std::size_t limit = 64);

 private:
  using State = IgnoreMatcher::State;
  struct Member;
  struct Element;
  struct Run;
  struct Search;
  bool equal(const Json& a, State state_a, const Json& b, State state_b);
  std::uint64_t hash(const Json& value, State state);
  void collect_features(std::vector<std::uint32_t>& out, const Json& value, State state, std::uint64_t path, std::size_t limit);
  std::vector<Member> members(const Json::Object& object, State state);
  std::vector<Element> elements(const Json::Array& array, State state);
  void compare(Search& search, const Json& expected, State state_e, const Json& actual, State state_a);
  void compare_objects(Search& search, const Json::Object& expected, State state_e, const Json::Object& actual, State state_a);
  void compare_arrays(Search& search, const Json::Array& expected, State state_e, const Json::Array& actual, State state_a);
  void compare_runs(Search& search, const Run& expected, const Run& actual);

  const ValueRules& rules_;
  IgnoreMatcher matcher_;
};

/// 1000 if two sorted lists of features are the same, 0 if they share nothing.
int likeness(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b);

/// Features of a text: its words.
void text_features(std::vector<std::uint32_t>& out, std::string_view text, std::size_t limit = 64);

/// A fast hash of bytes, the same on every machine. Not for untrusted keys.
std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed = 0);
std::uint64_t hash_combine(std::uint64_t a, std::uint64_t b);

}  // namespace stream
