#include "side.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "stream/codec/multipart.hpp"

namespace stream {
namespace {

// Of lines so much is decoded at a time: there may be no need to decode the rest.
constexpr std::size_t kSome = std::size_t{8} << 10;

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

Result<bool> Side::read(std::vector<Item>& out, std::size_t lines) {
  const std::size_t before = out.size();
  while (out.size() == before && !complete_) {
    STREAM_ASSIGN(const bool more, next_piece());
    if (more) {
      STREAM_TRY(decode_some(out, lines));
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

Result<bool> Side::next_piece() {
  while (!has_piece_) {
    for (Event& event : head.exchange.timeline) read_.push_back({std::move(event), {}});
    head.exchange.timeline.clear();
    if (!read_.empty()) {
      piece_ = std::move(read_.front());
      read_.pop_front();
      at_ = 0;
      has_piece_ = true;
    } else if (!ended_) {
      STREAM_TRY(read_event());
    } else {
      return false;
    }
  }
  return true;
}

void Side::drop_piece() {
  has_piece_ = false;
  ahead_.recycle(std::move(piece_));
}

bool Side::in_lines() const {
  return piece_.event.kind == EventKind::data && piece_.event.direction == Direction::receive && decoder_->kind_of_lines();
}

Status Side::decode_some(std::vector<Item>& out, std::size_t lines) {
  const Event& event = piece_.event;
  if (!in_lines()) {
    STREAM_TRY(decoder_->add(event, out));
    drop_piece();
    return {};
  }
  // Up to the end of a line, so that the rest need not be decoded.
  std::string_view bytes = std::string_view(event.data).substr(at_);
  if (decoder_->between_lines() && lines > 1) {
    bytes = bytes.substr(0, kSome);
    std::size_t end = bytes.rfind('\n');
    if (lines < kSome / 32) {
      end = std::string_view::npos;
      for (std::size_t at = 0; lines > 0 && (at = bytes.find('\n', at)) != std::string_view::npos; --lines) end = at++;
    }
    if (end != std::string_view::npos) bytes = bytes.substr(0, end + 1);
  } else if (const std::size_t end = bytes.find('\n'); end != std::string_view::npos) {
    bytes = bytes.substr(0, end + 1);
  }
  STREAM_TRY(decoder_->add_data(bytes, event.t, out));
  at_ += bytes.size();
  if (at_ == event.data.size()) drop_piece();
  return {};
}

Result<std::string_view> Side::lines() {
  for (;;) {
    STREAM_ASSIGN(const bool more, next_piece());
    if (!more || !in_lines() || !decoder_->between_lines()) return std::string_view();
    const Event& event = piece_.event;
    if (at_ < event.data.size()) return std::string_view(event.data).substr(at_);
    std::vector<Item> none;
    if (event.data.empty()) STREAM_TRY(decoder_->add_data({}, event.t, none));
    drop_piece();
  }
}

void Side::skip(std::size_t bytes, std::size_t lines) {
  if (lines == 0) return;
  summary_.last = decoder_->skip(bytes, lines, piece_.event.t);
  summary_.items += lines;
  counts_[static_cast<std::size_t>(*decoder_->kind_of_lines())] += lines;
  at_ += bytes;
}

Status Side::read_event() {
  STREAM_ASSIGN(auto read, ahead_.next());
  if (!read) {
    ended_ = true;
    if (held_.empty()) return {};
    Event rest;
    rest.kind = EventKind::data;
    rest.data = std::move(held_);
    if (head.exchange.end) rest.t = head.exchange.end->t;
    head.exchange.timeline.push_back(std::move(rest));
    return {};
  }
  Event& event = read->event;
  switch (event.kind) {
    case EventKind::request:
      head.exchange.request = std::move(event);
      break;
    case EventKind::response:
      head.exchange.response = std::move(event);
      break;
    case EventKind::end:
      head.exchange.end = std::move(event);
      break;
    case EventKind::mark:
      break;
    default:
      // What is sent, which may come before the response, is no part of the stream.
      if (event.kind == EventKind::data && event.direction == Direction::send) break;
      if (event.kind == EventKind::data) {
        const std::size_t size = event.data.size();
        STREAM_TRY(decode_content(event));
        if (content_ || event.data.size() != size) read->tokens.valid = false;
      }
      if (decoder_ != nullptr) {
        read_.push_back(std::move(*read));
      } else {
        head.exchange.timeline.push_back(std::move(event));
      }
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
