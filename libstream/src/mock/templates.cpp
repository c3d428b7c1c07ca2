#include "templates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "stream/text/ascii.hpp"

namespace stream::mock {
namespace {

using ascii::hex_digit;
using ascii::trimmed;

constexpr std::string_view kPlaceholder = "@request.body.";
constexpr std::string_view kNames =
    "url, url.N, method, path, query.NAME, header.NAME, body, body.PATH, match, match.N, match.NAME, count, open";

std::optional<std::size_t> number(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Splits "header.x" into "header" and "x".
std::pair<std::string_view, std::string_view> split(std::string_view name) {
  const auto dot = name.find('.');
  if (dot == std::string_view::npos) return {name, {}};
  return {name.substr(0, dot), name.substr(dot + 1)};
}

const Json* at_path(const Json& value, std::string_view path, bool indexes) {
  const Json* at = &value;
  for (;;) {
    const auto dot = path.find('.');
    const std::string_view name = path.substr(0, dot);
    if (indexes && at->is_array()) {
      const auto index = number(name);
      if (!index || *index >= at->as_array().size()) return nullptr;
      at = &at->as_array()[*index];
    } else {
      at = at->find(name);
      if (at == nullptr) return nullptr;
    }
    if (dot == std::string_view::npos) return at;
    path.remove_prefix(dot + 1);
  }
}

std::string decode_form(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::string query_value(std::string_view url, std::string_view wanted) {
  const auto mark = url.find('?');
  if (mark == std::string_view::npos) return {};
  std::string_view rest = url.substr(mark + 1);
  rest = rest.substr(0, rest.find('#'));
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    const auto equals = pair.find('=');
    if (decode_form(pair.substr(0, equals)) != wanted) continue;
    return equals == std::string_view::npos ? std::string{} : decode_form(pair.substr(equals + 1));
  }
  return {};
}

std::string_view path_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme != std::string_view::npos) {
    url.remove_prefix(scheme + 3);
    const auto path = url.find_first_of("/?#");
    if (path == std::string_view::npos || url[path] != '/') return "/";
    url.remove_prefix(path);
  }
  return url.substr(0, url.find_first_of("?#"));
}

std::string_view group(const TemplateScope& scope, std::string_view name) {
  std::size_t index = 0;
  if (const auto given = number(name)) {
    index = *given;
  } else if (!name.empty() && scope.pattern != nullptr) {
    const auto& names = scope.pattern->names();
    const auto found = std::find_if(names.begin(), names.end(), [&](const auto& each) { return each.first == name; });
    if (found == names.end()) return {};
    index = found->second;
  }
  return index < scope.groups.size() ? scope.groups[index] : std::string_view{};
}

/// The JSON value that a name is for; null: it is for a text, or there is none.
const Json* json_value(std::string_view name, const TemplateScope& scope) {
  const auto [head, rest] = split(name);
  if (head != "body" || scope.body == nullptr) return nullptr;
  const Json* const json = scope.body->json();
  return json == nullptr || rest.empty() ? json : at_path(*json, rest, true);
}

std::string text_value(std::string_view name, const TemplateScope& scope) {
  const auto [head, rest] = split(name);
  const Request& request = *scope.request;
  if (head == "open") return "{{";
  if (head == "count") return std::to_string(scope.count);
  if (head == "method") return std::string(request.method);
  if (head == "path") return std::string(path_of(request.url));
  if (head == "query") return query_value(request.url, rest);
  if (head == "match") return std::string(group(scope, rest));
  if (head == "url") {
    if (rest.empty()) return std::string(request.url);
    const auto index = number(rest).value_or(0);
    return index >= 1 && index <= scope.stars.size() ? std::string(scope.stars[index - 1]) : std::string{};
  }
  if (head == "header")
    return request.headers == nullptr ? std::string{} : std::string(replay::find_header(*request.headers, rest));
  if (scope.body == nullptr) return {};
  if (rest.empty()) return std::string(scope.body->text());
  const Json* const value = json_value(name, scope);
  if (value == nullptr || value->is_null()) return {};
  return value->is_string() ? value->as_string() : to_json(*value);
}

/// Calls `literal` and `name` in the order of the text. False: a name without its end.
template <class Literal, class Name>
bool each_part(std::string_view text, Literal literal, Name name) {
  for (;;) {
    const auto open = text.find("{{");
    literal(text.substr(0, open));
    if (open == std::string_view::npos) return true;
    text.remove_prefix(open + 2);
    const auto close = text.find("}}");
    if (close == std::string_view::npos) return false;
    name(trimmed(text.substr(0, close)));
    text.remove_prefix(close + 2);
  }
}

Status check_name(std::string_view name, std::size_t stars, const TextPattern* pattern) {
  const auto [head, rest] = split(name);
  const bool dotted = head.size() != name.size();
  if (head == "url" && dotted) {
    const auto index = number(rest);
    if (index && (*index == 0 || *index > stars))
      return fail({ErrorCode::usage, fmt::format("there is no {{{{{}}}}}: the URL has {} wildcards", name, stars)});
    if (index) return {};
  } else if (head == "match") {
    const std::size_t groups = pattern == nullptr ? 0 : pattern->groups();
    if (pattern == nullptr)
      return fail({ErrorCode::usage, fmt::format("there is no {{{{{}}}}}: nothing was matched", name), {}, "match a bodyRegex"});
    if (!dotted) return {};
    if (const auto index = number(rest)) {
      if (*index <= groups) return {};
      return fail({ErrorCode::usage, fmt::format("there is no {{{{{}}}}}: the bodyRegex has {} groups", name, groups)});
    }
    const auto& names = pattern->names();
    if (std::any_of(names.begin(), names.end(), [&, text = rest](const auto& each) { return each.first == text; })) return {};
    return fail({ErrorCode::usage, fmt::format("the bodyRegex has no group '{}'", rest)});
  } else if (!dotted) {
    for (const std::string_view known : {"url", "method", "path", "body", "count", "open"}) {
      if (head == known) return {};
    }
  } else if (!rest.empty() && (head == "query" || head == "header" || head == "body")) {
    return {};
  }
  return fail({ErrorCode::syntax,
               fmt::format("'{}' is nothing that a template can be filled with", name),
               {},
               fmt::format("there are {}; write {{{{open}}}} for two braces", kNames)});
}

/// Calls `visit` with the strings of a value; what it puts there is not visited.
template <class Visit>
void each_string(Json& value, const Visit& visit) {
  if (value.is_string()) {
    visit(value);
  } else if (value.is_array()) {
    for (Json& each : value.as_array()) each_string(each, visit);
  } else if (value.is_object()) {
    for (JsonMember& member : value.as_object()) each_string(member.value, visit);
  }
}

}  // namespace

