#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "har/check/fix.hpp"
#include "stream/io/limits.hpp"
#include "stream/text/json_tokens.hpp"

/// A JSON text that is edited in place: where its values stand, and what is to be done to them.
namespace har::check::edit {

enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

/// A value, by its number. Nodes are numbered in the order of the text.
using Node = int;
inline constexpr Node kNone = -1;

struct Edit {
  std::size_t at = 0;
  std::size_t length = 0;
  std::string text{};
};

/// Where bytes of an edited text stood before the edits, which are in order.
std::size_t before(const std::vector<Edit>& edits, std::size_t at);

/// One text. Its values are known after read(); members whose names begin with an underscore are checked, but what is in them
/// is not remembered. Then repairs are asked for, and apply() makes the text with all of them. A value that is replaced or
/// dropped is not to be edited inside as well.
class Text {
 public:
  explicit Text(const stream::Limits& limits);

  /// Whether it is JSON but for what repair_words() mends: NaN and Infinity, commas before a closing bracket, raw control
  /// characters in strings. `text` outlives what is asked about it.
  bool read(std::string_view text);
  /// Asks for the repair of those; whether there were any.
  bool repair_words();

  std::string_view text() const { return text_; }
  Node root() const { return 0; }
  Kind kind(Node node) const { return at(node).kind; }
  bool is(Node node, Kind kind) const { return node != kNone && at(node).kind == kind; }
  bool is_null(Node node) const { return is(node, Kind::null); }
  std::string_view raw(Node node) const { return text_.substr(at(node).begin, at(node).end - at(node).begin); }
  std::size_t begin(Node node) const { return at(node).begin; }
  std::size_t end(Node node) const { return at(node).end; }
  /// The last member of that name, or kNone.
  Node find(Node object, std::string_view name) const;
  Node first(Node parent) const { return parent == kNone ? kNone : at(parent).first; }
  Node next(Node node) const { return at(node).next; }
  /// A member's name.
  std::string name(Node member) const;
  /// A member as it stands there, with its name.
  std::string_view member_text(Node member) const { return text_.substr(at(member).name, at(member).end - at(member).name); }
  /// The characters of a string; of what is no string, nothing.
  std::string string(Node node) const;
  /// The same without a copy if it has no escapes.
  std::string_view string(Node node, std::string& scratch) const;
  std::string pointer(Node node) const;

  // What is to be done. `json`: the new value's text. What is said of it is "was X, now Y", and `why` behind it.
  void set(Node node, RuleId rule, std::string json, std::string_view why = {});
  void drop(Node node, RuleId rule, std::string_view why = {});
  void add(Node object, std::string_view name, std::string json, RuleId rule, std::string_view why = {});
  /// Puts several values in an element's place, and says so in the words given.
  void spread(Node element, const std::vector<std::string>& jsons, RuleId rule, std::string message);

  bool changed() const { return changed_; }
  /// The text with the repairs, and the edits they were, in order. What is said of them goes to `said`, with offsets in this
  /// text.
  std::string apply(std::vector<Edit>& edits, Repairs& said);

 private:
  struct Value {
    Kind kind = Kind::null;
    bool removed = false;
    bool touched = false;  ///< something of it was removed or added
    std::size_t begin = 0;
    std::size_t end = 0;
    std::size_t name = 0;  ///< of a member: where its name begins, with its quotes; of anything else: where it begins itself
    std::size_t name_end = 0;
    Node parent = kNone;
    Node first = kNone;
    Node last = kNone;
    Node next = kNone;
  };
  struct Addition {
    Node parent = kNone;
    std::string text{};
  };
  struct Word {
    std::size_t at = 0;
    std::size_t length = 0;
    std::string text{};
    RuleId rule = RuleId::count_;
    std::string message{};
  };

  const Value& at(Node node) const { return values_[static_cast<std::size_t>(node)]; }
  Value& at(Node node) { return values_[static_cast<std::size_t>(node)]; }
  bool value(std::size_t token, Node parent, bool remember, bool inside, std::size_t depth, std::size_t name,
             std::size_t name_end);
  std::size_t before_space(std::size_t token) const;
  bool scalar(std::size_t token, Kind& kind, std::size_t& end);
  void find_controls();
  void touch(Node parent);
  void container_edits(Node parent, std::vector<Edit>& edits) const;
  std::string_view lead(Node parent) const;
  std::string colon(Node object) const;
  void say(RuleId rule, std::size_t offset, std::string pointer, std::string message);

  std::string_view text_;
  std::size_t max_depth_;
  stream::JsonTokens tokens_;
  std::vector<Value> values_;
  std::vector<Word> words_;
  std::vector<Edit> edits_;
  std::vector<Node> touched_;
  std::vector<Addition> additions_;
  Repairs said_;
  bool changed_ = false;
};

/// A JSON string.
std::string quote(std::string_view text);
/// A value's text as messages show it: cut to about 60 characters.
std::string shown(std::string_view json);

}  // namespace har::check::edit
