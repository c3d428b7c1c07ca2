#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json_text.hpp"
#include "lockstep.hpp"
#include "stream/compare/compare.hpp"

namespace stream {

/// The offset of the first byte that differs; the length of the shorter if there is none.
std::size_t first_difference(std::string_view a, std::string_view b);

/// Compares single items by value. One comparer belongs to one thread; the rules outlive it.
class ItemComparer {
 public:
  ItemComparer(const ValueRules& rules, const Limits& limits);

  bool equal(const Item& expected, const Item& actual);
  /// The same for equal items to which the same rules apply.
  std::uint64_t fingerprint(const Item& item);
  /// The same for items that have equal values at the places of a pattern; of those that have none it is that of their kind.
  std::uint64_t key(const Item& item, const PathPattern& pattern);
  /// Whether items that are equal to the byte are of interest, for the rules that may name something in them.
  bool looks_into_equal();

  JsonComparer& json() { return json_; }
  /// The place of the item's data, for json().
  JsonComparer::State root(const Item& item);
  /// Sorted; see likeness().
  std::vector<std::uint32_t> features(const Item& item);

  /// Where two items of one kind and direction differ. Subject::field and Subject::data; the refs are not filled in, and neither
  /// are the values without `values`.
  std::vector<Difference> compare(const Item& expected, const Item& actual, bool values = true);
  /// How many differences compare() finds, if that is quickly known. Only the data is looked at: the fields must be equal.
  std::optional<Lockstep::Changes> count(const Item& expected, const Item& actual);
  /// The data of a whole item.
  ShownValue shown(const Item& item) const;
  /// Whether the rules ignore this field of the item.
  bool ignores(const Item& item, const ItemField& field);

 private:
  /// JSON, or nothing where the data is to be compared as it stands.
  std::optional<Json> parse(const Item& item) const;
  void compare_fields(const Item& expected, const Item& actual, std::vector<Difference>& out);
  void compare_data(const Item& expected, const Item& actual, bool values, std::vector<Difference>& out);

  using State = JsonComparer::State;
  struct Field {
    const ItemField* field = nullptr;
    State state = 0;
  };
  std::vector<Field> kept_fields(const Item& item);
  bool equal(const Field& a, const Field& b);
  bool equal_fields(const Item& a, const Item& b);
  bool equal_data(const Item& expected, const Item& actual);
  bool equal_bytes(const Item& expected, State state_e, const Item& actual, State state_a);
  std::uint64_t hash_data(const Item& item, State state);
  /// Looks for what rules that were not used yet may name.
  void look_into(const Item& item);

  Limits limits_;
  JsonComparer json_;
  NoiseMatcher& noise_;
  JsonTextHash text_hash_;
  std::optional<Lockstep> lockstep_;
  State lockstep_root_ = 0;
  std::size_t looked_into_ = 0;
};

}  // namespace stream
