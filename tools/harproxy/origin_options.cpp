#include "harproxy/origin_options.hpp"

#include <CLI/CLI.hpp>

namespace tools::harproxy {

using stream::ErrorCode;
using stream::fail;

void declare_origins(CLI::App& app, OriginGroup& options) {
  constexpr const char* kOrigins = "Origins";
  auto* upstream = app.add_option("--upstream", options.upstream,
                                  "Reach origins by this proxy: http://, https://, socks5:// or socks5h://. With USER:PASSWORD@ "
                                  "where it asks for them. The proxy of the environment is not used by itself.")
                       ->type_name("URL")
                       ->group(kOrigins);
  app.add_option("--no-proxy", options.no_proxy,
                 "Reach these hosts without --upstream. A list as NO_PROXY has it: names, with all below them, addresses, "
                 "ranges such as 10.0.0.0/8.")
      ->type_name("LIST")
      ->group(kOrigins)
      ->needs(upstream);
  app.add_option("--trust", options.trust, "Trust the certificates (PEM) in FILE, for origins. Besides the system's.")
      ->type_name("FILE")
      ->group(kOrigins);
  app.add_option("--insecure", options.insecure,
                 "Do not verify the certificates of this host. \"*\" stands for any characters; other hosts are verified.")
      ->type_name("HOST")
      ->group(kOrigins);
  app.add_option("--tunnel", options.tunnel,
                 "Never open TLS to this host: pass it on as it is. \"*\" stands for any characters. For programs that "
                 "take no certificate but their own.")
      ->type_name("HOST")
      ->group(kOrigins);
  add_duration(app, "--connect-timeout", options.connect_timeout, "The longest time to reach an origin. 10s without it.")
      ->group(kOrigins);
}

stream::Result<stream::proxy::OriginOptions> origin_options(const OriginGroup& options) {
  stream::proxy::OriginOptions origin;
  if (!options.upstream.empty()) {
    auto upstream = stream::proxy::parse_upstream_proxy(options.upstream);
    if (!upstream) return fail({ErrorCode::usage, "--upstream: " + upstream.error().message, {}, upstream.error().hint});
    origin.upstream = std::move(*upstream);
  }
  std::string list;
  for (const std::string& part : options.no_proxy) list += (list.empty() ? "" : ",") + part;
  if (!list.empty()) {
    auto no_proxy = stream::proxy::NoProxy::parse(list);
    if (!no_proxy) return fail({ErrorCode::usage, "--no-proxy: " + no_proxy.error().message, {}, no_proxy.error().hint});
    origin.no_proxy = std::move(*no_proxy);
  }
  if (options.connect_timeout) {
    if (*options.connect_timeout <= stream::Nanos{})
      return fail({ErrorCode::usage, "--connect-timeout: expected a time greater than 0", {}, {}});
    origin.connect_timeout = *options.connect_timeout;
  }
  origin.ca_files = options.trust;
  origin.insecure = options.insecure;
  return origin;
}

}  // namespace tools::harproxy
