#include "live_events.hpp"

#include <algorithm>
#include <utility>

namespace stream::proxy {
namespace {

constexpr char kRecord = '\x1e';  // RFC 7464: it begins a text
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool has_words(std::string_view text) { return text.find_first_not_of("\r\n\x1e \t") != std::string_view::npos; }

}  // namespace

void LiveEvents::feed(std::string_view bytes, std::vector<LiveUnit>& out) {
  if (bytes.empty()) return;
  switch (kind_) {
    case StreamKind::sse:
      held_ += bytes;
      feed_sse(out, false);
      break;
    case StreamKind::ndjson:
    case StreamKind::text:
      held_ += bytes;
      feed_lines(out);
      break;
    case StreamKind::json_seq:
      held_ += bytes;
      feed_sequence(out);
      break;
    default:
      out.push_back({std::string(bytes), true});
      return;
  }
  if (held_.size() <= kMostOfEvent) return;
  // Its end is looked for, and what comes until then is no event.
  out.push_back({std::exchange(held_, {}), false});
  scanned_ = line_ = 0;
  too_large_ = true;
}

void LiveEvents::take_line(std::string_view line) {
  if (std::exchange(first_line_, false) && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  if (line.starts_with("data") && (line.size() == 4 || line[4] == ':')) has_data_ = true;
}

void LiveEvents::feed_sse(std::vector<LiveUnit>& out, bool over) {
  std::size_t begin = 0;  // of the block
  for (;;) {
    const std::size_t end = held_.find_first_of("\r\n", scanned_);
    if (end == std::string::npos) {
      scanned_ = held_.size();
      break;
    }
    if (held_[end] == '\r' && end + 1 == held_.size() && !over) {  // perhaps half of a line's end
      scanned_ = end;
      break;
    }
    const std::string_view line = std::string_view(held_).substr(line_, end - line_);
    const bool empty = line.empty();
    take_line(line);
    scanned_ = line_ = end + (held_[end] == '\r' && end + 1 < held_.size() && held_[end + 1] == '\n' ? 2 : 1);
    if (!empty) continue;
    const bool whole = !std::exchange(too_large_, false);
    out.push_back({held_.substr(begin, line_ - begin), std::exchange(has_data_, false) && whole});
    begin = line_;
  }
  held_.erase(0, begin);
  scanned_ -= begin;
  line_ -= begin;
}

void LiveEvents::feed_lines(std::vector<LiveUnit>& out) {
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end = held_.find('\n', scanned_);
    if (end == std::string::npos) break;
    std::string line = held_.substr(begin, end + 1 - begin);
    const bool whole = !std::exchange(too_large_, false);
    const bool event = whole && has_words(line);
    out.push_back({std::move(line), event});
    scanned_ = begin = end + 1;
  }
  held_.erase(0, begin);
  scanned_ = held_.size();
}

void LiveEvents::feed_sequence(std::vector<LiveUnit>& out) {
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end = held_.find(kRecord, std::max(scanned_, begin + 1));
    if (end == std::string::npos) break;
    std::string text = held_.substr(begin, end - begin);
    const bool whole = !std::exchange(too_large_, false);
    const bool event = whole && has_words(text);
    out.push_back({std::move(text), event});
    scanned_ = begin = end;
  }
  held_.erase(0, begin);
  scanned_ = held_.size();
}

void LiveEvents::finish(std::vector<LiveUnit>& out) {
  if (kind_ == StreamKind::sse) feed_sse(out, true);
  if (!held_.empty()) {
    // A block that was not ended is none (HTML Standard §9.2.6); a line or a text may be the last.
    const bool event = kind_ != StreamKind::sse && has_words(held_) && !too_large_;
    out.push_back({std::exchange(held_, {}), event});
  }
  scanned_ = line_ = 0;
}

namespace {

WsFrameOptions frame_options() {
  WsFrameOptions options;
  options.sender = WsSender::server;
  options.allow_rsv1 = true;
  options.limits.max_entry = kMostOfEvent;
  return options;
}

}  // namespace

LiveMessages::LiveMessages() : frames_(frame_options()) {}

void LiveMessages::feed(std::string_view bytes, std::vector<LiveUnit>& out) {
  held_ += bytes;
  if (!as_it_is_) {
    found_.clear();
    const Status status = frames_.feed(bytes, found_);
    std::size_t used = 0;
    for (WsFrame& frame : found_) {
      const auto size = static_cast<std::size_t>(frame.end - frame.begin);
      std::string raw = held_.substr(used, size);
      used += size;
      begin_ = frame.end;
      if (is_control(frame.head.opcode)) {
        out.push_back({std::move(raw), false, frame.head.opcode, {}});
        continue;
      }
      if (!std::exchange(in_message_, true)) message_ = {{}, true, frame.head.opcode, {}};
      message_.bytes += raw;
      message_.payload += frame.payload;
      if (!frame.head.fin && message_.bytes.size() <= kMostOfEvent) continue;
      // What is too large is passed on in parts that are no message.
      message_.event = message_.event && frame.head.fin;
      const bool rest = !frame.head.fin;
      out.push_back(std::exchange(message_, {}));
      in_message_ = rest;
    }
    held_.erase(0, used);
    as_it_is_ = !status;
  }
  if (as_it_is_) finish(out);
}

void LiveMessages::finish(std::vector<LiveUnit>& out) {
  if (in_message_ && !message_.bytes.empty()) {
    message_.event = false;
    out.push_back(std::exchange(message_, {}));
  }
  if (!held_.empty()) out.push_back({std::exchange(held_, {}), false});
}

}  // namespace stream::proxy
