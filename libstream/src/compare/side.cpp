#include "side.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "stream/codec/multipart.hpp"

namespace stream {
namespace {

// As many bytes of a body tell in what compression it is.
constexpr std::size_t kSignature = 4;

Compression content_coding(const Exchange& exchange) {
  if (!exchange.response) return Compression::none;
  const Json& headers = exchange.response->object["headers"];
  if (!headers.is_array()) return Compression::none;
  constexpr std::string_view kName = "content-encoding";
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  for (const Json& header : headers.as_array()) {
    const std::string_view name = header["name"].string_or("");
    if (!std::equal(name.begin(), name.end(), kName.begin(), kName.end(), [&](char a, char b) { return lower(a) == b; }))
      continue;
    std::string coding(header["value"].string_or(""));
    std::transform(coding.begin(), coding.end(), coding.begin(), lower);
    if (coding == "gzip" || coding == "x-gzip") return Compression::gzip;
    if (coding == "deflate") return Compression::zlib;
    if (coding == "br") return Compression::brotli;
    if (coding == "zstd") return Compression::zstd;
  }
  return Compression::none;
}

}  // namespace

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

void Side::decode_as(StreamKind kind, DecodeOptions options, std::function<bool(const Item&)> until) {
  until_ = std::move(until);
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
  if (until_) {
    for (std::size_t i = before; i < out.size() && !cut_; ++i) {
      if (!until_(out[i])) continue;
      cut_ = true;
      out.resize(i + 1);
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
  summary_.unread = !complete_ || cut_;
  if (summary_.unread) return;
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
    if (held_.empty()) return {};
    Event rest;
    rest.kind = EventKind::data;
    rest.data = std::move(held_);
    if (head.exchange.end) rest.t = head.exchange.end->t;
    head.exchange.timeline.push_back(std::move(rest));
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
      if (event->kind == EventKind::data && event->direction == Direction::receive) STREAM_TRY(decode_content(*event));
      head.exchange.timeline.push_back(std::move(*event));
  }
  return {};
}

Status Side::decode_content(Event& event) {
  if (event.data.empty()) return {};
  if (!content_known_) {
    // Recorders differ in whether they keep a body as it was sent, whatever its header says.
    const Compression coding = content_coding(head.exchange);
    held_ += event.data;
    event.data.clear();
    if (coding != Compression::none && held_.size() < kSignature) return {};
    content_known_ = true;
    event.data = std::move(held_);
    held_.clear();
    if (coding == Compression::none || !may_be_in(coding, event.data)) return {};
    content_ = std::make_unique<Decompressor>(coding, limits_);
    std::string decoded;
    if (content_->feed(event.data, decoded)) {
      event.data = std::move(decoded);
    } else {
      content_.reset();  // it only looked like it
    }
    return {};
  }
  if (!content_) return {};
  std::string decoded;
  auto status = content_->feed(event.data, decoded);
  if (!status) {
    Error error = std::move(status).error();
    error.place.source = source_;
    return fail(std::move(error));
  }
  event.data = std::move(decoded);
  return {};
}

}  // namespace stream
