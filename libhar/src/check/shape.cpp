#include "check/shape.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "check/schemas.hpp"
#include "stream/text/json.hpp"
#include "stream/text/json_find.hpp"

namespace har::check {

using stream::Json;

struct Shape::Patterns {
  std::vector<std::unique_ptr<re2::RE2>> expressions{};
};

Shape::Shape() : patterns_(std::make_unique<Patterns>()) {}
Shape::~Shape() = default;
Shape::Shape(Shape&&) noexcept = default;
Shape& Shape::operator=(Shape&&) noexcept = default;

bool Shape::matches(int pattern, std::string_view text) const {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()),
                                *patterns_->expressions[static_cast<std::size_t>(pattern)]);
}

int Shape::find(int from, std::string_view path) const {
  int at = from;
  while (!path.empty() && at != kNone) {
    const std::string_view name = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(path.size(), name.size() + 1));
    if (name == "*") {
      at = node(at).items;
      continue;
    }
    const auto& members = node(at).members;
    const auto member = std::find_if(members.begin(), members.end(), [&](const Member& each) { return each.name == name; });
    at = member == members.end() ? kNone : member->node;
  }
  return at;
}

namespace {

/// A schema that can't be compiled: caught in Shape::compile.
[[noreturn]] void refuse(const std::string& what) { throw std::invalid_argument("schema: " + what); }

const std::map<std::string, Json, std::less<>>& documents() {
  static const auto all = [] {
    std::map<std::string, Json, std::less<>> parsed;
    for (const SchemaText& schema : schema_texts()) {
      auto json = stream::parse_json(schema.text);
      if (!json) refuse(to_string(json.error()));
      parsed.emplace(schema.name, std::move(*json));
    }
    return parsed;
  }();
  return all;
}

/// A schema, and the document that its references are relative to.
struct Part {
  const Json* schema = nullptr;
  const Json* document = nullptr;
};

Part resolve(const Part& from, std::string_view reference) {
  if (reference.starts_with("#/$defs/")) {
    const Json& target = (*from.document)["$defs"][reference.substr(8)];
    if (!target.is_object()) refuse(fmt::format("there is no {}", reference));
    return {&target, from.document};
  }
  for (const auto& [name, document] : documents()) {
    if (document["$id"].string_or("") == reference) return {&document, &document};
  }
  refuse(fmt::format("there is no {}", reference));
}

std::uint8_t type_of(std::string_view name) {
  if (name == "null") return Shape::null;
  if (name == "boolean") return Shape::boolean;
  if (name == "number" || name == "integer") return Shape::number;
  if (name == "string") return Shape::string;
  if (name == "array") return Shape::array;
  if (name == "object") return Shape::object;
  refuse(fmt::format("there is no type {}", name));
}

RuleId rule_named(std::string_view name) {
  const Rule* const found = find_rule(name);
  if (found == nullptr) refuse(fmt::format("there is no rule {}", name));
  return found->id;
}

}  // namespace

class ShapeCompiler {
 public:
  explicit ShapeCompiler(const Shape::Assumptions& assumptions) : assumptions_(assumptions) {}

  Shape run(const Json& document) {
    shape_.root_ = compile({{&document, &document}});
    return std::move(shape_);
  }

 private:
  /// All schemas that hold for the same value: the outer ones first.
  void flatten(const Part& part, std::vector<Part>& out) const {
    if (part.schema->is_bool()) {
      if (!part.schema->as_bool()) refuse("false");
      return;
    }
    out.push_back(part);
    const Json& schema = *part.schema;
    if (const Json& reference = schema["$ref"]; reference.is_string()) flatten(resolve(part, reference.as_string()), out);
    if (const Json& all = schema["allOf"]; all.is_array()) {
      for (const Json& each : all.as_array()) flatten({&each, part.document}, out);
    }
    if (const Json* const condition = schema.find("if")) {
      if (const Json* const branch = schema.find(holds(*condition) ? "then" : "else")) flatten({branch, part.document}, out);
    }
  }

  bool holds(const Json& condition) const {
    for (const stream::JsonMember& member : condition.as_object()) {
      if (member.name == "required") {
        for (const Json& name : member.value.as_array()) {
          const auto& present = assumptions_.present;
          if (std::find(present.begin(), present.end(), name.as_string()) == present.end()) return false;
        }
      } else if (member.name == "properties") {
        for (const stream::JsonMember& property : member.value.as_object()) {
          const std::pair<std::string, std::string> wanted(property.name, property.value["const"].string_or(""));
          const auto& values = assumptions_.values;
          if (std::find(values.begin(), values.end(), wanted) == values.end()) return false;
        }
      } else {
        refuse("if: " + member.name);
      }
    }
    return true;
  }

