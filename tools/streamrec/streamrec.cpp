#include "streamrec/streamrec.hpp"

#include <string_view>

#include "stream/net/url.hpp"
#include "streamrec/play.hpp"

namespace tools::streamrec {
namespace {

std::optional<stream::Error> contradiction(const Options& options) {
  const auto wrong = [](std::string message, std::string hint = {}) {
    return stream::Error{stream::ErrorCode::usage, std::move(message), {}, std::move(hint)};
  };
  const bool input = options.source == "-";
  if (input && (options.method || !options.headers.empty() || !options.data.empty() || !options.data_binary.empty() ||
                !options.json.empty() || options.reconnect || !options.send.empty())) {
    return wrong("standard input is recorded: there is no request to make");
  }
  if (!input && (options.lines || options.kind)) return wrong("--lines and --kind are for standard input");
  const auto url = stream::net::parse_url(options.source);
  if (!input && url && !url->websocket() && (!options.send.empty() || !options.subprotocols.empty() || options.deflate)) {
    return wrong("--send, --subprotocol and --deflate are for ws:// and wss://");
  }
  if (!input && url && url->websocket() && options.reconnect)
    return wrong("--reconnect is for event streams, not for WebSockets");
  for (const auto& [name, value] :
       {std::pair("--duration", options.duration), std::pair("--max-time", options.max_time),
        std::pair("--connect-timeout", options.connect_timeout), std::pair("--idle-timeout", options.idle_timeout)}) {
    if (value && *value <= stream::Nanos{}) return wrong(std::string(name) + ": expected a time greater than 0");
  }
  if (const std::string_view path = options.output.path; path.ends_with(".har") || path.ends_with(".harl")) {
    return wrong("a recording is written as it happens, and a HAR cannot be", "convert it afterwards: harconv -o FILE.har FILE");
  }
  if (stream::compression_of_name(options.output.path) != stream::Compression::none) {
    return wrong("a recording is written as it happens, and not compressed", "compress it afterwards: harconv -o FILE.zst FILE");
  }
  return std::nullopt;
}

}  // namespace

int run(Tool& tool, const Options& options) {
  if (auto error = contradiction(options)) return failed(tool, *error);
  const auto watch = Watch::create(options.watch);
  if (!watch) return failed(tool, watch.error());
  RecorderOptions output = options.output;
  output.print = output.path != "-" && !options.no_tee;
  const auto recorder = Recorder::open(output);
  if (!recorder) return failed(tool, recorder.error());
  const int status =
      options.source == "-" ? record_input(tool, options, **recorder, **watch) : record_url(tool, options, **recorder, **watch);
  if (auto done = (*recorder)->finish(); !done) return failed(tool, done.error());
  return status;
}

int main(int argc, const char* const* argv) {
  // A word that is no address; a host of that name is http://play.
  if (argc > 1 && std::string_view(argv[1]) == "play") return play_main(argc - 1, argv + 1);
  Tool tool(info());
  Options options;
  declare(tool, options);
  return tool.run(argc, argv, [&] { return run(tool, options); });
}

}  // namespace tools::streamrec
