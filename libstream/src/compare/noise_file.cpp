#include "stream/compare/noise_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "keploy_noise.hpp"
#include "stream/text/yaml.hpp"

namespace stream {
namespace {

constexpr std::array kActions{NoiseAction::ignore, NoiseAction::accept, NoiseAction::mask,  NoiseAction::type,
                              NoiseAction::shape,  NoiseAction::size,   NoiseAction::regex, NoiseAction::tolerance,
                              NoiseAction::set,    NoiseAction::key};

// As a file spells them.
constexpr std::array<std::pair<std::string_view, ItemKind>, 11> kKinds{{{"event", ItemKind::event},
                                                                        {"id-block", ItemKind::id_block},
                                                                        {"unfinished", ItemKind::unfinished},
                                                                        {"comment", ItemKind::comment},
                                                                        {"record", ItemKind::record},
                                                                        {"line", ItemKind::line},
                                                                        {"part", ItemKind::part},
                                                                        {"message", ItemKind::message},
                                                                        {"control", ItemKind::control},
                                                                        {"close", ItemKind::close},
                                                                        {"body", ItemKind::body}}};

class Reader {
 public:
  Reader(NoiseRules& rules, const NoiseFileOptions& options) : rules_(rules), options_(options), source_(options.source) {}

  Status read(const YamlNode& document) {
    for (const auto& [key, value] : document.members) {
      if (key.text == "noise") {
        if (value.text != "1") return refuse(value, fmt::format("version '{}' of the form is not known", value.text), "noise: 1");
      } else if (key.text == "rules") {
        if (value.kind == YamlNode::Kind::null) continue;
        if (value.kind != YamlNode::Kind::sequence) return refuse(value, "expected a list of rules");
        for (const YamlNode& rule : value.items) STREAM_TRY(read_rule(rule));
      } else {
        return refuse(key, fmt::format("unknown member '{}'", key.text), "a noise file has the members noise and rules");
      }
    }
    return {};
  }

 private:
  Place place(const YamlNode& node) const { return {source_, node.line, node.column, {}, {}}; }
  tl::unexpected<Error> refuse(const YamlNode& node, std::string message, std::string hint = {}) const {
    return fail({ErrorCode::syntax, std::move(message), place(node), std::move(hint)});
  }

  Result<std::string> text(const YamlNode& node, std::string_view name) const {
    if (node.kind != YamlNode::Kind::scalar) return refuse(node, fmt::format("expected a text for '{}'", name));
    return node.text;
  }
  Result<std::vector<const YamlNode*>> texts(const YamlNode& node, std::string_view name) const {
    std::vector<const YamlNode*> out;
    if (node.kind == YamlNode::Kind::sequence) {
      for (const YamlNode& item : node.items) out.push_back(&item);
    } else {
      out.push_back(&node);
    }
    for (const YamlNode* const each : out) {
      if (each->kind != YamlNode::Kind::scalar)
        return refuse(*each, fmt::format("expected a text, or a list of texts, for '{}'", name));
    }
    if (out.empty()) return refuse(node, fmt::format("the list of '{}' is empty", name));
    return out;
  }

