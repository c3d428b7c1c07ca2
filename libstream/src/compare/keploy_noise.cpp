#include "keploy_noise.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>

#include "stream/text/ascii.hpp"

namespace stream {
namespace {

using ascii::lower_case;

using Kind = YamlNode::Kind;
using PathLevel = PathPattern::Level;

// Headers whose values Keploy lets differ by itself (disableAutoHeaderNoise turns that off).
constexpr std::array<std::string_view, 14> kVolatileHeaders{"date",
                                                            "x-request-id",
                                                            "request-id",
                                                            "x-correlation-id",
                                                            "x-runtime",
                                                            "traceparent",
                                                            "tracestate",
                                                            "b3",
                                                            "x-b3-*",
                                                            "x-datadog-trace-id",
                                                            "x-datadog-parent-id",
                                                            "x-amzn-trace-id",
                                                            "x-cloud-trace-context",
                                                            "sentry-trace"};

const YamlNode* find_any_case(const YamlNode& node, std::string_view name) {
  for (const auto& [key, value] : node.members) {
    if (lower_case(key.text) == name) return &value;
  }
  return nullptr;
}

const YamlNode* test_case_noise(const YamlNode& document) {
  const YamlNode* node = &document;
  for (const std::string_view name : {"spec", "assertions", "noise"}) {
    node = node->find(name);
    if (node == nullptr) return nullptr;
  }
  return node;
}

const YamlNode* global_noise(const YamlNode& document) {
  const YamlNode* const test = document.find("test");
  const YamlNode* noise = test != nullptr ? find_any_case(*test, "globalnoise") : nullptr;
  if (noise == nullptr) noise = find_any_case(document, "globalnoise");
  if (noise == nullptr && (document.find("global") != nullptr || document.find("test-sets") != nullptr)) noise = &document;
  return noise;
}

/// The noise of body and header: a field, and the expressions of which the actual value must match one; none: any value.
struct Field {
  std::vector<const YamlNode*> expressions{};
  const YamlNode* node = nullptr;
};
using Fields = std::map<std::pair<std::string, std::string>, Field>;  // by section and name

class Reader {
 public:
  Reader(NoiseRules& rules, const NoiseFileOptions& options) : rules_(rules), options_(options) {}

  Status configuration(const YamlNode& noise, const YamlNode& document) {
    if (const YamlNode* const global = noise.find("global")) STREAM_TRY(sections(*global));
    if (const YamlNode* const sets = noise.find("test-sets")) {
      const YamlNode* const chosen = options_.test_set.empty() ? nullptr : sets->find(options_.test_set);
      if (chosen != nullptr) {
        STREAM_TRY(sections(*chosen));  // field by field in place of the global ones
      } else if (!options_.test_set.empty()) {
        return refuse(*sets, fmt::format("there is no noise of the test set '{}'", options_.test_set));
      } else if (!sets->members.empty()) {
        note(*sets, "the noise of test sets is left out: none was chosen");
      }
    } else if (!options_.test_set.empty()) {
      return refuse(noise, fmt::format("there is no noise of the test set '{}'", options_.test_set));
    }
    const YamlNode* const test = document.find("test");
    const YamlNode* const off = test != nullptr ? find_any_case(*test, "disableautoheadernoise") : nullptr;
    return add_rules(off == nullptr || off->text != "true");
  }

  Status test_case(const YamlNode& noise) {
    if (noise.kind != Kind::null && noise.kind != Kind::mapping)
      return refuse(noise, "expected the noise of a test case by name");
    for (const auto& [key, value] : noise.members) {
      const std::string name = lower_case(key.text);
      const std::size_t dot = name.find('.');
      if (dot == std::string::npos) {
        STREAM_TRY(section(key, value));
      } else if (name.substr(0, dot) == "body" || is_header(name.substr(0, dot))) {
        STREAM_TRY(field(is_header(name.substr(0, dot)) ? "header" : "body", name.substr(dot + 1), key, value));
      } else if (options_.requests && name.substr(0, dot) == "requestbody") {
        STREAM_TRY(field("requestbody", name.substr(dot + 1), key, value));
      } else if (is_request(name.substr(0, dot))) {
        note(key, fmt::format("'{}' is left out: requests are not compared", key.text));
      } else {
        STREAM_TRY(field("body", name, key, value));
      }
    }
    return add_rules(true);
  }

 private:
  static bool is_header(std::string_view section) { return section == "header" || section == "headers"; }
  static bool is_request(std::string_view section) { return section == "requestbody" || section == "url" || section == "method"; }
  Place place(const YamlNode& node) const { return {options_.source, node.line, node.column, {}, {}}; }
  tl::unexpected<Error> refuse(const YamlNode& node, std::string message) const {
    return fail({ErrorCode::syntax, std::move(message), place(node), {}});
  }
  void note(const YamlNode& node, std::string message) const {
    if (options_.findings) options_.findings({Level::warning, "keploy-noise", std::move(message), place(node)});
  }

  Status sections(const YamlNode& node) {
    if (node.kind != Kind::null && node.kind != Kind::mapping)
      return refuse(node, "expected the sections of noise: body, header");
    for (const auto& [key, value] : node.members) STREAM_TRY(section(key, value));
    return {};
  }

