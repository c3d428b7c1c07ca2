#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "check/entry_rules.hpp"
#include "check/facts.hpp"
#include "check/marks.hpp"
#include "check/shape.hpp"
#include "stream/text/json_tokens.hpp"

namespace har::check {

/// One pass over a JSON text: the grammar of every byte, members that stand twice, the shape, and the facts for the other
/// rules. Builds nothing; its memory grows with the depth only. UTF-8 is the caller's.
class Walker {
 public:
  /// Marks of one rule in one text: the others are counted, and said in one mark.
  static constexpr std::uint32_t kMarksOfRule = 100;

  /// `strict`: members that the schema tolerates are marked, too.
  explicit Walker(std::size_t max_depth, bool strict = false) : max_depth_(max_depth), strict_(strict) {}

  /// Follows `text` from a node of the shape on. False if it is not JSON, or too deep: what stands behind that place was not
  /// looked at. `facts` and `messages` may be null; facts are cleared first, and refer to `text`.
  bool walk(std::string_view text, const Shape& shape, int node, Facts* facts, MessageChecks* messages, Marks& marks);

 private:
  struct Frame {
    const Shape::Node* node = nullptr;
    bool array = false;
    std::uint8_t last = 0;    ///< of the members described: one more than the last one's number
    std::uint64_t seen = 0;   ///< of those, bit by bit
    std::size_t begin = 0;    ///< of its bracket
    std::size_t index = 0;    ///< of the element
    std::string_view key{};   ///< of the member, as it stands between its quotes
    std::uint64_t bloom = 0;  ///< of the hashes of other members' names
    std::size_t names = 0;    ///< where they begin in names_
  };

  bool run(Facts* facts, MessageChecks* messages);
  bool wrong(std::size_t at, std::string_view expected);
  // A value's text is handed back, and empty if it is none.
  std::string_view no_value(std::size_t at, std::string_view expected = "a value");
  std::string_view scalar(std::size_t at, const Shape::Node* node);
  std::string_view number(std::size_t at, const Shape::Node* node);
  void string_value(const Shape::Node& node, std::string_view raw);
  void number_value(const Shape::Node& node, std::string_view raw, bool whole);
  bool type(const Shape::Node& node, Shape::Type is, std::size_t at) {
    return (node.types & is) != 0 || wrong_type(node, is, at);
  }
  bool wrong_type(const Shape::Node& node, Shape::Type is, std::size_t at);
  const Shape::Node* node_at(int index) const { return index == Shape::kNone ? nullptr : &shape_->node(index); }
  int member(Frame& frame, std::string_view key, std::size_t at);
  int described_member(Frame& frame, const Shape::Node& node, std::size_t found, std::string_view key, std::size_t at);
  void undescribed(const Shape::Node& node, std::string_view key, std::size_t at);
  void other_member(Frame& frame, std::string_view name, std::size_t at);
  void close(const Frame& frame);
  std::string_view string_at(std::size_t at, std::size_t next) const;
  void mark(RuleId rule, std::size_t at, std::string message, std::optional<Severity> regular, std::string_view member = {});
  std::string pointer(std::string_view member) const;

  std::size_t max_depth_;
  bool strict_;
  stream::JsonTokens tokens_;
  std::string_view text_;
  const Shape* shape_ = nullptr;
  Marks* marks_ = nullptr;
  std::vector<Frame> frames_;
  std::vector<std::string_view> names_;
  std::unordered_set<std::string_view> many_names_;  ///< of the one object that has so many
  std::size_t many_at_ = 0;                          ///< its frame's number, from 1; 0: none
  std::vector<std::uint8_t> predictions_;
  const Shape* predicted_ = nullptr;
  std::vector<std::uint32_t> of_rule_;
  std::set<std::string> decoded_names_;  ///< of members whose names were written with escapes
  int root_ = Shape::kNone;
  std::string scratch_;
};

}  // namespace har::check
