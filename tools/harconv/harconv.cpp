#include "harconv/harconv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <thread>
#include <utility>
#include <variant>

#include "har/entry_work.hpp"
#include "har/query/filter.hpp"
#include "harconv/findings.hpp"
#include "stream/text/json_find.hpp"

namespace tools::harconv {
namespace {

using har::EntryBatch;
using har::EntryReader;
using har::EntrySlice;
using har::Input;
using har::Item;
using har::WriteOptions;
using stream::ErrorCode;
using stream::fail;
using stream::Result;
using stream::Status;

/// Whether an entry is one of those asked for.
class Selection {
 public:
  Selection(const Options& options, const har::query::Filter* where)
      : entries_(options.entries), status_(options.status), where_(where) {
    std::sort(entries_.begin(), entries_.end());
  }

  bool all() const { return entries_.empty() && status_.empty() && where_ == nullptr; }
  /// Nothing behind this entry can be meant.
  bool past(std::size_t index) const { return !entries_.empty() && index > entries_.back(); }

  bool wants(const Item& item, std::string_view input, const har::LogInfo& info, const har::SideFiles* files) const {
    if (!wants_index(item.index) || (!status_.empty() && !wants_status(status_of(item)))) return false;
    const stream::Exchange* const exchange = item.exchange ? &*item.exchange : nullptr;
    return where_ == nullptr || where_->wants({item.text, exchange, item.index, input, &info, files});
  }

 private:
  static std::string status_of(const Item& item) {
    if (item.exchange) return std::to_string(item.exchange->status());
    return std::string(stream::find_raw_value(item.text, {"response", "status"}).value_or(""));
  }
  bool wants_index(std::size_t index) const {
    return entries_.empty() || std::binary_search(entries_.begin(), entries_.end(), index);
  }
  bool wants_status(std::string_view status) const {
    return std::equal(status.begin(), status.end(), status_.begin(), status_.end(),
                      [](char is, char wanted) { return wanted == 'x' || is == wanted; });
  }

  std::vector<std::size_t> entries_;
  std::string status_;
  const har::query::Filter* where_;
};

/// One run of the tool: inputs into one output, or a count.
class Conversion {
 public:
  Conversion(Tool& tool, const Options& options, const har::query::Filter* where, Findings& findings)
      : tool_(tool), options_(options), selection_(options, where), findings_(findings) {
    read_.limits = options.input.options.limits;
    read_.report = [this](const stream::Finding& finding) { findings_.add(finding); };
    threads_ = options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
  }

  int count();
  int convert(const std::vector<std::string>& inputs, const std::string& output);
  std::size_t written() const { return written_; }

 private:
  /// What became of one batch.
  struct Rendered {
    std::string text;
    std::vector<har::Message> messages;
    std::size_t items = 0;
    std::size_t seen = 0;  ///< entries up to the last of the batch

    /// Keeps the memory, unless a large entry took it.
    void clear() {
      constexpr std::size_t kUsual = std::size_t{4} << 20;
      if (text.capacity() > kUsual) text = {};
      text.clear();
      messages.clear();
      items = 0;
      seen = 0;
    }
  };

  void lost(const stream::Error& error) {
    findings_.add(error);
    status_ = kFailure;
  }
  void say(const har::Message& message) {
    if (const auto* error = std::get_if<stream::Error>(&message)) {
      lost(*error);
    } else {
      findings_.add(std::get<stream::Finding>(message));
    }
  }
  std::optional<std::string_view> from() const {
    return options_.input.format ? std::optional<std::string_view>(*options_.input.format) : std::nullopt;
  }

  Status copy(Input& input, stream::ByteSink& sink);
  Status convert_input(Input& input, har::ItemWriter& writer);
  Status convert_har(Input& input, har::ItemWriter& writer);
  /// Begins the output with the first item of all inputs.
  Status begin(har::ItemWriter& writer, const Item& item, const har::LogInfo& info) {
    return std::exchange(begun_, true) ? Status() : writer.begin(item, info);
  }
  void render(const Input& input, const Item& item, const har::RenderContext& context, const har::ItemWriter& writer,
              Rendered& out) const;
  Status take(har::ItemWriter& writer, Rendered& out);
  std::size_t count_har(Input& input);
  Result<const har::Format*> output_format(const std::string& output, const Input& first) const;
  Status check_entries() const;

