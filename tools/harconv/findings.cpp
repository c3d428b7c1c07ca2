#include "harconv/findings.hpp"

#include <utility>

#include "stream/text/json.hpp"

namespace tools::harconv {

using stream::Json;
using stream::Level;
using stream::Status;

Status Findings::open_report(const std::string& path, const stream::OutputOptions& options) {
  STREAM_ASSIGN(report_, stream::open_output(path, {options.overwrite, {}, 0}));
  return {};
}

void Findings::add(stream::Finding finding) {
  const bool loss = har::is_loss(finding);
  if (loss) ++losses_;
  if (loss && strict_) finding.level = Level::error;
  constexpr std::string_view kLevels[] = {"note", "warning", "error"};
  record(loss ? "loss" : "finding", kLevels[static_cast<std::size_t>(finding.level)], finding.rule, finding.message,
         finding.place);
  messages_.finding(finding);
}

void Findings::add(const stream::Error& error) {
  record("failure", "error", "", error.message, error.place);
  messages_.error(error);
}

void Findings::record(std::string_view kind, std::string_view level, std::string_view rule, std::string_view message,
                      const stream::Place& place) {
  if (!report_ || !written_) return;
  ++rules_[std::string(rule)];
  Json::Object object{{"harconv", 1}, {"record", kind}, {"file", place.source}};
  if (place.line != 0) object.push_back({"line", place.line});
  if (place.offset) object.push_back({"offset", *place.offset});
  if (!place.pointer.empty()) object.push_back({"pointer", place.pointer});
  object.push_back({"level", level});
  if (!rule.empty()) object.push_back({"rule", rule});
  object.push_back({"message", message});
  std::string line = to_json(Json(std::move(object)));
  line += '\n';
  written_ = report_->write(line);
}

Status Findings::finish(std::size_t entries) {
  if (!report_) return {};
  STREAM_TRY(written_);
  Json::Object rules;
  for (const auto& [rule, count] : rules_) {
    if (!rule.empty()) rules.push_back({rule, static_cast<std::uint64_t>(count)});
  }
  std::string line = to_json(Json::Object{{"harconv", 1},
                                          {"record", "summary"},
                                          {"entries", static_cast<std::uint64_t>(entries)},
                                          {"losses", static_cast<std::uint64_t>(losses_)},
                                          {"rules", std::move(rules)}});
  line += '\n';
  STREAM_TRY(report_->write(line));
  return report_->finish();
}

}  // namespace tools::harconv
