#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string>

#include "check/importers/javascript.hpp"
#include "check/importers/report.hpp"

/// har-schema 2.0.0 as har-validator 5 applies it, with Ajv 6: keywords that JSON Schema does not have ("min", "unique",
/// "optional") do nothing there, and formats are looked at quickly.
namespace har::check::importers {
namespace {

using stream::Json;

// Formats and patterns.

/// Takes `count` digits at the front off, the first of them not greater than `first`.
bool digits(std::string_view& text, std::size_t count, char first = '9') {
  if (text.size() < count || text.front() > first) return false;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
  }
  text.remove_prefix(count);
  return true;
}

bool skip(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

void skip_fraction(std::string_view& text) {
  std::size_t end = 1;
  while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
  if (text.starts_with('.') && end > 1) text.remove_prefix(end);
}

/// The format "date-time": RFC 3339 but for the ranges of days.
bool is_date_time(std::string_view text) {
  if (!digits(text, 4) || !skip(text, '-') || !digits(text, 2, '1') || !skip(text, '-') || !digits(text, 2, '3')) return false;
  if (!skip(text, 't') && !skip(text, 'T')) {
    const std::size_t space = javascript::white_space(text);
    if (space == 0) return false;
    text.remove_prefix(space);
  }
  if (text.starts_with("23:59:60")) {
    text.remove_prefix(8);
  } else if (!digits(text, 2, '2') || !skip(text, ':') || !digits(text, 2, '5') || !skip(text, ':') || !digits(text, 2, '5')) {
    return false;
  }
  skip_fraction(text);
  if (text == "z" || text == "Z") return true;
  if (!skip(text, '+') && !skip(text, '-')) return false;
  if (!digits(text, 2)) return false;
  if (text.empty()) return true;
  skip(text, ':');
  return digits(text, 2) && text.empty();
}

/// The schema's own pattern for dates; what stands behind it is not looked at. A zone is optional in caches.
bool has_date(std::string_view text, bool zone) {
  if (!digits(text, 4)) return false;
  for (const char mark : {'-', '-', 'T', ':', ':'}) {
    skip(text, mark);
    if (!digits(text, 2)) return false;
  }
  if (!zone) return true;
  skip_fraction(text);
  if (text.starts_with('Z')) return true;
  if (!skip(text, '+') && !skip(text, '-')) return false;
  if (!digits(text, 2)) return false;
  skip(text, ':');
  return digits(text, 2);
}

/// The format "uri": a scheme, and no white space.
bool is_uri(std::string_view text) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (text.empty() || !is_letter(text.front())) return false;
  std::size_t at = 1;
  while (at < text.size() &&
         (is_letter(text[at]) || (text[at] >= '0' && text[at] <= '9') || text[at] == '+' || text[at] == '-' || text[at] == '.')) {
    ++at;
  }
  if (at == text.size() || text[at] != ':') return false;
  for (; at < text.size(); ++at) {
    if (javascript::white_space(text.substr(at)) != 0) return false;
  }
  return true;
}

/// Four numbers up to 255; with leading zeros if `zeros`.
bool is_ipv4(std::string_view text, bool zeros) {
  for (int i = 0; i < 4; ++i) {
    if (i != 0 && !skip(text, '.')) return false;
    std::size_t count = 0;
    int number = 0;
    for (; count < text.size() && count < 3 && text[count] >= '0' && text[count] <= '9'; ++count)
      number = number * 10 + (text[count] - '0');
    if (count == 0 || number > 255 || (!zeros && count > 1 && text[0] == '0')) return false;
    text.remove_prefix(count);
  }
  return text.empty();
}

/// Eight groups of hexadecimal digits, the last two perhaps as an IPv4 address, a run of them perhaps as "::"; with a zone
/// behind '%', and white space around.
bool is_ipv6(std::string_view text) {
  text = javascript::trim(text);
  if (const std::size_t zone = text.find('%'); zone != std::string_view::npos) {
    const std::string_view name = text.substr(zone + 1);
    if (name.find_first_of("\r\n") != std::string_view::npos || name.empty()) return false;
    text = text.substr(0, zone);
  }
  int groups = 0;
  bool gap = false;
  if (text.starts_with("::")) {
    gap = true;
    text.remove_prefix(2);
    if (text.empty()) return true;
  }
  while (true) {
    const std::size_t end = std::min(text.find_first_not_of("0123456789abcdefABCDEF"), text.size());
    if (end < text.size() && text[end] == '.') {
      if (!is_ipv4(text, false)) return false;
      groups += 2;
      break;
    }
    if (end == 0 || end > 4) return false;
    ++groups;
    text.remove_prefix(end);
    if (text.empty()) break;
    if (!skip(text, ':')) return false;
    if (skip(text, ':')) {
      if (gap) return false;
      gap = true;
      if (text.empty()) break;
    }
  }
  return gap ? groups <= 7 : groups == 8;
}

// The schema.

enum class Form { any, string, number, integer, boolean, date, cache_date, expires, uri, address, array, object };

struct Shape;
struct Member {
  std::string_view name{};
  Form form = Form::any;
  bool required = false;
  const Shape* shape = nullptr;  ///< of an object, or of each element of an array
};
/// What an object's members are. `loose`: it may be something else than an object.
struct Shape {
  std::span<const Member> members{};
  bool loose = false;
  bool or_null = false;
};

constexpr Member kNamed[] = {{"name", Form::string, true}, {"version", Form::string, true}, {"comment", Form::string}};
constexpr Shape kCreator{kNamed};

constexpr Member kPageTimingsMembers[] = {{"onContentLoad", Form::number}, {"onLoad", Form::number}, {"comment", Form::string}};
constexpr Shape kPageTimings{kPageTimingsMembers};
constexpr Member kPageMembers[] = {{"startedDateTime", Form::date, true},
                                   {"id", Form::string, true},
                                   {"title", Form::string, true},
                                   {"pageTimings", Form::object, true, &kPageTimings},
                                   {"comment", Form::string}};
constexpr Shape kPage{kPageMembers};

constexpr Member kCacheStateMembers[] = {{"expires", Form::cache_date},
                                         {"lastAccess", Form::cache_date, true},
                                         {"eTag", Form::string, true},
                                         {"hitCount", Form::integer, true},
                                         {"comment", Form::string}};
constexpr Shape kCacheState{kCacheStateMembers, false, true};
constexpr Member kCacheMembers[] = {{"beforeRequest", Form::object, false, &kCacheState},
                                    {"afterRequest", Form::object, false, &kCacheState},
                                    {"comment", Form::string}};
constexpr Shape kCache{kCacheMembers, true};

constexpr Member kTimingsMembers[] = {{"dns", Form::number},        {"connect", Form::number},    {"blocked", Form::number},
                                      {"send", Form::number, true}, {"wait", Form::number, true}, {"receive", Form::number, true},
                                      {"ssl", Form::number},        {"comment", Form::string}};
constexpr Shape kTimings{kTimingsMembers, true};

constexpr Member kPairMembers[] = {{"name", Form::string, true}, {"value", Form::string, true}, {"comment", Form::string}};
constexpr Shape kPair{kPairMembers};
constexpr Member kCookieMembers[] = {{"name", Form::string, true}, {"value", Form::string, true}, {"path", Form::string},
                                     {"domain", Form::string},     {"expires", Form::expires},    {"httpOnly", Form::boolean},
                                     {"secure", Form::boolean},    {"comment", Form::string}};
constexpr Shape kCookie{kCookieMembers};

// params: what the schema says of its elements it says of the array, where it means nothing.
constexpr Member kPostDataMembers[] = {
    {"mimeType", Form::string, true}, {"text", Form::string}, {"params", Form::array}, {"comment", Form::string}};
constexpr Shape kPostData{kPostDataMembers};
constexpr Member kRequestMembers[] = {{"method", Form::string, true},
                                      {"url", Form::uri, true},
                                      {"httpVersion", Form::string, true},
                                      {"cookies", Form::array, true, &kCookie},
                                      {"headers", Form::array, true, &kPair},
                                      {"queryString", Form::array, true, &kPair},
                                      {"postData", Form::object, false, &kPostData},
                                      {"headersSize", Form::integer, true},
                                      {"bodySize", Form::integer, true},
                                      {"comment", Form::string}};
constexpr Shape kRequest{kRequestMembers};
constexpr Member kContentMembers[] = {{"size", Form::integer, true},    {"compression", Form::integer},
                                      {"mimeType", Form::string, true}, {"text", Form::string},
                                      {"encoding", Form::string},       {"comment", Form::string}};
constexpr Shape kContent{kContentMembers};
constexpr Member kResponseMembers[] = {{"status", Form::integer, true},        {"statusText", Form::string, true},
                                       {"httpVersion", Form::string, true},    {"cookies", Form::array, true, &kCookie},
                                       {"headers", Form::array, true, &kPair}, {"content", Form::object, true, &kContent},
                                       {"redirectURL", Form::string, true},    {"headersSize", Form::integer, true},
                                       {"bodySize", Form::integer, true},      {"comment", Form::string}};
constexpr Shape kResponse{kResponseMembers};
constexpr Member kEntryMembers[] = {{"pageref", Form::string},
                                    {"startedDateTime", Form::date, true},
                                    {"time", Form::number, true},
                                    {"request", Form::object, true, &kRequest},
                                    {"response", Form::object, true, &kResponse},
                                    {"cache", Form::object, true, &kCache},
                                    {"timings", Form::object, true, &kTimings},
                                    {"serverIPAddress", Form::address},
                                    {"connection", Form::string},
                                    {"comment", Form::string}};
constexpr Shape kEntry{kEntryMembers};
constexpr Member kLogMembers[] = {{"version", Form::string, true},
                                  {"creator", Form::object, true, &kCreator},
                                  {"browser", Form::object, false, &kCreator},
                                  {"pages", Form::array, false, &kPage},
                                  {"comment", Form::string}};

class Validator {
 public:
  explicit Validator(Report& report) : report_(report) {}

