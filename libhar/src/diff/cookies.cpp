#include <algorithm>
#include <array>
#include <optional>

#include "check/http_text.hpp"
#include "check/pairs.hpp"
#include "diff/lists.hpp"
#include "diff/profile.hpp"
#include "stream/text/json.hpp"

namespace har::diff {
namespace {

using stream::RawJson;
using stream::ValueChange;

/// A cookie with how it is set: attributes as "name=value", sorted, without those that only say until when.
struct Cookie {
  std::string name{};
  std::string value{};
  std::vector<std::string> attributes{};
  std::string pointer{};
};

bool is_time(std::string_view attribute) { return attribute == "expires" || attribute == "max-age" || attribute == "maxage"; }

std::vector<Cookie> cookies_of(RawJson array, std::string_view pointer, bool times) {
  std::vector<Cookie> out;
  stream::JsonArrayView elements(array);
  stream::JsonObjectView object;
  std::size_t index = 0;
  for (RawJson element = elements.next(); element; element = elements.next(), ++index) {
    object.reset(element);
    Cookie cookie;
    cookie.pointer = std::string(pointer) + "/" + std::to_string(index);
    for (const auto& member : object.members()) {
      const RawJson value = member.value;
      const std::string text = value.is_string() ? value.string() : std::string(value.text);
      const std::string name = lower_case(member.name);
      if (name == "name") {
        cookie.name = text;
      } else if (name == "value") {
        cookie.value = text;
      } else if ((times || !is_time(name)) && !text.empty() && !value.is_null() && !value.is_false()) {
        // What is not set is written as "", null or false, or not at all. "Lax" is "lax".
        cookie.attributes.push_back(value.is_true() ? name : name + "=" + (name == "samesite" ? lower_case(text) : text));
      }
    }
    std::sort(cookie.attributes.begin(), cookie.attributes.end());
    out.push_back(std::move(cookie));
  }
  return out;
}

std::vector<Cookie> cookies_of(const std::vector<Named>& headers, Half half, bool times) {
  std::vector<Cookie> out;
  const std::string_view wanted = half == Half::request ? "cookie" : "set-cookie";
  for (const Named& header : headers) {
    if (!check::equal_ignoring_case(header.name, wanted)) continue;
    // Firefox joins several Set-Cookie headers with line feeds.
    for (std::string_view rest = header.value; !rest.empty();) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      const std::string_view line = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      bool first = true;
      check::each_piece(line, ';', [&](std::string_view name, std::string_view value) {
        name = check::trimmed(name);
        value = check::trimmed(value);
        if (half == Half::request || first) {
          out.push_back({std::string(name), std::string(value), {}, header.pointer});
        } else if (const std::string lower = lower_case(name); times || !is_time(lower)) {
          const std::string text = lower == "samesite" ? lower_case(value) : std::string(value);
          out.back().attributes.push_back(value.empty() ? lower : lower + "=" + text);
        }
        first = false;
        return true;
      });
    }
  }
  for (Cookie& cookie : out) std::sort(cookie.attributes.begin(), cookie.attributes.end());
  return out;
}

class Cookies {
 public:
  Cookies(Found& found, Judge& judge, Half half) : found_(found), judge_(judge), half_(half) {}

  void compare(std::vector<Cookie> expected, std::vector<Cookie> actual) {
    const auto by_name = [](const Cookie& a, const Cookie& b) { return a.name < b.name; };
    std::stable_sort(expected.begin(), expected.end(), by_name);
    std::stable_sort(actual.begin(), actual.end(), by_name);
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < expected.size() || j < actual.size()) {
      const int order = i == expected.size() ? 1 : j == actual.size() ? -1 : expected[i].name.compare(actual[j].name);
      if (order < 0) {
        tell(&expected[i++], nullptr);
      } else if (order > 0) {
        tell(nullptr, &actual[j++]);
      } else {
        compare(expected[i++], actual[j++]);
      }
    }
  }

 private:
  void tell(const Cookie* expected, const Cookie* actual) {
    const Cookie& cookie = expected != nullptr ? *expected : *actual;
    if (!judge_.spot(half_, Field::cookie, cookie.name).compared) return;
    FieldDifference out =
        difference_of(half_, Field::cookie, cookie.name, expected != nullptr ? ValueChange::missing : ValueChange::extra);
    if (expected != nullptr) {
      out.expected = text_value(cookie.value);
      out.expected_pointer = cookie.pointer;
    } else {
      out.actual = text_value(cookie.value);
      out.actual_pointer = cookie.pointer;
    }
    found_.add(std::move(out));
  }

  void compare(const Cookie& expected, const Cookie& actual) {
    const Judge::Spot spot = judge_.spot(half_, Field::cookie, expected.name);
    if (!spot.compared) return;
    const bool token = judge_.standard() && is_opaque(expected.value) && is_opaque(actual.value);
    const bool values = token || judge_.same(spot, expected.value, actual.value);
    const bool attributes = expected.attributes == actual.attributes;
    if (values && attributes) return;
    FieldDifference out = difference_of(half_, Field::cookie, expected.name, ValueChange::changed);
    out.expected_pointer = expected.pointer;
    out.actual_pointer = actual.pointer;
    const auto whole = [&](const Cookie& cookie) {
      std::string text = cookie.value;
      if (attributes) return text;
      for (const std::string& attribute : cookie.attributes) (text += "; ") += attribute;
      return text;
    };
    out.expected = text_value(whole(expected));
    out.actual = text_value(whole(actual));
    found_.add(std::move(out));
  }

  Found& found_;
  Judge& judge_;
  Half half_;
};

}  // namespace

void compare_cookies(Found& found, Judge& judge, Half half, RawJson expected, RawJson actual,
                     const std::vector<Named>& expected_headers, const std::vector<Named>& actual_headers) {
  const std::string pointer = half == Half::request ? "/request/cookies" : "/response/cookies";
  const bool times = !judge.standard();
  auto listed_e = cookies_of(expected, pointer, times);
  auto listed_a = cookies_of(actual, pointer, times);
  auto sent_e = cookies_of(expected_headers, half, times);
  auto sent_a = cookies_of(actual_headers, half, times);
  const std::size_t before = found.total();
  Cookies cookies(found, judge, half);
  // A writer that lists no cookies has not looked.
  const bool listed = listed_e.empty() == sent_e.empty() && listed_a.empty() == sent_a.empty();
  if (judge.standard()) {
    // Some list with a cookie that was sent how it had been set, and with one that is set what holds without being said.
    for (auto* const list : {&listed_e, &listed_a}) {
      for (Cookie& cookie : *list) {
        std::erase_if(cookie.attributes, [half](const std::string& attribute) {
          return half == Half::request || attribute.starts_with("domain=") || attribute.starts_with("path=");
        });
      }
    }
  }
  if (listed || (sent_e.empty() && sent_a.empty())) cookies.compare(std::move(listed_e), std::move(listed_a));
  if (found.total() == before) cookies.compare(std::move(sent_e), std::move(sent_a));
}

}  // namespace har::diff
