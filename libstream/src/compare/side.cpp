#include "side.hpp"

#include <utility>

#include "stream/codec/multipart.hpp"

namespace stream {

Status Side::open() {
  while (!ended_ && head.exchange.timeline.empty()) STREAM_TRY(read_event());
  head.bare = events_.bare();
  head.exchange.start = events_.start();
  head.whole = ended_;
  return {};
}

Status Side::load() {
  while (!ended_) STREAM_TRY(read_event());
  head.whole = true;
  return {};
}

void Side::decode_as(StreamKind kind, DecodeOptions options) {
  if (!options.origin && events_.timed()) options.origin = head.exchange.begin();
  if (options.boundary.empty()) options.boundary = boundary_of(content_type_header(head.exchange)).value_or("");
  decoder_ = make_item_decoder(kind, std::move(options));
  summary_.kind = kind;
  summary_.bare = head.bare;
}

Result<bool> Side::read(std::vector<Item>& out) {
  const std::size_t before = out.size();
  while (out.size() == before && !complete_) {
    if (!head.exchange.timeline.empty()) {
      for (Event& event : head.exchange.timeline) STREAM_TRY(decoder_->add(event, out));
      head.exchange.timeline.clear();
    } else if (!ended_) {
      STREAM_TRY(read_event());
    } else {
      STREAM_TRY(decoder_->finish(out));
      complete_ = true;
    }
  }
  for (std::size_t i = before; i < out.size(); ++i) {
    ++summary_.items;
    ++counts_[static_cast<std::size_t>(out[i].kind)];
    summary_.last = out[i].t;
  }
  if (complete_) finish();
  return out.size() != before;
}

void Side::finish() {
  if (std::exchange(finished_, true)) return;
  for (std::size_t kind = 0; kind < counts_.size(); ++kind) {
    if (counts_[kind] != 0) summary_.counts.emplace_back(static_cast<ItemKind>(kind), counts_[kind]);
  }
  summary_.unread = !complete_;
  if (!complete_) return;
  if (head.exchange.end) {
    summary_.end_reason = head.exchange.end->reason.empty() ? "eof" : head.exchange.end->reason;
    summary_.end_error = head.exchange.end->data;
  } else {
    summary_.cut_off = true;
  }
}

Status Side::read_event() {
  STREAM_ASSIGN(auto event, events_.next());
  if (!event) {
    ended_ = true;
    return {};
  }
  switch (event->kind) {
    case EventKind::request:
      head.exchange.request = std::move(*event);
      break;
    case EventKind::response:
      head.exchange.response = std::move(*event);
      break;
    case EventKind::end:
      head.exchange.end = std::move(*event);
      break;
    default:
      head.exchange.timeline.push_back(std::move(*event));
  }
  return {};
}

}  // namespace stream