  int compile(const std::vector<Part>& parts) {
    std::vector<Part> flat;
    for (const Part& part : parts) flatten(part, flat);
    Shape::Node node;
    std::vector<std::pair<std::string, std::vector<Part>>> properties;
    std::vector<std::string> required;
    std::vector<std::vector<std::string>> one_of;
    std::vector<Part> items;
    std::vector<const Json*> closing;
    bool rule_named_before = false;
    for (const Part& part : flat) {
      for (const stream::JsonMember& keyword : part.schema->as_object()) {
        const std::string& name = keyword.name;
        const Json& value = keyword.value;
        if (name == "type") {
          type(value, node);
        } else if (name == "properties") {
          for (const stream::JsonMember& property : value.as_object()) {
            auto same =
                std::find_if(properties.begin(), properties.end(), [&](const auto& each) { return each.first == property.name; });
            if (same == properties.end()) same = properties.insert(properties.end(), {property.name, {}});
            same->second.push_back({&property.value, part.document});
          }
        } else if (name == "required") {
          for (const Json& member : value.as_array()) required.push_back(member.as_string());
        } else if (name == "items") {
          items.push_back({&value, part.document});
        } else if (name == "minimum") {
          node.minimum = std::max(node.minimum, value.number_or(0));
        } else if (name == "maximum") {
          node.maximum = std::min(node.maximum, value.number_or(0));
        } else if (name == "pattern") {
          if (node.pattern != Shape::kNone) refuse("two patterns for a value");
          node.pattern = pattern(value.as_string());
        } else if (name == "enum" || name == "const") {
          if (node.has_choices) refuse("two enumerations for a value");
          node.has_choices = true;
          std::uint8_t types = 0;
          for (const Json& choice : name == "enum" ? value.as_array() : Json::Array{value}) {
            if (choice.is_string()) {
              types |= Shape::string;
              node.choices.push_back(choice.as_string());
            } else if (choice.is_number()) {
              types |= Shape::number;
              node.number_choices.push_back(choice.number_or(0));
            } else {
              refuse("enum: only strings and numbers");
            }
          }
          node.types &= types;  // what is of another type is none of them
        } else if (name == "additionalProperties") {
          if (!value.is_bool() || value.as_bool()) refuse("additionalProperties: only false");
          node.closed = true;
          closing.push_back(part.schema);
        } else if (name == "patternProperties") {
          for (const stream::JsonMember& each : value.as_object()) {
            if (each.name != "^_" || !each.value.bool_or(false)) refuse("patternProperties: only \"^_\": true");
          }
        } else if (name == "oneOf") {
          for (const Json& each : value.as_array()) {
            std::vector<std::string> names;
            if (each.as_object().size() != 1 || !each["required"].is_array()) refuse("oneOf: only of required");
            for (const Json& member : each["required"].as_array()) names.push_back(member.as_string());
            one_of.push_back(std::move(names));
          }
        } else if (name == "x-default") {
          tolerance(value, node.tolerance);
        } else if (name == "x-rule") {
          if (!std::exchange(rule_named_before, true)) rule(value, node);
        } else if (name == "x-tolerated") {
          for (const Json& each : value.as_array()) node.tolerated.push_back(each.as_string());
        } else if (!annotates(name)) {
          refuse("the keyword " + name);
        }
      }
    }
    if (node.closed) {
      for (const Json* schema : closing) {
        if ((*schema)["patternProperties"].find("^_") == nullptr) refuse("additionalProperties without patternProperties");
      }
    }
    for (const auto& property : properties) {
      const std::string& name = property.first;
      const bool foreign = !name.starts_with('_') && std::any_of(closing.begin(), closing.end(), [&](const Json* schema) {
        return (*schema)["properties"].find(name) == nullptr;
      });
      node.members.push_back({name, compile(property.second), foreign});
    }
    if (node.members.size() > 64) refuse("more than 64 members");
    for (const std::string& name : required) node.required |= bit(node, name);
    for (const auto& names : one_of) {
      std::uint64_t bits = 0;
      for (const std::string& name : names) bits |= bit(node, name);
      node.one_of.push_back(bits);
    }
    if (!items.empty()) node.items = compile(items);
    node.prediction = shape_.predictions_;
    shape_.predictions_ += node.members.size() + 1;
    shape_.nodes_.push_back(std::move(node));
    return static_cast<int>(shape_.nodes_.size()) - 1;
  }

  static bool annotates(std::string_view name) {
    constexpr std::string_view kKnown[] = {"$schema",  "$id",   "$defs", "$ref", "title", "description", "default",
                                           "examples", "allOf", "then",  "else", "if",    "$comment",    "contentEncoding"};
    return std::find(std::begin(kKnown), std::end(kKnown), name) != std::end(kKnown);
  }

