#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "item_compare.hpp"
#include "stream/compare/compare.hpp"

namespace stream {

/// The texts that are spread over the items of both sides. What is the same on both is let go of at once.
class JoinedTexts {
 public:
  enum class Which : std::uint8_t { expected, actual };

  /// The next piece of the text of that name, and the item that it came with.
  void append(Which which, const std::string& name, std::string_view piece, const Item& item);
  /// Texts of which it is known by now that they differ, and that were not asked for yet; nothing is known of what has not come.
  std::vector<Difference> found();
  /// Both sides have ended. `cut_e`, `cut_a`: a side was cut off, and its texts need only be equal as far as they go.
  std::vector<Difference> finish(bool cut_e, bool cut_a);

 private:
  struct Piece {
    std::uint64_t end = 0;  ///< of its text, in the whole text
    ItemRef item{};
  };
  struct Text {
    std::string waiting{};  ///< what the other side does not have yet; behind a difference what follows, up to a limit
    std::deque<Piece> pieces{};
    std::uint64_t size = 0;
    bool more = false;  ///< there was more than is kept
  };
  struct Pair {
    std::string name{};
    std::array<Text, 2> sides{};
    std::string before{};          ///< the end of what is the same
    std::uint64_t same = 0;        ///< bytes that are the same
    std::uint64_t characters = 0;  ///< code points in those
    bool differs = false;
    bool said = false;
  };
  static void advance(Pair& pair);
  static Difference difference(const Pair& pair);

  std::vector<Pair> pairs_;  ///< in the order in which they came
  std::map<std::string, std::size_t, std::less<>> index_;
};

/// Takes what is to be joined out of the items of one side.
class Joiner {
 public:
  /// All outlive it.
  Joiner(const std::vector<JoinRule>& rules, ItemComparer& comparer, JoinedTexts& texts, JoinedTexts::Which which,
         const Limits& limits);

  /// False: the item brought nothing but pieces of texts, and stands among others that are the same without them.
  bool take(Item& item);

 private:
  struct Found;
  bool take_out(Json& value, Item& item);

  const std::vector<JoinRule>& rules_;
  ItemComparer& comparer_;
  JoinedTexts& texts_;
  JoinedTexts::Which which_;
  Limits limits_;
  std::set<std::uint64_t> rests_;  ///< prints of the items of this run, without what was joined
};

}  // namespace stream
