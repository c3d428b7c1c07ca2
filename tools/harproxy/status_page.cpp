#include "harproxy/status_page.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <utility>

#include "stream/text/json.hpp"

namespace tools::harproxy {
namespace {

using stream::Json;
using stream::Nanos;
using stream::proxy::ProxyStats;
using stream::replay::make_answer;
using stream::replay::StepKind;
using Answer = std::shared_ptr<const stream::replay::Answer>;

constexpr std::string_view kText = "text/plain; charset=utf-8";
constexpr std::string_view kJson = "application/json";
constexpr std::string_view kPlaces =
    "GET /status, /connections, /metrics\n"
    "POST /start, /stop, /flush, /rotate\n";

/// Of "[::1]:8080", "localhost".
std::string_view host_of(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(1, authority.find(']') - 1);
  return authority.substr(0, authority.rfind(':'));
}

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return ::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 || ::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

std::string label(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
  return out;
}

class Metrics {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help) {
    fmt::format_to(std::back_inserter(text_), "# HELP harproxy_{0} {1}\n# TYPE harproxy_{0} {2}\n", name, help, type);
  }
  void value(std::string_view name, std::uint64_t value) {
    fmt::format_to(std::back_inserter(text_), "harproxy_{} {}\n", name, value);
  }
  void value(std::string_view name, std::string_view key, std::string_view which, std::uint64_t value) {
    fmt::format_to(std::back_inserter(text_), "harproxy_{}{{{}=\"{}\"}} {}\n", name, key, label(which), value);
  }
  void one(std::string_view name, std::string_view type, std::string_view help, std::uint64_t number) {
    family(name, type, help);
    value(name, number);
  }
  std::string text() && { return std::move(text_); }

 private:
  std::string text_;
};

Answer json(const std::string& text) { return make_answer(200, kJson, text + "\n"); }

}  // namespace

std::string_view refused_by_origin(const stream::net::Request& request, std::string_view host) {
  const std::string name(host_of(request.authority));
  const bool local = stream::replay::iequals(name, "localhost") || name.ends_with(".localhost");
  if (!local && !stream::replay::iequals(name, host) && !is_address(name))
    return "the Host field names neither this machine nor an address";
  if (request.method == "GET" || request.method == "HEAD") return {};
  const std::string_view origin = stream::replay::find_header(request.headers, "Origin");
  if (!origin.empty() && origin != "http://" + request.authority) return "the request comes from another site";
  const std::string_view site = stream::replay::find_header(request.headers, "Sec-Fetch-Site");
  if (!site.empty() && site != "same-origin" && site != "none") return "the request comes from another site";
  return {};
}

StatusPage::StatusPage(stream::proxy::Proxy& proxy, Gate& gate, std::string host)
    : proxy_(proxy), gate_(gate), host_(std::move(host)) {}

Answer StatusPage::answer(const stream::net::Request& request) {
  if (const std::string_view why = refused_by_origin(request, host_); !why.empty())
    return make_answer(403, kText, std::string(why) + "\n");
  const std::string_view path = request.path();
  const bool asks = request.method == "GET" || request.method == "HEAD";
  for (const std::string_view what : {"/start", "/stop", "/flush", "/rotate"}) {
    if (path != what) continue;
    return request.method == "POST" ? order(what) : make_answer(405, kText, "only POST\n");
  }
  const bool known = path == "/status" || path == "/connections" || path == "/metrics" || path == "/";
  if (known && !asks) return make_answer(405, kText, "only GET\n");
  if (path == "/status") return json(status());
  if (path == "/connections") return json(connections());
  if (path == "/metrics") return make_answer(200, "text/plain; version=0.0.4; charset=utf-8", metrics());
  return make_answer(path == "/" ? 200 : 404, kText, std::string(kPlaces));
}

Answer StatusPage::order(std::string_view what) {
  if (gate_.recorder() == nullptr) return make_answer(409, kText, "nothing is recorded: harproxy has no -o FILE\n");
  if (what == "/flush") return flush();
  if (what == "/start") gate_.start();
  if (what == "/stop") gate_.stop();
  if (what == "/rotate") gate_.rotate();
  return json(status());
}

/// Is over when what has passed so far is in the files.
Answer StatusPage::flush() {
  const auto live = std::make_shared<stream::replay::LiveSteps>(stream::replay::LiveSteps::Keep::unread);
  const auto answer = std::make_shared<stream::replay::Answer>();
  answer->status = 200;
  answer->headers = {{"Content-Type", std::string(kJson)}};
  answer->chunked = true;
  answer->complete = true;
  answer->live = live;
  live->push({Nanos{}, StepKind::head, 0, {}});
  gate_.recorder()->flush([this, waiting = std::weak_ptr(live)] {
    proxy_.post([this, waiting] {
      const auto steps = waiting.lock();
      if (!steps) return;
      const std::string text = status() + "\n";
      steps->push({Nanos{}, StepKind::data, 0, text});
      steps->push({Nanos{}, StepKind::end, 0, {}});
    });
  });
  return answer;
}

