#include "check/fix_lists.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "check/fix_rules.hpp"
#include "check/fix_values.hpp"
#include "check/http_text.hpp"

namespace har::check::edit {
namespace {

constexpr std::string_view kHeaders = "headers";
constexpr std::string_view kCookies = "cookies";
constexpr std::string_view kQuery = "queryString";

bool is_empty(const Text& text, Node node) { return node == kNone || text.is_null(node) || text.raw(node) == "\"\""; }

/// The value of a header, cookie or parameter as a JSON string; nothing for an object or an array.
std::optional<std::string> string_of(const Text& text, Node node) {
  switch (text.kind(node)) {
    case Kind::string:
      return std::string(text.raw(node));
    case Kind::number:
    case Kind::boolean:
      return quote(text.raw(node));
    case Kind::null:
      return "\"\"";
    case Kind::array:
    case Kind::object:
      return std::nullopt;
  }
  return std::nullopt;
}

std::string pair(std::string_view name, std::string_view value) {
  return fmt::format("{{\"name\":{},\"value\":{}}}", name, value);
}

/// {"Host": "x", "Accept": ["a", "b"]} as a list of pairs; nothing if it holds something else.
std::optional<std::string> list_of_object(const Text& text, Node object) {
  std::string out;
  const auto append = [&](Node member, Node value) {
    const auto string = string_of(text, value);
    if (!string) return false;
    if (!out.empty()) out += ',';
    out += pair(quote(text.name(member)), *string);
    return true;
  };
  for (Node member = text.first(object); member != kNone; member = text.next(member)) {
    if (text.is(member, Kind::array)) {
      for (Node value = text.first(member); value != kNone; value = text.next(value)) {
        if (!append(member, value)) return std::nullopt;
      }
    } else if (!append(member, member)) {
      return std::nullopt;
    }
  }
  return "[" + out + "]";
}

/// The query of a URL as a list of pairs, as it is spelled there.
std::string list_of_query(std::string_view url) {
  std::string out;
  const std::size_t question = url.find('?');
  const std::size_t fragment = std::min(url.find('#'), url.size());
  if (question < fragment) {
    const std::string_view query = url.substr(question + 1, fragment - question - 1);
    for (std::size_t at = 0; at <= query.size();) {
      const std::size_t end = std::min(query.find('&', at), query.size());
      const std::string_view piece = query.substr(at, end - at);
      at = end + 1;
      if (piece.empty()) continue;
      const std::size_t equals = std::min(piece.find('='), piece.size());
      if (!out.empty()) out += ',';
      out += pair(quote(piece.substr(0, equals)), quote(equals < piece.size() ? piece.substr(equals + 1) : ""));
    }
  }
  return "[" + out + "]";
}

/// The lines of a header's value that are headers of their own; a line that begins with a blank goes on with the one before
/// (RFC 9112 section 5.2). Nothing if there is another control character that may not be there.
std::vector<std::string> lines_of(std::string_view value) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at <= value.size();) {
    const std::size_t end = std::min(value.find('\n', at), value.size());
    std::string_view line = value.substr(at, end - at);
    at = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find('\r') != std::string_view::npos || line.find('\0') != std::string_view::npos) return {};
    const bool folded = !lines.empty() && (line.starts_with(' ') || line.starts_with('\t'));
    const std::size_t from = std::min(line.find_first_not_of(" \t"), line.size());
    line.remove_prefix(from);
    if (line.empty()) continue;
    if (folded) {
      lines.back().append(" ").append(line);
    } else {
      lines.emplace_back(line);
    }
  }
  return lines;
}

/// Puts several headers in the place of one, each with a value of its own and with all that the one said besides.
void spread_values(Text& text, Node element, Node value, const std::vector<std::string>& values, RuleId rule) {
  if (values.size() == 1) {
    text.set(value, rule, values.front());
    return;
  }
  std::vector<std::string> elements;
  const std::string_view raw = text.raw(element);
  const std::size_t from = text.begin(value) - text.begin(element);
  const std::size_t to = text.end(value) - text.begin(element);
  for (const std::string& one : values) elements.push_back(fmt::format("{}{}{}", raw.substr(0, from), one, raw.substr(to)));
  text.spread(element, elements, rule, fmt::format("was one with the value {}, now {}", shown(text.raw(value)), values.size()));
}

