#include <fmt/format.h>

#include "harstat/report.hpp"

namespace tools::harstat {
namespace {

using har::stat::Phase;
using har::stat::Quantiles;
using har::stat::Summary;

/// RFC 4180 §2. What a spreadsheet would take for a formula is left as it is: it is what was recorded.
void append_field(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void append_distribution(std::string& out, const Quantiles& values, const Plan& plan, bool time) {
  const auto shown = [&](std::uint64_t value) { return time ? millis(value) : std::to_string(value); };
  const auto field = [&](const auto& value) {
    out += ',';
    if (values.count() != 0) out += shown(value());
  };
  out += fmt::format(",{}", values.count());
  field([&] { return values.mean(); });
  field([&] { return values.least(); });
  for (const auto& percent : plan.percentiles) field([&] { return values.at(percent); });
  field([&] { return values.greatest(); });
}

void append_names(std::string& out, std::string_view name, const Plan& plan, bool time) {
  const std::string_view unit = time ? "_ms" : "";
  out += fmt::format(",{}_count,{}_mean{},{}_min{}", name, name, unit, name, unit);
  for (const auto& percent : plan.percentiles) out += fmt::format(",{}_p{}{}", name, percent.name, unit);
  out += fmt::format(",{}_max{}", name, unit);
}

void append_row(std::string& out, std::string_view by, std::string_view key, const Summary& summary, const Plan& plan) {
  append_field(out, by);
  out += ',';
  append_field(out, key);
  out += fmt::format(",{},{}", summary.entries, summary.errors);
  for (const std::uint64_t count : summary.status_classes) out += fmt::format(",{}", count);
  out += fmt::format(",{},{},{},{}", summary.request_bytes, summary.response_bytes, summary.transferred, summary.from_cache);
  for (const auto& count : summary.cache) out += fmt::format(",{}", count.responses);
  for (const Quantiles& phase : summary.phases) append_distribution(out, phase, plan, true);
  append_distribution(out, summary.size, plan, false);
  std::uint64_t streams = 0;
  std::uint64_t events = 0;
  for (const auto& [kind, stream] : summary.streams) {
    streams += stream.streams;
    events += stream.events;
  }
  const har::stat::SocketSummary none(1);
  const har::stat::SocketSummary& sockets = summary.sockets ? *summary.sockets : none;
  out += fmt::format(",{},{},{},{},{},{},{}", sockets.connections, sockets.messages[0], sockets.messages[1], sockets.bytes[0],
                     sockets.bytes[1], streams, events);
  out += "\r\n";
}

}  // namespace

void report_csv(std::string& out, const Report& report) {
  out +=
      "by,group,entries,errors,status_1xx,status_2xx,status_3xx,status_4xx,status_5xx,request_bytes,bytes,transferred,from_cache";
  for (std::size_t i = 0; i < har::stat::kCacheClasses; ++i) {
    out += fmt::format(",cache_{}", to_string(static_cast<har::stat::CacheClass>(i)));
  }
  for (std::size_t i = 0; i < har::stat::kPhases; ++i) append_names(out, to_string(static_cast<Phase>(i)), report.plan, true);
  append_names(out, "size", report.plan, false);
  out += ",connections,messages_sent,messages_received,message_bytes_sent,message_bytes_received,streams,events\r\n";
  append_row(out, "all", "", report.totals.all(), report.plan);
  for (std::size_t i = 0; i < report.plan.shown; ++i) {
    const std::string by = to_string(report.totals.settings().sections[i]);
    for (const auto& [key, summary] : report.totals.section(i).sorted()) {
      std::string name;
      for (const std::string_view part : har::stat::parts_of(key)) {
        if (!name.empty()) name += ' ';
        name += part;
      }
      append_row(out, by, name, *summary, report.plan);
    }
    if (const Summary* other = report.totals.section(i).other()) append_row(out, by, "(other)", *other, report.plan);
  }
}

}  // namespace tools::harstat
