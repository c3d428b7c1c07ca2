// Recursive descent, as deep as kMaxDepth. Types are checked here, so that what can never be true is an error and not a surprise.
#include "query/parser.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <utility>

#include "query/fields.hpp"
#include "query/functions.hpp"
#include "query/lexer.hpp"
#include "stream/text/near.hpp"

namespace har::query {
namespace {

using stream::Error;
using stream::fail;
using stream::Result;
using stream::Status;

constexpr std::size_t kMaxText = std::size_t{64} << 10;
constexpr int kMaxDepth = 100;   // of the tree
constexpr int kMaxNesting = 40;  // of brackets and calls: each takes a dozen frames of the stack
constexpr std::size_t kMaxMessage = 60;

bool is_condition(const Node& node) { return node.type == Type::boolean || node.type == Type::any; }
bool is_text(const Node& node) { return node.type == Type::string || node.type == Type::any; }
bool is_number(const Node& node) { return node.type == Type::number || node.type == Type::any; }

std::string_view unit_name(Unit unit) { return unit == Unit::bytes ? "a size" : "a time span"; }

class Parser {
 public:
  Parser(std::string_view text, Scope scope, std::string_view source) : lexer_(text, source), message_(scope == Scope::message) {}

  Result<Parsed> run() {
    STREAM_TRY(advance());
    if (now_.kind == Token::end) return fail(lexer_.error(0, "the expression is empty", "for example: status >= 500"));
    STREAM_ASSIGN(NodePtr root, condition());
    return whole(std::move(root));
  }

  Result<Parsed> run_value() {
    STREAM_TRY(advance());
    if (now_.kind == Token::end) return fail(lexer_.error(0, "the expression is empty", "for example: status"));
    STREAM_ASSIGN(NodePtr root, disjunction());
    if (root->type == Type::messages) {
      return fail(wrong(*root, fmt::format("expected a value, but {}", said(*root)), fmt::format("count({})", shown(*root))));
    }
    return whole(std::move(root));
  }

 private:
  Result<Parsed> whole(NodePtr root) const {
    if (now_.kind != Token::end) return fail(unexpected("an operator such as && or the end"));
    return Parsed{std::move(root), uses_index_};
  }
  Status advance() {
    last_end_ = now_.end;
    STREAM_ASSIGN(now_, lexer_.next());
    return {};
  }
  Status expect(std::string_view symbol) {
    if (!now_.is(symbol)) return fail(unexpected(fmt::format("\"{}\"", symbol)));
    return advance();
  }
  Error unexpected(std::string_view wanted, std::string hint = {}) const {
    const std::string found = now_.kind == Token::end ? "the end" : fmt::format("\"{}\"", shown(now_.at, now_.end));
    return lexer_.error(now_.at, fmt::format("expected {}, found {}", wanted, found), std::move(hint));
  }
  std::string shown(std::size_t from, std::size_t to) const {
    const std::string_view text = lexer_.between(from, to);
    return text.size() > kMaxMessage ? std::string(text.substr(0, kMaxMessage)) + "…" : std::string(text);
  }
  std::string shown(const Node& node) const { return shown(node.at, node.end); }
  /// "status is a number".
  std::string said(const Node& node) const {
    if (node.type == Type::null) return "null is nothing";
    return fmt::format("{} is {}", shown(node), type_name(node.type));
  }
  Error wrong(const Node& node, std::string message, std::string hint = {}) const {
    return lexer_.error(node.at, std::move(message), std::move(hint));
  }
  Result<NodePtr> placed(NodePtr node, std::size_t at) const {
    node->at = at;
    node->end = last_end_;
    if (node->depth > kMaxDepth) return fail(too_deep(at));
    return node;
  }
  Error too_deep(std::size_t at) const { return lexer_.error(at, "the expression is nested too deeply"); }

  /// Something that is true or false.
  Result<NodePtr> condition() {
    STREAM_ASSIGN(NodePtr node, disjunction());
    STREAM_TRY(check_condition(*node));
    return node;
  }
  Status check_condition(const Node& node) const {
    if (is_condition(node)) return {};
    const std::string hint = node.type == Type::messages || !node.constant
                                 ? fmt::format("has({}) asks whether there is one", shown(node))
                                 : std::string();
    return fail(wrong(node, fmt::format("expected a condition, but {}", said(node)), hint));
  }

