#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "har/entry_reader.hpp"
#include "stream/text/json.hpp"

namespace har::merging {

/// The pages of several inputs with ids that are unique: of the same id, the first input's stays, a later one's gets the number
/// of its input ("page_1-2"), and another if that is taken ("page_1-2-2"). What an entry refers to follows: a pageref means the
/// page of its own input. One that means none there is kept, unless another input has such a page: then it is renamed too, so
/// that it means none in the output either.
class PageNames {
 public:
  enum class Same { keep_both, are_one };
  /// With `are_one` a page that an earlier input has to the letter is that page, and is kept once.
  explicit PageNames(Same same = Same::keep_both) : same_(same) {}

  /// The inputs in their order, before anything is asked: with all their pages.
  void add_input(const stream::Json& pages);
  /// Gives the names; nothing is added behind that.
  void settle();

  /// What stands instead of this pageref of an entry of that input; nothing if it stays.
  std::optional<std::string> renamed(std::size_t input, std::string_view pageref) const;
  /// Whether renamed() can give anything for the input: otherwise its entries need not be looked at.
  bool touches(std::size_t input) const;
  /// All pages, sorted by their start; pages without one stay behind the page before them.
  stream::Json::Array pages() const;

 private:
  struct Input {
    stream::Json::Array pages{};
    std::map<std::string, std::string, std::less<>> names{};
    std::set<std::size_t> doubles{};  ///< numbers of pages that an earlier input has
  };
  std::string unique(const std::string& id, std::size_t input);

  Same same_;
  std::vector<Input> inputs_;
  std::set<std::string, std::less<>> given_;                           ///< ids in the output
  std::set<std::string, std::less<>> taken_;                           ///< ids that must not be made: those of all inputs too
  std::vector<std::map<std::string, std::string, std::less<>>> none_;  ///< by input: names for what means no page
};

/// /log/pages; null if there are none.
const stream::Json& pages_of(const LogInfo& info);

}  // namespace har::merging
