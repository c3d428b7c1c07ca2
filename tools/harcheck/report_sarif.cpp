#include <fmt/format.h>

#include <utility>

#include "harcheck/report.hpp"
#include "stream/text/json.hpp"

namespace tools::harcheck {
namespace {

using har::check::Profile;
using har::check::Rule;
using stream::Json;

/// RFC 3986: a path as a relative reference, or as file://.
std::string uri_of(std::string_view path) {
  std::string out = path.starts_with('/') ? "file://" : "";
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~/").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

Json text_of(std::string_view text) { return Json::Object{{"text", text}}; }

Json location(const stream::Place& place) {
  Json::Object physical{{"artifactLocation", Json::Object{{"uri", uri_of(place.source)}}}};
  if (place.line != 0) {
    Json::Object region{{"startLine", static_cast<std::uint64_t>(place.line)}};
    if (place.column != 0) region.push_back({"startColumn", static_cast<std::uint64_t>(place.column)});
    physical.push_back({"region", std::move(region)});
  }
  Json::Object out{{"physicalLocation", std::move(physical)}};
  if (!place.pointer.empty()) {
    out.push_back({"logicalLocations", Json::Array{Json::Object{{"fullyQualifiedName", place.pointer}, {"kind", "value"}}}});
  }
  return out;
}

std::string_view level_name(Severity severity) { return severity == Severity::off ? "none" : to_string(severity); }

/// SARIF 2.1.0: one document, written as the findings come.
class SarifReport final : public Report {
 public:
  explicit SarifReport(Profile profile) : profile_(profile) {}

  void begin(std::string& out) override {
    Json::Array rules;
    for (const Rule& rule : har::check::rules()) {
      const Severity level = har::check::level_of(rule, profile_);
      rules.push_back(Json::Object{
          {"id", rule.name},
          {"shortDescription", text_of(rule.summary)},
          {"fullDescription", text_of(rule.reason)},
          {"help", text_of(fmt::format("{} Source: {}.", rule.reason, rule.source))},
          {"defaultConfiguration", Json::Object{{"enabled", level != Severity::off}, {"level", level_name(level)}}},
      });
    }
    const Json driver = Json::Object{{"name", "harcheck"}, {"semanticVersion", version()}, {"rules", std::move(rules)}};
    out += fmt::format(
        "{{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[\n"
        "{{\"tool\":{{\"driver\":{}}},\n\"results\":[",
        to_json(driver));
  }

  void finding(std::string& out, const stream::Finding& finding) override {
    const Rule* const rule = har::check::find_rule(finding.rule);
    Json::Object result{{"ruleId", finding.rule}};
    if (rule != nullptr) result.push_back({"ruleIndex", static_cast<int>(rule->id)});
    result.push_back({"level", to_string(severity_of(finding.level))});
    result.push_back({"message", text_of(finding.message)});
    result.push_back({"locations", Json::Array{location(finding.place)}});
    out += std::exchange(first_, false) ? "\n" : ",\n";
    write_json(out, std::move(result));
  }

  void close(std::string& /*out*/, const std::string& name, const Verdict& verdict) override {
    if (verdict.not_shown.beyond_max != 0) {
      notify("note", {name}, fmt::format("{} findings are left out by --max-errors", verdict.not_shown.beyond_max));
    }
  }

  void fail(std::string& /*out*/, const std::string& name, const stream::Error& error) override {
    stream::Place place = error.place;
    place.source = name;
    notify("error", place, error.message);
    successful_ = false;
  }

  void end(std::string& out, const Total& /*total*/) override {
    const Json invocation =
        Json::Object{{"executionSuccessful", successful_}, {"toolExecutionNotifications", std::move(notifications_)}};
    out += fmt::format("\n],\n\"invocations\":[{}]}}\n]}}\n", to_json(invocation));
  }

 private:
  void notify(std::string_view level, const stream::Place& place, std::string_view message) {
    notifications_.push_back(
        Json::Object{{"level", level}, {"message", text_of(message)}, {"locations", Json::Array{location(place)}}});
  }

  Profile profile_;
  bool first_ = true;
  bool successful_ = true;
  Json::Array notifications_;  ///< at most one or two an input
};

}  // namespace

std::unique_ptr<Report> sarif_report(const Options& options) { return std::make_unique<SarifReport>(options.profile); }

}  // namespace tools::harcheck