  Result<NodePtr> chain(bool all) {
    const std::size_t at = now_.at;
    STREAM_ASSIGN(NodePtr first, all ? negation() : chain(true));
    std::vector<NodePtr> parts;
    while (now_.is(all ? "&&" : "||") || now_.is_name(all ? "and" : "or")) {
      if (parts.empty()) {
        STREAM_TRY(check_condition(*first));
        parts.push_back(std::move(first));
      }
      STREAM_TRY(advance());
      STREAM_ASSIGN(NodePtr next, all ? negation() : chain(true));
      STREAM_TRY(check_condition(*next));
      parts.push_back(std::move(next));
    }
    if (parts.empty()) return first;
    return placed(make_chain(all, std::move(parts)), at);
  }
  Result<NodePtr> disjunction() {
    if (++depth_ > kMaxNesting) return fail(too_deep(now_.at));
    auto out = chain(false);
    --depth_;
    return out;
  }

  Result<NodePtr> negation() {
    const std::size_t at = now_.at;
    bool odd = false;
    bool any = false;
    while (now_.is("!") || now_.is_name("not")) {
      odd = !odd;
      any = true;
      STREAM_TRY(advance());
    }
    STREAM_ASSIGN(NodePtr node, comparison());
    if (!any) return node;
    STREAM_TRY(check_condition(*node));
    if (odd) return placed(make_not(std::move(node)), at);
    STREAM_ASSIGN(NodePtr once, placed(make_not(std::move(node)), at));
    return placed(make_not(std::move(once)), at);
  }

  Result<NodePtr> comparison() {
    const std::size_t at = now_.at;
    STREAM_ASSIGN(NodePtr left, sum());
    const Lexeme op = now_;
    bool negated = false;
    if (op.is_name("not")) {  // not in, not like
      STREAM_TRY(advance());
      if (!now_.is_name("in") && !now_.is_name("like")) return fail(unexpected("in or like behind this not"));
      negated = true;
    }
    NodePtr out;
    if (now_.is_name("in")) {
      STREAM_TRY(advance());
      STREAM_ASSIGN(out, membership(std::move(left)));
    } else if (now_.is_name("like")) {
      STREAM_TRY(advance());
      STREAM_ASSIGN(out, pattern(std::move(left)));
    } else if (op.is("=~") || op.is("!~")) {
      STREAM_TRY(advance());
      negated = op.is("!~");
      STREAM_ASSIGN(out, regular_expression(std::move(left), op));
    } else if (op.is("==") || op.is("!=") || op.is("<") || op.is("<=") || op.is(">") || op.is(">=")) {
      STREAM_TRY(advance());
      negated = op.is("!=");
      STREAM_ASSIGN(NodePtr right, sum());
      STREAM_ASSIGN(out, relation(op, std::move(left), std::move(right)));
    } else {
      return left;
    }
    STREAM_ASSIGN(NodePtr node, placed(std::move(out), at));
    if (negated) {
      STREAM_ASSIGN(node, placed(make_not(std::move(node)), at));
    }
    for (const std::string_view second : {"==", "!=", "<", "<=", ">", ">=", "=~", "!~"}) {
      if (now_.is(second)) return fail(lexer_.error(now_.at, "comparisons do not follow each other", "join two of them with &&"));
    }
    return node;
  }

  /// A string beside a time is one, too.
  Status as_time(NodePtr& node, const Node& other) const {
    if (other.type != Type::time || node->type != Type::string || !node->constant) return {};
    Context none;
    const auto time = parse_moment(node->value(none).text);
    if (!time) return fail(wrong(*node, fmt::format("{} is no time", shown(*node)), "write it as in \"2026-11-28T09:15:30Z\""));
    const std::size_t at = node->at;
    const std::size_t end = node->end;
    node = make_literal(Value::of(*time), Type::time);
    node->at = at;
    node->end = end;
    return {};
  }

