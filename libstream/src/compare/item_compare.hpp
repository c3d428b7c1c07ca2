#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/compare/compare.hpp"

namespace stream {

/// The offset of the first byte that differs; the length of the shorter if there is none.
std::size_t first_difference(std::string_view a, std::string_view b);

/// Compares single items by value. One comparer belongs to one thread; the rules outlive it.
class ItemComparer {
 public:
  ItemComparer(const ValueRules& rules, const Limits& limits);

  bool equal(const Item& a, const Item& b);
  /// The same for equal items.
  std::uint64_t fingerprint(const Item& item);
  /// Sorted; see likeness().
  std::vector<std::uint32_t> features(const Item& item);

  /// Where two items of one kind and direction differ. Subject::field and Subject::data; the refs are not filled in.
  std::vector<Difference> compare(const Item& expected, const Item& actual);
  /// The data of a whole item.
  ShownValue shown(const Item& item) const;

 private:
  /// JSON, or nothing where the data is to be compared as it stands.
  std::optional<Json> parse(const Item& item) const;
  void compare_fields(const Item& expected, const Item& actual, std::vector<Difference>& out);
  void compare_data(const Item& expected, const Item& actual, std::vector<Difference>& out);
  bool equal_fields(const Item& a, const Item& b) const;
  std::vector<const ItemField*> kept_fields(const Item& item) const;

  const ValueRules& rules_;
  Limits limits_;
  JsonComparer json_;
  bool data_ignored_ = false;
};

}  // namespace stream
