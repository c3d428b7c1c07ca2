#include "hardiff/phrase.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "common/terminal.hpp"

namespace tools::hardiff {

using har::diff::DiffResult;
using har::diff::DiffStep;
using har::diff::EntryRef;
using har::diff::Field;
using har::diff::FieldDifference;
using stream::ValueChange;

std::string request_text(const EntryRef& entry, std::size_t width) {
  std::string url = stream::escape_controls(entry.url);
  if (url.size() > width) {
    // The end of a long address tells more than its middle.
    std::size_t head = width * 2 / 3;
    std::size_t tail = url.size() - (width - head);
    const auto inside = [&](std::size_t at) { return (static_cast<unsigned char>(url[at]) & 0xC0U) == 0x80U; };
    while (head > 0 && inside(head)) --head;
    while (tail < url.size() && inside(tail)) ++tail;
    url = url.substr(0, head) + "…" + url.substr(tail);
  }
  return fmt::format("{} {}", entry.method.empty() ? "?" : stream::escape_controls(entry.method), url);
}

std::string numbers_text(const DiffStep& step) {
  if (step.expected == nullptr) return fmt::format("#{}", step.actual->number);
  if (step.actual == nullptr || step.expected->number == step.actual->number) return fmt::format("#{}", step.expected->number);
  return fmt::format("#{} ↔ #{}", step.expected->number, step.actual->number);
}

namespace {

/// "message 3", "event 12", with its direction where messages have one.
std::string item_text(const stream::Difference& item, ValueChange change) {
  const stream::ItemRef& ref = item.expected.number != 0 ? item.expected : item.actual;
  std::string out(to_string(ref.kind));
  if (ref.kind == stream::ItemKind::message) out = (ref.direction == stream::Direction::send ? "sent " : "received ") + out;
  out += fmt::format(" {}", ref.number);
  if (change == ValueChange::moved && item.actual.number != 0) out += fmt::format(" → {}", item.actual.number);
  return out;
}

std::string_view change_text(ValueChange change) {
  switch (change) {
    case ValueChange::changed:
      return "changed";
    case ValueChange::type:
      return "changed type";
    case ValueChange::missing:
      return "is missing";
    case ValueChange::extra:
      return "is extra";
    case ValueChange::moved:
      return "moved";
  }
  return "";
}

}  // namespace

std::string subject_text(const FieldDifference& difference) {
  std::string out;
  if (difference.item && difference.field != Field::ending) {
    out = item_text(*difference.item, difference.change);
    if (!difference.item->field.empty()) out += ": " + difference.item->field;
    if (!difference.pointer.empty()) out += ": " + difference.pointer;
  } else {
    out = difference.place;
    if (difference.expected_line != 0 || difference.actual_line != 0) {
      const bool same = difference.expected_line == difference.actual_line;
      const auto line = std::max(difference.expected_line, difference.actual_line);
      out += same || difference.expected_line == 0 || difference.actual_line == 0
                 ? fmt::format(" line {}", line)
                 : fmt::format(" line {} → {}", difference.expected_line, difference.actual_line);
    }
  }
  return fmt::format("{} {}{}", stream::escape_controls(out), change_text(difference.change),
                     difference.duplicate ? " (it is there, but not as often)" : "");
}

stream::Excerpts values_of(const FieldDifference& difference, std::size_t width) {
  if (difference.expected_line != 0 || difference.actual_line != 0)  // the offset is the body's
    return stream::excerpts(difference.expected, difference.actual, std::nullopt, width);
  return stream::excerpts(difference.expected, difference.actual, difference.offset, width);
}

std::string verdict_text(const DiffResult& result, bool order) {
  const std::size_t entries = result.expected.entries;
  const std::size_t pairs = result.equal + result.changed;
  std::vector<std::string> parts;
  const auto add = [&](std::size_t count, std::string_view what) {
    if (count != 0) parts.push_back(fmt::format("{} {}", grouped(count), what));
  };
  add(result.changed, "changed");
  add(result.missing, "missing");
  add(result.extra, "extra");
  add(result.moved, "moved");
  std::string out;
  if (result.stopped) {
    out = fmt::format("they differ; not all was compared: {}", fmt::join(parts, ", "));
  } else if (result.changed + result.missing + result.extra == 0 && (result.moved == 0 || !order)) {
    out = fmt::format("no difference in {}", counted(pairs, "entry", "entries"));
    if (result.moved != 0) out += fmt::format("; {} moved", grouped(result.moved));
  } else {
    out = fmt::format("{}; {} equal, {} expected, {} came", fmt::join(parts, ", "), grouped(result.equal), grouped(entries),
                      grouped(result.actual.entries));
  }
  return out;
}

std::string fields_text(const DiffResult& result) {
  std::vector<std::pair<std::size_t, std::string_view>> counts;
  for (std::size_t i = 0; i < result.fields.size(); ++i) {
    if (result.fields[i] != 0) counts.emplace_back(result.fields[i], to_string(static_cast<Field>(i)));
  }
  std::stable_sort(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::string out;
  for (const auto& [count, name] : counts) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", grouped(count), name);
  return out;
}

std::string ms_text(double ms) {
  if (ms < 1000) return fmt::format("{:.1f} ms", ms);
  return fmt::format("{:.2f} s", ms / 1000);
}

std::string threshold_text(const har::diff::ThresholdResult& result) {
  const std::string& rule = result.threshold.spelling;
  if (result.without_data) return fmt::format("{}: no entry has that phase on both sides", rule);
  if (result.threshold.statistic == har::diff::Threshold::Statistic::each) {
    if (!result.exceeded) return fmt::format("{}: met", rule);
    return fmt::format("{}: exceeded by {}, most by #{}: {} → {}", rule, counted(result.count, "entry", "entries"), result.pair,
                       ms_text(result.expected), ms_text(result.actual));
  }
  return fmt::format("{}: {}: {} → {}", rule, result.exceeded ? "exceeded" : "met", ms_text(result.expected),
                     ms_text(result.actual));
}

std::vector<std::string> timing_lines(const DiffResult& result) {
  std::vector<std::string> out;
  const auto change = [](double expected, double actual) {
    if (expected <= 0) return std::string("        ");
    return fmt::format("{:>+7.1f}%", (actual - expected) / expected * 100);
  };
  if (!result.phases.empty())
    out.push_back(fmt::format("{:<10}{:>8}  {:>31}  {:>31}", "phase", "entries", "median", "95th percentile"));
  for (const har::diff::PhaseTotals& phase : result.phases) {
    const auto pair = [&](double expected, double actual) {
      return fmt::format("{:>10} → {:>10}{}", ms_text(expected), ms_text(actual), change(expected, actual));
    };
    out.push_back(fmt::format("{:<10}{:>8}  {}  {}", phase.phase, phase.count, pair(phase.expected_p50, phase.actual_p50),
                              pair(phase.expected_p95, phase.actual_p95)));
  }
  for (const har::diff::ThresholdResult& threshold : result.thresholds) out.push_back(threshold_text(threshold));
  return out;
}

std::vector<std::string> caveats(const DiffResult& result) {
  std::vector<std::string> out;
  if (result.bounded)
    out.emplace_back("many entries share an address: not all pairs were looked at, others might have been more alike");
  for (const har::diff::SideCount* const side : {&result.expected, &result.actual}) {
    if (side->broken)
      out.push_back(fmt::format("not all of {} could be read", printable(fmt::format("{}", fmt::join(side->inputs, ", ")))));
  }
  return out;
}

}  // namespace tools::hardiff
