#include "query/node.hpp"

#include <re2/re2.h>

#include <algorithm>

namespace har::query {

using stream::RawJson;

namespace {

class Literal final : public Node {
 public:
  Literal(Value value, Type is, Unit counts) : value_(value), text_(value.text) {
    value_.text = text_;
    type = is;
    unit = counts;
    constant = literal = true;
  }
  Value value(Context&) const override { return value_; }

 private:
  Value value_;
  std::string text_;
};

class Compare final : public Condition {
 public:
  Compare(Relation relation, NodePtr left, NodePtr right)
      : relation_(relation), left_(std::move(left)), right_(std::move(right)) {
    adopt(*this, *left_);
    adopt(*this, *right_);
  }
  bool test(Context& context) const override {
    return left_->each(context, [&](const Value& left) {
      return right_->each(context, [&](const Value& right) { return related(relation_, left, right); });
    });
  }

 private:
  Relation relation_;
  NodePtr left_;
  NodePtr right_;
};

class Match final : public Condition {
 public:
  Match(NodePtr text, std::unique_ptr<re2::RE2> pattern) : text_(std::move(text)), pattern_(std::move(pattern)) {
    adopt(*this, *text_);
    cost += 1;
  }
  bool test(Context& context) const override {
    return text_->each(context, [&](const Value& value) {
      return value.kind == Kind::string && RE2::PartialMatch({value.text.data(), value.text.size()}, *pattern_);
    });
  }

 private:
  NodePtr text_;
  std::unique_ptr<re2::RE2> pattern_;
};

class Like final : public Condition {
 public:
  Like(NodePtr text, std::string pattern) : text_(std::move(text)), pattern_(std::move(pattern)) { adopt(*this, *text_); }
  bool test(Context& context) const override {
    return text_->each(context, [&](const Value& value) { return value.kind == Kind::string && like(value.text, pattern_); });
  }

 private:
  NodePtr text_;
  std::string pattern_;
};

class In final : public Condition {
 public:
  In(NodePtr value, std::vector<Range> ranges, std::vector<std::string> texts)
      : value_(std::move(value)), ranges_(std::move(ranges)), texts_(std::move(texts)) {
    std::sort(texts_.begin(), texts_.end());
    adopt(*this, *value_);
  }
  bool test(Context& context) const override {
    return value_->each(context, [&](const Value& value) {
      if (value.kind == Kind::string) return std::binary_search(texts_.begin(), texts_.end(), value.text);
      return std::any_of(ranges_.begin(), ranges_.end(), [&](const Range& range) {
        return related(Relation::greater_equal, value, range.low) && related(Relation::less_equal, value, range.high);
      });
    });
  }

 private:
  NodePtr value_;
  std::vector<Range> ranges_;
  std::vector<std::string> texts_;
};

class Contained final : public Condition {
 public:
  Contained(NodePtr value, NodePtr within) : value_(std::move(value)), list_(std::move(within)) {
    adopt(*this, *value_);
    adopt(*this, *list_);
  }
  bool test(Context& context) const override {
    return value_->each(context, [&](const Value& wanted) {
      return list_->each(context, [&](const Value& element) {
        if (element.kind != Kind::json) return related(Relation::equal, wanted, element);
        stream::JsonArrayView elements(RawJson{element.text});
        while (const RawJson one = elements.next()) {
          if (related(Relation::equal, wanted, value_of(one, *context.work))) return true;
        }
        return false;
      });
    });
  }

 private:
  NodePtr value_;
  NodePtr list_;
};

class Not final : public Condition {
 public:
  explicit Not(NodePtr inner) : inner_(std::move(inner)) { adopt(*this, *inner_); }
  bool test(Context& context) const override { return !inner_->test(context); }

 private:
  NodePtr inner_;
};

class Chain final : public Condition {
 public:
  Chain(bool all, std::vector<NodePtr> parts) : all_(all), parts_(std::move(parts)) {
    // What is cheap goes first: nothing depends on the order but the time.
    std::stable_sort(parts_.begin(), parts_.end(), [](const NodePtr& a, const NodePtr& b) { return a->cost < b->cost; });
    for (const NodePtr& part : parts_) adopt(*this, *part);
  }
  bool test(Context& context) const override {
    return all_ == std::all_of(parts_.begin(), parts_.end(), [&](const NodePtr& part) { return part->test(context) == all_; });
  }

