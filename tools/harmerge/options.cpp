#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <charconv>

#include "harmerge/harmerge.hpp"
#include "stream/text/units.hpp"

namespace tools::harmerge {

using stream::ErrorCode;
using stream::fail;

ToolInfo info() {
  ToolInfo info;
  info.name = "harmerge";
  info.summary = "make one recording of several, in the order of time";
  info.usage = "[options] INPUT…";
  info.description =
      "Merges the entries of all inputs by the time at which they began. Entries of the same time stand in the order of the "
      "inputs, "
      "then in that of the file. An entry is copied byte for byte, unless its page must get another id or its times are "
      "shifted.\n\n"
      "Inputs may be of any format that is read, and of different ones: HAR, HAR lines, recordings. Exchanges of recordings are "
      "put on "
      "one clock by the start of each. Compressed input is read as it is; \"-\" is standard input or output. The format of the "
      "output is "
      "that of --to or of the output's suffix, and HAR without either.\n\n"
      "Inputs that are sorted, or nearly (--window), are merged as they are read. Others are sorted in a temporary file. Memory "
      "is bounded "
      "at any size.\n\n"
      "Pages keep their ids, but for a second page of the same id, which gets the number of its input: page_1-2. Entries refer "
      "to the page "
      "of their own input. Other members of the log are those of the first input that has them; the comment lists the sources. "
      "docs/harmerge.md has all rules.\n\n"
      "--checksum proves that nothing was lost or doubled: it prints a sum over the entries of each input, which does not depend "
      "on their "
      "order, and that of the output, which is read again for it. Without -o it merges nothing.\n\n"
      "An input that is cut off or broken gives the entries that are whole; what is lost is said, and the exit status is 2.";
  info.examples = {
      {"harmerge monday.har tuesday.har -o week.har", "one file, in the order of time"},
      {"harmerge --dedupe first.har overlapping.har -o all.har", "two recordings that overlap"},
      {"harmerge browser.har proxy.har --shift proxy.har=-350ms -o both.har", "the second computer's clock was 350 ms ahead"},
      {"harmerge --checksum a.har b.har -o ab.har", "with the proof that all entries are there"},
      {"harmerge --checksum session.har session.rec.ndjson", "whether two files hold the same entries"},
      {"cat part-*.harl | harmerge --from harl - --to harl | head", "HAR lines, sorted"},
  };
  info.exit_status =
      "0 done; 1 the checksum of the output is not that of the inputs; 2 an input could not be read completely, the output could "
      "not be "
      "written, or wrong usage.";
  return info;
}

void declare(Tool& tool, Options& options) {
  CLI::App& app = tool.app();
  app.add_option("INPUT", options.inputs, "Files to merge; \"-\" is standard input.");
  app.add_option("--to", options.to, "Format of the output. Without it the output's suffix decides, else it is har.")
      ->type_name("FORMAT");
  auto* pretty = app.add_flag_callback(
      "--pretty", [&options] { options.style = har::WriteOptions::Style::pretty; }, "Lay JSON out with two spaces a level.");
  app.add_flag_callback(
         "--compact", [&options] { options.style = har::WriteOptions::Style::compact; }, "Write JSON without white space.")
      ->excludes(pretty);
  app.add_flag("--dedupe", options.dedupe,
               "Leave duplicates out. Of entries that are equal but for pageref and white space the first stays.");
  app.add_option("--shift", options.shifts,
                 "Move an input's times. FILE is an input as it is named, or its number from 1 on: 2=-350ms. May be repeated.")
      ->type_name("FILE=+TIME");
  add_duration(app, "--window", options.window,
               "How late an entry may come in a sorted input. What comes later costs a sort, but changes nothing; 10s.")
      ->type_name("TIME");
  app.add_option("--tmp-dir", options.tmp_dir, "Where to sort what is not sorted. Without it $TMPDIR, or else /tmp.")
      ->type_name("FOLDER");
  app.add_flag(
      "--checksum", options.checksum,
      "Print checksums of the entries. Of each input and, with -o, of the output, which is read again; exit 1 if they differ.");
  app.add_flag("--json", options.json, "Print checksums as JSON, an object a line.");
  app.add_flag("--no-provenance", options.no_provenance, "Do not list the sources in the comment, nor name harmerge as creator.");
  add_thread_option(tool, options.threads);
  add_input_options(tool, options.input);
  add_output_options(tool, options.output, InPlace::no);
}

namespace {

/// "+3s", "-200ms".
std::optional<stream::Nanos> parse_shift(std::string_view text) {
  const bool minus = text.starts_with('-');
  if (minus || text.starts_with('+')) text.remove_prefix(1);
  const auto time = stream::parse_duration(text);
  if (!time || time->count() < 0) return std::nullopt;
  return minus ? -*time : *time;
}

}  // namespace

stream::Result<std::vector<har::MergeInput>> inputs_of(const Options& options) {
  std::vector<har::MergeInput> inputs;
  for (const std::string& path : options.inputs) inputs.push_back({path, {}});
  for (const std::string& text : options.shifts) {
    const std::size_t equals = text.rfind('=');
    const auto shift = equals == std::string::npos ? std::nullopt : parse_shift(std::string_view(text).substr(equals + 1));
    if (!shift) {
      return fail({ErrorCode::usage, fmt::format("--shift: expected FILE=+3s or FILE=-200ms, found '{}'", text), {}});
    }
    const std::string name = text.substr(0, equals);
    bool found = false;
    for (har::MergeInput& input : inputs) {
      if (input.path != name) continue;
      input.shift = *shift;
      found = true;
    }
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (!found && error == std::errc() && end == name.data() + name.size() && number >= 1 && number <= inputs.size()) {
      inputs[number - 1].shift = *shift;
      found = true;
    }
    if (!found) {
      return fail({ErrorCode::usage,
                   fmt::format("--shift: there is no input '{}'", name),
                   {},
                   "name it as on the command line, or by its number from 1 on"});
    }
  }
  return inputs;
}

}  // namespace tools::harmerge
