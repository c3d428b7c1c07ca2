#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "common/where_option.hpp"
#include "hargrep/hargrep.hpp"
#include "stream/text/ascii.hpp"
#include "stream/text/units.hpp"

namespace tools::hargrep {

using stream::ErrorCode;
using stream::fail;

ToolInfo info() {
  ToolInfo info;
  info.name = "hargrep";
  info.summary = "find the entries or messages of a recording that an expression is true of";
  info.usage = "[options] [EXPR] INPUT…";
  info.verbose = "--verbose";
  info.description =
      "Prints the entries of which EXPR is true, as a recording of the format that --to or the output's suffix names (HAR "
      "without "
      "either); or counts them, or names the inputs that have some. docs/expressions.md has the language: fields of request, "
      "response, "
      "headers, cookies, query, timings, sizes, bodies, WebSocket messages and server-sent events.\n\n"
      "EXPR is the first argument, unless an option says what is looked for: then all arguments are inputs, and an expression "
      "stands "
      "behind -e. Several options must all hold, of several values of one option any.\n\n"
      "Entries are copied byte for byte, in their order. Recordings of any format that is read are taken, compressed ones too; "
      "\"-\" is "
      "standard input or output. Several inputs become one output. Memory is bounded by the largest few entries, never by the "
      "file.\n\n"
      "-v is that of grep here: it inverts. --verbose tells more.";
  info.examples = {
      {"hargrep 'status >= 500 && host =~ \"api\"' session.har -o failed.har", "failed requests to the API"},
      {"hargrep --url '*api*' --status 5xx -c *.har", "how many, in each file"},
      {"hargrep 'body:/error/code == 42' session.har --to harl | jq .request.url", "by what a JSON body says"},
      {"hargrep --messages 'm.dir == \"send\" && m.data:/type == \"subscribe\"' session.har",
       "single WebSocket messages, as NDJSON"},
      {"hargrep --range 100..199 session.har -o part.har", "entries 100 to 199"},
      {"hargrep --since +10s --until +20s session.har -o part.har", "ten seconds of it"},
      {"hargrep --fit 20MB session.har -o upload.har", "small enough for an upload: the largest bodies go first"},
      {"hargrep -v --type image,font --drop-bodies session.har -o small.har", "no images, no fonts, no bodies"},
  };
  info.exit_status =
      "0 something was found; 1 nothing was found; 2 an input could not be read completely, the output could not be written, or "
      "wrong usage.";
  return info;
}

namespace {

using stream::ascii::lower_case;

std::optional<std::size_t> number(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && !text.empty() ? std::optional(value) : std::nullopt;
}

void add_range(Options& options, const std::string& text) {
  const std::size_t dots = text.find("..");
  const std::string_view low = std::string_view(text).substr(0, dots);
  const std::string_view high = dots == std::string::npos ? low : std::string_view(text).substr(dots + 2);
  const auto from = low.empty() && dots != std::string::npos ? std::optional<std::size_t>(0) : number(low);
  const auto to = high.empty() && dots != std::string::npos ? std::optional<std::size_t>(SIZE_MAX) : number(high);
  if (!from || !to || *from > *to)
    throw CLI::ValidationError("--range", fmt::format("expected numbers from 0 on as in 10..19, 10.. or ..19, found '{}'", text));
  options.ranges.emplace_back(*from, *to);
}

Moment moment_of(const std::string& name, const std::string& text) {
  Moment out;
  if (text.starts_with('+')) {
    out.after_first = stream::parse_duration(std::string_view(text).substr(1));
    if (out.after_first) return out;
  } else if (const auto time = har::query::parse_moment(text)) {
    out.time = *time;
    return out;
  }
  throw CLI::ValidationError(
      name,
      fmt::format("expected a time such as 2026-11-28T09:15:30Z, or one after the first entry such as +10s, found '{}'", text));
}

Sample sample_of(const std::string& text) {
  Sample out;
  if (const auto count = number(text)) {
    out.count = *count;
    return out;
  }
  if (text.ends_with('%')) {
    double part = 0;
    const char* const end = text.data() + text.size() - 1;
    const auto [stop, error] = std::from_chars(text.data(), end, part);
    if (error == std::errc{} && stop == end && part >= 0 && part <= 100) {
      out.part = part / 100;
      return out;
    }
  }
  throw CLI::ValidationError("--sample", fmt::format("expected a number of entries, or a part such as 5%, found '{}'", text));
}

har::BodyParts parts_of(const std::string& text) {
  har::BodyParts out{false, false, false};
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view one = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
    if (one == "response" || one == "all") out.response = true;
    if (one == "request" || one == "all") out.request = true;
    if (one == "messages" || one == "all") out.messages = true;
    if (one != "response" && one != "request" && one != "messages" && one != "all")
      throw CLI::ValidationError(
          fmt::format("expected response, request, messages or all, found '{}'", one));  // the option\'s name is put before it
  }
  return out;
}

CLI::Option* add_list(CLI::App& app, const std::string& name, std::vector<std::string>& values, const std::string& type,
                      const std::string& description) {
  return app.add_option(name, values, description)->type_name(type);
}

void declare_selection(CLI::App& app, Options& options) {
  add_list(app, "-e,--where", options.expressions, "EXPR", "Entries of which EXPR is true. May be repeated: then all must be.");
  add_list(app, "--url", options.urls, "GLOB", "Entries whose URL fits. * stands for any characters, ? for one.");
  add_list(app, "--status", options.statuses, "STATUS",
           "Entries with this status. 404, 5xx for all that begin with 5, or several: 4xx,5xx.");
  add_list(app, "--method", options.methods, "METHOD", "Entries with this method. In any case; several: PUT,POST.");
  add_list(app, "--type", options.types, "TYPE",
           "Entries of this type. document, stylesheet, script, image, font, media, xhr, fetch, eventsource, websocket …; "
           "several: image,font.");
  add_list(app, "--host", options.hosts, "GLOB", "Entries whose host fits, in any case: *.example.com.");
  add_list(app, "--mime", options.mimes, "GLOB", "Entries whose response has such a media type: image/*.");
  add_list(app, "--header", options.headers, "'NAME: GLOB'",
           "Entries with such a header. Of request or response; NAME alone: with any value.");
  add_list(app, "--body", options.bodies, "REGEX", "Entries in whose body REGEX (RE2) is found. Of response or request.");
  app.add_option(
         "--messages", options.messages,
         "Print single messages of which EXPR is true. Of WebSockets and event streams, an object a line; 'true' prints all.")
      ->type_name("EXPR");
  app.add_flag("-v,--invert-match", options.invert, "Select what does not match. What all options above say together.");
  app.add_option_function<std::vector<std::size_t>>(
         "--entry",
         [&options](const std::vector<std::size_t>& numbers) {
           for (const std::size_t number : numbers) options.ranges.emplace_back(number, number);
         },
         "Only the entry of this number. Counted from 0, as in /log/entries/0; may be repeated.")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber);
  app.add_option_function<std::vector<std::string>>(
         "--range",
         [&options](const std::vector<std::string>& texts) {
           for (const std::string& text : texts) add_range(options, text);
         },
         "Only entries of these numbers. From 0 on, both ends included: 10..19, 10.. or ..19; may be repeated.")
      ->type_name("A..B");
  app.add_option_function<std::string>(
         "--since", [&options](const std::string& text) { options.since = moment_of("--since", text); },
         "Only entries that began then or later. 2026-11-28T09:15:30Z, or +10s: so long after the input's first entry.")
      ->type_name("TIME");
  app.add_option_function<std::string>(
         "--until", [&options](const std::string& text) { options.until = moment_of("--until", text); },
         "Only entries that began before that. As --since.")
      ->type_name("TIME");
}

}  // namespace

