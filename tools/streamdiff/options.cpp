#include "streamdiff/options.hpp"

#include <fmt/format.h>
#include <re2/re2.h>
#include <CLI/CLI.hpp>

#include <memory>
#include <utility>

#include "stream/compare/preset.hpp"

namespace tools::streamdiff_tool {
namespace {

using stream::Error;
using stream::ErrorCode;
using stream::fail;

// What codecs tolerate is part of the comparison (an unfinished event is an item), but for bytes that they had to replace.
stream::FindingSink findings_of(Tool& tool) {
  return [&tool](const stream::Finding& finding) {
    if (finding.rule.ends_with("invalid-utf8") || tool.messages().verbosity > 0) tool.messages().finding(finding);
  };
}

void declare_selection(CLI::App& app, const std::string& prefix, SelectionOptions& selection, const std::string& side) {
  CLI::Option* const id =
      app.add_option("--" + prefix + "id", selection.id, fmt::format("Compare the exchange of this id{}.", side))
          ->type_name("ID");
  CLI::Option* const entry =
      app.add_option("--" + prefix + "entry", selection.entry,
                     fmt::format("Compare the Nth exchange{}, counted from 0, as in /log/entries/0.", side))
          ->type_name("N")
          ->check(CLI::Range(std::size_t{0}, std::size_t{1'000'000'000}))
          ->excludes(id);
  app.add_option(
         "--" + prefix + "match", selection.match,
         fmt::format("Compare exchanges{} of this method and URL, such as 'GET /chat'. * stands for any characters.", side))
      ->type_name("REQUEST")
      ->excludes(id)
      ->excludes(entry);
}

void declare_order(CLI::App& app, Options& options) {
  using stream::Order;
  add_choice(app, "--order", options.compare.order,
             {{"strict", Order::strict}, {"unordered", Order::unordered}, {"subsequence", Order::subsequence}},
             "How items must stand: as expected (strict), in any order (unordered), or as expected with others in between "
             "(subsequence). See --by-key too.")
      ->type_name("ORDER")
      ->default_str("strict");
  app.add_option("--by-key", options.key,
                 "Compare items with the same value at PATH, wherever they stand, such as /id. (The order by-key PATH.)")
      ->type_name("PATH")
      ->excludes("--order");
  app.add_option("--window", options.window,
                 "Look for the partner of an item among N others. More memory, and a better answer where streams differ much.")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{16}, std::size_t{100'000'000}))
      ->default_str("4096");
}

void declare_texts(CLI::App& app, Options& options) {
  std::string names;
  for (const stream::StreamPreset& preset : stream::stream_presets()) (names += names.empty() ? "" : ", ") += preset.name;
  app.add_option(
         "--preset", options.presets,
         fmt::format("Compare streams of language models by what is said: join their texts, ignore what is new in each run. One "
                     "of {}; see docs/presets.md.",
                     names))
      ->type_name("NAME")
      ->group("Texts");
  app.add_option(
         "--join", options.join,
         "Compare the text that the strings at PATH are pieces of, however it was cut; and all else by itself. 'PATH by PATH' "
         "keeps interleaved texts apart, such as '/choices/*/delta/content by /choices/*/index'.")
      ->type_name("PATH")
      ->group("Texts");
  app.add_option(
         "--timing", options.timing,
         "Compare times too: first, total, at, gap, gap.max, gap.mean or gap.p99, then <= or >=, then a duration, or one more "
         "than expected (+50ms, +10%). May be repeated. Clocks may differ.")
      ->type_name("RULE")
      ->group("Timing");
}

void declare_live(CLI::App& app, Options& options) {
  app.add_flag("--first", options.first, "Stop at the first difference.");
  app.add_option("--max-diffs", options.max_diffs, "Show no more than N differences. All are counted.")->type_name("N");
  add_duration(app, "--timeout", options.timeout, "Wait no longer than this for what arrives in a pipe.")->type_name("DURATION");
  app.add_option("--until-match", options.until_match,
                 "Compare both streams up to their first event whose data has a match of the expression RE, it included.")
      ->type_name("RE");
  app.add_flag_callback(
      "--allow-truncated", [&options] { options.compare.truncation = stream::Truncation::allowed; },
      "Let a stream be cut off. What came before the cut must be equal.");
  app.add_flag("--allow-extra", options.compare.allow_extra,
               "Let the actual stream go on behind what is expected. It is not read further.");
  app.add_flag("--allow-empty", options.allow_empty, "Let the expected stream have no events.");
}

void declare_kinds(CLI::App& app, Options& options) {
  std::vector<std::pair<std::string, std::optional<stream::StreamKind>>> kinds;
  for (const auto kind :
       {stream::StreamKind::sse, stream::StreamKind::ndjson, stream::StreamKind::json_seq, stream::StreamKind::multipart,
        stream::StreamKind::text, stream::StreamKind::binary, stream::StreamKind::http, stream::StreamKind::websocket}) {
    kinds.emplace_back(to_string(kind), kind);
  }
  add_choice(app, "--kind", options.compare.kind, kinds, "What both bodies are, whatever their types say.")->type_name("KIND");
  app.add_flag("--chunks", options.compare.chunks, "Compare the pieces of bodies as they came, and not what is in them.");
  add_choice(app, "--comments", options.compare.noise,
             {{"ignore", stream::Noise::leave_out}, {"position", stream::Noise::position}, {"exact", stream::Noise::include}},
             "Compare comments of event streams, pings and pongs: not at all, where they stand, or to the letter.")
      ->type_name("HOW")
      ->default_str("ignore");
  app.add_option("--ignore-event", options.compare.left_out_events,
                 "Leave out the server-sent events of this type, such as ping. May be repeated.")
      ->type_name("TYPE")
      ->group("Noise");
  app.add_flag_callback(
      "--strict-numbers", [&options] { options.compare.values.numbers = stream::NumberRule::spelling; },
      "Compare numbers as they are written. 1 and 1.0 differ then.");
}

stream::Result<stream::JoinRule> parse_join(const std::string& text) {
  stream::JoinRule rule;
  std::string_view rest = text;
  const auto next = [&] {
    const auto end = rest.find(" by ");
    const std::string_view part = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 4);
    return part;
  };
  rule.spelling = next();
  STREAM_ASSIGN(rule.path, stream::parse_path(rule.spelling));
  while (!rest.empty()) {
    STREAM_ASSIGN(auto by, stream::parse_path(next()));
    rule.by.push_back(std::move(by));
  }
  return rule;
}

// A preset is for all streams of an interface: its rules need not name anything in this one.
stream::Status add_preset(const std::string& name, stream::CompareOptions& compare) {
  const stream::StreamPreset* const preset = stream::find_stream_preset(name);
  if (preset == nullptr) {
    std::string names;
    for (const stream::StreamPreset& each : stream::stream_presets()) (names += names.empty() ? "" : ", ") += each.name;
    return fail({ErrorCode::usage, fmt::format("there is no preset '{}'", name), {}, "there are " + names});
  }
  for (const stream::StreamPreset::Join& join : preset->join) {
    stream::JoinRule rule;
    rule.spelling = join.path;
    STREAM_ASSIGN(rule.path, stream::parse_path(join.path));
    for (const std::string_view by : join.by) {
      STREAM_ASSIGN(auto place, stream::parse_path(by));
      rule.by.push_back(std::move(place));
    }
    compare.join.push_back(std::move(rule));
  }
  for (const std::string_view path : preset->ignore) {
    stream::NoiseRule rule;
    rule.path = path;
    rule.optional = true;
    STREAM_TRY(compare.values.noise.add(std::move(rule)));
  }
  compare.left_out_events.insert(compare.left_out_events.end(), preset->ignore_events.begin(), preset->ignore_events.end());
  return {};
}

}  // namespace

ToolInfo info() {
  ToolInfo info;
  info.name = "streamdiff";
  info.summary = "compare two streams by value";
  info.usage = "[options] EXPECTED ACTUAL";
  info.description =
      "Compares two streams: what was expected, and what came. Each may be a recording, the body of an event stream, NDJSON, a "
      "JSON sequence, text or bytes, or an entry of a HAR file, in any mix; \"-\" is standard input.\n\n"
      "Both are decoded into events (records, lines, parts, messages), aligned, and compared by value: JSON as JSON, with exact "
      "numbers and in any order of members; text as text; bytes as bytes. In what chunks a stream came and when makes no "
      "difference, nor do the line ends, the order of fields and the comments of an event stream, nor pings and pongs. WebSocket "
      "messages are "
      "compared in each direction by itself. The HTTP status, the content type and how the stream ended are compared too; "
      "headers and the request are not.\n\n"
      "Streams are read as they come and compared in bounded memory, however long they are. What arrives in a pipe is compared "
      "at once: a difference is shown when its event has come. --first ends with it, --allow-extra when all that is expected has "
      "come, --until-match with an event, --timeout and Ctrl-C when it was waited long enough; what was not read counts as cut "
      "off.\n\n"
      "The options of noise, and the files of --noise, say what may differ, and where. A place is a JSON Pointer into the JSON "
      "data of an event, such as "
      "/choices/0/id, in which * stands for any one name or index and ** for any number of levels: /**/created is a member of "
      "that name at any depth. With dots the same is .choices[0].id and ..created, and [] is any element. With @ it names a "
      "field beside the data: @type, @id and @retry of an event, @newline of a line, @header/NAME of a part, @opcode of a "
      "message, @code and @reason of a close, or (to be ignored) @status, @content-type and @ending of the answer. @data is the "
      "data as a whole, text and bytes too. What is ignored or masked is so on both sides, before anything is aligned. Values of "
      "the same type or size are equal only where an option says so. Expressions are those of RE2. An option that names nothing "
      "in what was compared is reported.\n\n"
      "Inputs of several exchanges are compared exchange by exchange, in their order, if they hold the same number; --entry, "
      "--id and --match choose. An expected stream without any events is an error, since nothing would be compared; only among "
      "several exchanges an ordinary answer may have no body.";
  info.examples = {
      {"streamdiff expected.sse actual.sse", "Compare two event streams."},
      {"streamdiff --ignore '/**/created' --ignore @id chat.rec.ndjson session.har --actual-entry 3",
       "Compare a recording with the fourth entry of a HAR file, apart from ids and times."},
      {"curl -sN https://localhost:8080/events | streamdiff --first events.sse -",
       "Stop at the first difference of what a server sends."},
      {"streamdiff --join '/choices/*/delta/content by /choices/*/index' --ignore '/**/id' a.sse b.sse",
       "Compare what a language model said, however it was cut into tokens."},
      {"streamdiff --preset openai a.sse b.sse", "The same with all that is known of such streams."},
      {"streamdiff --timing 'gap<=+50ms' --timing 'first<=+20%' old.rec.ndjson new.rec.ndjson", "Compare when events came, too."},
      {"streamdiff --suggest-noise -o noise.yaml run1.sse run2.sse run3.sse", "Find out what varies between runs of one stream."},
      {"streamdiff --update expected.sse actual.sse", "Show what has changed, and expect that from now on."},
      {"streamdiff --json a.ndjson b.ndjson", "The differences as NDJSON."},
      {"streamdiff -y -U 2 expected.sse actual.sse",
       "Both streams in two columns, with two equal events around each difference."},
      {"streamdiff --report html -o diff.html old.rec.ndjson new.rec.ndjson", "A page with both streams on an axis of time."},
  };
  info.exit_status =
      "0 the streams are equal, or with --update the expected file was rewritten; 1 they differ; 2 they could not be compared.";
  return info;
}

void declare(Tool& tool, Options& options) {
  CLI::App& app = tool.app();
  app.add_option("EXPECTED", options.expected, "What the stream should be.")->required();
  app.add_option("ACTUAL", options.actual, "What it is.")->required();
  app.add_option("RUN", options.runs, "With --suggest-noise: more runs of the stream.");
  add_noise_options(tool, options.noise);
  app.add_flag("--suggest-noise", options.suggest_noise,
               "Compare two or more runs of one stream, and print a noise file for what varies between them.")
      ->group("Noise");
  declare_order(app, options);
  declare_texts(app, options);
  declare_live(app, options);
  declare_kinds(app, options);
  declare_report(tool, options.report);
  app.add_flag("--update", options.update, "Where they differ, write ACTUAL in the place of EXPECTED, in its format.")
      ->excludes("--first");
  declare_selection(app, "", options.both_selection, " of both inputs");
  declare_selection(app, "expected-", options.expected_selection, " of EXPECTED");
  declare_selection(app, "actual-", options.actual_selection, " of ACTUAL");
  app.add_option("--expected-from", options.expected_from, "The format of EXPECTED.")->type_name("FORMAT")->group("Input");
  app.add_option("--actual-from", options.actual_from, "The format of ACTUAL.")->type_name("FORMAT")->group("Input");
  add_input_options(tool, options.input);
  add_output_options(tool, options.output, InPlace::no);
  app.get_option("--output")->description("Write the report to FILE. \"-\" is standard output, as is none.");
  app.get_option("--quiet")->description("Print nothing but errors. The exit status is the answer.");
}

stream::Result<har::StreamSelection> selection_of(const SelectionOptions& side, const SelectionOptions& both) {
  const bool own = side.id || side.entry || side.match;
  const SelectionOptions& from = own ? side : both;
  har::StreamSelection out;
  out.id = from.id;
  out.entry = from.entry;
  if (from.match) {
    STREAM_ASSIGN(out.match, har::parse_request_pattern(*from.match));
  }
  return out;
}

stream::Status finish(Options& options, Tool& tool) {
  stream::CompareOptions& compare = options.compare;
  STREAM_ASSIGN(compare.values.noise, read_noise_rules(options.noise, {tool.messages().findings()}));
  for (const std::string& text : options.join) {
    STREAM_ASSIGN(auto rule, parse_join(text));
    compare.join.push_back(std::move(rule));
  }
  for (const std::string& name : options.presets) STREAM_TRY(add_preset(name, compare));
  for (const std::string& text : options.timing) {
    STREAM_ASSIGN(auto rule, stream::parse_timing_rule(text));
    compare.timing.push_back(std::move(rule));
  }
  if (options.key) {
    compare.order = stream::Order::by_key;
    STREAM_ASSIGN(compare.key, stream::parse_path(*options.key));
  }
  if (options.window) {
    compare.window = *options.window;
    compare.window_bytes = std::max(compare.window_bytes, *options.window * 2048);
  }
  if (options.until_match) {
    const auto expression = std::make_shared<re2::RE2>(*options.until_match, re2::RE2::Quiet);
    if (!expression->ok()) {
      return fail({ErrorCode::usage,
                   fmt::format("--until-match: the expression '{}' is none: {}", *options.until_match, expression->error()),
                   {},
                   "expressions are those of RE2: https://github.com/google/re2/wiki/Syntax"});
    }
    compare.until = [expression](const stream::Item& item) {
      return re2::RE2::PartialMatch(re2::StringPiece(item.data.data(), item.data.size()), *expression);
    };
  }
  compare.limits = options.input.options.limits;
  compare.findings = findings_of(tool);
  if (options.max_diffs) compare.max_differences = *options.max_diffs;
  if (options.first || (tool.messages().quiet && !options.update)) {
    compare.max_differences = 1;
    compare.count_all = false;
  }
  return {};
}

}  // namespace tools::streamdiff_tool
