#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stream/compare/item.hpp"
#include "stream/compare/path.hpp"
#include "stream/io/error.hpp"
#include "stream/text/timestamp.hpp"

/// What may differ between two streams that are the same: rules, each of which says what is let pass at which places.
namespace stream {

/// Values that are equal without rules are equal with them; a rule only adds to that.
enum class NoiseAction : std::uint8_t {
  ignore,     ///< left out on both sides with everything below it, and so is its absence
  accept,     ///< whatever was expected, if the actual value matches a regular expression
  mask,       ///< what matches in strings, there and below, is replaced on both sides before they are compared
  type,       ///< values of the same type are equal
  shape,      ///< so are values with members of the same names, as many elements, and the same types
  size,       ///< so are strings of as many code points, bytes, arrays and objects of the same size
  regex,      ///< so are values that both match a regular expression
  tolerance,  ///< so are numbers (and times), there and below, that are near each other
  set,        ///< so are arrays with the same elements in any order
  key,        ///< so are they; elements with the same value at a place within them are opposite each other
};
std::string_view to_string(NoiseAction action);  ///< the names above

/// How far two values may be apart.
struct Tolerance {
  std::string amount{};         ///< a decimal number that is not negative
  bool percent = false;         ///< of the expected value
  std::optional<Nanos> span{};  ///< instead of an amount: of strings that are times (ISO 8601) or durations (150ms)

  bool operator==(const Tolerance&) const = default;
};
/// "0.1", "5%", "150ms". Errors: `usage`.
Result<Tolerance> parse_tolerance(std::string_view text);

/// The items that a rule is for. An empty list stands for all.
struct NoiseFilter {
  std::vector<ItemKind> kinds{};
  std::vector<std::string> events{};  ///< types of server-sent events
  std::optional<Direction> direction{};

  bool operator==(const NoiseFilter&) const = default;
  bool any() const { return kinds.empty() && events.empty() && !direction; }
};

struct NoiseRule {
  NoiseAction action = NoiseAction::ignore;
  /// Of JSON data: a pattern, see parse_path(); "" is also text and bytes as a whole, and @data is the same.
  /// Of other fields: @type, @id, @header/NAME … (see ItemField), without case; `*` at its end is any rest.
  /// Of the answer, by `ignore` alone: @status, @content-type, @ending.
  std::string path{};
  /// Of JSON data, instead of `path`, which is only for messages then.
  std::optional<PathPattern> pattern{};
  std::string match{};    ///< accept, mask, regex: RE2, found anywhere in a string or in the JSON text of another value
  std::string replace{};  ///< mask: \1 is what the first group matched, \0 the whole match
  Tolerance within{};     ///< tolerance
  std::string by{};       ///< key: the place in each element, as a path or a name
  NoiseFilter only{};
  Place place{};          ///< where the rule stands, for messages
  bool optional = false;  ///< it need not name anything

  bool operator==(const NoiseRule&) const = default;
};
/// "ignore /a", as messages name a rule.
std::string to_string(const NoiseRule& rule);

/// Rules that were checked. Copies share the knowledge of which of them were used.
class NoiseRules {
 public:
  /// Errors: `usage`, at the rule's place: a pattern or a regular expression that is none, an action that the place does not
  /// have, too many different filters.
  Status add(NoiseRule rule);
  Status ignore(std::string_view path);

  bool empty() const { return rules_.empty(); }
  std::size_t size() const { return rules_.size(); }
  const NoiseRule& operator[](std::size_t index) const;
  /// Rules that named nothing in what was compared, and are not optional. A comparison looks for them in items that are equal
  /// to the byte too, but only in the first ten thousand of those.
  std::vector<std::size_t> unused() const;
  /// Whether a field of the answer ("status") is ignored.
  bool ignores(std::string_view answer_field) const;

  struct Compiled;

 private:
  friend class NoiseMatcher;
  std::vector<std::shared_ptr<const Compiled>> rules_;
  std::vector<NoiseFilter> filters_;  // the different ones of the rules; at most 64
};

}  // namespace stream