void declare(Tool& tool, Options& options) {
  CLI::App& app = tool.app();
  app.add_option("INPUT", options.arguments, "Files to look into; \"-\" is standard input.");
  declare_selection(app, options);
  auto* count = app.add_flag("-c,--count", options.count, "Print only how many were found, of each input.");
  auto* list =
      app.add_flag("-l,--files-with-matches", options.list, "Print only the names of inputs in which something was found.")
          ->excludes(count);
  app.add_flag("-L,--files-without-match", options.list_none, "Print only the names of inputs in which nothing was found.")
      ->excludes(count)
      ->excludes(list);
  app.add_option("-m,--max-count", options.most, "Stop after N of each input.")->type_name("N");
  app.add_option_function<std::string>(
         "--sample", [&options](const std::string& text) { options.sample = sample_of(text); },
         "Only some of what was found. N of all, or about P% of each input; by chance, but the same every time.")
      ->type_name("N|P%");
  app.add_option("--seed", options.seed, "Another choice for --sample.")->type_name("N")->capture_default_str();
  app.add_flag("--drop-bodies", options.dropped,
               "Leave bodies out. --drop-bodies=PART: only response, request or messages; sizes and times stay.")
      ->each([&options](const std::string& text) { options.drop = parts_of(text == "true" ? "all" : text); });
  add_size(app, "--fit", options.fit,
           "Write no more than SIZE. The largest bodies are left out first, then the largest entries; what goes is said.")
      ->default_str("");
  app.add_option("--to", options.to, "Format of the output. Without it the output's suffix decides, else it is har.")
      ->type_name("FORMAT");
  auto* pretty = app.add_flag_callback(
      "--pretty", [&options] { options.style = har::WriteOptions::Style::pretty; }, "Lay JSON out with two spaces a level.");
  app.add_flag_callback(
         "--compact", [&options] { options.style = har::WriteOptions::Style::compact; }, "Write JSON without white space.")
      ->excludes(pretty);
  app.add_flag("--no-provenance", options.no_provenance, "Do not name hargrep as the creator where the input names none.");
  add_thread_option(tool, options.threads);
  add_input_options(tool, options.input);
  add_output_options(tool, options.output, InPlace::no);
}

