#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "stream/io/error.hpp"
#include "stream/io/limits.hpp"

namespace stream {

struct JsonMember;

/// A JSON value (RFC 8259) that loses nothing: members keep their order and duplicates, numbers their spelling. Strings
/// are UTF-8; a lone surrogate escape (legal in JSON, not in Unicode) is kept as its three-byte form (WTF-8) and written
/// back as the escape it was. What is not kept is white space and which characters were escaped.
class Json {
 public:
  enum class Kind : std::uint8_t { null, boolean, number, string, array, object };
  /// A number as written; a valid RFC 8259 number.
  struct Number {
    std::string text = "0";
    bool operator==(const Number&) const = default;
  };
  using Array = std::vector<Json>;
  using Object = std::vector<JsonMember>;

  // A variant of a vector of an incomplete type must not be built or destroyed yet (clang does so eagerly): what does is
  // defined behind JsonMember.
  Json();  ///< null
  Json(const Json&);
  Json(Json&&) noexcept;
  Json& operator=(const Json&);
  Json& operator=(Json&&) noexcept;
  ~Json();
  Json(std::nullptr_t);
  Json(bool value);
  Json(Number value);
  Json(std::string value);
  Json(std::string_view value);
  Json(const char* value);
  Json(Array value);
  Json(Object value);
  Json(int value);
  Json(std::int64_t value);
  Json(std::uint64_t value);
  /// The shortest spelling that reads back as `value`; null if it is not finite.
  Json(double value);

  static Json array();
  static Json object();

  Kind kind() const { return static_cast<Kind>(value_.index()); }
  bool is_null() const { return kind() == Kind::null; }
  bool is_bool() const { return kind() == Kind::boolean; }
  bool is_number() const { return kind() == Kind::number; }
  bool is_string() const { return kind() == Kind::string; }
  bool is_array() const { return kind() == Kind::array; }
  bool is_object() const { return kind() == Kind::object; }

  // Access to a value of the kind the name says; calling one for another kind is a bug.
  bool as_bool() const { return std::get<bool>(value_); }
  const std::string& as_string() const { return std::get<std::string>(value_); }
  std::string& as_string() { return std::get<std::string>(value_); }
  const std::string& number_text() const { return std::get<Number>(value_).text; }
  const Array& as_array() const { return std::get<Array>(value_); }
  Array& as_array() { return std::get<Array>(value_); }
  const Object& as_object() const { return std::get<Object>(value_); }
  Object& as_object() { return std::get<Object>(value_); }

  // Lenient access: the fallback if the kind is another.
  double number_or(double fallback) const;
  std::int64_t int_or(std::int64_t fallback) const;  ///< the fallback also if it is no integer or does not fit
  std::string_view string_or(std::string_view fallback) const;
  bool bool_or(bool fallback) const;

  /// The last member of that name (as JSON.parse has it), or nullptr; nullptr too if this is not an object.
  const Json* find(std::string_view name) const;
  Json* find(std::string_view name);
  /// find(), or a null value.
  const Json& operator[](std::string_view name) const;
  /// Replaces the last member of that name, or appends one. This must be an object (or null, which becomes one).
  Json& set(std::string_view name, Json value);
  /// Removes all members of that name; how many there were.
  std::size_t erase(std::string_view name);

  /// The same value, member order, duplicates and number spelling: equality of documents, not of meaning.
  bool operator==(const Json&) const;

 private:
  std::variant<std::monostate, bool, Number, std::string, Array, Object> value_;
};

struct JsonMember {
  std::string name{};
  Json value{};
  bool operator==(const JsonMember&) const = default;
};

inline Json::Json() = default;
inline Json::Json(const Json&) = default;
inline Json::Json(Json&&) noexcept = default;
inline Json& Json::operator=(const Json&) = default;
inline Json& Json::operator=(Json&&) noexcept = default;
inline Json::~Json() = default;
inline Json::Json(std::nullptr_t) {}
inline Json::Json(bool value) : value_(value) {}
inline Json::Json(Number value) : value_(std::move(value)) {}
inline Json::Json(std::string value) : value_(std::move(value)) {}
inline Json::Json(std::string_view value) : value_(std::string(value)) {}
inline Json::Json(const char* value) : value_(std::string(value)) {}
inline Json::Json(Array value) : value_(std::move(value)) {}
inline Json::Json(Object value) : value_(std::move(value)) {}
inline Json::Json(int value) : Json(static_cast<std::int64_t>(value)) {}
inline Json::Json(std::int64_t value) : value_(Number{std::to_string(value)}) {}
inline Json::Json(std::uint64_t value) : value_(Number{std::to_string(value)}) {}
inline Json Json::array() { return Json(Array{}); }
inline Json Json::object() { return Json(Object{}); }

std::string_view to_string(Json::Kind kind);  ///< "null", "a boolean", "a number", "a string", "an array", "an object"

/// Parses one value that fills `text` up to white space. Strict: RFC 8259, UTF-8 (a BOM is an error here: readers of files
/// take it off). Errors: `syntax`, `truncated` (the text ends inside the value), `limit` (--max-depth). Their place holds
/// the offset within `text`, and line and column within `text`; locate() moves it to where `text` came from.
Result<Json> parse_json(std::string_view text, const Limits& limits = {});

/// Parses the value at the start of `text`; `consumed` is how many bytes it took, leading white space included.
Result<Json> parse_json_prefix(std::string_view text, std::size_t& consumed, const Limits& limits = {});

/// Moves an error's place from the inside of a slice to the document: `origin` is the place of the slice's first byte.
Error locate(Error error, const Place& origin);

struct JsonStyle {
  int indent = 0;  ///< spaces a level; 0: everything in one line, without spaces
  int depth = 0;   ///< the level that the value itself stands on
};

void write_json(std::string& out, const Json& value, JsonStyle style = {});
std::string to_json(const Json& value, JsonStyle style = {});

/// Appends a JSON string with its quotes. Escapes what must be, lone surrogates, and U+2028/2029 are left as they are.
/// `text` must be UTF-8 (WTF-8); bytes that are not become U+FFFD.
void write_json_string(std::string& out, std::string_view text);

/// RFC 6901: appends "/" and the name with ~ and / escaped.
void append_pointer(std::string& pointer, std::string_view name);
void append_pointer(std::string& pointer, std::size_t index);

}  // namespace stream
