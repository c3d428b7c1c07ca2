#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "stream/text/json.hpp"
#include "stream/text/timestamp.hpp"

/// Typed netstrings (tnetstrings.info) in mitmproxy's dialect (mitmproxy/io/tnetstring.py): LENGTH ":" PAYLOAD TAG.
namespace har::format::mitm {

/// The tag says what the payload is.
namespace tag {
inline constexpr char kBytes = ',';
inline constexpr char kText = ';';  ///< mitmproxy's own
inline constexpr char kInteger = '#';
inline constexpr char kFloat = '^';
inline constexpr char kBoolean = '!';
inline constexpr char kNull = '~';
inline constexpr char kList = ']';
inline constexpr char kDict = '}';
inline constexpr std::string_view kAll = ",;#^!~]}";
}  // namespace tag

/// A value that stands in memory; nothing below it has been looked at.
struct Value {
  char tag = 0;  ///< 0: there is none
  std::string_view payload{};

  bool exists() const { return tag != 0 && tag != tag::kNull; }
  /// Octets or text: files of Python 2 have octets where later ones have text.
  bool is_string() const { return tag == tag::kBytes || tag == tag::kText; }
  bool is_number() const { return tag == tag::kInteger || tag == tag::kFloat; }
  bool is_true() const { return tag == tag::kBoolean && payload == "true"; }
  std::string_view string_or(std::string_view fallback) const { return is_string() ? payload : fallback; }
  std::optional<std::int64_t> integer() const;
};

/// Digits that mitmproxy takes for a length.
inline constexpr std::size_t kMaxLengthDigits = 12;

/// Takes a value off the front of `rest`. False if none stands there; `rest` is where it then.
bool take_value(std::string_view& rest, Value& value);

/// Calls with each element of a list. False: what stands at `rest` is no value, or the call has said false.
template <class Call>
bool each_element(std::string_view& rest, Call&& call) {
  Value value;
  while (!rest.empty()) {
    if (!take_value(rest, value) || !call(value)) return false;
  }
  return true;
}

/// Calls with each key and value of a dict. False: what stands at `rest` is no value, or the call has said false.
template <class Call>
bool each_member(std::string_view& rest, Call&& call) {
  Value key;
  Value value;
  while (!rest.empty()) {
    if (!take_value(rest, key) || !key.is_string() || !take_value(rest, value) || !call(key.payload, value)) return false;
  }
  return true;
}

// ---- writing

void put_value(std::string& out, char tag, std::string_view payload);
inline void put_null(std::string& out) { out += "0:~"; }
inline void put_boolean(std::string& out, bool value) { put_value(out, tag::kBoolean, value ? "true" : "false"); }
void put_integer(std::string& out, std::int64_t value);
/// What is no UTF-8 in it becomes U+FFFD: mitmproxy refuses a file with text that is none.
void put_text(std::string& out, std::string_view text);
/// As Python's repr() spells it; null for what is not finite.
void put_float(std::string& out, double value);
/// Seconds since 1970: the float that is nearest.
void put_time(std::string& out, stream::Nanos since_epoch);
/// As it stands in JSON: a string becomes text, {"base64": …} octets.
void put_json(std::string& out, const stream::Json& value);

/// A dict or a list under construction.
class Container {
 public:
  std::string& member(std::string_view key) {
    put_value(payload_, tag::kText, key);
    return payload_;
  }
  std::string& element() { return payload_; }
  void write(std::string& out, char tag) const { put_value(out, tag, payload_); }

 private:
  std::string payload_;
};

}  // namespace har::format::mitm