bool Options::selects() const {
  return !(expressions.empty() && urls.empty() && statuses.empty() && methods.empty() && types.empty() && hosts.empty() &&
           mimes.empty() && headers.empty() && bodies.empty() && ranges.empty()) ||
         messages || since || until;
}

namespace {

/// Calls `add` with each part of values that are separated by commas.
template <class Add>
void each_part(const std::vector<std::string>& values, const Add& add) {
  for (std::string_view rest : values) {
    do {
      const std::string_view one = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(one.size() + 1, rest.size()));
      add(one);
    } while (!rest.empty());
  }
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c & ~0x20);
  }
  return out;
}

/// "a || b".
void add_any(std::vector<std::string>& out, const std::vector<std::string>& parts) {
  if (!parts.empty()) out.push_back(fmt::format("{}", fmt::join(parts, " || ")));
}

std::string header_expression(std::string_view text) {
  const std::size_t colon = text.find(':', 1);
  const std::string name = as_literal(text.substr(0, colon));
  if (colon == std::string_view::npos) return fmt::format("has(req.header[{0}]) || has(resp.header[{0}])", name);
  text.remove_prefix(colon + 1);
  while (text.starts_with(' ')) text.remove_prefix(1);
  return fmt::format("req.header[{0}] like {1} || resp.header[{0}] like {1}", name, as_literal(text));
}

