#include "harproxy/listen_options.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "common/service.hpp"

namespace tools::harproxy {

namespace {

constexpr std::size_t kLeastHead = 1024;

}  // namespace

void declare_listening(CLI::App& app, ListenOptions& options, std::uint16_t default_port) {
  app.add_option("--host", options.host, "The address to listen on. Others than 127.0.0.1 let the network use the proxy.")
      ->type_name("HOST")
      ->capture_default_str();
  app.add_option("--port", options.port, "The port to listen on; 0 takes a free one.")
      ->type_name("PORT")
      ->check(CLI::Range(0, 65535))
      ->default_str(std::to_string(default_port));
  auto* target = app.add_option("--target", options.target,
                                "Be a reverse proxy: send every request to this origin. Clients then need not know of the proxy.")
                     ->type_name("URL");
  app.add_flag("--keep-host", options.keep_host, "With --target, hand the client's Host field on as it is.")->needs(target);
  add_duration(app, "--timeout", options.timeout,
               "Close a connection on which nothing moves for this long. Not a WebSocket's or a tunnel's; 5m without it.");
  add_size(app, "--max-head", options.max_head, "Refuse a request or a response whose head is larger.");
  app.add_flag("--tls", options.tls, "With --target, speak TLS with the clients.")->group("TLS")->needs(target);
  add_tls_options(app, options.certificates);

  constexpr const char* kService = "Service";
  app.add_option_function<std::string>(
         "--status",
         [&options](const std::string& text) {
           const auto address = parse_listen_address(text);
           if (!address) throw CLI::ValidationError("--status", fmt::format("expected PORT or HOST:PORT, found '{}'", text));
           options.status_port = address->port;
           if (!address->host.empty()) options.status_host = address->host;
         },
         "Show what is going on at this address, [HOST:]PORT, and take orders there. GET /status, /connections and /metrics; "
         "POST /start, "
         "/stop, /flush and /rotate.")
      ->type_name("ADDRESS")
      ->group(kService);
  app.add_option(
         "--ready-file", options.ready_file,
         "Write the address to this file when requests can come. That of --status is the second line. It is removed at the "
         "end.")
      ->type_name("FILE")
      ->group(kService);
  add_duration(app, "--drain", options.drain,
               "How long Ctrl-C and SIGTERM let exchanges go on. No new ones are taken meanwhile; 5s without it.")
      ->group(kService);
}

stream::Status apply(const ListenOptions& options, stream::proxy::ProxyOptions& proxy) {
  const auto usage = [](std::string message, std::string hint = {}) {
    return stream::fail({stream::ErrorCode::usage, std::move(message), {}, std::move(hint)});
  };
  if (!options.target.empty()) {
    auto target = stream::net::parse_url(options.target);
    if (!target) return usage("--target: " + target.error().message);
    if (target->websocket()) return usage("--target: expected http or https", "WebSockets go the same way");
    if (!target->user.empty()) return usage("--target: a user and password are the clients' business");
    if (target->target != "/") return usage("--target: expected an origin, found a path: " + target->target);
    proxy.target = std::move(*target);
  }
  if (options.timeout) {
    if (*options.timeout <= stream::Nanos{}) return usage("--timeout: expected a time greater than 0");
    proxy.idle_timeout = *options.timeout;
  }
  if (options.max_head < kLeastHead) return usage(fmt::format("--max-head: expected {} bytes at least", kLeastHead));
  proxy.host = options.host;
  proxy.port = options.port.value_or(0);
  proxy.keep_host = options.keep_host;
  proxy.tls = options.tls;
  proxy.max_head = options.max_head;
  return {};
}

}  // namespace tools::harproxy
