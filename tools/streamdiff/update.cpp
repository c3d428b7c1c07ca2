#include "streamdiff/update.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "har/format.hpp"

namespace tools::streamdiff_tool {

using stream::Event;
using stream::EventKind;
using stream::Exchange;

class Kept::Passing final : public stream::EventSource {
 public:
  Passing(stream::EventSource& events, Exchange& out, bool all) : events_(events), out_(out), all_(all) {}

  stream::Result<std::optional<Event>> next() override {
    STREAM_ASSIGN(auto event, events_.next());
    if (!event) return event;
    out_.start = events_.start();
    switch (event->kind) {
      case EventKind::request:
        out_.id = event->id;
        out_.request = event;
        break;
      case EventKind::response:
        out_.response = event;
        break;
      case EventKind::end:
        if (all_) out_.end = event;
        break;
      default:
        if (all_) out_.timeline.push_back(*event);
    }
    return event;
  }
  bool live() const override { return events_.live(); }
  bool bare() const override { return events_.bare(); }
  bool timed() const override { return events_.timed(); }
  std::optional<stream::WallTime> start() const override { return events_.start(); }

 private:
  stream::EventSource& events_;
  Exchange& out_;
  bool all_;
};

std::unique_ptr<stream::EventSource> Kept::keep_head(stream::EventSource& events) {
  head_ = {};
  return std::make_unique<Passing>(events, head_, false);
}

std::unique_ptr<stream::EventSource> Kept::keep_all(stream::EventSource& events) {
  all_ = {};
  bare_ = events.bare();
  return std::make_unique<Passing>(events, all_, true);
}

Exchange Kept::take() {
  Exchange out = std::move(all_);
  if (bare_ && head_.request) {
    out.id = head_.id;
    out.start = head_.start;
    out.request = head_.request;
    out.response = head_.response;
    const stream::Nanos begin = head_.begin();
    for (Event& event : out.timeline) event.t += begin;
    if (out.end) out.end->t += begin;
    // What came has times of its own, or none.
    if (out.response && !out.timeline.empty()) out.response->t = std::min(out.response->t, out.timeline.front().t);
  }
  return out;
}

stream::Status rewrite(const std::string& path, std::string_view format, std::vector<Exchange> exchanges, Tool& tool) {
  const har::Format* const target = har::find_format(format);
  if (target == nullptr || target->open_writer == nullptr) {
    return stream::fail({stream::ErrorCode::unsupported,
                         fmt::format("we can't write the format {}, so the file was not updated", format),
                         {path},
                         "write the stream that is expected to another file, with harconv"});
  }
  stream::OutputOptions options;
  options.overwrite = stream::Overwrite::yes;
  STREAM_ASSIGN(const auto sink, stream::open_output(path, options));
  har::WriteOptions write;
  write.creator = stream::Json::Object{{"name", tool.info().name}, {"version", version()}};
  write.report = tool.messages().findings();
  const auto writer = target->open_writer(*sink, write);
  har::LogInfo info;
  std::size_t index = 0;
  for (Exchange& exchange : exchanges) {
    har::Item item;
    item.exchange = std::move(exchange);
    item.index = index;
    if (index++ == 0) STREAM_TRY(writer->begin(item, info));
    std::string rendered;
    STREAM_TRY(writer->render(item, {info, nullptr, write.report}, rendered));
    STREAM_TRY(writer->write(rendered));
  }
  STREAM_TRY(writer->end_input(info));
  STREAM_TRY(writer->finish());
  return sink->finish();
}

}  // namespace tools::streamdiff_tool
