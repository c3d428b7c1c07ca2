#include "read_ahead.hpp"

#include <utility>

#include "stream/text/utf8.hpp"

namespace stream {
namespace {

// So many events are read before it is worth a thread, and so many wait at most.
constexpr std::size_t kAlone = 2;
constexpr std::size_t kReady = 4;

}  // namespace

void find_line_tokens(std::string_view piece, JsonTokens& tokens, LineTokens& out) {
  out.offsets.clear();
  out.valid = false;
  const std::size_t first = piece.find('\n');
  if (first == std::string_view::npos || piece.size() > UINT32_MAX) {
    out.begin = out.end = piece.size();
    return;
  }
  out.begin = first + 1;
  out.end = piece.rfind('\n') + 1;
  const std::string_view lines = piece.substr(out.begin, out.end - out.begin);
  tokens.start(lines);
  for (std::size_t at = tokens.next(); at != JsonTokens::kEnd; at = tokens.next())
    out.offsets.push_back(static_cast<std::uint32_t>(out.begin + at));
  out.valid = !tokens.bad_string() && is_utf8(lines);
}

ReadAhead::~ReadAhead() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Result<std::optional<ReadEvent>> ReadAhead::read() {
  STREAM_ASSIGN(auto event, events_.next());
  if (!event) return std::optional<ReadEvent>();
  ReadEvent out;
  if (wanted_ && event->kind == EventKind::data) {
    if (!spare_.empty()) {
      out.tokens = std::move(spare_.back());
      spare_.pop_back();
    }
    find_line_tokens(event->data, finder_, out.tokens);
  }
  out.event = std::move(*event);
  return std::optional(std::move(out));
}

Result<std::optional<ReadEvent>> ReadAhead::next() {
  if (!allowed_ || given_ < kAlone) {
    auto event = read();
    if (event && *event && (*event)->event.kind == EventKind::data) ++given_;
    return event;
  }
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  std::unique_lock lock(mutex_);
  caller_waits_ = true;
  changed_.wait(lock, [this] { return !ready_.empty(); });
  caller_waits_ = false;
  if (ended_ && ready_.size() == 1) return ready_.front();
  Result<std::optional<ReadEvent>> out = std::move(ready_.front());
  ready_.pop_front();
  // Not woken for each event.
  if (reader_waits_ && ready_.size() <= kReady / 2) {
    lock.unlock();
    changed_.notify_all();
  }
  return out;
}

void ReadAhead::recycle(ReadEvent&& used) {
  if (!thread_.joinable()) {
    events_.recycle(std::move(used.event.data));
    return;
  }
  const std::lock_guard lock(mutex_);
  if (used_.size() < kReady) used_.push_back(std::move(used));
}

void ReadAhead::run() {
  std::vector<ReadEvent> used;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      if (ready_.size() >= kReady) {
        reader_waits_ = true;
        changed_.wait(lock, [this] { return ready_.size() <= kReady / 2 || stop_; });
        reader_waits_ = false;
      }
      if (stop_) return;
      used.swap(used_);
    }
    for (ReadEvent& each : used) {
      events_.recycle(std::move(each.event.data));
      if (spare_.size() < kReady) spare_.push_back(std::move(each.tokens));
    }
    used.clear();
    auto event = read();
    const bool last = !event || !*event;
    bool wake = false;
    {
      const std::lock_guard lock(mutex_);
      ready_.push_back(std::move(event));
      ended_ = last;
      wake = caller_waits_;
    }
    if (wake) changed_.notify_all();
    if (last) return;
  }
}

}  // namespace stream
