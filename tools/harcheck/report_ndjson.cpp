#include "harcheck/report.hpp"
#include "stream/text/json.hpp"

namespace tools::harcheck {
namespace {

using stream::Json;

/// A record a line; docs/harcheck.md tells their members.
class NdjsonReport final : public Report {
 public:
  void repair(std::string& out, const stream::Finding& finding) override {
    Json::Object record = begin_record(finding.level == stream::Level::note ? "repair" : "loss", finding.place);
    record.push_back({"rule", finding.rule});
    record.push_back({"message", finding.message});
    write(out, std::move(record));
  }

  void finding(std::string& out, const stream::Finding& finding) override {
    Json::Object record = begin_record("finding", finding.place);
    record.push_back({"level", to_string(severity_of(finding.level))});
    record.push_back({"rule", finding.rule});
    record.push_back({"message", finding.message});
    write(out, std::move(record));
  }

  void close(std::string& out, const std::string& name, const Verdict& verdict) override {
    const har::check::Summary& summary = verdict.summary;
    Json::Object record = begin_record("summary", {name});
    record.push_back({"valid", verdict.valid});
    record.push_back({"entries", number(summary.entries)});
    record.push_back({"errors", number(summary.by_severity[static_cast<std::size_t>(Severity::error)])});
    record.push_back({"warnings", number(summary.by_severity[static_cast<std::size_t>(Severity::warning)])});
    record.push_back({"notes", number(summary.by_severity[static_cast<std::size_t>(Severity::note)])});
    Json::Object rules;
    for (const har::check::Rule& rule : har::check::rules()) {
      if (const std::size_t count = summary.count[static_cast<std::size_t>(rule.id)]; count != 0)
        rules.push_back({std::string(rule.name), number(count)});
    }
    record.push_back({"rules", std::move(rules)});
    if (verdict.repairs) record.push_back({"repairs", number(*verdict.repairs)});
    if (verdict.not_shown.beyond_max != 0) record.push_back({"left_out", number(verdict.not_shown.beyond_max)});
    if (!summary.producer.empty()) record.push_back({"producer", summary.producer});
    write(out, std::move(record));
  }

  void fail(std::string& out, const std::string& name, const stream::Error& error) override {
    stream::Place place = error.place;
    place.source = name;
    Json::Object record = begin_record("failure", place);
    record.push_back({"message", error.message});
    write(out, std::move(record));
  }

 private:
  static Json number(std::uint64_t value) { return value; }

  static Json::Object begin_record(std::string_view kind, const stream::Place& place) {
    Json::Object record{{"harcheck", 1}, {"record", kind}, {"file", place.source}};
    if (place.line != 0) record.push_back({"line", number(place.line)});
    if (place.column != 0) record.push_back({"column", number(place.column)});
    if (place.offset) record.push_back({"byte", number(*place.offset)});
    if (kind != "summary") record.push_back({"pointer", place.pointer});
    return record;
  }

  static void write(std::string& out, Json::Object record) {
    write_json(out, std::move(record));
    out += '\n';
  }
};

}  // namespace

std::unique_ptr<Report> ndjson_report() { return std::make_unique<NdjsonReport>(); }

}  // namespace tools::harcheck
