#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stream/io/error.hpp"

namespace stream {

/// What is left out of a comparison, on both sides, before anything is aligned.
///
/// A pattern is one of
///   /a/0/b   a JSON Pointer (RFC 6901, with ~0 for ~ and ~1 for /) into an item's JSON value; "" is the whole value.
///            A level `*` is any one name or index, `**` any number of levels, none included; ~2 is a literal *.
///   @name    a field of the item itself: @type, @id, @retry, @opcode … (see Item). `*` at its end is any rest: @header/*.
/// What a pattern names is ignored with everything below it, and also its absence is.
class IgnoreSet {
 public:
  /// Errors: `usage`, with a hint that shows the likely meaning.
  Status add(std::string_view pattern);

  bool empty() const { return patterns_.empty() && fields_.empty(); }
  bool has_pointers() const { return !patterns_.empty(); }
  /// Whether the field of that name (without "@"; compared without case) is ignored.
  bool field(std::string_view name) const;

 private:
  friend class IgnoreMatcher;
  struct Level {
    enum class Kind : std::uint8_t { name, any, any_depth } kind = Kind::name;
    std::string name{};
  };
  std::vector<std::vector<Level>> patterns_;
  std::vector<std::string> fields_;  // lower case
};

/// Walks the patterns of a set down a JSON value. The states met are remembered, so a step costs one look-up; therefore
/// one matcher belongs to one thread. The set outlives it.
class IgnoreMatcher {
 public:
  using State = std::uint32_t;
  /// No pattern can match here or below.
  static constexpr State kNothing = 0;

  explicit IgnoreMatcher(const IgnoreSet& set);

  State root() const { return root_; }
  /// The value at this state is ignored.
  bool ignored(State state) const { return states_[state].accepts; }
  State member(State state, std::string_view name);
  State element(State state, std::size_t index);

 private:
  using Position = std::pair<std::uint32_t, std::uint32_t>;  // a pattern, and the level it waits for
  struct Node {
    std::vector<Position> positions{};
    bool accepts = false;
    std::map<std::string, State, std::less<>> next{};  // names that some pattern spells out
    State otherwise = 0;
    bool otherwise_known = false;
  };
  State intern(std::vector<Position> positions);
  State step(State state, std::string_view name, bool spelled_out);

  const IgnoreSet& set_;
  std::vector<Node> states_;
  std::map<std::vector<Position>, State> ids_;
  State root_ = kNothing;
};

}  // namespace stream
