#include <CLI/CLI.hpp>

#include "harproxy/harproxy.hpp"

namespace tools::harproxy {

ToolInfo info() {
  ToolInfo info;
  info.name = "harproxy";
  info.summary = "record what programs do on the wire, while it happens";
  info.usage = "[options]  |  harproxy run [options] -- COMMAND…  |  harproxy ca";
  info.handles_signals = true;
  info.description =
      "Relays HTTP, WebSocket and event streams between programs and their servers, byte for byte and as they come, and writes "
      "what "
      "passes to a HAR or to a recording. On one port it is a forward proxy (absolute addresses, CONNECT) and a SOCKS proxy; "
      "with "
      "--target it is a reverse proxy.\n\n"
      "\"harproxy run -- COMMAND\" starts a command that uses the proxy and trusts it, records it, and ends with it and its exit "
      "status; see \"harproxy run --help\". \"harproxy ca\" tells how other programs are made to trust it.\n\n"
      "TLS is opened with certificates that the tools' own certificate authority signs. It is made on first use, and never "
      "installed anywhere. Origins are verified against the system's store. Hosts of --tunnel, and those of which no URL can be "
      "wanted by --watch and --ignore, are passed on unopened. A program that does not take our certificate is told of, with its "
      "reason.\n\n"
      "Each -o FILE is written while it happens, so that it can be read at any time and is whole to the last moment if the "
      "program is killed. The disk never makes the relay wait, unless --max-lag lets it; what is not recorded for that is "
      "counted "
      "and told. A recording holds what was sent, credentials too: files can be read by their owner alone, and --redact leaves "
      "secrets out.\n\n"
      "The first line on standard output is the address. Ctrl-C or SIGTERM lets exchanges come to their end, then the files are "
      "finished; a second one ends at once. SIGUSR1 begins the next file.";
  info.examples = {
      {"harproxy -o session.har", "records what goes through http://127.0.0.1:8080"},
      {"harproxy run -o test.har -- npm test", "records a test suite, and ends with its status"},
      {"harproxy -o app.rec.ndjson --watch api.example.com", "one host; TLS to all others stays closed"},
      {"harproxy -o app.har --target https://api.example.com --port 3000",
       "a reverse proxy, for a program that knows of no proxy"},
      {"harproxy -o a.har -o a.rec.ndjson --redact X-Api-Key --rotate 100MB",
       "two files at once, secrets left out, a new file each 100 MB"},
      {"harproxy -o a.har --upstream http://proxy.example:3128 --no-proxy .corp.example", "behind another proxy"},
      {"harproxy --keploy keploy/test-set-0 --target http://localhost:8000",
       "test cases of Keploy, of what an application is asked"},
      {"harproxy -o a.har --fault 'url=/v1/* rate=0.1 status=503 retry-after=2' --seed 7",
       "every tenth answer is a 503, always the same ones"},
      {"harproxy ca", "where the certificate is that programs are to trust, and how curl, browsers, Node, Python and Java do"},
  };
  info.exit_status =
      "0 ended by a signal, and everything was recorded; 1 the same, and --on-unmatched error found a message that no mock fits; "
      "2 something "
      "was not recorded, the address or a file could not be used, or wrong "
      "usage.";
  return info;
}

namespace {

void declare_all(Tool& tool, Options& options, std::uint16_t default_port) {
  CLI::App& app = tool.app();
  declare_listening(app, options.listen, default_port);
  declare_origins(app, options.origins);
  declare_mocks(app, options.mocks);
  declare_recording(app, options.record);
}

}  // namespace

void declare(Tool& tool, Options& options) {
  declare_all(tool, options, 8080);
  add_choice(tool.app(), "--progress", options.progress,
             {{"auto", Progress::automatic}, {"always", Progress::always}, {"never", Progress::never}},
             "Whether a line of counts is shown. On standard error; auto: on a terminal.")
      ->type_name("WHEN")
      ->default_str("auto")
      ->group("Common");
}

ToolInfo run_info() {
  ToolInfo info;
  info.name = "harproxy run";
  info.summary = "run a command, and record what it does on the wire";
  info.usage = "[options] -- COMMAND…";
  info.handles_signals = true;
  info.description =
      "Starts the proxy, then the command with an environment that leads it there: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and their "
      "kin, an empty NO_PROXY, and what makes curl, Node, Python, Java, Git, Go, Ruby and others trust the proxy's certificates. "
      "It ends when the command has ended, with its exit status. Programs that heed no environment are not recorded.\n\n"
      "Standard input, output and error are the command's. What we have to say stands on standard error: only warnings, unless "
      "-v. SIGINT, SIGTERM and SIGHUP go to the command; SIGUSR1 begins the next file.";
  info.examples = {
      {"harproxy run -o test.har -- npm test", "records a test suite"},
      {"harproxy run -o curl.rec.ndjson -- curl -sS https://api.example.com/", "records one call"},
      {"harproxy run -v -o app.har --watch '*/v1/*' -- python3 app.py", "what is asked under /v1/, and a summary at the end"},
  };
  info.exit_status =
      "That of the command, or 128 and the number of the signal that ended it; 127 there is no such command, 126 it cannot be "
      "run; where "
      "the command has ended with 0, 1 that --on-unmatched error found a message that no mock fits, and 2 that something was not "
      "recorded; 2 a file could not be used, or wrong usage.";
  return info;
}

void declare_run(Tool& tool, Options& options) { declare_all(tool, options, 0); }

ToolInfo ca_info() {
  ToolInfo info;
  info.name = "harproxy ca";
  info.summary = "where the certificate authority is, and how programs are made to trust it";
  info.usage = "[options]";
  info.description =
      "Prints the file of the certificate that programs are to trust, and how curl, Chromium, Firefox, Node, Python, Java and "
      "others "
      "are told to. Makes the authority where there is none; installs nothing.";
  info.examples = {{"harproxy ca", "all of it"}, {"harproxy ca --print-ca", "the file alone, for scripts"}};
  info.exit_status = "0 done; 2 the authority could not be read or made, or wrong usage.";
  return info;
}

void declare_ca(Tool& tool, TlsGroup& options) {
  CLI::App& app = tool.app();
  app.add_option("--ca", options.authority,
                 "The folder of the certificate authority. $XDG_DATA_HOME/hartape/ca or ~/.local/share/hartape/ca without it.")
      ->type_name("DIR");
  app.add_flag("--print-ca", options.print_authority, "Print the file alone.");
}

}  // namespace tools::harproxy
