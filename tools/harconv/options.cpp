#include "harconv/harconv.hpp"

#include <CLI/CLI.hpp>

namespace tools::harconv {

ToolInfo info() {
  ToolInfo info;
  info.name = "harconv";
  info.summary = "turn a recording of HTTP, WebSocket or streaming traffic into another format";
  info.usage = "[options] INPUT…";
  info.description =
      "Reads recordings in any format that --formats lists, and writes them in the format that --to or the output's suffix names "
      "(HAR without either). The input's format is found by its content. Compressed input (gzip, zlib, zstd, brotli by its "
      "suffix .br) is read as it is; \"-\" is standard input or output. Several inputs become one output, one after the "
      "other.\n\n"
      "HAR to HAR copies byte for byte unless --pretty or --compact ask for another layout. HAR to a recording and back gives "
      "the same entries; a recording to HAR and back the same bytes and messages at the same times. Entries are read one by "
      "one: memory is bounded by the largest entry, never by the file.\n\n"
      "What the output's format has no place for is left out, and said: a warning of a rule that begins with lost-. "
      "--strict makes it an error, and --report lists all of it.\n\n"
      "An input that is cut off or broken gives the entries that are whole; what is lost is said, and the exit status is 2.";
  info.examples = {
      {"harconv session.har -o session.harl", "an entry a line, for grep, jq -c, split and sort"},
      {"harconv session.har -o session.rec.ndjson", "a timeline of events, for streamserve and streamdiff"},
      {"harconv --pretty session.har.gz -o session.har", "decompressed and indented"},
      {"harconv --entry 3 --to ndjson session.har | jq .choices", "the payload of one stream"},
      {"harconv --count --status 5xx session.har", "how many entries have a server error"},
  };
  info.exit_status =
      "0 done; 2 an input could not be read or converted completely, the output could not be written, or wrong usage.";
  return info;
}

void declare(Tool& tool, Options& options) {
  CLI::App& app = tool.app();
  app.add_option("INPUT", options.inputs, "Files to convert; \"-\" is standard input.");
  app.add_option("--to", options.to, "Format of the output. Without it the output's suffix decides, else it is har.")
      ->type_name("FORMAT");
  app.add_flag("--formats", options.formats, "List the formats and end.");
  auto* pretty = app.add_flag_callback(
      "--pretty", [&options] { options.style = har::WriteOptions::Style::pretty; }, "Lay JSON out with two spaces a level.");
  app.add_flag_callback(
         "--compact", [&options] { options.style = har::WriteOptions::Style::compact; }, "Write JSON without white space.")
      ->excludes(pretty);
  app.add_option("--entry", options.entries,
                 "Only the entry of this number. Counted from 0, as in /log/entries/0; may be repeated.")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--status", options.status, "Only entries with this response status: 404, or 5xx for all that begin with 5.")
      ->type_name("STATUS")
      ->check(CLI::Validator(
          [](std::string& text) -> std::string {
            const bool good = text.size() == 3 && text.find_first_not_of("0123456789x") == std::string::npos;
            return good || text == "0" || text == "-1" ? ""
                                                       : "expected three digits, or x for any, as in 404 or 5xx; found " + text;
          },
          ""));
  add_where_option(tool, options.where);
  app.add_flag("--count", options.count, "Print the number of entries instead of converting them.");
  app.add_flag("--strict", options.strict,
               "Fail where something would be lost. Without it what the output's format has no place for is left out with a "
               "warning; with it nothing is written to a file, and the exit status is 2.");
  app.add_option(
         "--report", options.report,
         "Write what was noticed or lost to FILE. A JSON object a line: rule, level, message, and where it is in the input; "
         "all of them, where messages show a few of each rule.")
      ->type_name("FILE");
  app.add_flag("--no-provenance", options.no_provenance, "Do not name harconv as the creator where the input names none.");
  add_thread_option(tool, options.threads);
  add_input_options(tool, options.input);
  add_output_options(tool, options.output, InPlace::yes);
}

}  // namespace tools::harconv