stream::Status add_plain(const Options& options, std::vector<std::string>& out) {
  std::vector<std::string> any;
  for (const std::string& url : options.urls) any.push_back(fmt::format("url like {}", as_literal(url)));
  add_any(out, any);
  std::vector<std::string> list;
  std::string wrong;
  each_part(options.statuses, [&](std::string_view status) {
    const auto range = status_range(status);
    if (range) list.push_back(*range);
    if (!range) wrong = status;
  });
  if (!options.statuses.empty() && (list.empty() || !wrong.empty()))
    return fail(
        {ErrorCode::usage, fmt::format("--status: expected three digits, or x for any, as in 404 or 5xx; found '{}'", wrong)});
  if (!list.empty()) out.push_back(fmt::format("status in [{}]", fmt::join(list, ", ")));
  const auto add_list = [&](const std::vector<std::string>& values, std::string_view field, auto&& spelled) {
    list.clear();
    each_part(values, [&](std::string_view value) { list.push_back(as_literal(spelled(value))); });
    if (!list.empty()) out.push_back(fmt::format("{} in [{}]", field, fmt::join(list, ", ")));
  };
  add_list(options.methods, "upper(method)", upper);
  add_list(options.types, "type", lower_case);
  const auto add_globs = [&](const std::vector<std::string>& values, std::string_view field) {
    any.clear();
    for (const std::string& value : values) any.push_back(fmt::format("{} like {}", field, as_literal(lower_case(value))));
    add_any(out, any);
  };
  add_globs(options.hosts, "host");
  add_globs(options.mimes, "mime");
  any.clear();
  for (const std::string& header : options.headers) any.push_back(header_expression(header));
  add_any(out, any);
  any.clear();
  for (const std::string& body : options.bodies) any.push_back(fmt::format("body =~ {0} || req.body =~ {0}", as_literal(body)));
  add_any(out, any);
  return {};
}

}  // namespace

stream::Result<Request> request_of(const Options& options) {
  Request out{options.expressions, options.arguments};
  std::error_code error;
  const bool edits = options.sample || options.drop || options.fit != 0;
  const auto is_input = [&](const std::string& text) { return text == "-" || std::filesystem::exists(text, error); };
  if (!options.selects() && !(edits && !out.inputs.empty() && is_input(out.inputs.front()))) {
    if (out.inputs.empty()) return fail({ErrorCode::usage, "no expression", {}, "see 'hargrep --help'"});
    out.expressions.push_back(std::move(out.inputs.front()));
    out.inputs.erase(out.inputs.begin());
    if (out.inputs.empty() && is_input(out.expressions.back()))
      return fail({ErrorCode::usage,
                   fmt::format("'{}' stands where the expression is expected", out.expressions.back()),
                   {},
                   "hargrep EXPR INPUT…, for example: hargrep 'status >= 500' session.har"});
  }
  if (out.inputs.empty())
    return fail({ErrorCode::usage, "no input", {}, "name a file, or - for standard input; see 'hargrep --help'"});
  if (std::count(out.inputs.begin(), out.inputs.end(), "-") > 1)
    return fail({ErrorCode::usage, "standard input can be read only once", {}, ""});
  STREAM_TRY(add_plain(options, out.expressions));
  const bool entries = !options.count && !options.list && !options.list_none && !options.messages;
  if (options.messages && (options.drop || options.fit != 0 || options.sample || options.to))
    return fail({ErrorCode::usage,
                 "--messages prints messages as NDJSON: --drop-bodies, --fit, --sample and --to are for entries",
                 {},
                 ""});
  if (!entries && (options.drop || options.fit != 0 || options.to))
    return fail({ErrorCode::usage, "-c, -l and -L print no entries: --drop-bodies, --fit and --to are for what does", {}, ""});
  if (options.sample && (options.count || options.list || options.list_none))
    return fail({ErrorCode::usage, "--sample is for entries that are printed: -c, -l and -L look at all", {}, ""});
  if (options.messages && options.invert && out.expressions.empty())
    return fail({ErrorCode::usage,
                 "-v inverts what is said about entries, and nothing is",
                 {},
                 "negate the expression of --messages with !(…)"});
  return out;
}

}  // namespace tools::hargrep
