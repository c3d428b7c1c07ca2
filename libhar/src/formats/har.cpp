// HAR 1.2: {"log": {…, "entries": […]}}. Read as slices, written as slices wherever the layout is left as it is.
#include <optional>

#include "formats/formats.hpp"
#include "har/exchange.hpp"
#include "stream/text/json_scan.hpp"

namespace har::format {
namespace {

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
    const EntrySlice& entry = batch_.entries()[at_++];
    Item item;
    item.text = entry.text;
    item.index = entry.index;
    item.place = batch_.place(entry);
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
  Writer(stream::ByteSink& sink, const WriteOptions& options) : sink_(sink), options_(options), merge_(options.report) {}

  Status write(const Item& item, const LogInfo& info, const SideFiles*) override {
    std::string& out = buffer_;
    out.clear();
    if (!begun_) begin(info);
    const std::size_t head = out.size();
    if (written_ > 0) out += ',';
    line(3);
    if (auto status = entry(item); !status) {
      out.resize(head);
      if (head > 0) STREAM_TRY(sink_.write(out));
      return status;
    }
    ++written_;
    return sink_.write(out);
  }

  Status end_input(const LogInfo& info) override {
    merge_.add(info, begun_ && !options_.several_inputs ? log_written_ : 0, begun_ && !options_.several_inputs ? root_written_ : 0);
    if (!begun_ && !options_.several_inputs) {
      buffer_.clear();
      begin(info);
      merge_ = LogMerge(options_.report);
      return sink_.write(buffer_);
    }
    return {};
  }

  Status finish() override {
    buffer_.clear();
    if (!begun_) begin(merge_.merged());
    std::string& out = buffer_;
    if (written_ > 0) line(2);
    out += ']';
    LogInfo rest = merge_.merged();
    if (options_.several_inputs) add_required(rest.log, options_.creator);
    for (const JsonMember& member : rest.log) this->member(member, 2, true);
    line(1);
    out += '}';
    for (const JsonMember& member : rest.root) this->member(member, 1, true);
    line(0);
    out += '}';
    if (options_.style != WriteOptions::Style::compact) out += '\n';
    return sink_.write(out);
  }

 private:
  bool pretty() const { return options_.style == WriteOptions::Style::pretty; }

  /// A line break and an indentation, as far as the style has them.
  void line(std::size_t depth) {
    if (pretty()) {
      buffer_ += '\n';
      buffer_.append(2 * depth, ' ');
    } else if (options_.style == WriteOptions::Style::as_it_is && depth >= 2) {
      buffer_ += '\n';  // an entry a line, at least
    }
  }

  void member(const JsonMember& member, std::size_t depth, bool comma) {
    if (comma) buffer_ += ',';
    if (pretty()) line(depth);
    stream::write_json_string(buffer_, member.name);
    buffer_ += pretty() ? ": " : ":";
    write_json(buffer_, member.value, {pretty() ? 2 : 0, static_cast<int>(depth)});
  }

  /// Everything up to the '[' of entries: what the input has said so far, unless others may yet add to it.
  void begin(const LogInfo& info) {
    begun_ = true;
    LogInfo first;
    if (!options_.several_inputs) {
      log_written_ = info.log.size();
      root_written_ = info.root.size();
      first = info;
      add_required(first.log, options_.creator);
    }
    buffer_ += '{';
    for (const JsonMember& member : first.root) {
      this->member(member, 1, false);
      buffer_ += ',';
    }
    if (pretty()) line(1);
    buffer_ += pretty() ? "\"log\": {" : "\"log\":{";
    for (const JsonMember& member : first.log) {
      this->member(member, 2, false);
      buffer_ += ',';
    }
    if (pretty()) line(2);
    buffer_ += pretty() ? "\"entries\": [" : "\"entries\":[";
  }

  Status entry(const Item& item) {
    if (item.exchange) {
      write_json(buffer_, to_entry(*item.exchange), {pretty() ? 2 : 0, 3});
      return {};
    }
    switch (options_.style) {
      case WriteOptions::Style::as_it_is: buffer_ += item.text; return {};
      case WriteOptions::Style::compact: {
        STREAM_TRY(append_line(buffer_, item.text, item.place));
        buffer_.pop_back();  // its line feed
        return {};
      }
      case WriteOptions::Style::pretty: {
        auto json = stream::parse_json(item.text, options_.limits);
        if (!json) return stream::fail(locate(std::move(json).error(), item.place));
        write_json(buffer_, *json, {2, 3});
        return {};
      }
    }
    return {};
  }

  stream::ByteSink& sink_;
  WriteOptions options_;
  LogMerge merge_;
  std::string buffer_;
  bool begun_ = false;
  std::size_t written_ = 0;
  std::size_t log_written_ = 0;
  std::size_t root_written_ = 0;
};

/// Whatever looks like a document of its own is taken for a HAR that may be broken, so that its reader says what is wrong.
int sniff(std::string_view prefix) {
  if (prefix.starts_with("\xEF\xBB\xBF")) prefix.remove_prefix(3);
  const std::size_t at = prefix.find_first_not_of(" \t\r\n");
  if (at == std::string_view::npos) return 0;
  prefix.remove_prefix(at);
  if (prefix.find("\"log\"") != std::string_view::npos && (prefix[0] == '{' || prefix.substr(0, 64).find("({") != std::string_view::npos)) return 60;
  return prefix[0] == '{' || prefix[0] == '[' || prefix[0] == '<' ? 10 : 0;
}

}  // namespace

const Format kHar{
    "har", "HTTP Archive 1.2", ".har .json", sniff,
    [](stream::ByteSource& source, const ReadOptions& options) -> std::unique_ptr<ItemReader> { return std::make_unique<Reader>(source, options); },
    [](stream::ByteSink& sink, const WriteOptions& options) -> std::unique_ptr<ItemWriter> { return std::make_unique<Writer>(sink, options); },
};

}  // namespace har::format
