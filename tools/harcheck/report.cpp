#include "harcheck/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "common/terminal.hpp"

namespace tools::harcheck {

using har::check::Profile;

Severity severity_of(stream::Level level) {
  switch (level) {
    case stream::Level::error:
      return Severity::error;
    case stream::Level::warning:
      return Severity::warning;
    case stream::Level::note:
      break;
  }
  return Severity::note;
}

void Report::begin(std::string& /*out*/) {}
void Report::open(std::string& /*out*/, const std::string& /*name*/, const har::Format& /*format*/) {}
void Report::repair(std::string& /*out*/, const stream::Finding& /*finding*/) {}
void Report::end_repairs(std::string& /*out*/, const std::string& /*name*/, const NotShown& /*not_shown*/) {}
void Report::fail(std::string& /*out*/, const std::string& /*name*/, const stream::Error& /*error*/) {}
void Report::end(std::string& /*out*/, const Total& /*total*/) {}

std::string counts_text(const har::check::Summary& summary) {
  std::string text = counted(summary.entries, "entry", "entries");
  const auto add = [&](Severity severity, std::string_view one, std::string_view many) {
    const std::size_t count = summary.by_severity[static_cast<std::size_t>(severity)];
    if (count != 0) text += ", " + counted(count, one, many);
  };
  add(Severity::error, "error", "errors");
  add(Severity::warning, "warning", "warnings");
  add(Severity::note, "note", "notes");
  return text;
}

std::string hidden_text(const Hidden& hidden) { return fmt::format("and {} more: {}", grouped(hidden.count), hidden.what); }

namespace {

/// "/log/entries/12/time": "/log/entries/*/time".
std::string without_numbers(std::string_view pointer) {
  std::string out;
  while (!pointer.empty()) {
    const std::size_t end = std::min(pointer.find('/', 1), pointer.size());
    const std::string_view name = pointer.substr(1, end - 1);
    const bool number = !name.empty() && name.find_first_not_of("0123456789") == std::string_view::npos;
    out += '/';
    out += number ? "*" : name;
    pointer.remove_prefix(end);
  }
  return out;
}

}  // namespace

bool Showing::Worse::operator()(const Kind& a, const Kind& b) const {
  const auto key = [](const Kind& kind) {
    return std::tuple(-static_cast<int>(std::get<Severity>(kind)), std::get<RuleId>(kind), std::string_view(std::get<2>(kind)),
                      std::string_view(std::get<3>(kind)));
  };
  return key(a) < key(b);
}

bool Showing::show(const stream::Finding& finding) {
  if (shown_ >= maximum_) {
    ++beyond_;
    return false;
  }
  if (std::size_t* const count = count_of(finding); count != nullptr && ++*count > repeats_) return false;
  ++shown_;
  return true;
}

void Showing::hide(const stream::Finding& finding, std::size_t count) {
  if (std::size_t* const known = count_of(finding)) *known += count;
}

std::size_t* Showing::count_of(const stream::Finding& finding) {
  const har::check::Rule* const rule = har::check::find_rule(finding.rule);
  if (rule == nullptr || repeats_ == kAll) return nullptr;
  // What is missing has no pointer of its own.
  Kind kind(severity_of(finding.level), rule->id, without_numbers(finding.place.pointer),
            rule->id == RuleId::har_required ? finding.message : std::string(rule->summary));
  auto known = kinds_.find(kind);
  if (known == kinds_.end()) {
    if (kinds_.size() >= kKinds) kind = Kind(std::get<Severity>(kind), rule->id, "", rule->summary);
    known = kinds_.try_emplace(std::move(kind), 0).first;
  }
  return &known->second;
}

NotShown Showing::finish() {
  NotShown out;
  out.beyond_max = beyond_;
  for (const auto& [kind, count] : kinds_) {
    if (count <= repeats_) continue;
    const auto& [severity, rule, pointer, what] = kind;
    if (beyond_ > 0) {
      out.beyond_max += count - repeats_;
    } else {
      out.hidden.push_back({rule, severity, pointer, what, count - repeats_});
    }
  }
  shown_ = beyond_ = 0;
  kinds_.clear();
  return out;
}

}  // namespace tools::harcheck