  Result<NodePtr> relation(const Lexeme& op, NodePtr left, NodePtr right) const {
    const bool equality = op.is("==") || op.is("!=");
    if (left->type == Type::null || right->type == Type::null) {
      NodePtr& other = left->type == Type::null ? right : left;
      if (!equality || other->type == Type::null)
        return fail(lexer_.error(op.at, fmt::format("{} with null is never true", op.text),
                                 "== null and != null ask whether there is a value"));
      if (other->type == Type::messages) return fail(wrong(*other, fmt::format("{}: ask has({})", said(*other), shown(*other))));
      return make_not(make_has(std::move(other)));
    }
    STREAM_TRY(as_time(left, *right));
    STREAM_TRY(as_time(right, *left));
    for (const NodePtr* node : {&left, &right}) {
      if ((*node)->type == Type::json || (*node)->type == Type::messages)
        return fail(wrong(**node, fmt::format("{} can't be compared: {}", shown(**node), said(**node)),
                          (*node)->type == Type::json ? "a JSON Pointer leads to a value: entry:/comment" : ""));
    }
    const bool any = left->type == Type::any || right->type == Type::any;
    if (!any && left->type != right->type)
      return fail(wrong(*right, fmt::format("{} compares what is of one kind, but {} and {}", op.text, said(*left), said(*right)),
                        hint_for(*left, *right)));
    if (!equality && (left->type == Type::boolean || right->type == Type::boolean))
      return fail(wrong(left->type == Type::boolean ? *left : *right, fmt::format("{} has no order for true and false", op.text),
                        "use == or !="));
    STREAM_TRY(check_units(*left, *right));
    Relation relation = Relation::equal;
    if (op.is("<")) relation = Relation::less;
    if (op.is("<=")) relation = Relation::less_equal;
    if (op.is(">")) relation = Relation::greater;
    if (op.is(">=")) relation = Relation::greater_equal;
    return make_compare(relation, std::move(left), std::move(right));
  }

  static std::string hint_for(const Node& left, const Node& right) {
    if (left.type == Type::number && right.type == Type::string && right.literal) return "numbers have no quotes";
    if (left.type == Type::string && right.type == Type::number)
      return left.constant || right.constant ? "num(…) makes a number of a string" : "";
    if (left.type == Type::time) return "write a time as in \"2026-11-28T09:15:30Z\"";
    return {};
  }

  Status check_units(const Node& left, const Node& right) const {
    if (left.type != Type::number || right.type != Type::number || left.unit == right.unit) return {};
    // A number without a unit that stands there counts whatever the field counts.
    const bool plain = (left.unit == Unit::none && left.literal) || (right.unit == Unit::none && right.literal);
    const bool said_with_unit = (left.unit != Unit::none && left.literal) || (right.unit != Unit::none && right.literal);
    if (plain || (!said_with_unit && (left.unit == Unit::none || right.unit == Unit::none))) return {};
    const auto is = [&](const Node& node) {
      return fmt::format("{} is {}", shown(node),
                         node.unit == Unit::none ? "neither a time span nor a size" : unit_name(node.unit));
    };
    return fail(wrong(right, fmt::format("these do not go together: {}, {}", is(left), is(right))));
  }

  Result<NodePtr> regular_expression(NodePtr left, const Lexeme& op) {
    if (!is_text(*left))
      return fail(
          wrong(*left, fmt::format("{} looks at strings, but {}", op.text, said(*left)),
                left->type == Type::number ? fmt::format("compare it with == or <, or make str({}) of it", shown(*left)) : ""));
    if (now_.kind != Token::string) return fail(unexpected("a regular expression in quotes"));
    re2::RE2::Options options;
    options.set_log_errors(false);
    auto pattern = std::make_unique<re2::RE2>(now_.text, options);
    if (!pattern->ok())
      return fail(
          lexer_.error(now_.at, fmt::format("this is no regular expression: {}", pattern->error()), "the syntax is that of RE2"));
    STREAM_TRY(advance());
    return make_match(std::move(left), std::move(pattern));
  }

  Result<NodePtr> pattern(NodePtr left) {
    if (!is_text(*left)) return fail(wrong(*left, fmt::format("like looks at strings, but {}", said(*left))));
    if (now_.kind != Token::string) return fail(unexpected("a pattern in quotes, such as \"*.js\""));
    std::string text = now_.text;
    STREAM_TRY(advance());
    return make_like(std::move(left), std::move(text));
  }