Status check_template(std::string_view text, std::size_t stars, const TextPattern* pattern) {
  Status status;
  const bool closed = each_part(
      text, [](std::string_view) {},
      [&](std::string_view name) {
        if (status) status = check_name(name, stars, pattern);
      });
  if (status && !closed)
    return fail({ErrorCode::syntax, "'{{' without '}}'", {}, "write {{open}} for two braces that stand for themselves"});
  return status;
}

std::string fill_text(std::string_view text, const TemplateScope& scope) {
  std::string out;
  each_part(
      text, [&](std::string_view literal) { out += literal; }, [&](std::string_view name) { out += text_value(name, scope); });
  return out;
}

Json fill_json(Json value, const TemplateScope& scope) {
  each_string(value, [&](Json& each) {
    const std::string_view text = each.as_string();
    if (text.find("{{") == std::string_view::npos) return;
    if (text.starts_with("{{") && text.find("}}") == text.size() - 2) {
      const std::string_view name = trimmed(text.substr(2, text.size() - 4));
      if (name == "count") {
        each = Json(scope.count);
        return;
      }
      if (split(name).first == "body" && name != "body") {
        const Json* const found = json_value(name, scope);
        each = found != nullptr ? *found : Json();
        return;
      }
    }
    each = Json(fill_text(text, scope));
  });
  return value;
}

bool is_placeholder(std::string_view text) { return replay::iequals(text.substr(0, kPlaceholder.size()), kPlaceholder); }

Json replace_placeholders(Json value, const Json& request) {
  each_string(value, [&](Json& each) {
    if (!is_placeholder(each.as_string())) return;
    const Json* const found = at_path(request, std::string_view(each.as_string()).substr(kPlaceholder.size()), false);
    each = found != nullptr ? *found : Json();
  });
  return value;
}

}  // namespace stream::mock