  // body: {path: [expressions]}, body: [paths], and an empty list for the whole of it.
  Status section(const YamlNode& key, const YamlNode& value) {
    const std::string name = lower_case(key.text);
    if (name == "*") return field("body", "*", key, value);
    if (options_.requests && (name == "url" || name == "method")) return field(name, "*", key, value);
    if (is_request(name) && !options_.requests) {
      note(key, fmt::format("'{}' is left out: requests are not compared", key.text));
      return {};
    }
    if (name != "body" && !is_header(name) && !is_request(name)) return field("body", name, key, value);
    const std::string of = is_header(name) ? "header" : name;
    switch (value.kind) {
      case Kind::null:
        return {};
      case Kind::mapping:
        for (const auto& [path, expressions] : value.members) STREAM_TRY(field(of, lower_case(path.text), path, expressions));
        return {};
      case Kind::sequence:
        if (value.items.empty()) return field(of, "*", key, value);
        for (const YamlNode& path : value.items) STREAM_TRY(field(of, lower_case(path.text), path, {}));
        return {};
      case Kind::scalar:
        return field(of, lower_case(value.text), value, {});
    }
    return {};
  }

  Status field(const std::string& section, std::string name, const YamlNode& node, const YamlNode& expressions) {
    Field out;
    out.node = &node;
    if (expressions.kind == Kind::mapping) return refuse(expressions, "expected a list of regular expressions");
    if (expressions.kind == Kind::scalar) out.expressions.push_back(&expressions);
    for (const YamlNode& each : expressions.items) {
      if (each.kind == Kind::sequence || each.kind == Kind::mapping) return refuse(each, "expected a regular expression");
      out.expressions.push_back(&each);
    }
    // A name may be written with its section in front.
    if (section == "body" && name.starts_with("body.")) name.erase(0, 5);
    fields_.insert_or_assign({section, std::move(name)}, std::move(out));
    return {};
  }

  Status add_rules(bool header_noise) {
    for (const auto& [key, field] : fields_) {
      NoiseRule rule;
      rule.optional = true;
      rule.place = place(*field.node);
      if (key.first == "header") {
        rule.path = "@header/" + key.second.substr(0, key.second.find('*'));
        if (key.second.find('*') != std::string::npos) rule.path += '*';
      } else if (key.first == "url" || key.first == "method") {
        rule.path = "@" + key.first;
      } else {
        if (key.first == "requestbody") rule.only = {{ItemKind::body}, {}, Direction::send};
        rule.path = key.second;
        rule.pattern = body_path(key.second);
      }
      if (field.expressions.empty() || key.second == "*") {
        STREAM_TRY(rules_.add(std::move(rule)));
        continue;
      }
      rule.action = NoiseAction::accept;
      for (const YamlNode* const expression : field.expressions) {
        rule.match = expression->text == "*" ? "" : expression->text;
        if (!re2::RE2(rule.match, re2::RE2::Quiet).ok()) {
          note(*expression, fmt::format("'{}' is left out: it is no regular expression, and matches nothing", rule.match));
          continue;
        }
        STREAM_TRY(rules_.add(rule));
      }
    }
    if (!header_noise) return {};
    for (const std::string_view name : kVolatileHeaders) {
      NoiseRule rule;
      rule.action = NoiseAction::type;  // it must be there, with any value
      rule.path = fmt::format("@header/{}", name);
      rule.optional = true;
      STREAM_TRY(rules_.add(std::move(rule)));
    }
    return {};
  }

  // A name at any depth, in any case; names with dots follow each other, but for the elements of arrays between them.
  static PathPattern body_path(std::string_view name) {
    PathPattern out;
    if (name == "*") return out;
    out.levels.push_back({PathLevel::Kind::any_depth, {}, false});
    for (bool first = true; !name.empty(); first = false) {
      const std::size_t end = std::min(name.find('.'), name.size());
      if (!first) out.levels.push_back({PathLevel::Kind::any_elements, {}, false});
      const std::string_view part = name.substr(0, end);
      if (part == "*") {
        out.levels.push_back({PathLevel::Kind::any, {}, false});
      } else {
        out.levels.push_back({PathLevel::Kind::name, std::string(part), true});
      }
      name.remove_prefix(std::min(end + 1, name.size()));
    }
    return out;
  }

  NoiseRules& rules_;
  const NoiseFileOptions& options_;
  Fields fields_;
};

}  // namespace

bool is_keploy(const YamlNode& document) {
  if (document.kind != Kind::mapping) return false;
  const YamlNode* const version = document.find("version");
  return (version != nullptr && version->text.starts_with("api.keploy.io/")) || global_noise(document) != nullptr ||
         test_case_noise(document) != nullptr;
}

Status read_keploy_noise(NoiseRules& rules, const YamlNode& document, const NoiseFileOptions& options) {
  if (const YamlNode* const noise = test_case_noise(document)) return Reader(rules, options).test_case(*noise);
  if (const YamlNode* const noise = global_noise(document)) return Reader(rules, options).configuration(*noise, document);
  return {};
}

}  // namespace stream