  void object(const At& at, const Json& value, const Shape& shape) {
    if (value.is_object()) return members(at, value.as_object(), shape.members);
    if (shape.loose || (shape.or_null && value.is_null())) return;
    says(at, shape.or_null ? "an object or null" : "an object", &value);
  }

  void members(const At& at, const Json::Object& object, std::span<const Member> members) {
    for (const Member& member : members) {
      const At here(at, member.name);
      const Json* const value = find(object, member.name);
      if (value != nullptr) {
        form(here, *value, member);
      } else if (member.required) {
        says(here, "the member", nullptr);
      }
    }
  }

 private:
  void says(const At& at, std::string_view expected, const Json* value) {
    report_.refuse(at, "expected " + std::string(expected) + ", found " + found(value) + ": har-schema calls the file invalid");
  }

  void form(const At& at, const Json& value, const Member& member) {
    switch (member.form) {
      case Form::any:
        return;
      case Form::string:
        return must(value.is_string(), at, "a string", value);
      case Form::number:
        return must(value.is_number(), at, "a number", value);
      case Form::integer:
        return must(is_integer(value), at, "an integer", value);
      case Form::boolean:
        return must(value.is_bool(), at, "true or false", value);
      case Form::date:
        return must(value.is_string() && is_date_time(value.as_string()) && has_date(value.as_string(), true), at,
                    "a date as in 2026-11-22T09:15:30.123Z", value);
      case Form::cache_date:
        return must(value.is_string() && has_date(value.as_string(), false), at, "a date as in 2026-11-22T09:15:30.123Z", value);
      case Form::expires:
        return must(value.is_null() || (value.is_string() && is_date_time(value.as_string())), at,
                    "null or a date as in 2026-11-22T09:15:30Z", value);
      case Form::uri:
        return must(value.is_string() && is_uri(value.as_string()), at, "an absolute URL without white space", value);
      case Form::address: {
        const bool address = value.is_string() && is_ipv4(value.as_string(), true) != is_ipv6(value.as_string());
        return must(address, at, "an IPv4 or IPv6 address", value);
      }
      case Form::object:
        return object(at, value, *member.shape);
      case Form::array:
        break;
    }
    if (!value.is_array()) return says(at, "an array", &value);
    if (member.shape == nullptr) return;
    for (std::size_t i = 0; i < value.as_array().size(); ++i) object(At(at, i), value.as_array()[i], *member.shape);
  }

  void must(bool right, const At& at, std::string_view expected, const Json& value) {
    if (!right) says(at, expected, &value);
  }

  static bool is_integer(const Json& value) {
    if (!value.is_number()) return false;
    const double number = value.number_or(HUGE_VAL);
    return std::isinf(number) || number == std::trunc(number);  // Infinity % 1 is NaN, which passes
  }

  Report& report_;
};

}  // namespace

void har_schema_document(const LogInfo& info, Report& report) {
  const At root;
  Validator(report).members(At(root, "log"), info.log, kLogMembers);
}

void har_schema_entry(const Json& entry, Report& report) { Validator(report).object(At(), entry, kEntry); }

}  // namespace har::check::importers
