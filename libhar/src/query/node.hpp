#pragma once

#include <memory>
#include <string>
#include <vector>

#include "query/value.hpp"
#include "query/work.hpp"

namespace re2 {
class RE2;
}

/// What an expression is compiled to: a tree that says its value. Nothing in it changes while it is evaluated.
namespace har::query {

/// What it costs to know a value, about: the parts of a conjunction are looked at in this order.
enum Cost : int { kFree = 0, kHead = 1, kUrl = 2, kHeaders = 4, kBody = 20, kJson = 24, kMessages = 40 };

class Node {
 public:
  Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  virtual ~Node() = default;

  /// Its value; of several the first.
  virtual Value value(Context& context) const = 0;
  /// Shows all its values, but null, until `visit` wants no more; whether it did.
  virtual bool each(Context& context, Visit visit) const {
    const Value value = this->value(context);
    return value.kind != Kind::null && visit(value);
  }
  /// Whether it is true.
  virtual bool test(Context& context) const {
    const Value value = this->value(context);
    return value.kind == Kind::boolean && value.boolean;
  }

  Type type = Type::any;
  Unit unit = Unit::none;
  bool list = false;
  bool constant = false;  ///< it does not look at the entry
  bool literal = false;   ///< it stands there as it is
  int cost = kFree;
  int depth = 1;
  std::size_t at = 0;  ///< where it stands in the expression
  std::size_t end = 0;
};

using NodePtr = std::unique_ptr<Node>;

/// A boolean.
class Condition : public Node {
 public:
  Condition() { type = Type::boolean; }
  Value value(Context& context) const final { return Value::of(test(context)); }
  bool test(Context& context) const override = 0;
};

enum class Relation { equal, less, less_equal, greater, greater_equal };

NodePtr make_literal(Value value, Type type, Unit unit = Unit::none);
NodePtr make_compare(Relation relation, NodePtr left, NodePtr right);
NodePtr make_match(NodePtr text, std::unique_ptr<re2::RE2> pattern);
NodePtr make_like(NodePtr text, std::string pattern);
struct Range {
  Value low{}, high{};
};
NodePtr make_in(NodePtr value, std::vector<Range> ranges, std::vector<std::string> texts);
/// Whether one of the values is in a list, or a JSON array.
NodePtr make_contained(NodePtr value, NodePtr list);
NodePtr make_not(NodePtr inner);
/// All, or any of them.
NodePtr make_chain(bool all, std::vector<NodePtr> parts);
NodePtr make_arithmetic(char op, NodePtr left, NodePtr right);
NodePtr make_pointer(NodePtr base, std::string pointer);
NodePtr make_has(NodePtr inner);
enum class Quantifier { any, all, count };
/// `condition` may be null: any message.
NodePtr make_quantifier(Quantifier what, Work::Which which, NodePtr condition);

/// The value of what is constant, as a literal.
NodePtr folded(NodePtr node);

/// Whether two values are in that relation; false if they are of different kinds, or one is null.
bool related(Relation relation, const Value& left, const Value& right);
/// "*" stands for any characters, "?" for one.
bool like(std::string_view text, std::string_view pattern);

/// Takes what a node is made of into account.
void adopt(Node& node, const Node& part);

}  // namespace har::query
