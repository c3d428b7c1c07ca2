#include "streamserve/streamserve.hpp"

#include <CLI/CLI.hpp>

namespace tools::streamserve {

ToolInfo info() {
  ToolInfo info;
  info.name = "streamserve";
  info.summary = "be the server in a recording, with its timing";
  info.usage = "[options] [RECORDING…]";
  info.handles_signals = true;
  info.description =
      "Answers each recorded exchange where it was asked for, over HTTP/1.1, with the recorded status, headers and bytes. "
      "A streamed body (server-sent events, NDJSON, any other) comes chunk by chunk as it was recorded, and a WebSocket "
      "connection gets the recorded server's messages, each at its time since the request: never earlier, and counted from the "
      "request, so that lateness does not add up; or, with --ws lockstep, as soon as the client has said its part. Recordings "
      "and HAR files are read, and every other format with a timeline.\n\n"
      "A request is answered if its method, path, query and body are those of a recorded one; JSON and forms are compared by "
      "what they mean. So is its host, if several were recorded and the client names one: in the Host header, or as it asks a "
      "proxy (curl -x), through tunnels (CONNECT) too. A request that was recorded several times gets its answers in recorded "
      "order, and then the last one "
      "again. "
      "Anything else is answered with 404, the nearest recorded request, and what differs. HEAD is answered by what was recorded "
      "for GET. A body without a recorded request is served at \"/\".\n\n"
      "Headers of one connection and of the framing (Connection, Transfer-Encoding, Content-Length and their like) are made "
      "anew. Content-Encoding is kept only if the recorded bytes are really in that coding: most recorders store bodies "
      "decoded. Ranges and conditions are answered from the recorded body, ETag and Last-Modified. An exchange that ended with a "
      "reset ends with one here, too; one that timed out is left hanging; one that the "
      "recording cuts off ends there, without the last chunk.\n\n"
      "Time is changed in one order: --start and --end choose a part of the recording, --max-gap and --min-gap limit its pauses, "
      "--speed scales them; --ttfb and --interval take the place of pauses; --jitter makes pieces late. A client that sends "
      "Last-Event-ID gets the server-sent events behind that one. --fault lets answers go wrong in ways that can be repeated: "
      "the log tells which fault hit, and the same --seed lets the same requests meet the same faults.\n\n"
      "https is served on the port with --tls, and in tunnels always. The certificates are signed by the tools' own certificate "
      "authority, which is made on first use and never installed anywhere: --print-ca tells what a client is to trust.\n\n"
      "The first line on standard output is the address. Each request is a line on standard error. Ctrl-C ends at once.";
  info.examples = {
      {"streamserve chat.rec.ndjson", "serves the recording at http://127.0.0.1:8080"},
      {"streamserve --port 0 --speed 10 session.har", "on a free port, ten times as fast"},
      {"streamserve --max-gap 500ms session.har chat.rec.ndjson", "two inputs, with no pause longer than half a second"},
      {"streamserve --fault 'nth=1 at=event:5 reset' chat.rec.ndjson",
       "resets the first answer in place of its fifth event, for a client that is to try again"},
      {"streamserve --fault 'rate=0.1 status=503 retry-after=2' --seed 7 session.har",
       "every tenth request, always the same ones"},
      {"streamserve --ws lockstep --ws-ignore /id session.har",
       "WebSocket messages as soon as the client has said what it said in the recording, whatever its ids"},
      {"streamserve --match loose --ignore-query t session.har", "for a client that does not ask exactly as it was recorded"},
      {"streamserve --map localhost:8080=api.example.com session.har", "one of several recorded hosts"},
      {"streamserve --tls --port 8443 session.har",
       "at https://127.0.0.1:8443; curl --cacert \"$(streamserve --print-ca)\" trusts it"},
      {"streamserve --no-delay --exit-after 1 chat.rec.ndjson", "one answer, at once; for a script"},
  };
  info.exit_status =
      "0 ended by a signal, by --exit-after or by --once; 1 the same, and --verify found that clients did something else than in "
      "the "
      "recording; 2 an input could not be read, the address could not be used, or wrong usage.";
  return info;
}

void declare(Tool& tool, Options& options) {
  CLI::App& app = tool.app();
  app.add_option("RECORDING", options.inputs, "What to serve: recordings, HAR files, bare bodies. \"-\" is standard input.");
  app.add_flag("--skip-broken", options.skip_broken,
               "Serve what can be read of a broken input, with a warning that tells what is left out. Without it nothing is "
               "served.");
  app.add_flag(
      "--follow", options.follow,
      "Read on while the recordings are written. An exchange that has no end yet is answered as far as it has come, and on "
      "from there; exchanges that begin can be asked for. \"-\" is a pipe that streamrec writes to.");
  app.add_option("--host", options.host, "The address to listen on. Others than 127.0.0.1 open the recording to the network.")
      ->type_name("HOST")
      ->capture_default_str();
  app.add_option("--port", options.port, "The port to listen on; 0 takes a free one.")
      ->type_name("PORT")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  app.add_flag("--tls", options.tls, "Serve https (and wss) on the port. Plain http is answered with 400 there.")->group("TLS");
  add_tls_options(app, options.certificates);
  add_duration(app, "--timeout", options.timeout, "Close a connection on which nothing happens for this long. 60s without it.");
  add_pace_options(app, options.pace);
  auto* no_delay =
      app.add_flag("--no-delay", options.pace.pace.no_delay, "Everything at once. The same as --speed max.")->group("Pace");
  for (const char* name : {"--speed", "--max-gap", "--min-gap"}) no_delay->excludes(app.get_option(name));
  add_duration(app, "--keepalive", options.pace.pace.keepalive,
               "Send a comment when nothing was sent for this long. In server-sent events, between two of them.")
      ->group("Pace");
  add_fault_options(app, options.faults);
  declare_matching(app, options.match);
  declare_websockets(app, options.websockets);
  add_answer_options(app, options.answers);
  declare_service(app, options.service);
  add_input_options(tool, options.input);
}

}  // namespace tools::streamserve