 private:
  bool all_;
  std::vector<NodePtr> parts_;
};

class Arithmetic final : public Node {
 public:
  Arithmetic(char op, NodePtr left, NodePtr right) : op_(op), left_(std::move(left)), right_(std::move(right)) {
    adopt(*this, *left_);
    adopt(*this, *right_);
    const bool times = left_->type == Type::time && right_->type == Type::time;
    type = left_->type == Type::time && !times ? Type::time : Type::number;
    unit = times                                    ? Unit::milliseconds
           : op == '+' || op == '-'                 ? std::max(left_->unit, right_->unit)
           : right_->unit == Unit::none             ? left_->unit
           : left_->unit == Unit::none && op == '*' ? right_->unit
                                                    : Unit::none;
  }
  Value value(Context& context) const override {
    const Value left = left_->value(context);
    const Value right = right_->value(context);
    if (left.kind == Kind::time && right.kind == Kind::time && op_ == '-')
      return Value::of(std::chrono::duration<double, std::milli>(left.time - right.time).count());
    if (left.kind == Kind::time && right.kind == Kind::number && (op_ == '-' || op_ == '+')) {
      constexpr double kMost = 1e15;  // ms; more is no time that we know
      if (!(right.number > -kMost && right.number < kMost)) return {};
      const auto since = std::chrono::duration<double, std::milli>(op_ == '-' ? -right.number : right.number);
      const double sum = static_cast<double>(left.time.time_since_epoch().count()) + since.count() * 1e6;
      if (!(sum > -9.2e18 && sum < 9.2e18)) return {};
      return Value::of(left.time + std::chrono::duration_cast<stream::Nanos>(since));
    }
    if (left.kind != Kind::number || right.kind != Kind::number) return {};
    switch (op_) {
      case '+':
        return Value::of(left.number + right.number);
      case '-':
        return Value::of(left.number - right.number);
      case '*':
        return Value::of(left.number * right.number);
      default:
        return right.number == 0 ? Value() : Value::of(left.number / right.number);
    }
  }

 private:
  char op_;
  NodePtr left_;
  NodePtr right_;
};

/// RFC 6901.
class Pointer final : public Node {
 public:
  Pointer(NodePtr base, std::string_view pointer) : base_(std::move(base)) {
    adopt(*this, *base_);
    cost = std::max<int>(cost, base_->type == Type::json ? kHead : kJson);
    list = base_->list;
    for (std::size_t from = 0; from < pointer.size();) {
      const std::size_t to = std::min(pointer.find('/', from + 1), pointer.size());
      std::string name;
      for (std::size_t i = from + 1; i < to; ++i) {
        if (pointer[i] == '~' && i + 1 < to && (pointer[i + 1] == '0' || pointer[i + 1] == '1')) {
          name += pointer[++i] == '0' ? '~' : '/';
        } else {
          name += pointer[i];
        }
      }
      steps_.push_back(std::move(name));
      from = to;
    }
  }
  Value value(Context& context) const override {
    Value out;
    (void)each(context, [&](const Value& value) {
      out = value;
      return true;
    });
    return out;
  }
  bool each(Context& context, Visit visit) const override {
    return base_->each(context, [&](const Value& base) {
      const Value value = value_of(follow(base), *context.work);
      return value.kind != Kind::null && visit(value);
    });
  }

 private:
  RawJson follow(const Value& base) const {
    RawJson json;
    if (base.kind == Kind::json) json = {base.text};
    if (base.kind == Kind::string) json = json_in(base.text);
    stream::JsonObjectView object;
    for (const std::string& step : steps_) {
      if (json.is_object()) {
        object.reset(json);
        json = object.find(step);
        continue;
      }
      if (!json.is_array() || step.empty() || step.size() > 9 || (step.size() > 1 && step[0] == '0')) return {};
      std::size_t index = 0;
      for (const char c : step) {
        if (c < '0' || c > '9') return {};
        index = index * 10 + static_cast<std::size_t>(c - '0');
      }
      stream::JsonArrayView elements(json);
      do {
        json = elements.next();
      } while (json && index-- > 0);
    }
    return json;
  }

  NodePtr base_;
  std::vector<std::string> steps_;
};

class Has final : public Condition {
 public:
  explicit Has(NodePtr inner) : inner_(std::move(inner)) { adopt(*this, *inner_); }
  bool test(Context& context) const override {
    return inner_->each(context, [](const Value&) { return true; });
  }

 private:
  NodePtr inner_;
};

class Quantified final : public Node {
 public:
  Quantified(Quantifier what, Work::Which which, NodePtr condition)
      : what_(what), which_(which), condition_(std::move(condition)) {
    type = what == Quantifier::count ? Type::number : Type::boolean;
    cost = kMessages;
    if (condition_) depth += condition_->depth;
  }
  Value value(Context& context) const override {
    const auto& all = context.work->messages(*context.subject, which_);
    if (!condition_) return what_ == Quantifier::count ? Value::of(static_cast<double>(all.size())) : Value::of(!all.empty());
    Context inner = context;
    std::size_t count = 0;
    for (const FoundMessage& message : all) {
      inner.message = &message;
      const std::size_t mark = context.work->mark();
      const bool is = condition_->test(inner);
      context.work->release(mark);
      count += is ? 1U : 0U;
      if (is && what_ == Quantifier::any) return Value::of(true);
      if (!is && what_ == Quantifier::all) return Value::of(false);
    }
    return what_ == Quantifier::count ? Value::of(static_cast<double>(count))
                                      : Value::of(what_ == Quantifier::all && !all.empty());
  }