  Result<NodePtr> membership(NodePtr left) {
    if (left->type == Type::json || left->type == Type::messages || left->type == Type::null || left->type == Type::boolean)
      return fail(wrong(*left, fmt::format("in looks for numbers, strings and times, but {}", said(*left))));
    if (!now_.is("[")) {
      if (now_.kind == Token::number || now_.kind == Token::string || now_.is("-")) return range(std::move(left));
      STREAM_ASSIGN(NodePtr list, sum());
      if (list->constant || (!list->list && list->type != Type::any))
        return fail(wrong(*list, fmt::format("expected a list behind in, but {}", said(*list)),
                          "write [1, 2] or 200..299; for a part of a string contains(x, y)"));
      return make_contained(std::move(left), std::move(list));
    }
    STREAM_TRY(advance());
    std::vector<Range> ranges;
    std::vector<std::string> texts;
    for (bool first = true; !now_.is("]"); first = false) {
      if (!first) STREAM_TRY(expect(","));
      if (now_.is("]")) break;
      STREAM_TRY(element(*left, ranges, texts));
    }
    STREAM_TRY(advance());
    if (ranges.empty() && texts.empty()) return fail(lexer_.error(last_end_ - 1, "an empty list has nothing in it"));
    return make_in(std::move(left), std::move(ranges), std::move(texts));
  }

  Result<NodePtr> range(NodePtr left) {
    std::vector<Range> ranges;
    std::vector<std::string> texts;
    const std::size_t at = now_.at;
    STREAM_TRY(element(*left, ranges, texts));
    if (lexer_.between(at, last_end_).find("..") == std::string_view::npos)
      return fail(lexer_.error(at, "expected a list behind in",
                               "write [1, 2], or 200..299 for all from 200 to 299; contains(x, y) looks for a part of a string"));
    return make_in(std::move(left), std::move(ranges), std::move(texts));
  }

  /// One of a list, or two with all that lies between.
  Status element(const Node& left, std::vector<Range>& ranges, std::vector<std::string>& texts) {
    STREAM_ASSIGN(NodePtr low, constant(left));
    if (!now_.is("..")) {
      Context none;
      const Value value = low->value(none);
      if (value.kind == Kind::string) {
        texts.emplace_back(value.text);
      } else {
        ranges.push_back({value, value});
      }
      return {};
    }
    STREAM_TRY(advance());
    STREAM_ASSIGN(NodePtr high, constant(left));
    if (low->type == Type::string || high->type == Type::string || low->type != high->type)
      return fail(wrong(*low, "a range is of two numbers, or two times beside a time"));
    Context none;
    if (!related(Relation::less_equal, low->value(none), high->value(none)))
      return fail(wrong(*low, "nothing lies in this range: its end comes before its beginning"));
    ranges.push_back({low->value(none), high->value(none)});
    return {};
  }

  Result<NodePtr> constant(const Node& left) {
    const std::size_t at = now_.at;
    const bool minus = now_.is("-");
    if (minus) STREAM_TRY(advance());
    NodePtr node;
    if (now_.kind == Token::number) {
      node = make_literal(Value::of(minus ? -now_.number : now_.number), Type::number, now_.unit);
    } else if (now_.kind == Token::string && !minus) {
      node = make_literal(Value::of(std::string_view(now_.text)), Type::string);
    } else {
      return fail(unexpected("a number or a string"));
    }
    STREAM_TRY(advance());
    STREAM_ASSIGN(node, placed(std::move(node), at));
    STREAM_TRY(as_time(node, left));
    if (left.type != Type::any && node->type != left.type)
      return fail(
          wrong(*node, fmt::format("this can't be in the list: {} and {}", said(left), said(*node)), hint_for(left, *node)));
    STREAM_TRY(check_units(left, *node));
    return node;
  }

  Result<NodePtr> sum() { return arithmetic(true); }

  /// Sums of products, or products.
  Result<NodePtr> arithmetic(bool sums) {
    const std::size_t at = now_.at;
    STREAM_ASSIGN(NodePtr left, sums ? arithmetic(false) : unary());
    while (now_.kind == Token::symbol && now_.text.size() == 1 &&
           std::string_view(sums ? "+-" : "*/").find(now_.text) != std::string_view::npos) {
      const Lexeme op = now_;
      STREAM_TRY(advance());
      STREAM_ASSIGN(NodePtr right, sums ? arithmetic(false) : unary());
      STREAM_TRY(check_operands(op, left, right));
      STREAM_ASSIGN(left, placed(make_arithmetic(op.text[0], std::move(left), std::move(right)), at));
    }
    return left;
  }

