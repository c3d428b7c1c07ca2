#include "streamserve/service_options.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "common/service.hpp"

namespace tools::streamserve {

void declare_service(CLI::App& app, ServiceOptions& options) {
  constexpr const char* kMocks = "Mocks";
  auto* mocks = app.add_option("--mocks", options.mocks,
                               "Answer by the mocks of this file before any recording. HTTP or WebSocket mocks, as Dev Proxy has "
                               "them and more; it is read anew when it changes. May be repeated.")
                    ->type_name("FILE")
                    ->group(kMocks);
  using stream::mock::Unmatched;
  add_choice(
      app, "--unmatched", options.unmatched,
      {{"drop", Unmatched::drop}, {"report", Unmatched::report}, {"close", Unmatched::close}},
      "What a WebSocket message gets that no rule of the mocks fits. drop: nothing; report: a line in the log, and --verify "
      "fails; close: that, and the connection is closed with 1008.")
      ->type_name("HOW")
      ->default_str("drop")
      ->group(kMocks)
      ->needs(mocks);

  constexpr const char* kService = "Service";
  add_choice(app, "--log", options.log.form, {{"text", LogForm::text}, {"ndjson", LogForm::ndjson}, {"none", LogForm::none}},
             "A line for each request. As text, or as JSON with everything that is known.")
      ->type_name("FORM")
      ->default_str("text")
      ->group(kService);
  app.add_option("--log-file", options.log.path, "Append the log to this file. Without it, it goes to standard error.")
      ->type_name("FILE")
      ->group(kService);
  app.add_option_function<std::string>(
         "--status",
         [&options](const std::string& text) {
           const auto address = parse_listen_address(text);
           if (!address) throw CLI::ValidationError("--status", fmt::format("expected PORT or HOST:PORT, found \"{}\"", text));
           options.status_port = address->port;
           if (!address->host.empty()) options.status_host = address->host;
         },
         "Show what is going on at this address, [HOST:]PORT. A page, /status as JSON, and /metrics for Prometheus.")
      ->type_name("ADDRESS")
      ->group(kService);
  app.add_option("--ready-file", options.ready_file,
                 "Write the address to this file when requests can come. It is removed at the end.")
      ->type_name("FILE")
      ->group(kService);
  auto* after = app.add_option("--exit-after", options.exit_after, "End after N answered requests. Misses do not count.")
                    ->type_name("N")
                    ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}))
                    ->group(kService);
  app.add_flag("--once", options.once, "Give each recorded answer once, and end when all were given. Implies --repeat consume.")
      ->group(kService)
      ->excludes(after);
  app.add_flag(
         "--verify", options.verify,
         "End with status 1 and a report if the clients did something else than in the recording. Exchanges that were never "
         "asked for, requests that were not recorded, WebSocket messages that differ.")
      ->group(kService);
  add_duration(app, "--drain", options.drain,
               "How long SIGTERM lets answers go on. No new requests are taken meanwhile; 10s without it.")
      ->group(kService);
}

}  // namespace tools::streamserve
