#include "common/noise_options.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cctype>
#include <utility>

#include "stream/compare/noise_file.hpp"
#include "stream/io/byte_source.hpp"

namespace tools {
namespace {

using stream::NoiseAction;

constexpr std::size_t kMaxFile = std::size_t{16} << 20;

// The place's name, and what stands behind the '=' that ends it: the first one that is not in quotes.
stream::Result<std::pair<std::string, std::string>> split(const std::string& text, const std::string& option,
                                                          const std::string& example) {
  const auto* const expected = "expected PATH=… in";
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"' && text.starts_with('.')) quoted = !quoted;
    if (text[i] == '\\' && quoted) ++i;
    if (text[i] == '=' && !quoted) return std::pair(text.substr(0, i), text.substr(i + 1));
  }
  return stream::fail({stream::ErrorCode::usage,
                       fmt::format("{} {} '{}'", expected, option, text),
                       {},
                       fmt::format("such as {} '{}'", option, example)});
}

// s/expression/replacement/, with any character for the slash; behind a backslash that stands for itself.
stream::Status read_mask(const std::string& text, stream::NoiseRule& rule) {
  const auto refuse = [&](std::string_view what) {
    return stream::fail({stream::ErrorCode::usage,
                         fmt::format("{} in --mask '{}={}'", what, rule.path, text),
                         {},
                         "a mask is written PATH=s/expression/replacement/, and any other character may stand for the slashes"});
  };
  if (text.size() < 2 || text[0] != 's' || text[1] == '\\') return refuse("expected s/expression/replacement/");
  const char slash = text[1];
  std::vector<std::string> parts(1);
  for (std::size_t i = 2; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      if (text[i + 1] != slash) parts.back() += '\\';
      parts.back() += text[++i];
    } else if (text[i] == slash) {
      parts.emplace_back();
    } else {
      parts.back() += text[i];
    }
  }
  if (parts.size() != 3) return refuse(parts.size() < 3 ? "a mask that has no end" : "too many slashes");
  if (!parts[2].empty() && parts[2] != "g") return refuse("unexpected letters behind the mask");
  if (parts[0].empty()) return refuse("an empty expression");
  rule.match = std::move(parts[0]);
  rule.replace = std::move(parts[1]);
  return {};
}

}  // namespace

void add_noise_options(Tool& tool, NoiseOptions& options, const std::string& place) {
  CLI::App& app = tool.app();
  const auto add = [&](const char* name, std::vector<std::string>& values, const char* type, const std::string& text) {
    app.add_option(name, values, text)->type_name(type)->group("Noise");
  };
  add("--noise", options.files, "FILE",
      "Read rules of noise from FILE: YAML, see docs/noise.md, or a configuration or test case of Keploy.");
  app.add_option("--test-set", options.test_set, "Of a Keploy configuration, use the noise of this test set too.")
      ->type_name("NAME")
      ->group("Noise");
  const bool entries = place != "PATH";
  const std::string optional = entries ? "[" + place + "=]" : place + "=";
  const auto of = [&](std::string_view text) { return fmt::format(fmt::runtime(text), place); };
  if (entries) {
    add("--ignore", options.ignore, "PLACE",
        "Leave out what PLACE names: header.x-trace, query.t, body/items/*/id, /**/created. May be repeated, as may all options "
        "of noise.");
  } else {
    add("--ignore", options.ignore, "PATTERN",
        "Leave out what PATTERN names: /a/*/b, /**/name, @id. May be repeated, as may all options of noise.");
  }
  add("--mask", options.mask, (optional + "s/RE/TEXT/").c_str(),
      of("Replace what RE matches in strings at {} and below, on both sides. \\1 stands for what the first group of RE "
         "matched."));
  add("--type", options.type, place.c_str(), of("Let values of the same type pass at {}."));
  add("--shape", options.shape, place.c_str(),
      "Let values of the same shape pass: names of members, numbers of elements, types.");
  add("--size", options.size, place.c_str(), of("Let strings, arrays and objects of the same size pass at {}."));
  add("--regex", options.regex, (place + "=RE").c_str(),
      of("Let values pass at {} that both match RE. It may match anywhere in them."));
  add("--tolerance", options.tolerance, (optional + "N").c_str(),
      of("Let numbers at {} and below be N apart, or N% of the expected one. N such as 150ms is for strings that are times."));
  add("--set", options.set, place.c_str(), of("Let the elements of arrays at {} stand in any order."));
  add("--key", options.key, (place + "=NAME").c_str(),
      of("Compare elements of arrays at {} that have the same value of their member NAME, wherever they stand. NAME may be a "
         "path."));
}