  Status read_rule(const YamlNode& node) {
    if (node.kind != YamlNode::Kind::mapping) return refuse(node, "expected a rule, such as 'ignore: /id'");
    NoiseRule rule;
    const YamlNode* action = nullptr;
    std::vector<const YamlNode*> paths;
    const YamlNode* match = nullptr;
    const YamlNode* replace = nullptr;
    const YamlNode* within = nullptr;
    const YamlNode* by = nullptr;
    for (const auto& [key, value] : node.members) {
      const auto named = std::find_if(kActions.begin(), kActions.end(),
                                      [&name = key.text](NoiseAction each) { return to_string(each) == name; });
      if (named != kActions.end()) {
        if (action != nullptr)
          return refuse(key, fmt::format("a rule has one action, and this one has '{}' already", action->text));
        action = &key;
        rule.action = *named;
        STREAM_ASSIGN(paths, texts(value, key.text));
      } else if (key.text == "match") {
        match = &value;
        STREAM_ASSIGN(rule.match, text(value, key.text));
      } else if (key.text == "replace") {
        replace = &value;
        STREAM_ASSIGN(rule.replace, text(value, key.text));
      } else if (key.text == "within") {
        within = &value;
        STREAM_ASSIGN(const std::string amount, text(value, key.text));
        auto parsed = parse_tolerance(amount);
        if (!parsed) return refuse(value, parsed.error().message, parsed.error().hint);
        rule.within = std::move(*parsed);
      } else if (key.text == "by") {
        by = &value;
        STREAM_ASSIGN(rule.by, text(value, key.text));
      } else if (key.text == "optional") {
        if (value.text != "true" && value.text != "false") return refuse(value, "expected true or false for 'optional'");
        rule.optional = value.text == "true";
      } else if (key.text == "why") {
        STREAM_TRY(text(value, key.text));
      } else {
        STREAM_TRY(read_filter(key, value, rule.only));
      }
    }
    if (action == nullptr)
      return refuse(node, "a rule without an action",
                    "an action is one of ignore, accept, mask, type, shape, size, regex, tolerance, set, key");
    const bool matches =
        rule.action == NoiseAction::accept || rule.action == NoiseAction::mask || rule.action == NoiseAction::regex;
    STREAM_TRY(belongs(node, *action, match, "match", matches, matches));
    STREAM_TRY(belongs(node, *action, replace, "replace", rule.action == NoiseAction::mask, false));
    STREAM_TRY(
        belongs(node, *action, within, "within", rule.action == NoiseAction::tolerance, rule.action == NoiseAction::tolerance));
    STREAM_TRY(belongs(node, *action, by, "by", rule.action == NoiseAction::key, rule.action == NoiseAction::key));
    for (const YamlNode* const path : paths) {
      NoiseRule each = rule;
      each.path = path->text;
      if (options_.rule_at) {
        auto at = options_.rule_at(path->text);
        if (!at) return refuse(*path, at.error().message, at.error().hint);
        each.path = at->path;
        if (each.only.kinds.empty()) each.only.kinds = at->only.kinds;
        if (!each.only.direction) each.only.direction = at->only.direction;
      }
      each.place = place(*path);
      STREAM_TRY(rules_.add(std::move(each)));
    }
    return {};
  }

  Status belongs(const YamlNode& rule, const YamlNode& action, const YamlNode* value, std::string_view name, bool may,
                 bool must) const {
    if (value != nullptr && !may) return refuse(*value, fmt::format("a rule of '{}' has no '{}'", action.text, name));
    if (value == nullptr && must) return refuse(rule, fmt::format("a rule of '{}' needs '{}'", action.text, name));
    return {};
  }

  Status read_filter(const YamlNode& key, const YamlNode& value, NoiseFilter& only) const {
    if (key.text == "kind") {
      STREAM_ASSIGN(const auto kinds, texts(value, key.text));
      for (const YamlNode* const each : kinds) {
        const auto known = std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& kind) { return kind.first == each->text; });
        if (known == kKinds.end()) {
          std::string words;
          for (const auto& kind : kKinds) words += (words.empty() ? "" : ", ") + std::string(kind.first);
          return refuse(*each, fmt::format("unknown kind '{}'", each->text), "a kind is one of " + words);
        }
        only.kinds.push_back(known->second);
      }
      return {};
    }
    if (key.text == "event") {
      STREAM_ASSIGN(const auto events, texts(value, key.text));
      for (const YamlNode* const each : events) only.events.push_back(each->text);
      return {};
    }
    if (key.text == "dir") {
      if (value.text != "send" && value.text != "receive") return refuse(value, "expected send or receive for 'dir'");
      only.direction = value.text == "send" ? Direction::send : Direction::receive;
      return {};
    }
    return refuse(key, fmt::format("unknown member '{}' of a rule", key.text),
                  "beside its action a rule may have match, replace, within, by, kind, event, dir, optional, why");
  }

  NoiseRules& rules_;
  const NoiseFileOptions& options_;
  const std::string& source_;
};

}  // namespace

Status read_noise_file(NoiseRules& rules, std::string_view text, const NoiseFileOptions& options) {
  STREAM_ASSIGN(const auto documents, parse_yaml(text, options.source));
  const auto unknown = [&](const YamlNode& document) {
    return fail({ErrorCode::syntax,
                 "neither a noise file nor one of Keploy's with noise",
                 {options.source, document.line, document.column, {}, {}},
                 "a noise file begins with 'noise: 1'"});
  };
  if (documents.empty()) return unknown({});
  for (const YamlNode& document : documents) {
    if (document.find("noise") != nullptr && document.find("noise")->kind == YamlNode::Kind::scalar) {
      STREAM_TRY(Reader(rules, options).read(document));
    } else if (is_keploy(document)) {
      STREAM_TRY(read_keploy_noise(rules, document, options));
    } else {
      return unknown(document);
    }
  }
  return {};
}

}  // namespace stream
