#include "check/shape.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "check/schemas.hpp"
#include "check/walker.hpp"
#include "stream/text/json.hpp"

using namespace har::check;

namespace {

std::string refused(std::string_view schema) {
  const auto shape = Shape::compile_schema(*stream::parse_json(schema), {});
  return shape ? "compiled" : shape.error().message;
}

Shape compiled(std::string_view schema, const Shape::Assumptions& assumptions = {}) {
  auto shape = Shape::compile_schema(*stream::parse_json(schema), assumptions);
  INFO(schema);
  REQUIRE(shape);
  return std::move(*shape);
}

/// What the walk says of a text against a schema, one line a mark.
std::vector<std::string> said(const Shape& shape, std::string_view text) {
  Marks marks;
  Walker walker(100);
  std::vector<std::string> out;
  if (!walker.walk(text, shape, shape.root(), nullptr, nullptr, marks)) out.emplace_back("not JSON");
  for (const Mark& mark : marks) out.push_back(fmt::format("{} {}: {}", rule(mark.rule).name, mark.pointer, mark.message));
  return out;
}

std::vector<std::string> said(std::string_view schema, std::string_view text) { return said(compiled(schema), text); }

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a schema is followed as a whole or not at all: what asserts something unknown is refused") {
  CHECK(refused(R"({"type": "object", "minProperties": 1})") == "schema: the keyword minProperties");
  CHECK(refused(R"({"properties": {"a": {"format": "date-time"}}})") == "schema: the keyword format");
  CHECK(refused(R"({"items": {"not": {}}})") == "schema: the keyword not");
  CHECK(refused(R"({"anyOf": [{}]})") == "schema: the keyword anyOf");
  CHECK(refused(R"({"type": "float"})") == "schema: there is no type float");
  CHECK(refused(R"({"$ref": "#/$defs/none"})") == "schema: there is no #/$defs/none");
  CHECK(refused(R"({"$ref": "urn:of:somebody-else"})") == "schema: there is no urn:of:somebody-else");
  CHECK(refused(R"({"properties": {"a": false}})") == "schema: false");
  CHECK(refused(R"({"additionalProperties": {"type": "string"}})") == "schema: additionalProperties: only false");
  CHECK(refused(R"({"properties": {"a": {}}, "additionalProperties": false})") ==
        "schema: additionalProperties without patternProperties");
  CHECK(refused(R"({"patternProperties": {"^x": true}})") == "schema: patternProperties: only \"^_\": true");
  CHECK(refused(R"({"enum": [true]})") == "schema: enum: only strings and numbers");
  CHECK(refused(R"({"oneOf": [{"type": "string"}, {"required": ["a"], "type": "object"}]})") ==
        "schema: oneOf: only of required");
  CHECK(refused(R"({"required": ["a"]})") == "schema: a is required, and not described");
  CHECK(refused(R"({"pattern": "("})") == "schema: pattern: missing ): (");
  CHECK(refused(R"({"x-rule": "no-such-rule"})") == "schema: there is no rule no-such-rule");
  CHECK(refused(R"({"x-default": {"missing": "fatal"}})") == "schema: x-default: missing");
  CHECK(refused(R"({"x-default": {"absent": "note"}})") == "schema: x-default: absent");
  CHECK(refused(R"({"if": {"type": "string"}, "then": {}})") == "schema: if: type");
  CHECK(refused(R"({"allOf": [{"pattern": "a"}, {"pattern": "b"}]})") == "schema: two patterns for a value");
  CHECK(refused(R"({"title": "t", "description": "d", "$comment": "c", "default": 1, "examples": [1]})") == "compiled");
}

TEST_CASE("the built-in schemas compile, and a name that is none does not") {
  for (const SchemaText& schema : schema_texts()) CHECK(Shape::compile(schema.name, {}));
  CHECK(Shape::compile("har-3", {}).error().message == "there is no schema har-3");
}

TEST_CASE("types, bounds and enumerations") {
  CHECK(said(R"({"type": "string"})", R"("a")").empty());
  CHECK(said(R"({"type": "string"})", "null") == Lines{"har-type : expected a string, found null"});
  CHECK(said(R"({"type": ["object", "null"]})", "[1]") == Lines{"har-type : expected an object or null, found an array"});
  CHECK(said(R"({"type": "integer"})", "1.0").empty());
  CHECK(said(R"({"type": "integer"})", "1e2").empty());
  CHECK(said(R"({"type": "integer"})", "1.5") == Lines{"har-type : expected an integer, found 1.5"});
  CHECK(said(R"({"type": ["integer", "number"]})", "1.5").empty());
  CHECK(said(R"({"minimum": 0, "maximum": 10})", "10").empty());
  CHECK(said(R"({"minimum": 0, "maximum": 10})", "-0").empty());
  CHECK(said(R"({"minimum": 0, "maximum": 10})", "10.5") == Lines{"har-value : expected 10 or less, found 10.5"});
  CHECK(said(R"({"minimum": 5})", "4") == Lines{"har-value : expected 5 or more, found 4"});
  CHECK(said(R"({"minimum": 5})", R"("a bound of numbers says nothing of strings")").empty());
  CHECK(said(R"({"enum": ["a", "b"]})", R"("\u0062")").empty());
  CHECK(said(R"({"enum": ["a", "b"]})", R"("c")") == Lines{"har-value : expected a, b, found \"c\""});
  CHECK(said(R"({"enum": [1, 2]})", "3") == Lines{"har-value : expected 1, 2, found 3"});
  CHECK(said(R"({"const": 1})", "1.0").empty());
  CHECK(said(R"({"pattern": "^a+$"})", R"("aaa")").empty());
  CHECK(said(R"({"pattern": "^a+$"})", R"("b")") == Lines{"har-value : a value of another form than it must have: \"b\""});
}

TEST_CASE("an enumeration takes no value of another type") {
  for (const char* value : {"1", "true", "null", "[]", "{}"}) {
    INFO(value);
    CHECK(said(R"({"enum": ["a"]})", value).size() == 1);
  }
  for (const char* value : {"\"1\"", "true", "null", "[]", "{}"}) {
    INFO(value);
    CHECK(said(R"({"enum": [1]})", value).size() == 1);
  }
}

TEST_CASE("what is required is missing from its object alone") {
  constexpr std::string_view kSchema =
      R"({"required": ["a"], "properties": {"a": {"required": ["b"], "properties": {"b": {}}}}})";
  CHECK(said(kSchema, R"({"a": {"b": null}})").empty());
  CHECK(said(kSchema, R"({"a": {}})") == Lines{"har-required /a: the member \"b\" is missing"});
  CHECK(said(kSchema, R"({"b": 1})") == Lines{"har-required : the member \"a\" is missing"});
  CHECK(said(kSchema, R"({"\u0061": {"b": 1}})").empty());
  CHECK(said(kSchema, "[]").empty());
}

TEST_CASE("exactly one of several sets of members is there") {
  constexpr std::string_view kSchema =
      R"({"properties": {"a": {}, "b": {}}, "oneOf": [{"required": ["a"]}, {"required": ["b"]}]})";
  CHECK(said(kSchema, R"({"a": 1})").empty());
  CHECK(said(kSchema, R"({"a": 1, "b": 1})") == Lines{"har-required : expected exactly one of a, b"});
  CHECK(said(kSchema, "{}") == Lines{"har-required : expected exactly one of a, b"});
}

TEST_CASE("members without an underscore are refused where the schema closes the object") {
  constexpr std::string_view kSchema =
      R"({"properties": {"a": {}}, "patternProperties": {"^_": true}, "additionalProperties": false, "x-tolerated": ["t"]})";
  CHECK(said(kSchema, R"({"a": 1, "_b": 1})").empty());
  CHECK(said(kSchema, R"({"b": 1})") ==
        Lines{"har-member /b: HAR has no such member; names of one's own begin with an underscore"});
  CHECK(said(kSchema, R"({"\u005fb": 1})").empty());
  CHECK(said(kSchema, R"({"t": 1})").empty());
  Marks marks;
  const Shape shape = compiled(kSchema);
  Walker(10, true).walk(R"({"t": 1})", shape, shape.root(), nullptr, nullptr, marks);
  CHECK(marks.size() == 1);
}

TEST_CASE("what all of several schemas say holds, however they are put together") {
  constexpr std::string_view kSchema = R"({
    "$ref": "#/$defs/base",
    "properties": {"a": {"minimum": 2}},
    "allOf": [{"properties": {"a": {"maximum": 4}, "b": {"type": "string"}}, "required": ["b"]}],
    "$defs": {"base": {"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#/$defs/number"}}},
              "number": {"type": "number"}}})";
  CHECK(said(kSchema, R"({"a": 3, "b": ""})").empty());
  CHECK(said(kSchema, R"({"a": 1, "b": ""})") == Lines{"har-value /a: expected 2 or more, found 1"});
  CHECK(said(kSchema, R"({"a": 5, "b": ""})") == Lines{"har-value /a: expected 4 or less, found 5"});
  CHECK(said(kSchema, R"({"a": "", "b": 1})") ==
        Lines{"har-type /a: expected a number, found a string", "har-type /b: expected a string, found a number"});
  CHECK(said(kSchema, "{}").size() == 2);
}