stream::Result<stream::NoiseRules> read_noise_rules(const NoiseOptions& options, const NoiseReading& reading) {
  stream::NoiseRules rules;
  const auto rule_at = [&](NoiseAction action, const std::string& place) -> stream::Result<stream::NoiseRule> {
    stream::NoiseRule rule;
    if (reading.rule_at) {
      STREAM_ASSIGN(rule, reading.rule_at(place));
    } else {
      rule.path = place;
    }
    rule.action = action;
    return rule;
  };
  // A rule for all fields besides the one for all data.
  const auto add_everywhere = [&](stream::NoiseRule rule) -> stream::Status {
    rule.path = "@*";
    STREAM_TRY(rules.add(rule));
    rule.path = "";
    return rules.add(std::move(rule));
  };
  for (const std::string& path : options.files) {
    STREAM_ASSIGN(const auto source, stream::open_input(path));
    STREAM_ASSIGN(const std::string text, stream::read_all(*source, kMaxFile, "a noise file may be no larger"));
    STREAM_TRY(
        read_noise_file(rules, text, {source->name(), options.test_set, reading.findings, reading.rule_at, reading.requests}));
  }
  const auto add = [&](NoiseAction action, const std::vector<std::string>& paths) -> stream::Status {
    for (const std::string& path : paths) {
      STREAM_ASSIGN(auto rule, rule_at(action, path));
      STREAM_TRY(rules.add(std::move(rule)));
    }
    return {};
  };
  STREAM_TRY(add(NoiseAction::ignore, options.ignore));
  for (const std::string& text : options.mask) {
    // No place begins with an s and a sign.
    if (reading.everywhere && text.size() > 1 && text[0] == 's' && std::ispunct(static_cast<unsigned char>(text[1])) != 0) {
      stream::NoiseRule rule;
      rule.action = NoiseAction::mask;
      STREAM_TRY(read_mask(text, rule));
      STREAM_TRY(add_everywhere(std::move(rule)));
      continue;
    }
    STREAM_ASSIGN(auto parts, split(text, "--mask", "/url=s/[0-9]+/N/"));
    STREAM_ASSIGN(auto rule, rule_at(NoiseAction::mask, parts.first));
    STREAM_TRY(read_mask(parts.second, rule));
    STREAM_TRY(rules.add(std::move(rule)));
  }
  STREAM_TRY(add(NoiseAction::type, options.type));
  STREAM_TRY(add(NoiseAction::shape, options.shape));
  STREAM_TRY(add(NoiseAction::size, options.size));
  for (const std::string& text : options.regex) {
    STREAM_ASSIGN(auto parts, split(text, "--regex", "/id=^req-[0-9]+$"));
    STREAM_ASSIGN(auto rule, rule_at(NoiseAction::regex, parts.first));
    rule.match = std::move(parts.second);
    STREAM_TRY(rules.add(std::move(rule)));
  }
  for (const std::string& text : options.tolerance) {
    if (reading.everywhere && text.find('=') == std::string::npos) {
      stream::NoiseRule rule;
      rule.action = NoiseAction::tolerance;
      STREAM_ASSIGN(rule.within, stream::parse_tolerance(text));
      STREAM_TRY(rules.add(std::move(rule)));
      continue;
    }
    STREAM_ASSIGN(auto parts, split(text, "--tolerance", "/usage=5%"));
    STREAM_ASSIGN(auto rule, rule_at(NoiseAction::tolerance, parts.first));
    STREAM_ASSIGN(rule.within, stream::parse_tolerance(parts.second));
    STREAM_TRY(rules.add(std::move(rule)));
  }
  STREAM_TRY(add(NoiseAction::set, options.set));
  for (const std::string& text : options.key) {
    STREAM_ASSIGN(auto parts, split(text, "--key", "/items=id"));
    STREAM_ASSIGN(auto rule, rule_at(NoiseAction::key, parts.first));
    rule.by = std::move(parts.second);
    STREAM_TRY(rules.add(std::move(rule)));
  }
  return rules;
}

}  // namespace tools