std::string StatusPage::status() const {
  const ProxyStats stats = proxy_.stats();
  const auto running = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start_);
  Json::Object all{
      {"address", proxy_.url()},
      {"seconds", static_cast<double>(running.count()) / 1000},
      {"recording", gate_.recording()},
      {"connections", Json::Object{{"open", std::uint64_t{stats.open_connections}}, {"all", stats.connections}}},
      {"exchanges",
       Json::Object{{"open", std::uint64_t{stats.open_exchanges}}, {"all", stats.exchanges}, {"failed", stats.failed}}},
      {"messages", stats.messages},
      {"mocked", stats.mocked},
      {"faulted", stats.faulted},
      {"deviations", stats.deviations},
      {"incidents", stats.incidents},
      {"bytes", Json::Object{{"up", stats.bytes_up}, {"down", stats.bytes_down}}}};
  if (gate_.recorder() != nullptr) {
    const har::capture::Summary summary = gate_.recorder()->summary();
    Json::Array outputs;
    for (const auto& output : summary.outputs) {
      Json::Array files;
      for (const std::string& file : output.files) files.emplace_back(file);
      Json::Object one{{"files", std::move(files)}, {"events", output.events}, {"bytes", output.bytes}, {"lost", output.lost}};
      if (!output.error.empty()) one.push_back({"error", output.error});
      outputs.emplace_back(std::move(one));
    }
    all.push_back({"recorded", Json::Object{{"exchanges", summary.exchanges},
                                            {"events", summary.events},
                                            {"dropped", summary.dropped},
                                            {"dropped_bytes", summary.dropped_bytes},
                                            {"outputs", std::move(outputs)}}});
  }
  return stream::to_json(Json(std::move(all)));
}

std::string StatusPage::connections() const {
  Json::Array all;
  for (const stream::proxy::LiveConnection& each : proxy_.connections()) {
    all.push_back(Json::Object{{"number", each.number},
                               {"client", each.client},
                               {"state", each.state},
                               {"origin", each.origin},
                               {"url", each.url},
                               {"bytes", Json::Object{{"up", each.bytes_up}, {"down", each.bytes_down}}}});
  }
  return stream::to_json(Json(std::move(all)));
}

std::string StatusPage::metrics() const {
  const ProxyStats stats = proxy_.stats();
  Metrics out;
  out.one("connections_active", "gauge", "Connections of clients that are open.", stats.open_connections);
  out.one("connections_total", "counter", "Connections of clients that were accepted.", stats.connections);
  out.one("exchanges_active", "gauge", "Exchanges that are going on.", stats.open_exchanges);
  out.one("exchanges_total", "counter", "Exchanges that were begun.", stats.exchanges);
  out.one("exchanges_failed_total", "counter", "Exchanges that did not end as they should.", stats.failed);
  out.one("messages_total", "counter", "WebSocket messages, control frames too.", stats.messages);
  out.one("mocked_total", "counter", "Requests and messages that a mock answered.", stats.mocked);
  out.one("faulted_total", "counter", "Exchanges that a fault has hit.", stats.faulted);
  out.one("deviations_total", "counter", "Messages that no mock fits, by --on-unmatched error.", stats.deviations);
  out.one("incidents_total", "counter", "Connections of clients that went wrong before there was an exchange.", stats.incidents);
  out.family("bytes_total", "counter", "Bytes that were handed on, to origins (up) and to clients (down).");
  out.value("bytes_total", "direction", "up", stats.bytes_up);
  out.value("bytes_total", "direction", "down", stats.bytes_down);
  out.one("recording", "gauge", "1 while exchanges that begin are recorded.", gate_.recording() ? 1 : 0);
  if (gate_.recorder() == nullptr) return std::move(out).text();
  const har::capture::Summary summary = gate_.recorder()->summary();
  out.one("recorded_events_total", "counter", "Heads, pieces of bodies, messages and ends that were recorded.", summary.events);
  out.one("dropped_events_total", "counter", "Events that were not recorded, since the disk did not keep up.", summary.dropped);
  out.one("dropped_bytes_total", "counter", "The bytes in those.", summary.dropped_bytes);
  const auto outputs = [&](std::string_view name, std::string_view help, std::uint64_t har::capture::OutputSummary::*member) {
    out.family(name, "counter", help);
    for (const auto& output : summary.outputs) {
      if (!output.files.empty()) out.value(name, "output", output.files.front(), output.*member);
    }
  };
  outputs("output_events_total", "Events (of a HAR: entries) that are in the files of an output.",
          &har::capture::OutputSummary::events);
  outputs("output_bytes_total", "Bytes of the files of an output.", &har::capture::OutputSummary::bytes);
  outputs("output_lost_total", "Events (of a HAR: entries) that could not be written.", &har::capture::OutputSummary::lost);
  return std::move(out).text();
}

}  // namespace tools::harproxy
