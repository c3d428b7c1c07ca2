#pragma once

#include <array>
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

/// A pattern for places in a JSON value, in one of two spellings:
///   /a/0/b    a JSON Pointer (RFC 6901, with ~0 for ~ and ~1 for /); "" is the whole value. A level `*` is any one name or
///             index, `**` any number of levels, none included; ~2 is a literal *.
///   .a[0].b   the same with dots; "." is the whole value. `[]` is any element, `.*` any member, `..b` is b at any depth,
///             `["a.b"]` a name of any characters (a JSON string).
struct PathPattern {
  struct Level {
    enum class Kind : std::uint8_t {
      name,          ///< a member of that name, or an element of that index
      any,           ///< one member or element
      any_depth,     ///< any number of levels, none included
      any_elements,  ///< any number of elements, none included; has no spelling
    };
    Kind kind = Kind::name;
    std::string name{};
    bool any_case = false;  ///< the name is lower case, and names are compared with ASCII letters folded to that
    bool operator==(const Level&) const = default;
  };
  std::vector<Level> levels{};
  bool below = false;  ///< matches everything below the place too
  bool operator==(const PathPattern&) const = default;
};

/// Errors: `usage`, with a hint that shows the likely meaning.
Result<PathPattern> parse_path(std::string_view text);

/// Walks many patterns down a value at once. The states met are remembered, so a step costs one look-up; therefore one
/// matcher belongs to one thread.
class PathMatcher {
 public:
  using State = std::uint32_t;
  /// No pattern can match here or below.
  static constexpr State kNothing = 0;

  explicit PathMatcher(std::vector<PathPattern> patterns);

  /// The top of a value for the patterns of these indexes.
  State start(const std::vector<std::uint32_t>& active);
  State member(State state, std::string_view name);
  State element(State state, std::size_t index);
  /// The patterns that match at this state, ascending.
  const std::vector<std::uint32_t>& matched(State state) const { return states_[state].matched; }
  /// How many states there are; a new one gets the next number.
  std::size_t size() const { return states_.size(); }

 private:
  enum class Step : std::uint8_t { member, element };
  using Position = std::pair<std::uint32_t, std::uint32_t>;  // a pattern, and the level it waits for
  struct Steps {
    std::map<std::string, State, std::less<>> spelled{};  // names that some pattern spells out; kUnknown until it is taken
    State otherwise = kUnknown;
  };
  struct Node {
    std::vector<Position> positions{};
    std::vector<std::uint32_t> matched{};
    std::array<Steps, 2> steps{};
    bool any_case = false;  // some pattern waits for a name in any case
  };
  static constexpr State kUnknown = UINT32_MAX;

  State intern(std::vector<Position> positions);
  State take(State state, std::string_view name, Step step);
  State find(State state, std::string_view name, Step step);

  std::vector<PathPattern> patterns_;
  std::vector<Node> states_;
  std::map<std::vector<Position>, State> ids_;
};

}  // namespace stream