  Status check_operands(const Lexeme& op, const NodePtr& left, NodePtr& right) const {
    if (left->type == Type::time && op.is("-")) STREAM_TRY(as_time(right, *left));
    const bool times = left->type == Type::time && (op.is("-") || op.is("+"));
    if (times && (is_number(*right) || (op.is("-") && right->type == Type::time))) {
      if (right->type == Type::number && right->unit == Unit::bytes)
        return fail(wrong(*right, fmt::format("{} is a size, no time span", shown(*right))));
      return {};
    }
    for (const Node* node : {left.get(), right.get()}) {
      if (!is_number(*node)) return fail(wrong(*node, fmt::format("{} needs numbers, but {}", op.text, said(*node))));
    }
    if (op.is("+") || op.is("-")) STREAM_TRY(check_units(*left, *right));
    return {};
  }

  Result<NodePtr> unary() {
    if (!now_.is("-")) return postfix();
    const std::size_t at = now_.at;
    STREAM_TRY(advance());
    if (++depth_ > kMaxNesting) return fail(too_deep(at));
    STREAM_ASSIGN(NodePtr inner, unary());
    --depth_;
    if (!is_number(*inner)) return fail(wrong(*inner, fmt::format("- needs a number, but {}", said(*inner))));
    const Unit unit = inner->unit;
    NodePtr zero = make_literal(Value::of(0.0), Type::number, unit);
    return placed(make_arithmetic('-', std::move(zero), std::move(inner)), at);
  }

  Result<NodePtr> postfix() {
    const std::size_t at = now_.at;
    STREAM_ASSIGN(NodePtr node, primary());
    while (now_.is(":")) {
      if (node->type != Type::any && node->type != Type::string && node->type != Type::json)
        return fail(lexer_.error(now_.at, fmt::format("a JSON Pointer needs JSON or a string, but {}", said(*node))));
      STREAM_ASSIGN(const Lexeme pointer, lexer_.pointer());
      now_ = pointer;
      STREAM_TRY(advance());
      STREAM_ASSIGN(node, placed(make_pointer(std::move(node), pointer.text), at));
    }
    return node;
  }

  Result<NodePtr> primary() {
    const Lexeme token = now_;
    switch (token.kind) {
      case Token::number:
        STREAM_TRY(advance());
        return placed(make_literal(Value::of(token.number), Type::number, token.unit), token.at);
      case Token::string:
        STREAM_TRY(advance());
        return placed(make_literal(Value::of(std::string_view(token.text)), Type::string), token.at);
      case Token::name:
        return named(token);
      case Token::symbol:
        if (token.is("(")) {
          STREAM_TRY(advance());
          STREAM_ASSIGN(NodePtr node, disjunction());
          STREAM_TRY(expect(")"));
          return placed(std::move(node), token.at);
        }
        break;
      case Token::end:
        break;
    }
    return fail(unexpected("a field, a value or a function", token.is("[") ? "a list stands behind in" : ""));
  }

  Result<NodePtr> named(const Lexeme& token) {
    STREAM_TRY(advance());
    if (token.text == "true" || token.text == "false")
      return placed(make_literal(Value::of(token.text == "true"), Type::boolean), token.at);
    if (token.text == "null") return placed(make_literal({}, Type::null), token.at);
    if (now_.is("(")) return call(token);
    if (now_.is("[") && is_map(token.text)) {
      STREAM_TRY(advance());
      if (now_.kind != Token::string) return fail(unexpected("a name in quotes"));
      std::string name = now_.text;
      STREAM_TRY(advance());
      STREAM_TRY(expect("]"));
      return placed(make_map_field(*find_field(token.text + ".NAME"), std::move(name)), token.at);
    }
    if (const Field* const field = find_field(token.text); field != nullptr && field->each == nullptr)
      return this->field(*field, token);
    for (std::size_t dot = token.text.find('.'); dot != std::string::npos; dot = token.text.find('.', dot + 1)) {
      const std::string map = token.text.substr(0, dot);
      if (is_map(map)) return placed(make_map_field(*find_field(map + ".NAME"), token.text.substr(dot + 1)), token.at);
    }
    return fail(unknown_field(token));
  }

  Result<NodePtr> field(const Field& field, const Lexeme& token) {
    if (field.message && !message_)
      return fail(lexer_.error(token.at, fmt::format("{} is of a message, and this looks at entries", field.name),
                               fmt::format("any(ws, {} …) asks for an entry with such a message", field.name)));
    uses_index_ = uses_index_ || field.name == "index";
    return placed(make_field(field), token.at);
  }

