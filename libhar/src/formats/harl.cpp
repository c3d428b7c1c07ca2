// HAR lines: an entry a line, and the log's other members on a line {"log": {…}} before them (or, for what the input said
// only behind its entries, after them). Members beside `log` stand beside it here too.
#include "formats/bodies.hpp"
#include "formats/dialect/dialect.hpp"
#include "formats/formats.hpp"
#include "har/exchange.hpp"
#include "stream/record/line_reader.hpp"

namespace har::format {
namespace {

using stream::Error;
using stream::ErrorCode;
using stream::fail;
using stream::Json;
using stream::JsonMember;
using stream::Result;
using stream::Status;

/// A line whose first member is `log`; entries have no such member, so that nothing is parsed for them.
bool is_log_line(std::string_view text) {
  const std::size_t brace = text.find_first_not_of(" \t");
  if (brace == std::string_view::npos || text[brace] != '{') return false;
  const std::size_t name = text.find_first_not_of(" \t", brace + 1);
  if (name == std::string_view::npos || !text.substr(name).starts_with("\"log\"")) return false;
  const auto json = stream::parse_json(text);
  return json && (*json)["log"].is_object();
}

class Reader final : public ItemReader {
 public:
  Reader(stream::ByteSource& source, const ReadOptions& options)
      : lines_(source, options.limits), name_(source.name()), options_(options), merge_(options.report) {}

  Result<std::optional<Item>> next() override {
    for (;;) {
      auto line = lines_.next();
      if (!line) {
        continues_ = false;
        return fail(std::move(line).error());
      }
      if (!*line) return std::optional<Item>();
      const std::string_view text = (*line)->text;
      const std::size_t begin = text.find_first_not_of(" \t");
      if (begin == std::string_view::npos) continue;
      const stream::Place place{name_, (*line)->number, 1, (*line)->offset, ""};
      if (is_log_line(text)) {
        take_log(*stream::parse_json(text));
        continue;
      }
      if (text[begin] != '{' || text.back() != '}') {
        const bool cut = !(*line)->terminated;
        return fail({cut ? ErrorCode::truncated : ErrorCode::syntax,
                     cut ? "the last line is cut off: an entry is lost" : "expected an entry, a JSON object in one line", place});
      }
      Item item;
      item.text = text;
      item.index = index_++;
      item.place = place;
      return std::optional(std::move(item));
    }
  }
  bool can_continue() const override { return continues_; }
  const LogInfo& info() const override { return merge_.merged(); }

 private:
  void take_log(Json json) {
    LogInfo info;
    for (JsonMember& member : json.as_object()) {
      if (member.name == "log") {
        info.log = std::move(member.value.as_object());
      } else {
        info.root.push_back(std::move(member));
      }
    }
    merge_.add(info);
  }

  stream::LineReader lines_;
  std::string name_;
  ReadOptions options_;
  LogMerge merge_;
  std::size_t index_ = 0;
  bool continues_ = true;
};

class Writer final : public ItemWriter {
 public:
  Writer(stream::ByteSink& sink, const WriteOptions& options) : sink_(sink), options_(options), log_(options) {}

  Status begin(const Item& item, const LogInfo& info) override {
    if (options_.bodies == WriteOptions::Bodies::attach) return fail(no_place_for_files("harl"));
    LogInfo first = shaped(log_.begin(info));
    if (options_.several_inputs) return {};
    // A HAR may say more behind its entries.
    if (item.batch == nullptr) log_.require(first.log, options_.creator);
    return first.log.empty() && first.root.empty() ? Status() : log_line(first);
  }

  Status render(const Item& item, const RenderContext& context, std::string& out) const override {
    if (options_.dialect != Dialect::own) {
      STREAM_ASSIGN(auto entry, dialect::shaped_entry(item, context, options_.dialect, options_));
      if (!entry) return {};
      if (options_.bodies == WriteOptions::Bodies::omit) omit_bodies(*entry, item.where(), context.report);
      write_json(out, *entry);
      out += '\n';
      return {};
    }
    std::vector<Blob> none;
    STREAM_ASSIGN(const auto made, entry_with_bodies(item, options_.bodies, context, options_.limits, none));
    if (!made) return append_line(out, item);
    write_json(out, *made);
    out += '\n';
    return {};
  }

  Status write(std::string_view rendered) override { return sink_.write(rendered); }

  Status end_input(const LogInfo& info) override {
    log_.end_input(info);
    return {};
  }

  Status finish() override {
    LogInfo rest = shaped(log_.rest());
    log_.require(rest.log, options_.creator);
    if (log_.begun() && rest.log.empty() && rest.root.empty()) return {};
    return log_line(rest);
  }

 private:
  LogInfo shaped(LogInfo info) const {
    if (options_.dialect == Dialect::own) return info;
    return dialect::shaped_log(std::move(info), options_.dialect, options_.creator, options_.report);
  }
  Status log_line(const LogInfo& info) {
    Json::Object line{{"log", info.log}};
    line.insert(line.end(), info.root.begin(), info.root.end());
    return sink_.write(to_json(Json(std::move(line))) + '\n');
  }

  stream::ByteSink& sink_;
  WriteOptions options_;
  LogOutput log_;
};

int sniff(std::string_view prefix) {
  const std::string_view line = prefix.substr(0, prefix.find('\n'));
  if (line.size() == prefix.size()) {  // one line, or the start of one
    return prefix.starts_with("{\"startedDateTime\"") || prefix.starts_with("{\"pageref\"") ? 50 : 0;
  }
  const auto json = stream::parse_json(line);
  if (!json || !json->is_object() || json->find("recording") != nullptr) return 0;  // a recording's header has a log too
  const Json& log = (*json)["log"];
  if (log.is_object()) return log.find("entries") == nullptr ? 95 : 0;
  return (*json)["request"].is_object() && json->find("response") != nullptr ? 80 : 0;
}

}  // namespace

const Format kHarLines{
    "harl",
    "HAR lines: an entry a line",
    ".harl",
    sniff,
    [](stream::ByteSource& source, const ReadOptions& options) -> std::unique_ptr<ItemReader> {
      return std::make_unique<Reader>(source, options);
    },
    [](stream::ByteSink& sink, const WriteOptions& options) -> std::unique_ptr<ItemWriter> {
      return std::make_unique<Writer>(sink, options);
    },
};

}  // namespace har::format
