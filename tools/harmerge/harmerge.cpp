#include "harmerge/harmerge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <thread>
#include <variant>

namespace tools::harmerge {
namespace {

using har::EntryChecksum;
using har::MergeResult;
using stream::ErrorCode;
using stream::fail;
using stream::Result;
using stream::Status;

Result<const har::Format*> output_format(const Options& options) {
  const har::Format* format = nullptr;
  if (options.to) {
    format = har::find_format(*options.to);
    if (format == nullptr) {
      return fail({ErrorCode::usage, fmt::format("there is no format \"{}\"", *options.to), {}, "harconv --formats lists them"});
    }
  } else if (options.output.path != "-") {
    format = har::format_of_name(options.output.path);
  }
  if (format == nullptr) format = har::find_format("har");
  if (format->open_writer == nullptr) {
    return fail(
        {ErrorCode::usage, fmt::format("we can't write the format \"{}\"", format->name), {}, "harconv --formats lists them"});
  }
  const bool has_entries = format->name == "har" || format->name == "harl" || format->name == "recording";
  if (options.checksum && !has_entries) {
    return fail({ErrorCode::usage,
                 fmt::format("--checksum is of entries, and the format \"{}\" has none", format->name),
                 {},
                 "write har, harl or recording"});
  }
  return format;
}

/// Whether nobody sees the output before it is finished.
bool appears_when_finished(const std::string& path) {
  if (path == "-") return false;
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  return !std::filesystem::exists(status) || std::filesystem::is_regular_file(status);
}

/// The lines of --checksum.
class Report {
 public:
  explicit Report(bool json) : json_(json) {}

  /// `what` says which line it is where it is not that of a file.
  void line(const EntryChecksum& sum, std::string_view what, std::string_view file) {
    if (json_) {
      stream::Json::Object object{{"checksum", to_string(sum)}, {"entries", sum.entries}, {"of", what}};
      if (!file.empty()) object.push_back({"file", file});
      text_ += to_json(stream::Json(std::move(object))) + '\n';
    } else {
      text_ += fmt::format("{}  {}  {}\n", to_string(sum), sum.entries, file.empty() ? what : file);
    }
  }
  void inputs(const MergeResult& result, const std::vector<har::MergeInput>& inputs) {
    EntryChecksum all;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      line(result.sources[i].checksum, "input", inputs[i].path == "-" ? "<stdin>" : inputs[i].path);
      all += result.sources[i].checksum;
    }
    if (inputs.size() > 1) line(all, "all inputs", "");
  }
  Status print() const {
    STREAM_ASSIGN(const auto sink, stream::open_output("-"));
    STREAM_TRY(sink->write(text_));
    return sink->finish();
  }

 private:
  bool json_;
  std::string text_;
};

std::string entries_text(std::uint64_t count) { return count == 1 ? "1 entry" : fmt::format("{} entries", count); }

}  // namespace

int run(Tool& tool, const Options& options) {
  Messages& messages = tool.messages();
  if (options.inputs.empty())
    return failed(tool, {ErrorCode::usage, "no input", {}, "name a file, or - for standard input; see 'harmerge --help'"});
  if (std::count(options.inputs.begin(), options.inputs.end(), "-") > 1)
    return failed(tool, {ErrorCode::usage, "standard input can be read only once", {}, ""});
  if (options.json && !options.checksum)
    return failed(tool, {ErrorCode::usage, "--json is for what --checksum prints", {}, "add --checksum, or leave it out"});
  auto inputs = inputs_of(options);
  if (!inputs) return failed(tool, inputs.error());
  const auto format = output_format(options);
  if (!format) return failed(tool, format.error());

  auto query = compile_where(options.where.expressions);
  if (!query) return failed(tool, query.error());
  std::optional<har::query::Filter> where;
  if (*query) where.emplace(std::move(**query));

  har::MergeOptions merge;
  if (where) merge.where = &*where;
  merge.inputs = *inputs;
  merge.from = options.input.format;
  merge.input = options.input.options;
  merge.to = *format;
  merge.style = options.style;
  if (options.window) merge.window = *options.window;
  merge.dedupe = options.dedupe;
  merge.checksum = options.checksum;
  if (!options.no_provenance) {
    merge.provenance = fmt::format("harmerge {}", version());
    merge.creator = stream::Json::Object{{"name", "harmerge"}, {"version", version()}};
  }
  merge.threads = options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
  merge.tmp_dir = options.tmp_dir;
  merge.say = [&](const har::Message& message) {
    if (const auto* error = std::get_if<stream::Error>(&message)) {
      messages.error(*error);
    } else {
      messages.finding(std::get<stream::Finding>(message));
    }
  };
  merge.log = [&](std::string_view text) { messages.verbose(text); };

  Report report(options.json);
  if (options.checksum && options.output.path == "-") {
    const auto result = har::checksum_inputs(merge);
    if (!result) return failed(tool, result.error());
    report.inputs(*result, *inputs);
    if (auto status = report.print(); !status) return failed(tool, status.error());
    return result->lost() ? kFailure : kYes;
  }

  har::MergeOutput output;
  output.open = [&] { return stream::open_output(options.output.path, options.output.options); };
  output.restartable = appears_when_finished(options.output.path);
  const auto result = har::merge(merge, output);
  if (!result) return failed(tool, result.error());
  if (!result->finished) return kFailure;
  const std::string name = options.output.path == "-" ? "standard output" : options.output.path;
  if (result->removed != 0) messages.note(fmt::format("{} removed that stood there twice", entries_text(result->removed)));
  messages.verbose(fmt::format("{} written to {}", entries_text(result->written), name));
  if (!options.checksum) return result->lost() ? kFailure : kYes;

  report.inputs(*result, *inputs);
  if (options.dedupe) report.line(result->removed_checksum, "duplicates removed", "");
  report.line(result->output_checksum, "output", options.output.path);
  if (auto status = report.print(); !status) return failed(tool, status.error());
  const bool same = result->accounted_for();
  if (!same && !result->lost()) {
    messages.error(
        stream::Error{ErrorCode::syntax, "the entries that were written are not those that were read", {options.output.path}});
  }
  return result->lost() ? kFailure : same ? kYes : kNo;
}

int main(int argc, const char* const* argv) {
  Tool tool(info());
  Options options;
  declare(tool, options);
  return tool.run(argc, argv, [&] { return run(tool, options); });
}

}  // namespace tools::harmerge