  Error unknown_field(const Lexeme& token) const {
    std::vector<std::string_view> names;
    for (const Field& field : all_fields()) names.push_back(field.name);
    const auto near = stream::near_word(token.text, names);
    std::string hint =
        near ? fmt::format("did you mean {}?", *near) : "docs/expressions.md lists the fields; strings stand in quotes";
    if (is_map(token.text)) hint = fmt::format("name one of them: {0}.NAME or {0}[\"NAME\"]", token.text);
    if (find_function(token.text) != nullptr || token.text == "has") hint = fmt::format("{0} is a function: {0}(…)", token.text);
    if (token.text == "headers" || token.text == "header") hint = "req.header.NAME or resp.header.NAME";
    return lexer_.error(token.at, fmt::format("there is no field \"{}\"", shown(token.at, token.end)), std::move(hint));
  }

  Result<NodePtr> call(const Lexeme& token) {
    STREAM_TRY(advance());  // (
    if (token.text == "any" || token.text == "all" || token.text == "count") return quantifier(token);
    if (token.text == "has") {
      STREAM_ASSIGN(NodePtr inner, argument());
      STREAM_TRY(expect(")"));
      if (inner->type == Type::messages) return placed(make_quantifier(Quantifier::any, which_of(*inner), nullptr), token.at);
      return placed(make_has(std::move(inner)), token.at);
    }
    const Function* const function = find_function(token.text);
    if (function == nullptr) {
      std::vector<std::string_view> names{"has", "any", "all", "count"};
      for (const Function& one : all_functions()) names.push_back(one.name);
      const auto near = stream::near_word(token.text, names);
      return fail(lexer_.error(token.at, fmt::format("there is no function \"{}\"", shown(token.at, token.end)),
                               near ? fmt::format("did you mean {}?", *near) : "docs/expressions.md lists them"));
    }
    STREAM_ASSIGN(NodePtr first, argument());
    if (first->type == Type::messages || first->type == Type::null || (function->takes == Type::string && !is_text(*first)))
      return fail(wrong(*first, fmt::format("{} takes {}, but {}", function->usage, type_name(function->takes), said(*first)),
                        first->type == Type::messages && token.text == "len" ? fmt::format("count({})", shown(*first)) : ""));
    NodePtr second;
    if (function->arguments == 2) {
      STREAM_TRY(expect(","));
      STREAM_ASSIGN(second, argument());
      if (!is_text(*second))
        return fail(wrong(*second, fmt::format("{} takes a string, but {}", function->usage, said(*second))));
    }
    STREAM_TRY(expect(")"));
    return placed(make_call(*function, std::move(first), std::move(second)), token.at);
  }

  Result<NodePtr> argument() { return disjunction(); }

  Work::Which which_of(const Node& node) const {
    return lexer_.between(node.at, node.end).find("sse") == std::string_view::npos ? Work::Which::websocket : Work::Which::events;
  }

  Result<NodePtr> quantifier(const Lexeme& token) {
    STREAM_ASSIGN(const NodePtr of, argument());
    if (of->type != Type::messages) return fail(wrong(*of, fmt::format("{} looks at ws or sse, but {}", token.text, said(*of))));
    const Quantifier what = token.text == "any" ? Quantifier::any : token.text == "all" ? Quantifier::all : Quantifier::count;
    NodePtr condition;
    if (what != Quantifier::count || now_.is(",")) {
      STREAM_TRY(expect(","));
      const bool before = std::exchange(message_, true);
      STREAM_ASSIGN(condition, this->condition());
      message_ = before;
    }
    STREAM_TRY(expect(")"));
    return placed(make_quantifier(what, which_of(*of), std::move(condition)), token.at);
  }

  Lexer lexer_;
  bool message_;  ///< fields of messages may stand here
  bool uses_index_ = false;
  Lexeme now_{};
  std::size_t last_end_ = 0;
  int depth_ = 0;
};

}  // namespace

Result<Parsed> parse(std::string_view text, Scope scope, std::string_view source) {
  Lexer lexer(text, source);
  if (text.size() > kMaxText) return fail(lexer.error(0, "the expression is longer than 64 KiB"));
  return Parser(text, scope, source).run();
}

Result<Parsed> parse_value(std::string_view text, Scope scope, std::string_view source) {
  Lexer lexer(text, source);
  if (text.size() > kMaxText) return fail(lexer.error(0, "the expression is longer than 64 KiB"));
  return Parser(text, scope, source).run_value();
}

}  // namespace har::query
