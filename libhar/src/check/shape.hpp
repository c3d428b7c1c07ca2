#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "check/facts.hpp"
#include "har/check/rule.hpp"
#include "stream/io/error.hpp"

namespace stream {
class Json;
}

namespace har::check {

/// A JSON Schema (2020-12) compiled to a table that one pass over a text can follow. Each place of the document has a node of
/// its own, so that the facts a place gives (Slot, List) can be attached to it.
///
/// Understood: type, properties, required, items, enum, const, minimum, maximum, pattern, additionalProperties: false with
/// patternProperties "^_", allOf, $ref (within the document, or to another's $id), oneOf of `required`s, and if/then/else
/// where the assumptions decide the `if`. Any other keyword that asserts something is an error: no schema is half followed.
/// Of our own: x-default, x-rule, x-tolerated (see schemas/har-1.2.schema.json).
class Shape {
 public:
  enum Type : std::uint8_t { null = 1, boolean = 2, number = 4, string = 8, array = 16, object = 32, any = 63 };
  static constexpr int kNone = -1;

  /// What a deviation counts for under the profile default; without a value: what the rule's counts for.
  struct Tolerance {
    std::optional<Severity> missing{};
    std::optional<Severity> null{};
    std::optional<Severity> type{};
    std::optional<Severity> value{};
    std::optional<Severity> unknown{};  ///< -1
  };
  struct Member {
    std::string name{};
    int node = kNone;
    bool foreign = false;  ///< described, but not by the schema that closes the object
  };
  struct Node {
    std::uint8_t types = any;
    bool integer = false;        ///< a number must be one
    bool closed = false;         ///< other members begin with an underscore
    std::uint64_t required = 0;  ///< bits of `members`
    std::vector<Member> members{};
    std::vector<std::string> tolerated{};  ///< names of other members that are let pass
    std::vector<std::uint64_t> one_of{};   ///< of these sets of members exactly one is there
    int items = kNone;
    double minimum = -std::numeric_limits<double>::infinity();
    double maximum = std::numeric_limits<double>::infinity();
    bool has_choices = false;
    std::vector<std::string> choices{};       ///< strings that the value may be
    std::vector<double> number_choices{};     ///< numbers that it may be
    int pattern = kNone;                      ///< of Shape::matches()
    RuleId value_rule = RuleId::har_value;    ///< broken by a value out of bounds
    RuleId unknown_rule = RuleId::har_value;  ///< broken by -1 if that is out of bounds
    Tolerance tolerance{};
    Slot slot = Slot::count_;
    List list = List::count_;        ///< of an array: its objects are records of it
    Field Record::*field = nullptr;  ///< where a record keeps the value
    std::size_t prediction = 0;      ///< of the walker's table: which member follows which
  };

  /// What an `if` may ask about: members that are there, and a member's value.
  struct Assumptions {
    std::vector<std::string> present{};
    std::vector<std::pair<std::string, std::string>> values{};
  };
  /// Compiles the built-in schema of this name ("har-extensions-1"). Errors: `unsupported`, a bug in schemas/.
  static stream::Result<Shape> compile(std::string_view name, const Assumptions& assumptions);
  /// Compiles a schema that is given; it may refer to the built-in ones.
  static stream::Result<Shape> compile_schema(const stream::Json& schema, const Assumptions& assumptions);

  Shape();
  ~Shape();
  Shape(Shape&&) noexcept;
  Shape& operator=(Shape&&) noexcept;

  const Node& node(int index) const { return nodes_[static_cast<std::size_t>(index)]; }
  int root() const { return root_; }
  /// The node at a path of member names, "*" for the items of an array; kNone if there is none.
  int find(int from, std::string_view path) const;
  bool matches(int pattern, std::string_view text) const;
  std::size_t predictions() const { return predictions_; }

 private:
  friend class ShapeCompiler;
  friend class HarShapeBuilder;
  struct Patterns;
  std::vector<Node> nodes_;
  int root_ = kNone;
  std::size_t predictions_ = 0;
  std::unique_ptr<Patterns> patterns_;
};

/// HAR 1.2 with our extensions, and where it keeps an entry.
struct HarShape {
  Shape shape;
  int document = Shape::kNone;
  int entry = Shape::kNone;
};
const HarShape& har_shape();

/// A line of a recording: the shape depends on what it says it is.
const Shape& recording_shape(std::string_view line);

}  // namespace har::check
