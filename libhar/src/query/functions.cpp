#include "query/functions.hpp"

#include <fmt/format.h>

#include "stream/text/base64.hpp"

namespace har::query {
namespace {

Value cased(const Value& value, Work& work, char low, char high) {
  if (value.kind != Kind::string) return {};
  std::string& out = work.fresh();
  out = value.text;
  for (char& c : out) {
    if (c >= low && c <= high) c = static_cast<char>(c ^ 0x20);
  }
  return Value::of(std::string_view(out));
}

bool texts(const Value& first, const Value& second) { return first.kind == Kind::string && second.kind == Kind::string; }

Value length(const Value& value, const Value&, Work&) {
  if (value.kind == Kind::string) return Value::of(static_cast<double>(value.text.size()));
  if (value.kind != Kind::json) return {};
  double count = 0;
  const stream::RawJson json{value.text};
  if (json.is_object()) return Value::of(static_cast<double>(stream::JsonObjectView(json).members().size()));
  for (stream::JsonArrayView elements(json); elements.next();) ++count;
  return Value::of(count);
}

constexpr Function kFunctions[] = {
    {"lower", "lower(x)", 1, Type::string, Type::string, "the string with the letters A to Z in lower case",
     [](const Value& value, const Value&, Work& work) { return cased(value, work, 'A', 'Z'); }},
    {"upper", "upper(x)", 1, Type::string, Type::string, "with a to z in upper case",
     [](const Value& value, const Value&, Work& work) { return cased(value, work, 'a', 'z'); }},
    {"starts", "starts(x, y)", 2, Type::string, Type::boolean, "whether the string begins with the other",
     [](const Value& x, const Value& y, Work&) { return texts(x, y) ? Value::of(x.text.starts_with(y.text)) : Value(); }},
    {"ends", "ends(x, y)", 2, Type::string, Type::boolean, "whether it ends with the other",
     [](const Value& x, const Value& y, Work&) { return texts(x, y) ? Value::of(x.text.ends_with(y.text)) : Value(); }},
    {"contains", "contains(x, y)", 2, Type::string, Type::boolean, "whether the other stands anywhere in it",
     [](const Value& x, const Value& y, Work&) {
       return texts(x, y) ? Value::of(x.text.find(y.text) != std::string_view::npos) : Value();
     }},
    {"len", "len(x)", 1, Type::any, Type::number, "octets of a string, elements of a JSON array, members of a JSON object",
     length},
    {"num", "num(x)", 1, Type::any, Type::number, "the number that a string is: `num(resp.header.age) > 60`",
     [](const Value& value, const Value&, Work&) {
       if (value.kind == Kind::number) return value;
       const auto number = value.kind == Kind::string ? stream::RawJson{value.text}.number() : std::nullopt;
       return number ? Value::of(*number) : Value();
     }},
    {"str", "str(x)", 1, Type::any, Type::string, "a number, a boolean or JSON as it is written",
     [](const Value& value, const Value&, Work& work) {
       if (value.kind == Kind::string) return value;
       if (value.kind == Kind::json) return Value::of(value.text);
       if (value.kind == Kind::boolean) return Value::of(std::string_view(value.boolean ? "true" : "false"));
       if (value.kind == Kind::time) return Value::of(std::string_view(work.fresh() = stream::format_iso8601(value.time)));
       if (value.kind != Kind::number) return Value();
       return Value::of(std::string_view(work.fresh() = fmt::format("{}", value.number)));
     }},
    {"date", "date(x)", 1, Type::string, Type::time,
     "the time that a string is (ISO 8601): `date(body:/created) > \"2026-01-01\"`",
     [](const Value& value, const Value&, Work&) {
       const auto time = value.kind == Kind::string ? parse_moment(value.text) : std::nullopt;
       return time ? Value::of(*time) : Value();
     }},
    {"b64", "b64(x)", 1, Type::string, Type::string, "what a string is as base64, decoded",
     [](const Value& value, const Value&, Work& work) {
       auto bytes = value.kind == Kind::string ? stream::base64_decode(value.text) : std::nullopt;
       return bytes ? Value::of(std::string_view(work.fresh() = std::move(*bytes))) : Value();
     }},
};

class Call final : public Node {
 public:
  Call(const Function& function, NodePtr first, NodePtr second)
      : call_(function.call), first_(std::move(first)), second_(std::move(second)) {
    type = function.gives;
    list = first_->list;
    adopt(*this, *first_);
    if (second_) adopt(*this, *second_);
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
    return first_->each(context, [&](const Value& first) {
      if (!second_) return show(call_(first, {}, *context.work), visit);
      return second_->each(context, [&](const Value& second) { return show(call_(first, second, *context.work), visit); });
    });
  }
  bool test(Context& context) const override {
    return each(context, [](const Value& value) { return value.kind == Kind::boolean && value.boolean; });
  }

 private:
  static bool show(const Value& value, Visit visit) { return value.kind != Kind::null && visit(value); }

  Value (*call_)(const Value&, const Value&, Work&);
  NodePtr first_;
  NodePtr second_;
};

}  // namespace

std::span<const Function> all_functions() { return kFunctions; }

const Function* find_function(std::string_view name) {
  for (const Function& function : kFunctions) {
    if (function.name == name) return &function;
  }
  return nullptr;
}

NodePtr make_call(const Function& function, NodePtr first, NodePtr second) {
  const bool constant = first->constant && (!second || second->constant);
  NodePtr out = std::make_unique<Call>(function, std::move(first), std::move(second));
  out->constant = constant;
  return folded(std::move(out));
}

const std::vector<FieldInfo>& functions() {
  static const std::vector<FieldInfo> kTable = [] {
    std::vector<FieldInfo> out{
        {"has(x)", "boolean", "whether there is any value: of a field, a header, at a JSON Pointer; whether there are messages"},
        {"any(ws, c)", "boolean", "whether the condition holds of any message; of `sse`, of any event"},
        {"all(ws, c)", "boolean", "whether it holds of all of them, and there are some"},
        {"count(ws, c)", "number", "of how many it holds; without `c` all count"},
    };
    for (const Function& function : kFunctions) {
      const std::string_view type = function.gives == Type::number    ? "number"
                                    : function.gives == Type::boolean ? "boolean"
                                    : function.gives == Type::time    ? "time"
                                                                      : "string";
      out.push_back({function.usage, type, function.what});
    }
    return out;
  }();
  return kTable;
}

}  // namespace har::query
