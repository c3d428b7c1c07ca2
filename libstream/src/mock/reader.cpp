#include "reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "folder.hpp"
#include "names.hpp"
#include "pattern.hpp"
#include "stream/text/base64.hpp"
#include "templates.hpp"

namespace stream::mock {

void Members::set(std::string_view name, Node node) {
  const auto same = std::find_if(found_.begin(), found_.end(), [&](const auto& each) { return each.first == name; });
  if (same != found_.end()) found_.erase(same);
  found_.emplace_back(name, std::move(node));
}

const Node* Members::find(std::string_view name) const {
  const auto found = std::find_if(found_.begin(), found_.end(), [&](const auto& each) { return each.first == name; });
  return found == found_.end() || found->second.json->is_null() ? nullptr : &found->second;
}

const Node* Members::any(std::initializer_list<std::string_view> names) const {
  for (const std::string_view name : names) {
    if (const Node* const node = find(name)) return node;
  }
  return nullptr;
}

tl::unexpected<Error> Reader::refuse(const Node& node, ErrorCode code, std::string message, std::string hint) const {
  return fail({code, std::move(message), document_.place(node), std::move(hint)});
}

tl::unexpected<Error> Reader::refuse(const Node& node, Error error) const {
  error.place = document_.place(node);
  return fail(std::move(error));
}

void Reader::warn(std::string_view rule, Place place, std::string message) const {
  if (options_.findings) options_.findings({Level::warning, std::string(rule), std::move(message), std::move(place)});
}

Result<Members> Reader::members(const Node& node, std::string_view what, std::span<const std::string_view> names) const {
  if (!node.json->is_object())
    return refuse(node, ErrorCode::syntax, fmt::format("expected {}, found {}", what, to_string(node.json->kind())));
  Members out;
  std::vector<std::string_view> seen;
  for (std::size_t i = 0; i < node.json->as_object().size(); ++i) {
    const std::string& name = node.json->as_object()[i].name;
    const auto known =
        std::find_if(names.begin(), names.end(), [&](std::string_view each) { return replay::iequals(each, name); });
    Node member = node.member(i);
    if (known == names.end()) {
      if (name.starts_with('$') || name.starts_with('_')) continue;  // $schema, and notes
      const auto near = near_name(name, names);
      warn("mocks-unknown-member", document_.name_place(member),
           fmt::format("unknown member '{}' of {}{}", name, what, near ? fmt::format("; did you mean '{}'?", *near) : ""));
      continue;
    }
    if (std::find(seen.begin(), seen.end(), *known) != seen.end()) {
      warn("mocks-duplicate-member", document_.name_place(member), fmt::format("'{}' stands twice: the last one counts", *known));
    } else {
      seen.push_back(*known);
    }
    out.set(*known, std::move(member));
  }
  return out;
}

Result<std::vector<Node>> Reader::elements(const Node& node, std::string_view what) const {
  if (!node.json->is_array())
    return refuse(node, ErrorCode::syntax, fmt::format("expected an array of {}, found {}", what, to_string(node.json->kind())));
  std::vector<Node> out;
  out.reserve(node.json->as_array().size());
  for (std::size_t i = 0; i < node.json->as_array().size(); ++i) out.push_back(node.element(i));
  return out;
}

Result<std::string> Reader::text(const Node& node) const {
  if (!node.json->is_string())
    return refuse(node, ErrorCode::syntax, fmt::format("expected a string, found {}", to_string(node.json->kind())));
  return node.json->as_string();
}

Result<bool> Reader::boolean(const Node& node) const {
  if (!node.json->is_bool())
    return refuse(node, ErrorCode::syntax, fmt::format("expected true or false, found {}", to_string(node.json->kind())));
  return node.json->as_bool();
}

Result<std::int64_t> Reader::integer(const Node& node, std::int64_t least, std::int64_t most) const {
  const std::int64_t value = node.json->int_or(least - 1);
  if (value < least || value > most) {
    const std::string range = most == INT64_MAX ? fmt::format("a whole number from {}", least)
                                                : fmt::format("a whole number from {} to {}", least, most);
    return refuse(
        node, ErrorCode::syntax,
        fmt::format("expected {}, found {}", range,
                    node.json->is_number() ? node.json->number_text().substr(0, 40) : std::string(to_string(node.json->kind()))));
  }
  return value;
}

Result<Nanos> Reader::millis(const Node& node) const {
  constexpr std::chrono::hours kMost{24 * 365};
  const auto value = node.json->is_number() ? parse_decimal_millis(node.json->number_text()) : std::nullopt;
  if (!value || *value < Nanos{} || *value > kMost) {
    return refuse(
        node, ErrorCode::syntax,
        fmt::format("expected milliseconds, from 0 to a year, found {}",
                    node.json->is_number() ? node.json->number_text().substr(0, 40) : std::string(to_string(node.json->kind()))));
  }
  return *value;
}

Result<Delay> Reader::delay(const Members& members, std::string_view fixed, std::string_view jitter) const {
  Delay out;
  if (const Node* const node = members.find(fixed)) {
    STREAM_ASSIGN(out.fixed, millis(*node));
  }
  if (const Node* const node = members.find(jitter)) {
    STREAM_ASSIGN(out.jitter, millis(*node));
  }
  return out;
}

Result<Counting> Reader::counting(const Members& members) const {
  Counting out;
  const Node* const nth = members.find("nth");
  const Node* const every = members.find("every");
  if (nth != nullptr && every != nullptr)
    return refuse(*every, ErrorCode::usage, "'nth' and 'every' do not go together", "make two mocks of this one");
  for (const Node* const node : {nth, every}) {
    if (node == nullptr) continue;
    STREAM_ASSIGN(const std::int64_t count, integer(*node, 1, INT64_MAX));
    (node == nth ? out.nth : out.every) = static_cast<std::uint64_t>(count);
  }
  return out;
}

Result<BodyMatch> Reader::body_match(const Members& members) const {
  BodyMatch out;
  const Node* const json = members.find("bodyJson");
  const Node* const regex = members.find("bodyRegex");
  const Node* const fragment = members.find("bodyFragment");
  const auto unused = [&](const Node* node, std::string_view name, std::string_view used) {
    if (node != nullptr)
      warn("mocks-several-criteria", document_.name_place(*node),
           fmt::format("'{}' is not looked at where there is '{}'", name, used));
  };
  if (json != nullptr) {
    out.kind = BodyMatch::Kind::json;
    out.json = *json->json;
    unused(regex, "bodyRegex", "bodyJson");
    unused(fragment, "bodyFragment", "bodyJson");
  } else if (regex != nullptr) {
    out.kind = BodyMatch::Kind::regex;
    STREAM_ASSIGN(out.text, text(*regex));
    auto pattern = TextPattern::regex(out.text);
    if (pattern) {
      out.pattern = std::move(*pattern);
    } else if (options_.devproxy) {
      warn("mocks-regex", *regex, pattern.error().message + ": it never matches");
    } else {
      return refuse(*regex, std::move(pattern).error());
    }
    unused(fragment, "bodyFragment", "bodyRegex");
  } else if (fragment != nullptr) {
    out.kind = BodyMatch::Kind::fragment;
    STREAM_ASSIGN(out.text, text(*fragment));
    auto pattern = TextPattern::fragment(out.text);
    if (!pattern) return refuse(*fragment, std::move(pattern).error());
    out.pattern = std::move(*pattern);
  }
  return out;
}

Result<Content> Reader::content(const Node& node) const {
  Content out;
  out.place = place(node);
  if (!node.json->is_string()) {
    out.kind = node.json->is_null() ? Content::Kind::none : Content::Kind::json;
    out.json = *node.json;
    return out;
  }
  const std::string& text = node.json->as_string();
  out.kind = Content::Kind::text;
  if (!text.starts_with('@') || text.size() == 1 || is_placeholder(text)) {
    out.text = text;
    return out;
  }
  if (text.starts_with("@@")) {
    out.text = text.substr(1);
    return out;
  }
  auto found = find_file(options_.folder, std::string_view(text).substr(1));
  if (!found) return refuse(node, std::move(found).error());
  if (options_.folder.empty())
    return refuse(node, ErrorCode::unsupported,
                  fmt::format("the file \"{}\" can't be found: these mocks lie in no folder", text.substr(1)),
                  "write @@ for an @ that stands for itself");
  if (!*found) {
    warn("mocks-file-missing", out.place,
         fmt::format("there is no file \"{}\": the text itself is sent, as Dev Proxy does, unless the file appears",
                     text.substr(1)));
  }
  out.kind = Content::Kind::file;
  out.text = text.substr(1);
  return out;
}

Result<Content> Reader::base64(const Node& node) const {
  Content out;
  out.kind = Content::Kind::bytes;
  out.place = place(node);
  STREAM_ASSIGN(const std::string encoded, text(node));
  auto bytes = base64_decode(encoded);
  if (!bytes) return refuse(node, ErrorCode::syntax, "this is no base64");
  out.text = std::move(*bytes);
  return out;
}

Status Reader::check_filled(const Node& node, std::size_t stars, const TextPattern* pattern) const {
  if (node.json->is_string()) {
    auto status = check_template(node.json->as_string(), stars, pattern);
    if (!status) return refuse(node, std::move(status).error());
  } else if (node.json->is_array()) {
    for (std::size_t i = 0; i < node.json->as_array().size(); ++i) STREAM_TRY(check_filled(node.element(i), stars, pattern));
  } else if (node.json->is_object()) {
    for (std::size_t i = 0; i < node.json->as_object().size(); ++i) STREAM_TRY(check_filled(node.member(i), stars, pattern));
  }
  return {};
}

}  // namespace stream::mock
