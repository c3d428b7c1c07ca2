#include "streamserve/status_page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stream/text/units.hpp"
#include "stream/text/xml.hpp"

namespace tools::streamserve {
namespace {

using stream::Json;
using stream::net::ServerStats;

constexpr std::size_t kMostListed = 200;  // answers, and exchanges: each of those is read from its file

double seconds(stream::Nanos time) { return static_cast<double>(time.count()) / 1e9; }

void append_metric(std::string& out, std::string_view name, std::string_view type, std::string_view help, std::uint64_t value) {
  fmt::format_to(std::back_inserter(out), "# HELP {0} {1}\n# TYPE {0} {2}\n{0} {3}\n", name, help, type, value);
}

/// Answers that are going on, the longest first.
std::vector<const Running*> running_of(const Serving& serving) {
  std::vector<const Running*> all;
  for (const auto& [tag, running] : serving.running()) all.push_back(&running);
  std::sort(all.begin(), all.end(),
            [](const Running* a, const Running* b) { return a->begin != b->begin ? a->begin < b->begin : a->peer < b->peer; });
  if (all.size() > kMostListed) all.resize(kMostListed);
  return all;
}

stream::Nanos since(std::chrono::steady_clock::time_point begin) { return std::chrono::steady_clock::now() - begin; }

}  // namespace

std::shared_ptr<const stream::replay::Answer> StatusPage::answer(const stream::net::Request& request) {
  if (request.method != "GET" && request.method != "HEAD")
    return stream::replay::make_answer(405, "text/plain; charset=utf-8", "only GET\n");
  if (request.path() == "/metrics")
    return stream::replay::make_answer(200, "text/plain; version=0.0.4; charset=utf-8", metrics());
  if (request.path() == "/status") return stream::replay::make_answer(200, "application/json", stream::to_json(status()) + "\n");
  if (request.path() == "/") return stream::replay::make_answer(200, "text/html; charset=utf-8", page());
  return stream::replay::make_answer(404, "text/plain; charset=utf-8", "there are /, /status and /metrics\n");
}

Json StatusPage::status() const {
  const ServerStats& stats = server_.stats();
  const Tally& tally = serving_.tally();
  const Repertoire& repertoire = serving_.repertoire();
  Json::Array running;
  for (const Running* each : running_of(serving_)) {
    running.push_back(Json::Object{{"client", each->peer},
                                   {"method", each->method},
                                   {"target", each->target},
                                   {each->member, each->name},
                                   {"seconds", seconds(since(each->begin))}});
  }
  Json::Array exchanges;
  for (std::size_t i = 0; i < std::min(repertoire.recording().size(), kMostListed); ++i) {
    const har::match::Request request = repertoire.recording().request(i);
    exchanges.push_back(Json::Object{{"exchange", repertoire.recording().name(i)},
                                     {"method", request.method},
                                     {"target", request.target()},
                                     {"asked", std::uint64_t{repertoire.asked(i)}}});
  }
  return Json::Object{{"address", server_.url()},
                      {"connections", Json::Object{{"open", stats.open_connections}, {"all", stats.connections}}},
                      {"answers", Json::Object{{"open", stats.open_answers},
                                               {"complete", tally.complete},
                                               {"client_left", tally.client_left},
                                               {"timed_out", tally.timed_out},
                                               {"failed", tally.failed},
                                               {"missed", tally.missed},
                                               {"mocked", tally.mocked},
                                               {"refused", tally.refused}}},
                      {"bytes", stats.bytes},
                      {"steps", stats.steps},
                      {"deviations", tally.deviations},
                      {"unasked", repertoire.unasked()},
                      {"exchanges", std::move(exchanges)},
                      {"running", std::move(running)}};
}

std::string StatusPage::metrics() const {
  const ServerStats& stats = server_.stats();
  const Tally& tally = serving_.tally();
  std::string out;
  append_metric(out, "streamserve_connections_active", "gauge", "Connections that are open.", stats.open_connections);
  append_metric(out, "streamserve_connections_total", "counter", "Connections that were accepted.", stats.connections);
  append_metric(out, "streamserve_answers_active", "gauge", "Answers that are going on.", stats.open_answers);
  out += "# HELP streamserve_requests_total Requests, by what came of them.\n# TYPE streamserve_requests_total counter\n";
  for (const auto& [outcome, count] : {std::pair("complete", tally.complete), std::pair("client_left", tally.client_left),
                                       std::pair("timed_out", tally.timed_out), std::pair("failed", tally.failed),
                                       std::pair("missed", tally.missed), std::pair("refused", tally.refused)}) {
    fmt::format_to(std::back_inserter(out), "streamserve_requests_total{{outcome=\"{}\"}} {}\n", outcome, count);
  }
  append_metric(out, "streamserve_mocked_total", "counter", "Requests that a mock answered.", tally.mocked);
  append_metric(out, "streamserve_deviations_total", "counter", "WebSocket messages of clients that were not as recorded.",
                tally.deviations);
  append_metric(out, "streamserve_bytes_total", "counter", "Bytes of bodies and messages that were sent.", stats.bytes);
  append_metric(out, "streamserve_events_total", "counter", "Heads, pieces of bodies and messages that were sent.", stats.steps);
  append_metric(out, "streamserve_exchanges", "gauge", "Recorded exchanges.", serving_.repertoire().recording().size());
  append_metric(out, "streamserve_exchanges_unasked", "gauge", "Recorded exchanges that nobody has asked for.",
                serving_.repertoire().unasked());
  constexpr std::string_view kLateness = "streamserve_lateness_seconds";
  fmt::format_to(std::back_inserter(out), "# HELP {0} How long after its time an event was sent.\n# TYPE {0} histogram\n",
                 kLateness);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < stats.lateness.size(); ++i) {
    sum += stats.lateness[i];
    const std::string bound = i < ServerStats::kLateness.size() ? fmt::format("{}", seconds(ServerStats::kLateness[i])) : "+Inf";
    fmt::format_to(std::back_inserter(out), "{}_bucket{{le=\"{}\"}} {}\n", kLateness, bound, sum);
  }
  fmt::format_to(std::back_inserter(out), "{0}_sum {1}\n{0}_count {2}\n", kLateness, seconds(stats.lateness_sum), sum);
  return out;
}

