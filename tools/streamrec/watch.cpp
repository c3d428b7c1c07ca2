#include "streamrec/watch.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <array>
#include <utility>
#include <vector>

#include "stream/codec/splitter.hpp"
#include "stream/codec/sse.hpp"
#include "stream/text/ascii.hpp"

namespace tools::streamrec {
namespace {

using stream::ErrorCode;
using stream::fail;
using stream::StreamKind;
using stream::ascii::trimmed;

}  // namespace

stream::Result<Until> parse_until(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, Until::Field>, 3> kFields{
      {{"data", Until::Field::data}, {"event", Until::Field::event}, {"id", Until::Field::id}}};
  const auto equals = text.find('=');
  if (equals != std::string_view::npos && equals + 1 < text.size() && text[equals + 1] == '=') {
    const std::string_view name = trimmed(text.substr(0, equals));
    for (const auto& [known, field] : kFields) {
      if (name == known) return Until{field, true, std::string(trimmed(text.substr(equals + 2)))};
    }
  } else if (equals != std::string_view::npos && equals > 0 && text[equals - 1] == '!') {
    const std::string_view name = trimmed(text.substr(0, equals - 1));
    for (const auto& [known, field] : kFields) {
      if (name == known) return Until{field, false, std::string(trimmed(text.substr(equals + 1)))};
    }
  }
  return fail({ErrorCode::usage,
               fmt::format("--until: expected data, event or id, then == or !=, then a text, found '{}'", text),
               {},
               "for example: --until 'data == [DONE]'"});
}

struct Watch::Impl {
  explicit Impl(WatchOptions watch_options) : options(std::move(watch_options)) {}

  void event(std::string_view data, std::string_view type, std::string_view id) {
    if (!reached.empty()) return;
    ++events;
    if (options.until) {
      const std::string_view found = options.until->field == Until::Field::data    ? data
                                     : options.until->field == Until::Field::event ? type
                                                                                   : id;
      if ((found == options.until->value) == options.until->equal) reached = "--until came true";
    }
    if (reached.empty() && pattern != nullptr && RE2::PartialMatch(re2::StringPiece(data.data(), data.size()), *pattern)) {
      reached = "--until-match came true";
    }
    if (reached.empty() && options.max_events != 0 && events >= options.max_events) {
      reached = fmt::format("--max-events: {} came", events);
    }
  }

  void line(std::string_view text) {
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (text.find_first_not_of(" \t\x1e") != std::string_view::npos) event(text, "", "");
  }

  void sse_items() {
    for (const stream::SseItem& item : items) {
      const bool block = item.kind == stream::SseItem::Kind::event || item.kind == stream::SseItem::Kind::no_data;
      if (block && item.event.has_id) last_event_id = item.event.last_event_id;
      if (item.kind == stream::SseItem::Kind::retry) retry = item.retry;
      if (item.kind == stream::SseItem::Kind::event) event(item.event.data, item.event.type, item.event.last_event_id);
    }
    items.clear();
  }

  WatchOptions options;
  std::unique_ptr<RE2> pattern;
  std::optional<stream::SseDecoder> sse;
  std::optional<stream::Splitter> lines;
  std::vector<stream::SseItem> items;
  std::string reached;
  std::uint64_t events = 0;
  std::string last_event_id;
  std::optional<std::uint64_t> retry;
};

stream::Result<std::unique_ptr<Watch>> Watch::create(const WatchOptions& options) {
  auto impl = std::make_unique<Impl>(options);
  if (!options.until_match.empty()) {
    RE2::Options quiet(RE2::Quiet);
    impl->pattern = std::make_unique<RE2>(options.until_match, quiet);
    if (!impl->pattern->ok()) {
      return fail({ErrorCode::usage, fmt::format("--until-match: {}", impl->pattern->error()), {}, {}});
    }
  }
  return std::unique_ptr<Watch>(new Watch(std::move(impl)));
}

Watch::Watch(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Watch::~Watch() = default;

void Watch::begin(StreamKind kind) {
  impl_->sse.reset();
  impl_->lines.reset();
  const bool lines = kind == StreamKind::ndjson || kind == StreamKind::json_seq || kind == StreamKind::text;
  if (kind == StreamKind::sse) {
    impl_->sse.emplace();
  } else if (lines || (kind != StreamKind::websocket && impl_->options.any())) {
    impl_->lines.emplace('\n', stream::Limits{}.max_entry);
  }
}

void Watch::data(std::string_view bytes) {
  // An event above the limit is recorded like everything else; only its stream is not followed any further.
  if (impl_->sse) {
    const bool followed = impl_->sse->feed(bytes, impl_->items).has_value();
    impl_->sse_items();
    if (!followed) impl_->sse.reset();
  } else if (impl_->lines) {
    if (!impl_->lines->feed(bytes, [&](std::string_view text, std::uint64_t, std::uint64_t) { impl_->line(text); })) {
      impl_->lines.reset();
    }
  }
}

void Watch::message(std::string_view text) { impl_->event(text, "", ""); }

void Watch::end() {
  if (impl_->sse) {
    (void)impl_->sse->finish(impl_->items);
    impl_->sse_items();
    impl_->sse.reset();
  }
  if (impl_->lines) impl_->line(impl_->lines->rest());
  impl_->lines.reset();
}

const std::string& Watch::reached() const { return impl_->reached; }
std::uint64_t Watch::events() const { return impl_->events; }
const std::string& Watch::last_event_id() const { return impl_->last_event_id; }
std::optional<std::uint64_t> Watch::retry() const { return impl_->retry; }

}  // namespace tools::streamrec
