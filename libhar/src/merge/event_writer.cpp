#include "merge/event_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "stream/record/reader.hpp"
#include "stream/record/writer.hpp"
#include "stream/text/json_find.hpp"

namespace har::merging {

using stream::Event;
using stream::Exchange;
using stream::Nanos;
using stream::Result;
using stream::Status;

namespace {

/// Stands before a line that waits to be written: the line without the number of `t`, and where it belongs.
struct LineHead {
  std::int64_t time = 0;
  std::uint64_t at = 0;
};

std::string_view take_line(std::string_view& lines) {
  const std::string_view line = lines.substr(0, lines.find('\n'));
  lines.remove_prefix(std::min(line.size() + 1, lines.size()));
  return line;
}

}  // namespace

ExchangeLines append_lines(std::string& out, Exchange exchange) {
  ExchangeLines lines;
  const Nanos start = exchange.start.value_or(stream::WallTime{}).time_since_epoch();
  lines.id = exchange.id;
  lines.start = start.count();
  lines.begin = (start + exchange.begin()).count();
  lines.last = lines.begin;
  lines.complete = exchange.end.has_value();
  const auto absolute = [&](Event& event) {
    event.id.clear();
    event.t += start;
    lines.last = std::max(lines.last, std::int64_t{event.t.count()});
  };
  if (exchange.request) absolute(*exchange.request);
  if (exchange.response) absolute(*exchange.response);
  for (Event& event : exchange.timeline) absolute(event);
  if (exchange.end) absolute(*exchange.end);
  const std::size_t from = out.size();
  write_exchange(out, exchange);
  lines.size = out.size() - from;
  return lines;
}

Result<Exchange> parse_exchange(std::string_view lines, const stream::Limits& limits) {
  stream::ExchangeAssembler assembler;
  std::optional<stream::WallTime> start;
  while (!lines.empty()) {
    STREAM_ASSIGN(Event event, stream::parse_event(take_line(lines), {}, limits));
    if (event.kind == stream::EventKind::header) start = event.start;
    assembler.add(std::move(event));
  }
  assembler.finish();
  auto exchange = assembler.take();
  if (!exchange) exchange.emplace();
  exchange->start = start;
  return std::move(*exchange);
}

std::string ExchangeNames::name(std::size_t input, const ExchangeLines& exchange) {
  while (!ends_.empty() && ends_.top().first < exchange.begin) {
    open_.erase(ends_.top().second);
    ends_.pop();
  }
  const std::string id = exchange.id.empty() ? "1" : exchange.id;
  std::string name = input == 0 ? id : fmt::format("{}-{}", id, input + 1);
  for (int i = 2; open_.contains(name); ++i) name = fmt::format("{}-{}-{}", id, input + 1, i);
  // What has no end may go on: its name is not given again.
  open_.emplace(name, exchange.last);
  if (exchange.complete) ends_.emplace(exchange.last, name);
  return name;
}

Status EventWriter::add(std::size_t input, const ExchangeLines& exchange, std::string_view lines) {
  start_ = std::min(start_.value_or(exchange.start), exchange.start);
  std::string id = "\"id\":";
  stream::write_json_string(id, names_.name(input, exchange));
  id += ',';
  std::string out;
  std::int64_t time = INT64_MIN;
  while (!lines.empty()) {
    const std::string_view line = take_line(lines);
    // Our own writer wrote it: {"ev":…,"t":…
    const auto t = stream::find_raw_value(line, {"t"});
    const auto own = t ? stream::parse_decimal_seconds(*t) : std::nullopt;
    if (!own) return stream::fail({stream::ErrorCode::syntax, "an event's time is out of range", {}});
    constexpr std::string_view kName = "\"t\":";
    const auto value_at = static_cast<std::size_t>(t->data() - line.data());
    const std::size_t name_at = value_at - kName.size();
    LineHead head{own->count(), value_at + id.size()};
    out.assign(reinterpret_cast<const char*>(&head), sizeof head);
    out += line.substr(0, name_at);
    out += id;
    out += kName;
    out += line.substr(value_at + t->size());
    // The events of an exchange keep their order, whatever their times say.
    time = std::max(time, head.time);
    STREAM_TRY(sorter_.add({time, events_++, 0, 0}, out));
  }
  return {};
}

Status EventWriter::write(ItemWriter& writer, const LogInfo& log) {
  STREAM_TRY(sorter_.finish());
  if (start_) {
    Item first;
    first.exchange.emplace();
    first.exchange->start = stream::WallTime(Nanos(*start_));
    STREAM_TRY(writer.begin(first, log));
  }
  std::string out;
  for (;;) {
    STREAM_ASSIGN(const bool more, sorter_.next());
    if (!more) break;
    LineHead head;
    std::memcpy(&head, sorter_.bytes().data(), sizeof head);
    const std::string_view line = sorter_.bytes().substr(sizeof head);
    out += line.substr(0, head.at);
    out += stream::format_decimal_seconds(Nanos(head.time - *start_));
    out += line.substr(head.at);
    out += '\n';
    constexpr std::size_t kGather = std::size_t{256} << 10;
    if (out.size() < kGather) continue;
    STREAM_TRY(writer.write(out));
    out.clear();
  }
  return writer.write(out);
}

}  // namespace har::merging