  static void type(const Json& value, Shape::Node& node) {
    std::uint8_t types = 0;
    bool integer = false;
    bool number = false;
    for (const Json& each : value.is_array() ? value.as_array() : Json::Array{value}) {
      types = static_cast<std::uint8_t>(types | type_of(each.as_string()));
      integer = integer || each.as_string() == "integer";
      number = number || each.as_string() == "number";
    }
    node.types &= types;
    node.integer = node.integer || (integer && !number);
  }

  static void tolerance(const Json& value, Shape::Tolerance& out) {
    for (const stream::JsonMember& each : value.as_object()) {
      const auto severity = parse_severity(each.value.string_or(""));
      if (!severity) refuse("x-default: " + each.name);
      std::optional<Severity>* to = nullptr;
      if (each.name == "missing") to = &out.missing;
      if (each.name == "null") to = &out.null;
      if (each.name == "type") to = &out.type;
      if (each.name == "value") to = &out.value;
      if (each.name == "unknown") to = &out.unknown;
      if (to == nullptr) refuse("x-default: " + each.name);
      if (!*to) *to = severity;
    }
  }

  static void rule(const Json& value, Shape::Node& node) {
    if (value.is_string()) {
      node.value_rule = node.unknown_rule = rule_named(value.as_string());
    } else {
      node.value_rule = rule_named(value["value"].string_or(""));
      node.unknown_rule = rule_named(value["unknown"].string_or(""));
    }
  }

  static std::uint64_t bit(const Shape::Node& node, const std::string& name) {
    for (std::size_t i = 0; i < node.members.size(); ++i) {
      if (node.members[i].name == name) return std::uint64_t{1} << i;
    }
    refuse(fmt::format("{} is required, and not described", name));
  }

  int pattern(const std::string& text) {
    auto expression = std::make_unique<re2::RE2>(text, re2::RE2::Quiet);
    if (!expression->ok()) refuse("pattern: " + expression->error());
    auto& all = shape_.patterns_->expressions;
    all.push_back(std::move(expression));
    return static_cast<int>(all.size()) - 1;
  }

  const Shape::Assumptions& assumptions_;
  Shape shape_;
};

stream::Result<Shape> Shape::compile_schema(const Json& schema, const Assumptions& assumptions) {
  try {
    return ShapeCompiler(assumptions).run(schema);
  } catch (const std::exception& wrong) {
    return stream::fail({stream::ErrorCode::unsupported, wrong.what(), {std::string(schema["$id"].string_or(""))}});
  }
}

stream::Result<Shape> Shape::compile(std::string_view name, const Assumptions& assumptions) {
  const auto document = documents().find(name);
  if (document == documents().end()) {
    return stream::fail({stream::ErrorCode::unsupported, fmt::format("there is no schema {}", name)});
  }
  return compile_schema(document->second, assumptions);
}

/// Attaches the facts to the places that give them.
class HarShapeBuilder {
 public:
  static HarShape build() {
    auto compiled = Shape::compile("har-extensions-1", {});
    if (!compiled) throw std::logic_error(to_string(compiled.error()));
    HarShape har{std::move(*compiled)};
    har.document = har.shape.root();
    har.entry = har.shape.find(har.document, "log/entries/*");
    for (const auto& [slot, path] : kSlots) at(har, path).slot = slot;
    for (const ListPlace& place : kLists) {
      at(har, place.path).list = place.list;
      for (const auto& [name, field] : place.fields) {
        if (!name.empty()) at(har, fmt::format("{}/*/{}", place.path, name)).field = field;
      }
    }
    return har;
  }

 private:
  struct ListPlace {
    List list;
    std::string_view path;
    std::array<std::pair<std::string_view, Field Record::*>, 4> fields;
  };

  static Shape::Node& at(HarShape& har, std::string_view path) {
    const int found = har.shape.find(har.entry, path);
    if (found == Shape::kNone) throw std::logic_error("schema: no " + std::string(path));
    return har.shape.nodes_[static_cast<std::size_t>(found)];
  }

