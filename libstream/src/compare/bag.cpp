#include "bag.hpp"

#include <algorithm>

namespace stream {

std::uint64_t Bag::print_of(const Item& item) {
  return key_ == nullptr ? comparer_.fingerprint(item) : comparer_.key(item, *key_);
}

Item Bag::remove(Side& side, std::uint64_t order) {
  const auto at = side.items.find(order);
  auto [print, item] = std::move(at->second);
  side.items.erase(at);
  side.bytes -= item.data.size();
  const auto found = side.by_print.find(print);
  auto& orders = found->second;
  orders.erase(std::find(orders.begin(), orders.end(), order));
  if (orders.empty()) side.by_print.erase(found);
  return std::move(item);
}

Status Bag::add(Which which, Item item, bool& windowed) {
  const std::uint64_t print = print_of(item);
  const bool is_expected = which == Which::expected;
  Side& others = side(is_expected ? Which::actual : Which::expected);
  if (const auto found = others.by_print.find(print); found != others.by_print.end()) {
    for (const std::uint64_t order : found->second) {
      const Item& other = others.items.at(order).second;
      const Item& e = is_expected ? item : other;
      const Item& a = is_expected ? other : item;
      const bool equal = comparer_.equal(e, a);
      if (!equal && (key_ == nullptr || e.kind != a.kind || e.direction != a.direction)) continue;
      STREAM_TRY(teller_.pair(e, a, equal));
      remove(others, order);
      return {};
    }
  }
  Side& own = side(which);
  const std::uint64_t order = next_++;
  own.bytes += item.data.size();
  own.by_print[print].push_back(order);
  own.items.emplace(order, std::pair(print, std::move(item)));
  while (own.items.size() > options_.window || (own.bytes > options_.window_bytes && own.items.size() > 1)) {
    windowed = true;
    const Item gone = remove(own, own.items.begin()->first);
    if (is_expected) {
      STREAM_TRY(teller_.missing(gone, {}));
    } else {
      STREAM_TRY(teller_.extra(gone, {}));
    }
  }
  return {};
}

std::vector<Item> Bag::take_rest(Which which) {
  std::vector<Item> out;
  for (auto& [order, entry] : side(which).items) out.push_back(std::move(entry.second));
  side(which) = {};
  return out;
}

}  // namespace stream
