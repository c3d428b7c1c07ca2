// The NDJSON recording (docs/recording.md): exchanges with their timelines.
#include <algorithm>
#include <optional>

#include "formats/formats.hpp"
#include "har/exchange.hpp"
#include "stream/record/reader.hpp"
#include "stream/record/writer.hpp"
#include "streams.hpp"

namespace har::format {
namespace {

using stream::Event;
using stream::EventKind;
using stream::Exchange;
using stream::fail;
using stream::Json;
using stream::JsonMember;
using stream::Result;
using stream::Status;

/// Members of a header that hold a HAR's: `log`, and `root` for what stands beside it.
constexpr std::string_view kRoot = "root";

class Reader final : public ItemReader {
 public:
  Reader(stream::ByteSource& source, const ReadOptions& options)
      : events_(source, options.report, options.limits), merge_(options.report), report_(options.report), name_(source.name()) {}

  Result<std::optional<Item>> next() override {
    for (;;) {
      if (auto exchange = assembler_.take()) {
        if (!exchange->end && report_) {
          report_({stream::Level::note,
                   "recording-incomplete",
                   "the exchange \"" + exchange->id + "\" has no end: it was still going on when the recording stopped",
                   {name_}});
        }
        Item item;
        item.exchange = std::move(*exchange);
        item.index = index_++;
        item.place.source = name_;
        return std::optional(std::move(item));
      }
      if (ended_) return std::optional<Item>();
      auto event = events_.next();
      if (!event) {
        const auto code = event.error().code;
        continues_ = code == stream::ErrorCode::syntax || code == stream::ErrorCode::encoding;
        if (!continues_) {
          assembler_.finish();  // what was complete, or begun, before the source failed
          ended_ = true;
          continues_ = true;
        }
        return fail(std::move(event).error());
      }
      if (!*event) {
        ended_ = true;
        assembler_.finish();
        continue;
      }
      if ((*event)->kind == EventKind::header) header(**event);
      assembler_.add(std::move(**event));
    }
  }
  bool can_continue() const override { return continues_; }
  const LogInfo& info() const override { return merge_.merged(); }

 private:
  void header(const Event& event) {
    LogInfo info;
    if (event.object.is_object()) info.log = event.object.as_object();
    const bool named =
        std::any_of(info.log.begin(), info.log.end(), [](const JsonMember& member) { return member.name == "creator"; });
    if (!named && !event.entry.is_null() && merge_.merged().log.empty()) info.log.push_back({"creator", event.entry});
    for (const JsonMember& member : event.other) {
      if (member.name == kRoot && member.value.is_object()) info.root = member.value.as_object();
    }
    merge_.add(info);
  }

  stream::RecordingReader events_;
  stream::ExchangeAssembler assembler_;
  LogMerge merge_;
  stream::FindingSink report_;
  std::string name_;
  std::size_t index_ = 0;
  bool ended_ = false;
  bool continues_ = true;
};

class Writer final : public ItemWriter {
 public:
  Writer(stream::ByteSink& sink, const WriteOptions& options) : sink_(sink), options_(options), log_(options) {}

  /// The first item's clock is that of the recording; what began earlier has a negative t.
  Status begin(const Item& first, const LogInfo& info) override {
    if (first.exchange) {
      start_ = first.exchange->start.value_or(stream::WallTime{});
    } else {
      auto entry = entry_of(first, {options_.limits, {}});
      start_ = entry ? started_at(*entry).value_or(stream::WallTime{}) : stream::WallTime{};
    }
    return header(log_.begin(info));
  }

  Status render(const Item& item, const RenderContext& context, std::string& out) const override {
    std::string id = std::to_string(item.index + 1);
    if (options_.several_inputs) {
      id = std::to_string(inputs_ + 1) + "." + id;
    } else if (item.exchange) {
      id = item.exchange->id;
    }
    auto exchange = exchange_of(item, context.info, context.files, std::move(id), *start_, {options_.limits, context.report});
    if (!exchange) return fail(std::move(exchange).error());
    write_exchange(out, *exchange);
    return {};
  }

  Status write(std::string_view rendered) override { return sink_.write(rendered); }

  Status end_input(const LogInfo& info) override {
    ++inputs_;
    log_.end_input(info);
    return {};
  }

  Status finish() override {
    const LogInfo& rest = log_.rest();
    if (start_ && rest.log.empty() && rest.root.empty()) return {};
    return header(rest);
  }

 private:
  Status header(const LogInfo& info) {
    Event header =
        stream::make_header(start_.value_or(stream::WallTime{}), options_.creator, info.log.empty() ? Json() : Json(info.log));
    if (!info.root.empty()) header.other.push_back({std::string(kRoot), info.root});
    std::string line;
    write_event(line, header);
    return sink_.write(line);
  }

  stream::ByteSink& sink_;
  WriteOptions options_;
  LogOutput log_;
  std::optional<stream::WallTime> start_;
  std::size_t inputs_ = 0;
};

int sniff(std::string_view prefix) {
  const std::size_t end = prefix.find('\n');
  const std::string_view line = prefix.substr(0, end);
  if (end == std::string_view::npos) return line.starts_with("{\"recording\"") || line.starts_with("{\"ev\"") ? 90 : 0;
  const auto json = stream::parse_json(line);
  if (!json || !json->is_object()) return 0;
  if (json->find("recording") != nullptr) return 95;
  return (*json)["ev"].is_string() && json->find("t") != nullptr ? 90 : 0;
}

}  // namespace

const Format kRecording{
    "recording",
    "NDJSON recording: events with their times",
    ".rec.ndjson .rec",
    sniff,
    [](stream::ByteSource& source, const ReadOptions& options) -> std::unique_ptr<ItemReader> {
      return std::make_unique<Reader>(source, options);
    },
    [](stream::ByteSink& sink, const WriteOptions& options) -> std::unique_ptr<ItemWriter> {
      return std::make_unique<Writer>(sink, options);
    },
    recording_streams,
};

}  // namespace har::format