  static constexpr std::pair<Slot, std::string_view> kSlots[] = {
      {Slot::started, "startedDateTime"},
      {Slot::time, "time"},
      {Slot::pageref, "pageref"},
      {Slot::server_address, "serverIPAddress"},
      {Slot::connection, "connection"},
      {Slot::resource_type, "_resourceType"},
      {Slot::method, "request/method"},
      {Slot::url, "request/url"},
      {Slot::request_version, "request/httpVersion"},
      {Slot::request_headers, "request/headers"},
      {Slot::request_cookies, "request/cookies"},
      {Slot::query, "request/queryString"},
      {Slot::request_headers_size, "request/headersSize"},
      {Slot::request_body_size, "request/bodySize"},
      {Slot::post_mime, "request/postData/mimeType"},
      {Slot::post_params, "request/postData/params"},
      {Slot::post_text, "request/postData/text"},
      {Slot::post_encoding, "request/postData/_encoding"},
      {Slot::post_encoding, "request/postData/encoding"},
      {Slot::post_file, "request/postData/_file"},
      {Slot::status, "response/status"},
      {Slot::response_version, "response/httpVersion"},
      {Slot::response_headers, "response/headers"},
      {Slot::response_cookies, "response/cookies"},
      {Slot::redirect, "response/redirectURL"},
      {Slot::response_headers_size, "response/headersSize"},
      {Slot::response_body_size, "response/bodySize"},
      {Slot::transfer_size, "response/_transferSize"},
      {Slot::size, "response/content/size"},
      {Slot::compression, "response/content/compression"},
      {Slot::mime, "response/content/mimeType"},
      {Slot::text, "response/content/text"},
      {Slot::encoding, "response/content/encoding"},
      {Slot::file, "response/content/_file"},
      {Slot::blocked, "timings/blocked"},
      {Slot::dns, "timings/dns"},
      {Slot::connect, "timings/connect"},
      {Slot::ssl, "timings/ssl"},
      {Slot::send, "timings/send"},
      {Slot::wait, "timings/wait"},
      {Slot::receive, "timings/receive"},
      {Slot::messages, "_webSocketMessages"},
      {Slot::event_messages, "_eventSourceMessages"},
      {Slot::stream_chunks, "_streamChunks"},
      {Slot::chunks, "_chunks"},
  };
  static constexpr ListPlace kLists[] = {
      {List::request_headers, "request/headers", {{{"name", &Record::name}, {"value", &Record::value}}}},
      {List::response_headers, "response/headers", {{{"name", &Record::name}, {"value", &Record::value}}}},
      {List::request_cookies,
       "request/cookies",
       {{{"name", &Record::name}, {"value", &Record::value}, {"expires", &Record::expires}}}},
      {List::response_cookies,
       "response/cookies",
       {{{"name", &Record::name}, {"value", &Record::value}, {"expires", &Record::expires}}}},
      {List::query, "request/queryString", {{{"name", &Record::name}, {"value", &Record::value}}}},
      {List::params,
       "request/postData/params",
       {{{"name", &Record::name}, {"value", &Record::value}, {"fileName", &Record::id}}}},
      {List::messages,
       "_webSocketMessages",
       {{{"type", &Record::name}, {"data", &Record::value}, {"time", &Record::time}, {"opcode", &Record::number}}}},
      {List::events,
       "_eventSourceMessages",
       {{{"eventName", &Record::name}, {"data", &Record::value}, {"time", &Record::time}, {"eventId", &Record::id}}}},
      {List::stream_chunks,
       "_streamChunks",
       {{{"size", &Record::value}, {"time", &Record::time}, {"offset", &Record::number}, {"dir", &Record::dir}}}},
      {List::chunks, "_chunks", {{{"bytes", &Record::value}, {"ts", &Record::time}}}},
  };
};

const HarShape& har_shape() {
  static const HarShape shape = HarShapeBuilder::build();
  return shape;
}

const Shape& recording_shape(std::string_view line) {
  struct Shapes {
    Shape header;
    std::vector<std::pair<std::string, Shape>> events;
    Shape other;
  };
  static const Shapes shapes = [] {
    const auto make = [](const Shape::Assumptions& assumptions) {
      auto compiled = Shape::compile("recording-1", assumptions);
      if (!compiled) throw std::logic_error(to_string(compiled.error()));
      return std::move(*compiled);
    };
    Shapes all{make({{"recording"}, {}}), {}, make({})};
    const Json& schema = documents().find("recording-1")->second;
    for (const Json& each : schema["$defs"]["event"]["allOf"].as_array()) {
      const std::string name(each["if"]["properties"]["ev"]["const"].string_or(""));
      all.events.emplace_back(name, make({{"ev"}, {{"ev", name}}}));
    }
    return all;
  }();
  const auto spelled = [](std::string_view key) {
    const std::string quoted = fmt::format("\"{}\"", key);
    return text_of(Field{quoted});
  };
  const auto find = [&](std::string_view name) {
    std::optional<std::string_view> found = stream::find_raw_value(line, {name});
    if (found || line.find("\\u") == std::string_view::npos) return found;
    stream::each_raw_member(line, [&](std::string_view key, std::string_view value) {  // a name may be written with escapes
      if (key.find('\\') != std::string_view::npos && spelled(key) == name) found = value;
      return !found;
    });
    return found;
  };
  if (find("recording")) return shapes.header;
  if (const auto ev = find("ev"); ev && ev->starts_with('"')) {
    std::string scratch;
    const std::string_view named = text_of(Field{*ev}, scratch);
    for (const auto& [name, shape] : shapes.events) {
      if (named == name) return shape;
    }
  }
  return shapes.other;
}

}  // namespace har::check
