#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "streamrec/streamrec.hpp"

namespace tools::streamrec {

ToolInfo info() {
  ToolInfo info;
  info.name = "streamrec";
  info.summary = "record a stream as it arrives, and play it";
  info.usage = "[options] URL|-";
  info.handles_signals = true;
  info.description =
      "Makes one HTTP request (http, https) or opens a WebSocket (ws, wss) and records what arrives: every byte of the body, "
      "every "
      "message, and the moment of each. The recording is NDJSON; each line is written as it happens, so that it can be read "
      "while it "
      "grows, and is whole up to the last line if the program is killed.\n\n"
      "With -o FILE the payload goes to standard output, each piece at once, so that streamrec can stand where \"curl -N\" "
      "stood: the "
      "line of the recording is written first, then the piece is printed. Of a WebSocket the received messages are printed, a "
      "line "
      "each. Without -o the recording itself goes to standard output.\n\n"
      "For \"-\" it records what comes on standard input: cmd | streamrec -o FILE - .\n\n"
      "An event is a server-sent event, a WebSocket message, or a line. --max-events, --until and --until-match end the "
      "recording "
      "behind the piece in which the event is complete. Redirects are only followed with -L. No proxy is used and none is asked "
      "for. A "
      "recording holds what was sent, credentials too.\n\n"
      "\"streamrec play RECORDING\" writes a recording's payload to standard output, with its timing; see \"streamrec play "
      "--help\".";
  info.examples = {
      {"streamrec -o chat.rec.ndjson https://example.org/events", "records an event stream and prints it"},
      {"streamrec -o chat.rec.ndjson --until 'data == [DONE]' --json @request.json https://example.org/v1/chat",
       "as an LLM's client does it"},
      {"streamrec -o e.rec.ndjson --reconnect --duration 10m https://example.org/events",
       "ten minutes, across lost connections, with Last-Event-ID"},
      {"streamrec -o ws.rec.ndjson --send '{\"subscribe\":\"prices\"}' --max-events 100 wss://example.org/socket", "a WebSocket"},
      {"streamrec play --speed 2 chat.rec.ndjson", "plays it, twice as fast"},
      {"kubectl logs -f pod | streamrec --lines -o log.rec.ndjson -", "a pipe, line by line"},
  };
  info.exit_status =
      "0 recorded to its end, or to where it was told to end (Ctrl-C too); 1 the stream broke off (a reset, a body cut short, a "
      "time "
      "that was over), the WebSocket was declined, or the status was 400 or more with --fail; 2 there was no connection, the "
      "recording "
      "could not be written, or wrong usage.";
  return info;
}

namespace {

void declare_request(CLI::App& app, Options& options) {
  app.add_option("-X,--request", options.method, "The method. GET without it, or POST with a body.")
      ->type_name("METHOD")
      ->group("Request");
  app.add_option(
         "-H,--header", options.headers,
         "Send this header field. \"Name: value\"; \"Name:\" takes a default one away, \"Name;\" sends one without value.")
      ->type_name("FIELD")
      ->group("Request");
  CLI::Option* const data =
      app.add_option("-d,--data", options.data,
                     "Send this body, as a form would. Several are joined by \"&\"; @FILE reads it from a file "
                     "without its line ends.")
          ->type_name("DATA")
          ->group("Request");
  CLI::Option* const binary = app.add_option("--data-binary", options.data_binary, "Like -d, with @FILE as it is.")
                                  ->type_name("DATA")
                                  ->group("Request")
                                  ->excludes(data);
  app.add_option("--json", options.json,
                 "Send this JSON, and ask for JSON. @FILE reads it from a file; several follow each other.")
      ->type_name("DATA")
      ->group("Request")
      ->excludes(data)
      ->excludes(binary);
  app.add_option("-A,--user-agent", options.user_agent, "The User-Agent.")->type_name("NAME")->group("Request");
  app.add_option("-u,--user", options.user, "Log in with Basic authentication.")->type_name("USER:PASSWORD")->group("Request");
  app.add_flag("-L,--location", options.follow, "Follow redirects. At most 10; credentials stay with the first host.")
      ->group("Request");
  app.add_flag("-f,--fail", options.fail,
               "End with 1 and print no payload if the status is 400 or more. It is recorded all the same.")
      ->group("Request");
}

void declare_connection(CLI::App& app, Options& options) {
  app.add_flag("-k,--insecure", options.insecure, "Accept any certificate.")->group("Connection");
  app.add_option("--cacert", options.ca_file, "Trust the certificates (PEM) in FILE. Instead of the system's.")
      ->type_name("FILE")
      ->group("Connection");
  add_duration(app, "--connect-timeout", options.connect_timeout, "The longest time to connect. 5m without it.")
      ->group("Connection");
  add_duration(app, "-m,--max-time", options.max_time,
               "The longest time for all of it. What lasts longer has failed; see --duration.")
      ->group("Connection");
  add_duration(app, "--idle-timeout", options.idle_timeout, "The longest time without an arrival, the answer's head included.")
      ->group("Connection");
  app.add_flag(
         "--reconnect", options.reconnect,
         "Connect again when an event stream ends. Sends Last-Event-ID and waits as the stream's \"retry:\" says (3s without). "
         "Ends with a status other than 200, as browsers do.")
      ->group("Connection");
  app.add_option(
         "--send", options.send,
         "Send TEXT as a WebSocket message. @FILE sends its lines, \"-\" those of standard input as they come, and closes "
         "at their end.")
      ->type_name("TEXT")
      ->group("Connection");
  app.add_option("--subprotocol", options.subprotocols, "Offer this WebSocket subprotocol.")
      ->type_name("NAME")
      ->group("Connection");
  app.add_flag("--deflate", options.deflate, "Offer compression of WebSocket messages (permessage-deflate).")
      ->group("Connection");
}

}  // namespace

void declare(Tool& tool, Options& options) {
  CLI::App& app = tool.app();
  app.add_option("URL", options.source, "What to record. \"-\" is standard input.")->required();
  add_duration(app, "--duration", options.duration, "End after this time.");
  app.add_option("--max-events", options.watch.max_events, "End after N events.")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 62U));
  app.add_option_function<std::string>(
         "--until",
         [&options](const std::string& text) {
           auto until = parse_until(text);
           if (!until) throw CLI::ValidationError("--until", until.error().message.substr(9));
           options.watch.until = std::move(*until);
         },
         "End with the event for which this is true. data, event or id, then == or !=, then a text: "
         "'data == [DONE]'. Only server-sent events have an event and an id.")
      ->type_name("EXPR");
  app.add_option("--until-match", options.watch.until_match,
                 "End with the event whose data the regular expression (RE2) is found in.")
      ->type_name("REGEX");
  app.add_flag("--lines", options.lines, "Stamp each line of standard input by itself. Otherwise pieces as they come.");
  add_choice(app, "--kind", options.kind,
             {{"sse", stream::StreamKind::sse},
              {"ndjson", stream::StreamKind::ndjson},
              {"json-seq", stream::StreamKind::json_seq},
              {"text", stream::StreamKind::text},
              {"binary", stream::StreamKind::binary}},
             "What standard input is. Without it, it is told by how it begins.")
      ->type_name("KIND");
  declare_request(app, options);
  declare_connection(app, options);
  app.add_option(
         "-o,--output", options.output.path,
         "Record to FILE, and print the payload. \"-\" is standard output, as is none: then only the recording is printed.")
      ->type_name("FILE")
      ->group("Output");
  app.add_flag("--overwrite", options.output.overwrite, "Replace FILE if it exists.")->group("Output");
  app.add_flag("--no-tee", options.no_tee, "Print no payload.")->group("Output");
}

}  // namespace tools::streamrec