 private:
  Quantifier what_;
  Work::Which which_;
  NodePtr condition_;
};

}  // namespace

void adopt(Node& node, const Node& part) {
  node.cost = std::max(node.cost, part.cost);
  node.depth = std::max(node.depth, part.depth + 1);
}

bool related(Relation relation, const Value& left, const Value& right) {
  if (left.kind != right.kind) return false;
  const auto holds = [relation](const auto& a, const auto& b) {
    switch (relation) {
      case Relation::equal:
        return a == b;
      case Relation::less:
        return a < b;
      case Relation::less_equal:
        return a <= b;
      case Relation::greater:
        return a > b;
      case Relation::greater_equal:
        return a >= b;
    }
    return false;
  };
  switch (left.kind) {
    case Kind::number:
      return holds(left.number, right.number);
    case Kind::string:
      return holds(left.text, right.text);
    case Kind::time:
      return holds(left.time, right.time);
    case Kind::boolean:
      return relation == Relation::equal && left.boolean == right.boolean;
    default:
      return false;
  }
}

bool like(std::string_view text, std::string_view pattern) {
  // Back to the last star only: never more than the product of the lengths.
  std::size_t t = 0;
  std::size_t p = 0;
  std::size_t star = std::string_view::npos;
  std::size_t retry = 0;
  const auto next = [&](std::size_t at) {  // behind one character
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) ++at;
    return at;
  };
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      retry = t;
    } else if (p < pattern.size() && pattern[p] == '?') {
      ++p;
      t = next(t);
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

NodePtr make_literal(Value value, Type type, Unit unit) { return std::make_unique<Literal>(value, type, unit); }
NodePtr make_compare(Relation relation, NodePtr left, NodePtr right) {
  const bool constant = left->constant && right->constant;
  NodePtr out = std::make_unique<Compare>(relation, std::move(left), std::move(right));
  out->constant = constant;
  return folded(std::move(out));
}
NodePtr make_match(NodePtr text, std::unique_ptr<re2::RE2> pattern) {
  return std::make_unique<Match>(std::move(text), std::move(pattern));
}
NodePtr make_like(NodePtr text, std::string pattern) { return std::make_unique<Like>(std::move(text), std::move(pattern)); }
NodePtr make_in(NodePtr value, std::vector<Range> ranges, std::vector<std::string> texts) {
  return std::make_unique<In>(std::move(value), std::move(ranges), std::move(texts));
}
NodePtr make_contained(NodePtr value, NodePtr list) { return std::make_unique<Contained>(std::move(value), std::move(list)); }
NodePtr make_not(NodePtr inner) {
  const bool constant = inner->constant;
  NodePtr out = std::make_unique<Not>(std::move(inner));
  out->constant = constant;
  return folded(std::move(out));
}
NodePtr make_chain(bool all, std::vector<NodePtr> parts) {
  const bool constant = std::all_of(parts.begin(), parts.end(), [](const NodePtr& part) { return part->constant; });
  NodePtr out = std::make_unique<Chain>(all, std::move(parts));
  out->constant = constant;
  return folded(std::move(out));
}
NodePtr make_arithmetic(char op, NodePtr left, NodePtr right) {
  const bool constant = left->constant && right->constant;
  const bool literal = left->literal && right->literal;
  NodePtr out = std::make_unique<Arithmetic>(op, std::move(left), std::move(right));
  out->constant = constant;
  out = folded(std::move(out));
  out->literal = literal;
  return out;
}
NodePtr make_pointer(NodePtr base, std::string pointer) {
  const bool constant = base->constant;
  NodePtr out = std::make_unique<Pointer>(std::move(base), pointer);
  out->constant = constant;
  return folded(std::move(out));
}
NodePtr make_has(NodePtr inner) {
  const bool constant = inner->constant;
  NodePtr out = std::make_unique<Has>(std::move(inner));
  out->constant = constant;
  return folded(std::move(out));
}
NodePtr make_quantifier(Quantifier what, Work::Which which, NodePtr condition) {
  return std::make_unique<Quantified>(what, which, std::move(condition));
}

NodePtr folded(NodePtr node) {
  if (!node->constant || node->literal) return node;
  Work work;
  Context context{nullptr, &work, nullptr};
  const Value value = node->value(context);
  NodePtr out = make_literal(value, node->type, node->unit);
  out->at = node->at;
  out->end = node->end;
  out->literal = false;
  return out;
}

}  // namespace har::query
