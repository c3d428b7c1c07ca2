#include "streamdiff/streamdiff.hpp"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "common/tool.hpp"
#include "har/exchanges.hpp"
#include "stream/compare/compare.hpp"
#include "stream/compare/report.hpp"
#include "streamdiff/noise_options.hpp"
#include "streamdiff/selection.hpp"

namespace tools {
namespace {

struct Options {
  std::string expected;
  std::string actual;
  InputGroup input;
  std::optional<std::string> expected_from;
  std::optional<std::string> actual_from;
  Selection expected_selection;
  Selection actual_selection;
  Selection selection;  // of both
  NoiseOptions noise;
  stream::CompareOptions compare;
  bool allow_empty = false;
  bool first = false;
  bool json = false;
  std::optional<std::size_t> max_diffs;
};

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
      "The options of noise, and the files of --noise, say what may differ, and where. A place is a JSON Pointer into the JSON "
      "data of an event, such as "
      "/choices/0/id, in which * stands for any one name or index and ** for any number of levels: /**/created is a member of "
      "that name at any depth. With dots the same is .choices[0].id and ..created, and [] is any element. With @ it names a "
      "field beside the data: @type, @id and @retry of an event, @newline of a line, @header/NAME of a part, @opcode of a "
      "message, @code and @reason of a close, or (to be ignored) @status, @content-type and @ending of the answer. @data is the "
      "data as a whole, text and bytes too. What is ignored or masked is so on both sides, before anything is aligned. Values of "
      "the same type or size are equal only where an option says so. Expressions are those of RE2. An option that names nothing "
      "in what was compared is reported.\n\n"
      "Inputs of several exchanges are compared exchange by exchange, in their order, if they hold the same number; --entry and "
      "--id choose one. An expected stream without any events is an error, since nothing would be compared; only among several "
      "exchanges an ordinary answer may have no body.";
  info.examples = {
      {"streamdiff expected.sse actual.sse", "Compare two event streams."},
      {"streamdiff --ignore '/**/created' --ignore @id chat.rec.ndjson session.har --actual-entry 3",
       "Compare a recording with the fourth entry of a HAR file, apart from ids and times."},
      {"curl -sN https://localhost:8080/events | streamdiff --first events.sse -",
       "Stop at the first difference of what a server sends."},
      {"streamdiff --json a.ndjson b.ndjson", "The differences as NDJSON."},
  };
  info.exit_status = "0 the streams are equal, 1 they differ, 2 they could not be compared.";
  return info;
}

// What codecs tolerate is part of the comparison (an unfinished event is an item), but for bytes that they had to replace.
stream::FindingSink findings_of(Tool& tool) {
  return [&tool](const stream::Finding& finding) {
    if (finding.rule.ends_with("invalid-utf8") || tool.messages().verbosity > 0) tool.messages().finding(finding);
  };
}

void add_options(Tool& tool, Options& options) {
  CLI::App& app = tool.app();
  app.add_option("EXPECTED", options.expected, "What the stream should be.")->required();
  app.add_option("ACTUAL", options.actual, "What it is.")->required();
  add_noise_options(tool, options.noise);
  app.add_flag("--first", options.first, "Stop at the first difference.");
  app.add_option("--max-diffs", options.max_diffs, "Show no more than N differences. All are counted.")->type_name("N");
  app.add_flag_callback(
      "--comments", [&options] { options.compare.noise = stream::Noise::include; }, "Compare comments, pings and pongs too.");
  app.add_flag_callback(
      "--strict-numbers", [&options] { options.compare.values.numbers = stream::NumberRule::spelling; },
      "Compare numbers as they are written. 1 and 1.0 differ then.");
  app.add_flag_callback(
      "--allow-truncated", [&options] { options.compare.truncation = stream::Truncation::allowed; },
      "Let a stream be cut off. What came before the cut must be equal.");
  app.add_flag("--allow-empty", options.allow_empty, "Let the expected stream have no events.");
  app.add_flag("--json", options.json, "Print the differences as NDJSON, and a summary as the last line.");
  std::vector<std::pair<std::string, std::optional<stream::StreamKind>>> kinds;
  for (const auto kind :
       {stream::StreamKind::sse, stream::StreamKind::ndjson, stream::StreamKind::json_seq, stream::StreamKind::multipart,
        stream::StreamKind::text, stream::StreamKind::binary, stream::StreamKind::http, stream::StreamKind::websocket}) {
    kinds.emplace_back(to_string(kind), kind);
  }
  add_choice(app, "--kind", options.compare.kind, kinds, "What both bodies are, whatever their types say.")->type_name("KIND");

  const auto add_selection = [&](const std::string& prefix, Selection& selection, const std::string& side) {
    CLI::Option* const id =
        app.add_option("--" + prefix + "id", selection.id, fmt::format("Compare the exchange of this id{}.", side))
            ->type_name("ID");
    app.add_option("--" + prefix + "entry", selection.entry,
                   fmt::format("Compare the Nth exchange{}, counted from 0, as in /log/entries/0.", side))
        ->type_name("N")
        ->check(CLI::Range(std::size_t{0}, std::size_t{1'000'000'000}))
        ->excludes(id);
  };
  add_selection("", options.selection, " of both inputs");
  add_selection("expected-", options.expected_selection, " of EXPECTED");
  add_selection("actual-", options.actual_selection, " of ACTUAL");
  app.add_option("--expected-from", options.expected_from, "The format of EXPECTED.")->type_name("FORMAT")->group("Input");
  app.add_option("--actual-from", options.actual_from, "The format of ACTUAL.")->type_name("FORMAT")->group("Input");
  add_input_options(tool, options.input);
}

class Comparer {
 public:
  Comparer(Tool& tool, Options& options) : tool_(tool), options_(options) {}

  int run() {
    if (options_.expected == "-" && options_.actual == "-") {
      tool_.messages().error("standard input can be only one of the two");
      return kFailure;
    }
    auto rules = read_noise_rules(options_.noise, tool_.messages().findings());
    if (!rules) return failed(tool_, rules.error());
    options_.compare.values.noise = std::move(*rules);
    options_.compare.limits = options_.input.options.limits;
    options_.compare.findings = findings_of(tool_);
    if (options_.max_diffs) options_.compare.max_differences = *options_.max_diffs;
    if (options_.first) {
      options_.compare.max_differences = 1;
      options_.compare.count_all = false;
    }
    auto expected = read(options_.expected, options_.expected_from, options_.expected_selection);
    if (!expected) return failed(tool_, expected.error());
    auto actual = read(options_.actual, options_.actual_from, options_.actual_selection);
    if (!actual) return failed(tool_, actual.error());
    if (expected->exchanges.size() != actual->exchanges.size()) return refuse(*expected, *actual);
    if (expected->exchanges.empty()) return empty(expected->source, actual->source);

    const auto sink = stream::open_output("-");
    if (!sink) return failed(tool_, sink.error());
    sink_ = sink->get();
    int status = compare_all(*expected, *actual);
    if (const auto finished = sink_->finish(); !finished && status != kFailure) status = write_failed(finished.error(), status);
    return status;
  }

 private:
  stream::Result<Side> read(const std::string& path, const std::optional<std::string>& format, const Selection& selection) {
    har::ExchangeInput input;
    input.format = format ? format : options_.input.format;
    input.input = options_.input.options;
    input.report = tool_.messages().findings();
    return read_side(path, input, selection.any() ? selection : options_.selection);
  }

  int refuse(const Side& expected, const Side& actual) {
    const auto several = [](const Side& side) {
      return fmt::format("{} holds {} {}", side.source, side.exchanges.size(),
                         side.exchanges.size() == 1 ? "exchange" : "exchanges");
    };
    std::string text =
        fmt::format("{}, {} {}: which are to be compared?", several(expected), actual.source, actual.exchanges.size());
    tool_.messages().error(text);
    std::string list;
    for (const Side* side : {&expected, &actual}) list += fmt::format("{}:\n{}", side->source, list_exchanges(*side));
    std::fputs(list.c_str(), stderr);
    tool_.messages().hint("choose with --entry or --id, or for one side with --expected-entry or --actual-entry");
    return kFailure;
  }

  int empty(const std::string& expected, const std::string& actual) {
    if (options_.allow_empty) return kYes;
    tool_.messages().error(stream::Error{stream::ErrorCode::usage,
                                         fmt::format("it holds no exchanges, and neither does {}", actual),
                                         {expected},
                                         "--allow-empty lets the expected stream be empty"});
    return kFailure;
  }

  // Among others an answer without a body, such as a redirect, is what was expected.
  static bool is_ordinary(const stream::Exchange& exchange, const stream::SideSummary& side) {
    return side.kind == stream::StreamKind::http && exchange.status() != 0;
  }

  int compare_all(const Side& expected, const Side& actual) {
    const std::size_t count = expected.exchanges.size();
    std::size_t differing = 0;
    std::size_t unanswered = 0;
    std::size_t done = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const Chosen& e = expected.exchanges[i];
      const Chosen& a = actual.exchanges[i];
      options_.compare.expected_source = e.name;
      options_.compare.actual_source = a.name;
      const auto comparison = compare_exchanges(e.exchange, a.exchange, options_.compare);
      if (!comparison) {
        failed(tool_, comparison.error());
        ++unanswered;
        continue;
      }
      if (comparison->expected.items == 0 && !options_.allow_empty &&
          !(count > 1 && is_ordinary(e.exchange, comparison->expected))) {
        tool_.messages().error(stream::Error{stream::ErrorCode::usage,
                                             "it holds no events, so there is nothing to compare with",
                                             {e.name},
                                             "--allow-empty lets the expected stream be empty"});
        ++unanswered;
        continue;
      }
      ++done;
      if (!comparison->equal()) ++differing;
      if (!report(*comparison, e, a, count > 1 ? i + 1 : 0)) return status_of_write_;
      if (options_.first && differing > 0) break;
    }
    if (unanswered == 0 && !options_.compare.values.noise.empty() && !options_.first) tell_unused();
    if (count > 1 && !options_.json && !tool_.messages().quiet) {
      std::string line = differing == 0
                             ? fmt::format("{} exchanges are equal", done)
                             : fmt::format("{} of {} exchanges {}", differing, done, differing == 1 ? "differs" : "differ");
      if (unanswered != 0) line += fmt::format(", {} {} not compared", unanswered, unanswered == 1 ? "was" : "were");
      if (const auto written = sink_->write(line + '\n'); !written)
        return write_failed(written.error(), differing == 0 ? kYes : kNo);
    }
    return unanswered != 0 ? kFailure : differing != 0 ? kNo : kYes;
  }

  bool report(const stream::Comparison& comparison, const Chosen& expected, const Chosen& actual, std::size_t number) {
    if (tool_.messages().quiet) return true;
    if (number != 0 && comparison.equal() && !options_.json && tool_.messages().verbosity == 0) return true;
    stream::ReportOptions options;
    options.expected_name = expected.name;
    options.actual_name = actual.name;
    options.color = tool_.color_output();
    options.exchange = number;
    std::string text;
    if (options_.json) {
      write_json_report(text, comparison, options);
    } else {
      write_text_report(text, comparison, options);
      if (number != 0) text += '\n';
    }
    if (const auto written = sink_->write(text); !written) {
      status_of_write_ = write_failed(written.error(), comparison.equal() ? kYes : kNo);
      return false;
    }
    return true;
  }

  void tell_unused() {
    const stream::NoiseRules& rules = options_.compare.values.noise;
    for (const std::size_t index : rules.unused()) {
      const stream::NoiseRule& rule = rules[index];
      tool_.messages().finding({stream::Level::warning, "unused-rule",
                                fmt::format("the rule {} names nothing in what was compared", to_string(rule)), rule.place});
    }
  }

  // A reader that has seen enough does not change the answer.
  int write_failed(const stream::Error& error, int answer) { return is_broken_pipe(error) ? answer : failed(tool_, error); }

  Tool& tool_;
  Options& options_;
  stream::ByteSink* sink_ = nullptr;
  int status_of_write_ = kYes;
};

}  // namespace

int streamdiff(int argc, const char* const* argv) {
  Tool tool(info());
  Options options;
  add_options(tool, options);
  tool.app().get_option("--quiet")->description("Print nothing but errors. The exit status is the answer.");
  return tool.run(argc, argv, [&] { return Comparer(tool, options).run(); });
}

}  // namespace tools