TEST_CASE("items are all looked at, and only of arrays") {
  constexpr std::string_view kSchema = R"({"items": {"type": "number"}})";
  CHECK(said(kSchema, "[1, \"a\", 2, null]") ==
        Lines{"har-type /1: expected a number, found a string", "har-type /3: expected a number, found null"});
  CHECK(said(kSchema, R"({"a": "b"})").empty());
}

TEST_CASE("which branch of a condition holds is what was assumed") {
  constexpr std::string_view kSchema = R"({
    "if": {"required": ["a"]}, "then": {"properties": {"x": {"type": "string"}}}, "else": {"properties": {"x": {"type": "number"}}},
    "allOf": [{"if": {"properties": {"kind": {"const": "k"}}}, "then": {"required": ["y"], "properties": {"y": {}}}}]})";
  CHECK(said(compiled(kSchema), R"({"x": 1})").empty());
  CHECK(said(compiled(kSchema, {{"a"}, {}}), R"({"x": 1})").size() == 1);
  CHECK(said(compiled(kSchema, {{"a"}, {{"kind", "k"}}}), R"({"x": ""})") == Lines{"har-required : the member \"y\" is missing"});
  CHECK(said(compiled(kSchema, {{}, {{"kind", "other"}}}), R"({"x": 1})").empty());
}