  Tool& tool_;
  const Options& options_;
  Selection selection_;
  Findings& findings_;
  har::ReadOptions read_;
  unsigned threads_ = 1;
  bool begun_ = false;
  std::size_t written_ = 0;
  std::size_t seen_ = 0;
  int status_ = kYes;
};

/// HAR to HAR as it is: the bytes of the file, written while the next are read and looked at.
Status Conversion::copy(Input& input, stream::ByteSink& sink) {
  struct Nothing {};
  std::unique_ptr<EntryReader> reader;
  bool begun = false;
  bool whole = true;
  STREAM_TRY(har::each_batch<Nothing>(
      [&](stream::FindingSink report) -> EntryReader& {
        // With smaller ones the threads would mostly wake each other.
        constexpr std::size_t kBatch = std::size_t{2} << 20;
        reader = std::make_unique<EntryReader>(*input.source, har::EntryReaderOptions{read_.limits, std::move(report), kBatch});
        return *reader;
      },
      [](const EntryBatch&) -> Status { return {}; }, 1, [](const EntryBatch&, Nothing&) {},
      [&](const EntryBatch& batch, Nothing&) -> Status {
        std::string_view text = batch.text();
        if (!std::exchange(begun, true)) {
          STREAM_TRY(sink.write(reader->head()));
          // If the first entries were left out, so is the comma behind them.
          if (const std::size_t comma = batch.entries().front().lead.find(','); !whole && comma != std::string_view::npos) {
            STREAM_TRY(sink.write(text.substr(0, comma)));
            text.remove_prefix(comma + 1);
          }
        }
        written_ += batch.entries().size();
        return sink.write(text);
      },
      [&](const har::Message& message) {
        whole = whole && !std::holds_alternative<stream::Error>(message);
        say(message);
      }));
  if (!begun && !reader->tail().empty()) STREAM_TRY(sink.write(reader->head()));
  return sink.write(reader->tail());
}

/// Renders one item if it is wanted.
void Conversion::render(const Input& input, const Item& item, const har::RenderContext& context, const har::ItemWriter& writer,
                        Rendered& out) const {
  out.seen = item.index + 1;
  if (!selection_.wants(item, input.path, context.info, context.files)) return;
  if (auto status = writer.render(item, context, out.text); !status) {
    out.messages.emplace_back(std::move(status).error());
  } else {
    ++out.items;
  }
}

Status Conversion::take(har::ItemWriter& writer, Rendered& out) {
  for (const har::Message& message : out.messages) say(message);
  written_ += out.items;
  seen_ = std::max(seen_, out.seen);
  return writer.write(out.text);
}

/// A HAR: its entries are rendered by several threads.
Status Conversion::convert_har(Input& input, har::ItemWriter& writer) {
  std::unique_ptr<EntryReader> reader;
  // The log as it was known with the first entry: it must not change under the threads.
  har::LogInfo info;
  bool first = true;
  STREAM_TRY(har::each_batch<Rendered>(
      [&](stream::FindingSink report) -> EntryReader& {
        reader = std::make_unique<EntryReader>(*input.source, har::EntryReaderOptions{read_.limits, std::move(report)});
        return *reader;
      },
      [&](const EntryBatch& batch) -> Status {
        if (!std::exchange(first, false)) return {};
        info = reader->info();
        Item item;
        item.text = batch.entries().front().text;
        item.batch = &batch;
        item.slice = &batch.entries().front();
        return begin(writer, item, info);
      },
      threads_,
      [&](const EntryBatch& batch, Rendered& out) {
        out.clear();
        const har::RenderContext context{info, input.files.get(),
                                         [&](const stream::Finding& finding) { out.messages.emplace_back(finding); }};
        for (std::size_t i = 0; i < batch.entries().size(); ++i) {
          Item item;
          item.text = batch.entries()[i].text;
          item.index = batch.entries()[i].index;
          item.batch = &batch;
          item.slice = &batch.entries()[i];
          render(input, item, context, writer, out);
        }
      },
      [&](const EntryBatch&, Rendered& out) { return take(writer, out); }, [&](const har::Message& message) { say(message); }));
  return writer.end_input(reader->info());
}

Status Conversion::convert_input(Input& input, har::ItemWriter& writer) {
  if (input.format->name == "har") return convert_har(input, writer);
  input.reader = input.format->open_reader(*input.source, read_);
  for (;;) {
    auto item = input.reader->next();
    if (!item) {
      lost(item.error());
      if (input.reader->can_continue()) continue;
      break;
    }
    if (!*item || selection_.past((*item)->index)) break;
    STREAM_TRY(begin(writer, **item, input.reader->info()));
    Rendered out;
    render(input, **item, {input.reader->info(), input.files.get(), read_.report}, writer, out);
    STREAM_TRY(take(writer, out));
  }
  return writer.end_input(input.reader->info());
}

Result<const har::Format*> Conversion::output_format(const std::string& output, const Input& first) const {
  const har::Format* format = nullptr;
  if (options_.to) {
    format = har::find_format(*options_.to);
    if (format == nullptr)
      return fail({ErrorCode::usage, fmt::format("there is no format \"{}\"", *options_.to), {}, "--formats lists them"});
  } else if (output != "-") {
    format = options_.output.in_place ? first.format : har::format_of_name(output);
  }
  if (format == nullptr) format = har::find_format("har");
  if (format->open_writer == nullptr) {
    return fail({ErrorCode::usage, fmt::format("we can't write the format \"{}\"", format->name), {}, "--formats lists them"});
  }
  return format;
}

Status Conversion::check_entries() const {
  for (const std::size_t entry : options_.entries) {
    if (entry < seen_ || status_ != kYes) continue;
    return fail({ErrorCode::usage,
                 seen_ == 0 ? "there are no entries" : fmt::format("there is no entry {}: the last is {}", entry, seen_ - 1),
                 {},
                 "entries are counted from 0"});
  }
  return {};
}

int Conversion::convert(const std::vector<std::string>& inputs, const std::string& output) {
  std::unique_ptr<stream::ByteSink> sink;
  std::unique_ptr<har::ItemWriter> writer;  // none: the output is the input
  for (const std::string& path : inputs) {
    auto input = har::open_source(path, from(), options_.input.options);
    if (!input) return failed(tool_, input.error());
    if (sink == nullptr) {
      const auto format = output_format(output, *input);
      if (!format) return failed(tool_, format.error());
      auto opened = stream::open_output(output, options_.output.options);
      if (!opened) return failed(tool_, opened.error());
      sink = std::move(*opened);
      const bool har_to_har = (*format)->name == "har" && input->format->name == "har";
      if (har_to_har && inputs.size() == 1 && options_.style == WriteOptions::Style::as_it_is && selection_.all()) {
        if (auto status = copy(*input, *sink); !status) return failed(tool_, status.error());
        break;
      }
      WriteOptions write;
      write.style = options_.style;
      write.several_inputs = inputs.size() > 1;
      if (!options_.no_provenance) write.creator = stream::Json::Object{{"name", "harconv"}, {"version", version()}};
      write.report = read_.report;
      write.limits = read_.limits;
      writer = (*format)->open_writer(*sink, write);
    }
    if (auto status = convert_input(*input, *writer); !status) return failed(tool_, status.error());
  }
  if (auto status = check_entries(); !status) return failed(tool_, status.error());
  // Of an input that gave nothing there is nothing to write: no file appears, and none is replaced.
  if (written_ == 0 && status_ != kYes) return status_;
  if (writer) {
    if (auto status = writer->finish(); !status) return failed(tool_, status.error());
  }
  if (findings_.refused()) {
    return failed(tool_,
                  {ErrorCode::unsupported,
                   output == "-" ? "something was lost" : fmt::format("something would be lost: {} is not written", output),
                   {},
                   "leave out --strict, or choose a format that holds it; --report lists what it is"});
  }
  if (auto status = sink->finish(); !status) return failed(tool_, status.error());
  tool_.messages().verbose(fmt::format("{} entries written to {}", written_, output == "-" ? "standard output" : output));
  return status_;
}

std::size_t Conversion::count_har(Input& input) {
  EntryReader reader(*input.source, {read_.limits, read_.report});
  EntryBatch batch;
  std::size_t count = 0;
  for (;;) {
    auto more = reader.next(batch);
    if (!more) {
      lost(more.error());
      if (reader.can_continue()) continue;
      return count;
    }
    if (!*more) return count;
    for (const EntrySlice& entry : batch.entries()) {
      Item item;
      item.text = entry.text;
      item.index = entry.index;
      count += selection_.wants(item, input.path, reader.info(), input.files.get()) ? 1U : 0U;
    }
  }
}

int Conversion::count() {
  std::string lines;
  for (const std::string& path : options_.inputs) {
    auto input = har::open_source(path, from(), options_.input.options);
    if (!input) return failed(tool_, input.error());
    std::size_t count = 0;
    if (input->format->name == "har") {
      count = count_har(*input);
    } else {
      input->reader = input->format->open_reader(*input->source, read_);
      for (;;) {
        auto item = input->reader->next();
        if (!item) {
          lost(item.error());
          if (input->reader->can_continue()) continue;
          break;
        }
        if (!*item) break;
        if (selection_.wants(**item, path, input->reader->info(), input->files.get())) ++count;
      }
    }
    lines += options_.inputs.size() > 1 ? fmt::format("{}: {}\n", path, count) : fmt::format("{}\n", count);
  }
  auto sink = stream::open_output(options_.output.path, options_.output.options);
  if (!sink) return failed(tool_, sink.error());
  if (auto status = (*sink)->write(lines); !status) return failed(tool_, status.error());
  if (auto status = (*sink)->finish(); !status) return failed(tool_, status.error());
  return status_;
}

int list_formats(Tool& tool) {
  std::string text = fmt::format("{:<12} {:<5} {:<6} {:<22} {}\n", "FORMAT", "READ", "WRITE", "SUFFIXES", "");
  for (const har::Format& format : har::formats()) {
    text += fmt::format("{:<12} {:<5} {:<6} {:<22} {}\n", format.name, format.open_reader != nullptr ? "yes" : "no",
                        format.open_writer != nullptr ? "yes" : "no", format.suffixes, format.description);
  }
  auto sink = stream::open_output("-");
  if (!sink) return failed(tool, sink.error());
  if (auto status = (*sink)->write(text); !status) return failed(tool, status.error());
  if (auto status = (*sink)->finish(); !status) return failed(tool, status.error());
  return kYes;
}

}  // namespace

int run(Tool& tool, const Options& options) {
  if (options.formats) return list_formats(tool);
  if (options.inputs.empty())
    return failed(tool, {ErrorCode::usage, "no input", {}, "name a file, or - for standard input; see 'harconv --help'"});
  if (std::count(options.inputs.begin(), options.inputs.end(), "-") > 1)
    return failed(tool, {ErrorCode::usage, "standard input can be read only once", {}, ""});
  auto query = compile_where(options.where.expressions);
  if (!query) return failed(tool, query.error());
  std::optional<har::query::Filter> filter;
  if (*query) filter.emplace(std::move(**query));
  const har::query::Filter* const where = filter ? &*filter : nullptr;
  if (!options.report.empty() && options.report == options.output.path && !options.count)
    return failed(tool, {ErrorCode::usage, "the report and the output are the same", {}, "name another file with --report"});
  Findings findings(tool.messages(), options.strict);
  if (!options.report.empty()) {
    if (auto status = findings.open_report(options.report, options.output.options); !status) return failed(tool, status.error());
  }
  std::size_t written = 0;
  const auto convert = [&](const std::vector<std::string>& inputs, const std::string& output) {
    Conversion conversion(tool, options, where, findings);
    const int status = conversion.convert(inputs, output);
    written += conversion.written();
    return status;
  };
  int status = kYes;
  if (options.count) {
    status = Conversion(tool, options, where, findings).count();
  } else if (!options.output.in_place) {
    status = convert(options.inputs, options.output.path);
  } else {
    for (const std::string& path : options.inputs) {
      if (path == "-") return failed(tool, {ErrorCode::usage, "standard input can't be changed in place", {}, "leave out -i"});
      status = std::max(status, convert({path}, path));
    }
  }
  if (auto finished = findings.finish(written); !finished) return failed(tool, finished.error());
  return status;
}

int main(int argc, const char* const* argv) {
  Tool tool(info());
  Options options;
  declare(tool, options);
  return tool.run(argc, argv, [&] { return run(tool, options); });
}

}  // namespace tools::harconv