/// Whether the element's value was made several; then nothing else may be edited in it.
bool repair_values(Text& text, Node element, bool headers) {
  const Node value = text.find(element, "value");
  if (text.is(value, Kind::array)) {
    std::vector<std::string> values;
    for (Node one = text.first(value); one != kNone; one = text.next(one)) {
      auto string = string_of(text, one);
      if (!string) return false;
      values.push_back(std::move(*string));
    }
    if (values.empty()) values.emplace_back("\"\"");
    spread_values(text, element, value, values, RuleId::har_type);
    return true;
  }
  if (!headers || !text.is(value, Kind::string) || text.raw(value).find('\\') == std::string_view::npos) return false;
  const std::string now = text.string(value);
  if (now.find('\n') == std::string::npos) return false;
  std::vector<std::string> values;
  for (const std::string& line : lines_of(now)) values.push_back(quote(line));
  if (values.empty()) return false;
  spread_values(text, element, value, values, RuleId::header_value);
  return true;
}

void repair_pair(Text& text, Node element, bool headers) {
  if (repair_values(text, element, headers)) return;
  drop_null(text, element, "comment");
  make_string(text, text.find(element, "name"));
  require(text, element, "value", "\"\"");
  make_string(text, text.find(element, "value"));
}

void repair_expires(Text& text, Node expires) {
  if (text.is_null(expires)) {
    text.drop(expires, RuleId::har_type);
  } else if (text.is(expires, Kind::number)) {
    if (const auto date = har_date_of_number(text.raw(expires))) {
      text.set(expires, RuleId::har_type, quote(*date));
    } else {
      text.drop(expires, RuleId::har_type);
    }
  } else if (text.is(expires, Kind::string)) {
    if (har_date(text.string(expires))) {
      make_date(text, expires);
    } else {
      text.drop(expires, RuleId::date_format);
    }
  }
}

void repair_cookie(Text& text, Node cookie) {
  const Node name_of = text.find(cookie, "name");
  const Node value_of = text.find(cookie, "value");
  if (is_empty(text, name_of) && is_empty(text, value_of)) {
    const RuleId rule = text.is_null(name_of) || text.is_null(value_of) ? RuleId::har_type
                        : name_of == kNone || value_of == kNone         ? RuleId::har_required
                                                                        : RuleId::har_value;
    text.drop(cookie, rule, "a cookie without a name and a value");
    return;
  }
  for (const std::string_view name : {"name", "value"}) {
    require(text, cookie, name, "\"\"");
    make_string(text, text.find(cookie, name));
  }
  for (const std::string_view name : {"path", "domain", "httpOnly", "secure", "sameSite", "comment"}) {
    drop_null(text, cookie, name);
  }
  for (const std::string_view name : {"httpOnly", "secure"}) {
    const Node flag = text.find(cookie, name);
    const std::string word = text.string(flag);
    if (word == "true" || word == "false") text.set(flag, RuleId::har_type, word);
  }
  repair_expires(text, text.find(cookie, "expires"));
}

/// The elements of a list: `repair` is called for each that is an object.
void repair_elements(Text& text, Node list, const std::function<void(Node)>& repair) {
  for (Node element = text.first(list); element != kNone; element = text.next(element)) {
    if (text.is(element, Kind::object)) {
      repair(element);
    } else if (is_empty(text, element)) {
      text.drop(element, RuleId::har_type);
    } else if (text.is(element, Kind::array)) {  // ["name", "value"]
      const Node name = text.first(element);
      const Node value = name == kNone ? kNone : text.next(name);
      if (value == kNone || text.next(value) != kNone || !text.is(name, Kind::string)) continue;
      if (const auto string = string_of(text, value)) {
        text.set(element, RuleId::har_type, pair(text.raw(name), *string));
      }
    }
  }
}

/// Where a list that is not there can be had from, and what that is called.
struct Origin {
  std::function<std::string()> list{};
  std::string_view name{};
};

/// The list itself; its elements if it is one.
void repair_list(Text& text, Node message, std::string_view name, const Origin& origin, const std::function<void(Node)>& repair) {
  const Node list = text.find(message, name);
  const bool empty = text.is(list, Kind::object) && text.first(list) == kNone;
  if (list == kNone || text.is_null(list) || empty) {
    const std::string made = origin.list ? origin.list() : "[]";
    const std::string_view why = made == "[]" ? "" : origin.name;
    if (empty) {
      text.set(list, RuleId::har_type, made, why);
    } else {
      require(text, message, name, made, why);
    }
  } else if (text.is(list, Kind::object)) {
    // IE writes an only cookie without the array around it.
    if (text.find(list, "name") != kNone && text.find(list, "value") != kNone) {
      text.set(list, RuleId::har_type, fmt::format("[{}]", text.raw(list)));
    } else if (auto array = list_of_object(text, list)) {
      text.set(list, RuleId::har_type, std::move(*array));
    }
  } else if (text.is(list, Kind::array)) {
    repair_elements(text, list, repair);
  }
}