std::string StatusPage::page() const {
  const ServerStats& stats = server_.stats();
  const Tally& tally = serving_.tally();
  const Repertoire& repertoire = serving_.repertoire();
  std::string out =
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" "
      "content=\"2\"><title>streamserve</title>"
      "<style>body{font:14px system-ui,sans-serif;margin:2em;max-width:70em;color-scheme:light "
      "dark}td,th{text-align:left;padding:2px "
      "1em 2px "
      "0;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}h2{font-size:1.1em;margin-top:2em}.no{opacity:.55}</style>";
  const auto row = [&out](std::string_view name, const std::string& value) {
    fmt::format_to(std::back_inserter(out), "<tr><th>{}<td>{}", name, stream::xml_text(value));
  };
  fmt::format_to(std::back_inserter(out), "<h1>{}</h1><table>", stream::xml_text(server_.url()));
  row("connections", fmt::format("{} open, {} in all", stats.open_connections, stats.connections));
  row("answers", fmt::format("{} going on, {} complete, {} ended by the client, {} timed out, {} failed", stats.open_answers,
                             tally.complete, tally.client_left, tally.timed_out, tally.failed));
  row("not recorded", fmt::format("{} requests", tally.missed));
  row("mocked", fmt::format("{} requests", tally.mocked));
  row("refused", fmt::format("{} requests", tally.refused));
  row("sent", fmt::format("{} events, {} bytes", stats.steps, stats.bytes));
  out += "</table>";
  if (const auto running = running_of(serving_); !running.empty()) {
    out += "<h2>going on</h2><table><tr><th>client<th>request<th>answered by<th>for";
    for (const Running* each : running) {
      fmt::format_to(std::back_inserter(out), "<tr><td>{}<td>{} {}<td>{}<td>{}", stream::xml_text(each->peer),
                     stream::xml_text(each->method), stream::xml_text(each->target), stream::xml_text(each->source),
                     stream::format_duration(std::chrono::duration_cast<std::chrono::seconds>(since(each->begin))));
    }
    out += "</table>";
  }
  out += "<h2>exchanges</h2><table><tr><th>exchange<th>request<th>asked for";
  for (std::size_t i = 0; i < std::min(repertoire.recording().size(), kMostListed); ++i) {
    const har::match::Request request = repertoire.recording().request(i);
    fmt::format_to(std::back_inserter(out), "<tr{}><td>{}<td>{} {}<td>{}", repertoire.asked(i) == 0 ? " class=\"no\"" : "",
                   stream::xml_text(repertoire.recording().name(i)), stream::xml_text(request.method),
                   stream::xml_text(request.target()), repertoire.asked(i));
  }
  out += "</table></html>\n";
  return out;
}

}  // namespace tools::streamserve
