// HAR 1.2: {"log": {…, "entries": […]}}. Read as slices, written as slices wherever the layout is left as it is.
#include <optional>
#include <utility>
#include <vector>

#include "formats/bodies.hpp"
#include "formats/dialect/dialect.hpp"
#include "formats/formats.hpp"
#include "har/exchange.hpp"
#include "stream/text/json_scan.hpp"

namespace har::format {
namespace {

using stream::fail;
using stream::Json;
using stream::JsonMember;
using stream::Result;
using stream::Status;

class Reader final : public ItemReader {
 public:
  Reader(stream::ByteSource& source, const ReadOptions& options) : entries_(source, {options.limits, options.report}) {}

  Result<std::optional<Item>> next() override {
    while (at_ == batch_.entries().size()) {
      at_ = 0;
      auto more = entries_.next(batch_);
      if (!more) return stream::fail(std::move(more).error());
      if (!*more) return std::optional<Item>();
    }
    const EntrySlice& entry = batch_.entries()[at_];
    Item item;
    item.text = entry.text;
    item.index = entry.index;
    item.batch = &batch_;
    item.slice = &entry;
    ++at_;
    return std::optional(std::move(item));
  }
  bool can_continue() const override { return entries_.can_continue(); }
  const LogInfo& info() const override { return entries_.info(); }

 private:
  EntryReader entries_;
  EntryBatch batch_;
  std::size_t at_ = 0;
};

class Writer final : public ItemWriter {
 public:
  Writer(stream::ByteSink& sink, const WriteOptions& options) : sink_(sink), options_(options), log_(options) {}

  Status begin(const Item& first, const LogInfo& info) override { return head(info, first.batch == nullptr); }

  Status render(const Item& item, const RenderContext& context, std::string& out) const override {
    const std::size_t from = out.size();
    std::optional<Json> shaped;
    if (options_.dialect != Dialect::own) {
      STREAM_ASSIGN(shaped, dialect::shaped_entry(item, context, options_.dialect, options_));
      if (!shaped) return {};
      if (options_.bodies == WriteOptions::Bodies::omit) omit_bodies(*shaped, item.where(), context.report);
    }
    out += ',';
    line(out, 3);
    if (shaped) {
      write_json(out, *shaped, {pretty() ? 2 : 0, 3});
      return {};
    }
    auto status = entry(item, context, out);
    if (!status) out.resize(from);
    return status;
  }

  Status write(std::string_view rendered) override {
    if (rendered.empty()) return {};
    if (!std::exchange(written_, true)) rendered.remove_prefix(1);  // the comma
    return sink_.write(rendered);
  }

  Status end_input(const LogInfo& info) override {
    if (!log_.begun() && !options_.several_inputs) STREAM_TRY(head(info, true));
    log_.end_input(info);
    return {};
  }

  Status finish() override {
    if (!log_.begun()) STREAM_TRY(head({}, true));
    std::string out;
    if (written_) line(out, 2);
    out += ']';
    LogInfo rest = shaped(log_.rest());
    log_.require(rest.log, options_.creator);
    for (const JsonMember& member : rest.log) {
      out += ',';
      this->member(out, member, 2);
    }
    close(out, 1);
    for (const JsonMember& member : rest.root) {
      out += ',';
      this->member(out, member, 1);
    }
    close(out, 0);
    if (options_.style != WriteOptions::Style::compact) out += '\n';
    return sink_.write(out);
  }

 private:
  LogInfo shaped(LogInfo info) const {
    if (options_.dialect == Dialect::own) return info;
    return dialect::shaped_log(std::move(info), options_.dialect, options_.creator, options_.report);
  }
  bool pretty() const { return options_.style == WriteOptions::Style::pretty; }

  /// A line break and an indentation, as far as the style has them.
  void line(std::string& out, std::size_t depth) const {
    if (pretty()) {
      out += '\n';
      out.append(2 * depth, ' ');
    } else if (options_.style == WriteOptions::Style::as_it_is) {
      out += '\n';  // an entry a line, at least
    }
  }

  void close(std::string& out, std::size_t depth) const {
    if (pretty()) line(out, depth);
    out += '}';
  }

  void member(std::string& out, const JsonMember& member, std::size_t depth) const {
    if (pretty()) line(out, depth);
    stream::write_json_string(out, member.name);
    out += pretty() ? ": " : ":";
    write_json(out, member.value, {pretty() ? 2 : 0, static_cast<int>(depth)});
  }

  /// Everything up to the '[' of entries: what the input has said so far, unless others may yet add to it.
  /// `complete`: the input has said all that it says. (A HAR may say more behind its entries.)
  Status head(const LogInfo& info, bool complete) {
    if (options_.bodies == WriteOptions::Bodies::attach) return fail(no_place_for_files("har"));
    LogInfo first = shaped(log_.begin(info));
    if (!options_.several_inputs && complete) log_.require(first.log, options_.creator);
    std::string out = "{";
    for (const JsonMember& member : first.root) {
      this->member(out, member, 1);
      out += ',';
    }
    if (pretty()) line(out, 1);
    out += pretty() ? "\"log\": {" : "\"log\":{";
    for (const JsonMember& member : first.log) {
      this->member(out, member, 2);
      out += ',';
    }
    if (pretty()) line(out, 2);
    out += pretty() ? "\"entries\": [" : "\"entries\":[";
    return sink_.write(out);
  }

  Status entry(const Item& item, const RenderContext& context, std::string& out) const {
    std::vector<Blob> none;
    STREAM_ASSIGN(const auto made, entry_with_bodies(item, options_.bodies, context, options_.limits, none));
    if (made) {
      write_json(out, *made, {pretty() ? 2 : 0, 3});
      return {};
    }
    switch (options_.style) {
      case WriteOptions::Style::as_it_is:
        out += item.text;
        break;
      case WriteOptions::Style::compact:
        STREAM_TRY(append_line(out, item));
        out.pop_back();  // its line feed
        break;
      case WriteOptions::Style::pretty: {
        auto json = stream::parse_json(item.text, options_.limits);
        if (!json) return stream::fail(locate(std::move(json).error(), item.where()));
        write_json(out, *json, {2, 3});
        break;
      }
    }
    return {};
  }

  stream::ByteSink& sink_;
  WriteOptions options_;
  LogOutput log_;
  bool written_ = false;
};

/// Whatever looks like a document of its own is taken for a HAR that may be broken, so that its reader says what is wrong.
int sniff(std::string_view prefix) {
  if (prefix.starts_with("\xEF\xBB\xBF")) prefix.remove_prefix(3);
  const std::size_t at = prefix.find_first_not_of(" \t\r\n");
  if (at == std::string_view::npos) return 0;
  prefix.remove_prefix(at);
  if (prefix.find("\"log\"") != std::string_view::npos &&
      (prefix[0] == '{' || prefix.substr(0, 64).find("({") != std::string_view::npos))
    return 60;
  return prefix[0] == '{' || prefix[0] == '[' || prefix[0] == '<' ? 10 : 0;
}

}  // namespace

const Format kHar{
    "har",
    "HTTP Archive 1.2",
    ".har .json",
    sniff,
    [](stream::ByteSource& source, const ReadOptions& options) -> std::unique_ptr<ItemReader> {
      return std::make_unique<Reader>(source, options);
    },
    [](stream::ByteSink& sink, const WriteOptions& options) -> std::unique_ptr<ItemWriter> {
      return std::make_unique<Writer>(sink, options);
    },
};

}  // namespace har::format