/// Calls `visit` with the value of each header of that name.
void each_header(const Text& text, Node headers, std::string_view name, const std::function<bool(std::string)>& visit) {
  if (!text.is(headers, Kind::array)) return;
  std::string scratch;
  for (Node element = text.first(headers); element != kNone; element = text.next(element)) {
    const Node value = text.find(element, "value");
    if (!text.is(value, Kind::string)) continue;
    if (equal_ignoring_case(text.string(text.find(element, "name"), scratch), name) && !visit(text.string(value))) return;
  }
}

/// Calls `visit` with the pieces of "a=1; b": name and value, without blanks around them.
void each_piece(std::string_view text, const std::function<void(std::string_view, std::string_view)>& visit) {
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(';', at), text.size());
    const std::string_view piece = trimmed(text.substr(at, end - at));
    at = end + 1;
    if (piece.empty()) continue;
    const std::size_t equals = std::min(piece.find('='), piece.size());
    visit(trimmed(piece.substr(0, equals)), equals == piece.size() ? std::string_view{} : trimmed(piece.substr(equals + 1)));
  }
}

/// The cookies of a request, by its Cookie headers.
std::string sent_cookies(const Text& text, Node request) {
  std::string out;
  each_header(text, text.find(request, kHeaders), "cookie", [&](const std::string& line) {
    each_piece(line, [&](std::string_view name, std::string_view value) {
      if (!out.empty()) out += ',';
      out += pair(quote(name), quote(value));
    });
    return true;
  });
  return "[" + out + "]";
}

/// The cookies of a response, by its Set-Cookie headers (RFC 6265 section 5.2).
std::string set_cookies(const Text& text, Node response) {
  std::string out;
  each_header(text, text.find(response, kHeaders), "set-cookie", [&](const std::string& line) {
    std::string cookie;
    each_piece(line, [&](std::string_view name, std::string_view value) {
      const auto add = [&](std::string_view member, const std::string& json) {
        cookie += fmt::format("{}\"{}\":{}", cookie.empty() ? "{" : ",", member, json);
      };
      if (cookie.empty()) {
        add("name", quote(name));
        add("value", quote(value));
      } else if (equal_ignoring_case(name, "path")) {
        add("path", quote(value));
      } else if (equal_ignoring_case(name, "domain")) {
        add("domain", quote(value));
      } else if (equal_ignoring_case(name, "expires")) {
        if (const auto date = har_date(value)) add("expires", quote(*date));
      } else if (equal_ignoring_case(name, "httponly")) {
        add("httpOnly", "true");
      } else if (equal_ignoring_case(name, "secure")) {
        add("secure", "true");
      }
    });
    if (cookie.empty()) return true;
    if (!out.empty()) out += ',';
    out += cookie + "}";
    return true;
  });
  return "[" + out + "]";
}

}  // namespace

std::optional<std::string> header(const Text& text, Node headers, std::string_view name) {
  std::optional<std::string> found;
  each_header(text, headers, name, [&](std::string value) {
    found = std::move(value);
    return false;
  });
  return found;
}

void repair_headers(Text& text, Node message) {
  if (!text.is(message, Kind::object)) return;
  repair_list(text, message, kHeaders, {}, [&](Node header) { repair_pair(text, header, true); });
}

void repair_lists(Text& text, Node message, Side side) {
  if (!text.is(message, Kind::object)) return;
  const auto cookie = [&](Node element) { repair_cookie(text, element); };
  if (side == Side::response) {
    repair_list(text, message, kCookies, {[&] { return set_cookies(text, message); }, "those of Set-Cookie"}, cookie);
    return;
  }
  repair_list(text, message, kCookies, {[&] { return sent_cookies(text, message); }, "those of Cookie"}, cookie);
  repair_list(text, message, kQuery, {[&] { return list_of_query(text.string(text.find(message, "url"))); }, "the URL's"},
              [&](Node parameter) { repair_pair(text, parameter, false); });
}

void repair_params(Text& text, Node post_data) {
  drop_null(text, post_data, "params");
  const Node params = text.find(post_data, "params");
  if (text.is_null(params) || params == kNone) return;
  repair_list(text, post_data, "params", {}, [&](Node param) {
    if (repair_values(text, param, false)) return;
    for (const std::string_view name : {"value", "fileName", "contentType", "comment"}) drop_null(text, param, name);
    make_string(text, text.find(param, "name"));
    make_string(text, text.find(param, "value"));
  });
}

}  // namespace har::check::edit
