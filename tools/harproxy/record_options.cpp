#include "harproxy/record_options.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cctype>
#include <utility>

#include "harproxy/opening.hpp"
#include "stream/io/byte_source.hpp"
#include "stream/text/units.hpp"

namespace tools::harproxy {
namespace {

namespace capture = har::capture;
using stream::ErrorCode;
using stream::fail;

/// "100MB", "1h"; a number without a unit could be either.
void add_rotation(capture::Rotation& rotation, const std::string& text) {
  const bool unit = !text.empty() && std::isdigit(static_cast<unsigned char>(text.back())) == 0;
  const auto age = unit ? stream::parse_duration(text) : std::nullopt;
  const auto size = unit && !age ? stream::parse_size(text) : std::nullopt;
  if (age && *age > stream::Nanos{}) {
    rotation.age = *age;
  } else if (size && *size > 0) {
    rotation.size = *size;
  } else {
    throw CLI::ValidationError("--rotate", fmt::format("expected a size such as 100MB or a time such as 1h, found '{}'", text));
  }
}

stream::Result<capture::OutputOptions> output_options(const std::string& path) {
  if (path.empty()) return fail({ErrorCode::usage, "--output: expected the name of a file", {}, {}});
  if (path.ends_with(".harl")) {
    return fail({ErrorCode::usage,
                 "HAR lines are not written as it happens",
                 {path},
                 "record to FILE.rec.ndjson, then: harconv -o FILE.harl FILE.rec.ndjson"});
  }
  if (stream::compression_of_name(path) != stream::Compression::none) {
    return fail({ErrorCode::usage,
                 "what is written as it happens is not compressed",
                 {path},
                 "compress it afterwards: harconv -o FILE.zst FILE"});
  }
  return capture::OutputOptions{path.ends_with(".har") ? capture::OutputForm::har : capture::OutputForm::recording, path};
}

}  // namespace

bool RecordGroup::standard_output() const { return std::find(outputs.begin(), outputs.end(), "-") != outputs.end(); }

void declare_recording(CLI::App& app, RecordGroup& options) {
  auto* output =
      app.add_option("-o,--output", options.outputs,
                     "Record to FILE. A HAR if it is called .har, otherwise a recording; \"-\" is a recording on standard "
                     "output. May be repeated: each gets everything.")
          ->type_name("FILE")
          ->group("Output");
  app.add_option(
         "--keploy", options.keploy,
         "Add to a test set of Keploy in DIR. With --target test cases, DIR/tests/test-1.yaml and so on; otherwise mocks, "
         "DIR/mocks.yaml and DIR/streams. With -o, both get everything.")
      ->type_name("DIR")
      ->check([](const std::string& path) { return path.empty() ? std::string("expected the name of a folder") : std::string(); })
      ->group("Output");
  const auto of_output = [output](CLI::Option* option) { return option->group("Output")->needs(output); };
  const auto of_any = [&options](CLI::Option* option) {
    const std::string name = option->get_name();
    return option->group("Output")->each([&options, name](const std::string&) { options.of_writing = name; });
  };
  of_output(app.add_flag("--overwrite", options.overwrite, "Replace FILE if it exists."));
  of_output(app.add_option_function<std::vector<std::string>>(
                   "--rotate",
                   [&options](const std::vector<std::string>& texts) {
                     for (const std::string& text : texts) add_rotation(options.rotation, text);
                   },
                   "Begin the next file when this one is so large (100MB) or so old (1h). FILE-002, and so on; so does SIGUSR1.")
                ->type_name("SIZE|TIME"));
  of_any(
      add_choice(app, "--fsync", options.fsync,
                 {{"never", capture::Fsync::never}, {"interval", capture::Fsync::interval}, {"always", capture::Fsync::always}},
                 "When what was written is forced to the disk. So that it survives a crash of the machine; one of the "
                 "program it survives always. interval: each second.")
          ->type_name("WHEN")
          ->default_str("interval"));
  of_any(add_size(app, "--max-queue", options.max_queue,
                  "How much may wait for the disk. What comes beyond is relayed, not recorded, and counted as dropped."));
  of_any(add_duration(app, "--max-lag", options.max_lag,
                      "How long the relay may wait for the disk before it drops. It never waits without this."));

  constexpr const char* kRecorded = "What is recorded";
  app.add_option(
         "--watch", options.watch,
         "Record only what has a URL like this. \"*\" stands for any characters, \"!\" before it means not; of several the first "
         "that matches decides. A host alone stands for all of it. TLS to other hosts is passed on unopened.")
      ->type_name("GLOB")
      ->group(kRecorded);
  app.add_option("--ignore", options.ignore, "Do not record what has a URL like this. Goes before --watch.")
      ->type_name("GLOB")
      ->group(kRecorded);
  app.add_option("--method", options.methods, "Record only requests with this method.")->type_name("NAME")->group(kRecorded);
  app.add_option("--type", options.types,
                 "Record only responses of this media type: application/json, text/*. \"!\" before it means not.")
      ->type_name("GLOB")
      ->group(kRecorded);
  app.add_option("--header", options.headers,
                 "Record only what has this header, in the request or in the response. \"Name\" or \"Name: GLOB\"; \"!\" before "
                 "it means not.")
      ->type_name("FIELD")
      ->group(kRecorded);
  add_choice(app, "--bodies", options.bodies,
             {{"none", capture::Bodies::none},
              {"request", capture::Bodies::request},
              {"response", capture::Bodies::response},
              {"all", capture::Bodies::all}},
             "Whose bodies and WebSocket messages are kept. Of the others their sizes are.")
      ->type_name("WHOSE")
      ->default_str("all")
      ->group(kRecorded);
  add_size(app, "--max-body", options.max_body, "Keep no more of a body or message. What is cut is marked; 0 is no limit.")
      ->group(kRecorded);
  auto* redact =
      app.add_option(
             "--redact", options.redact,
             "Never write the value of this header, cookie, query parameter or form field, nor of those that are usually secret. "
             "It is replaced wherever it stands; \"default\" names only the usual ones.")
          ->type_name("NAME")
          ->group(kRecorded);
  app.add_flag("--no-redact-defaults", options.no_redact_defaults, "With --redact, write those that are usually secret.")
      ->group(kRecorded)
      ->needs(redact);
}

stream::Result<capture::RecorderOptions> recorder_options(const RecordGroup& options, bool reverse) {
  capture::RecorderOptions recorder;
  for (const std::string& path : options.outputs) {
    STREAM_ASSIGN(auto output, output_options(path));
    for (const auto& other : recorder.outputs) {
      if (other.path == path) return fail({ErrorCode::usage, fmt::format("--output: '{}' is named twice", path), {}, {}});
    }
    recorder.outputs.push_back(std::move(output));
  }
  if (!options.keploy.empty())
    recorder.outputs.push_back({reverse ? capture::OutputForm::keploy_tests : capture::OutputForm::keploy_mocks, options.keploy});
  if (recorder.outputs.empty() && !options.of_writing.empty())
    return fail({ErrorCode::usage, options.of_writing + ": nothing is written", {}, "use -o FILE or --keploy DIR"});
  for (const std::string& text : options.ignore) {
    for (capture::WatchGlob& glob : watch_globs(text)) {
      if (glob.negated) return fail({ErrorCode::usage, "--ignore: '!' is for --watch", {}, {}});
      glob.negated = true;
      recorder.watch.urls.push_back(std::move(glob));
    }
  }
  for (const std::string& text : options.watch) {
    for (capture::WatchGlob& glob : watch_globs(text)) {
      if (glob.glob.empty()) return fail({ErrorCode::usage, "--watch: expected a URL, found nothing", {}, {}});
      recorder.watch.urls.push_back(std::move(glob));
    }
  }
  recorder.watch.methods = options.methods;
  for (const std::string& text : options.types) recorder.watch.types.push_back(capture::watch_glob(text));
  for (const std::string& text : options.headers) {
    auto header = capture::watch_header(text);
    if (!header) return fail({ErrorCode::usage, fmt::format("--header: expected NAME or NAME: GLOB, found '{}'", text), {}, {}});
    recorder.watch.headers.push_back(std::move(*header));
  }
  recorder.overwrite = options.overwrite ? stream::Overwrite::yes : stream::Overwrite::no;
  recorder.bodies = options.bodies;
  recorder.max_body = options.max_body;
  if (!options.redact.empty()) {
    capture::Redaction redaction;
    redaction.defaults = !options.no_redact_defaults;
    for (const std::string& name : options.redact) {
      if (name.empty()) return fail({ErrorCode::usage, "--redact: expected a name, found nothing", {}, {}});
      if (name != "default") redaction.names.push_back(name);
    }
    if (redaction.names.empty() && !redaction.defaults)
      return fail({ErrorCode::usage, "--no-redact-defaults: nothing else is to be redacted", {}, {}});
    recorder.redaction = std::move(redaction);
  }
  recorder.rotation = options.rotation;
  recorder.fsync = options.fsync;
  recorder.max_queue = options.max_queue;
  recorder.max_lag = options.max_lag.value_or(stream::Nanos{});
  return recorder;
}

}  // namespace tools::harproxy
