#include "harstat/report.hpp"
#include "stream/text/json.hpp"

namespace tools::harstat {
namespace {

using har::stat::Quantiles;
using har::stat::Summary;
using stream::Json;

Json number(std::uint64_t value) { return value; }
Json in_millis(std::uint64_t nanoseconds) { return Json::Number{millis(nanoseconds)}; }

/// The statistics of a distribution; docs/harstat.md tells their members.
template <class Show>
Json distribution(const Quantiles& values, const Plan& plan, const Show& show) {
  Json::Object object{{"count", number(values.count())}};
  if (values.count() == 0) return object;
  object.push_back({"exact", values.exact()});
  object.push_back({"mean", show(values.mean())});
  object.push_back({"min", show(values.least())});
  for (const auto& percent : plan.percentiles) object.push_back({"p" + percent.name, show(values.at(percent))});
  object.push_back({"max", show(values.greatest())});
  return object;
}
Json times(const Quantiles& values, const Plan& plan) { return distribution(values, plan, in_millis); }

Json sockets_of(const har::stat::SocketSummary& sockets, const Plan& plan) {
  Json::Object closes;
  for (const auto& [code, count] : sockets.closes) closes.push_back({std::to_string(code), number(count)});
  return Json::Object{
      {"connections", number(sockets.connections)},
      {"sent", number(sockets.messages[0])},
      {"received", number(sockets.messages[1])},
      {"sent_bytes", number(sockets.bytes[0])},
      {"received_bytes", number(sockets.bytes[1])},
      {"control", number(sockets.control)},
      {"errors", number(sockets.errors)},
      {"untimed", number(sockets.untimed)},
      {"closes", std::move(closes)},
      {"messages_per_second", Json::Number{rate(sockets.messages[0] + sockets.messages[1], sockets.duration.sum())}},
      {"duration_ms", times(sockets.duration, plan)},
      {"first_message_ms", times(sockets.first, plan)},
      {"gap_ms", times(sockets.gap, plan)}};
}

Json streams_of(const har::stat::StreamSummary& stream, const Plan& plan) {
  return Json::Object{{"streams", number(stream.streams)},
                      {"events", number(stream.events)},
                      {"bytes", number(stream.bytes)},
                      {"chunks", number(stream.chunks)},
                      {"events_per_second", Json::Number{rate(stream.events, stream.duration.sum())}},
                      {"duration_ms", times(stream.duration, plan)},
                      {"first_event_ms", times(stream.first, plan)},
                      {"gap_ms", times(stream.gap, plan)},
                      {"chunk_gap_ms", times(stream.chunk_gap, plan)}};
}

void append_summary(Json::Object& object, const Summary& summary, const Plan& plan) {
  object.push_back({"entries", number(summary.entries)});
  object.push_back({"errors", number(summary.errors)});
  Json::Object statuses;
  for (const auto& [status, count] : summary.statuses) statuses.push_back({std::to_string(status), number(count)});
  object.push_back({"statuses", std::move(statuses)});
  object.push_back({"request_bytes", number(summary.request_bytes)});
  object.push_back({"bytes", number(summary.response_bytes)});
  object.push_back({"transferred", number(summary.transferred)});
  object.push_back({"from_cache", number(summary.from_cache)});
  Json::Object phases;
  for (std::size_t i = 0; i < har::stat::kPhases; ++i) {
    phases.push_back({std::string(to_string(static_cast<har::stat::Phase>(i))), times(summary.phases[i], plan)});
  }
  object.push_back({"times_ms", std::move(phases)});
  object.push_back({"size", distribution(summary.size, plan, number)});
  Json::Object cache;
  for (std::size_t i = 0; i < har::stat::kCacheClasses; ++i) {
    cache.push_back({std::string(to_string(static_cast<har::stat::CacheClass>(i))),
                     Json::Object{{"responses", number(summary.cache[i].responses)}, {"bytes", number(summary.cache[i].bytes)}}});
  }
  object.push_back({"cache", std::move(cache)});
  object.push_back({"no_validator", Json::Object{{"responses", number(summary.without_validator.responses)},
                                                 {"bytes", number(summary.without_validator.bytes)}}});
  if (summary.sockets) object.push_back({"websocket", sockets_of(*summary.sockets, plan)});
  if (!summary.streams.empty()) {
    Json::Object streams;
    for (const auto& [kind, stream] : summary.streams)
      streams.push_back({std::string(to_string(kind)), streams_of(stream, plan)});
    object.push_back({"streams", std::move(streams)});
  }
}

void write(std::string& out, Json::Object object) {
  stream::write_json(out, Json(std::move(object)));
  out += '\n';
}

Json::Object record(std::string_view kind) { return {{"harstat", 1}, {"record", kind}}; }

void write_top(std::string& out, std::string_view kind, const har::stat::TopList& list) {
  std::uint64_t rank = 0;
  for (const har::stat::TopEntry& entry : list.entries()) {
    Json::Object object = record(kind);
    object.push_back({"rank", number(++rank)});
    object.push_back(kind == "slowest" ? stream::JsonMember{"time_ms", in_millis(entry.value)}
                                       : stream::JsonMember{"bytes", number(entry.value)});
    object.push_back({"input", entry.input});
    object.push_back({"entry", number(entry.index)});
    object.push_back({"method", entry.method});
    object.push_back({"url", entry.url});
    object.push_back({"type", entry.type});
    object.push_back({"status", entry.status});
    write(out, std::move(object));
  }
}

}  // namespace

void report_json(std::string& out, const Report& report) {
  const har::stat::Totals& totals = report.totals;
  Json::Object total = record("total");
  total.push_back({"inputs", number(totals.inputs())});
  const auto moment = [](std::int64_t time) { return stream::format_iso8601(stream::WallTime(stream::Nanos(time))); };
  if (totals.first()) total.push_back({"first", moment(*totals.first())});
  if (totals.last()) total.push_back({"last", moment(*totals.last())});
  append_summary(total, totals.all(), report.plan);
  write(out, std::move(total));

  for (std::size_t i = 0; i < report.plan.shown; ++i) {
    const har::stat::Section& section = totals.settings().sections[i];
    for (const auto& [key, summary] : totals.section(i).sorted()) {
      Json::Object object = record("group");
      object.push_back({"by", to_string(section)});
      Json::Object group;
      const auto parts = har::stat::parts_of(key);
      for (std::size_t k = 0; k < section.size(); ++k) group.push_back({std::string(to_string(section[k])), parts[k]});
      object.push_back({"group", std::move(group)});
      append_summary(object, *summary, report.plan);
      write(out, std::move(object));
    }
    if (const Summary* other = totals.section(i).other()) {
      Json::Object object = record("other");
      object.push_back({"by", to_string(section)});
      append_summary(object, *other, report.plan);
      write(out, std::move(object));
    }
  }

  write_top(out, "slowest", totals.slowest());
  write_top(out, "largest", totals.largest());
  const auto repeats = totals.repeats().count();
  Json::Object requests = record("requests");
  requests.push_back({"exact", repeats.exact});
  requests.push_back({"different", number(repeats.requests)});
  requests.push_back({"repeated", number(repeats.repeated)});
  requests.push_back({"wasted", number(repeats.wasted)});
  write(out, std::move(requests));
  std::uint64_t rank = 0;
  for (const har::stat::RepeatedRequest* request : totals.repeats().worst(totals.settings().top)) {
    Json::Object object = record("repeated");
    object.push_back({"rank", number(++rank)});
    object.push_back({"count", number(request->count)});
    object.push_back({"transferred", number(request->transferred)});
    object.push_back({"wasted", number(request->wasted())});
    object.push_back({"method", request->method});
    object.push_back({"url", request->url});
    write(out, std::move(object));
  }
  for (const har::stat::Verdict& verdict : report.verdicts) {
    Json::Object object = record("limit");
    object.push_back({"violated", verdict.violated});
    object.push_back({"what", verdict.what});
    object.push_back({"found", verdict.found.empty() ? Json() : Json(verdict.found)});
    object.push_back({"limit", verdict.limit});
    write(out, std::move(object));
  }
}

}  // namespace tools::harstat