TEST_CASE("the outer one of two schemas says what a deviation counts for") {
  const Shape shape = compiled(R"({"properties": {"a": {"$ref": "#/$defs/text", "x-default": {"null": "note"}}},
    "$defs": {"text": {"type": "string", "x-default": {"null": "error", "type": "warning"}}}})");
  const Shape::Tolerance& tolerance = shape.node(shape.find(shape.root(), "a")).tolerance;
  CHECK(tolerance.null == Severity::note);
  CHECK(tolerance.type == Severity::warning);
  CHECK_FALSE(tolerance.missing);
}

TEST_CASE("a place of the schema is found by its path") {
  const HarShape& har = har_shape();
  CHECK(har.shape.find(har.document, "") == har.document);
  CHECK(har.shape.find(har.document, "log/entries/*") == har.entry);
  CHECK(har.shape.find(har.entry, "request/headers/*/name") != Shape::kNone);
  CHECK(har.shape.find(har.entry, "request/none") == Shape::kNone);
  CHECK(har.shape.find(har.entry, "request/none/deeper") == Shape::kNone);
  CHECK(har.shape.node(har.shape.find(har.entry, "request/url")).slot == Slot::url);
}

TEST_CASE("a line of a recording has the shape that it says it has") {
  const auto line = [](std::string_view text) {
    const Shape& shape = recording_shape(text);
    return said(shape, text);
  };
  CHECK(line(R"({"recording":1,"start":"2026-11-22T09:15:30Z"})").empty());
  CHECK(line(R"({"recording":2})") == Lines{"har-value /recording: expected 1, found 2"});
  CHECK(line(R"({"ev":"end","t":1,"reason":"eof"})").empty());
  CHECK(line(R"({"ev":"end","t":1})") == Lines{"har-required : the member \"reason\" is missing"});
  CHECK(line(R"({"ev":"e\u006ed","t":1})") == Lines{"har-required : the member \"reason\" is missing"});
  CHECK(line(R"({"\u0065v":"end","t":1})") == Lines{"har-required : the member \"reason\" is missing"});
  CHECK(line(R"({"ev":"other"})").empty());
  CHECK(line(R"({"t":1})") == Lines{"har-required : the member \"ev\" is missing"});
  CHECK(line("[]") == Lines{"har-type : expected an object, found an array"});
}
