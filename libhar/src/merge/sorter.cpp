#include "merge/sorter.hpp"

#include <algorithm>
#include <cstring>

namespace har::merging {

using stream::Result;
using stream::Status;

namespace {

/// Stands before each record in the file.
struct RecordHead {
  SortKey key;
  std::uint64_t size;
};

constexpr std::size_t kGather = std::size_t{256} << 10;
constexpr std::size_t kReadAhead = std::size_t{2} << 20;  ///< of all runs together

}  // namespace

/// Reads one run, with the bytes of a record only when they are asked for: what waits are heads.
class Sorter::Cursor {
 public:
  Cursor(const stream::TemporaryFile& file, const Run& run, std::size_t buffer)
      : file_(file), at_(run.from), end_(run.to), size_(buffer) {}

  /// To the next head; false at the end.
  Result<bool> advance() {
    if (at_ == end_) return false;
    STREAM_TRY(read(reinterpret_cast<char*>(&head_), sizeof head_));
    return true;
  }
  const SortKey& key() const { return head_.key; }
  Status take(std::string& out) {
    if (out.capacity() > 4 * kGather && head_.size < kGather) out = {};
    out.resize(head_.size);
    return read(out.data(), out.size());
  }

 private:
  Status read(char* to, std::size_t size) {
    while (size != 0) {
      if (used_ == buffer_.size()) {
        if (size >= size_) {  // past the buffer
          STREAM_TRY(file_.read(at_, {to, size}));
          at_ += size;
          return {};
        }
        buffer_.resize(std::min<std::uint64_t>(size_, end_ - at_));
        used_ = 0;
        STREAM_TRY(file_.read(at_, buffer_));
      }
      const std::size_t count = std::min(size, buffer_.size() - used_);
      std::memcpy(to, buffer_.data() + used_, count);
      used_ += count;
      at_ += count;
      to += count;
      size -= count;
    }
    return {};
  }

  const stream::TemporaryFile& file_;
  std::uint64_t at_;  ///< of the next byte that read() gives
  std::uint64_t end_;
  std::size_t size_;
  std::vector<char> buffer_;
  std::size_t used_ = 0;
  RecordHead head_{};
};

Sorter::Sorter(Options options)
    : options_(std::move(options)), file_(options_.folder, "name a folder with more room with --tmp-dir") {}
Sorter::~Sorter() = default;

Status Sorter::add(const SortKey& key, std::string_view bytes) {
  if (!held_.empty() && held_size() + bytes.size() + sizeof(Held) > options_.memory) STREAM_TRY(spill());
  if (arena_.capacity() < options_.memory && bytes.size() < options_.memory) {
    // Grown by doubling, twice the memory would be needed for a moment. What is not touched costs nothing.
    arena_.reserve(options_.memory);
  }
  held_.push_back({key, arena_.size(), bytes.size()});
  arena_ += bytes;
  return {};
}

void Sorter::sort_held() {
  const auto less = [](const Held& a, const Held& b) { return a.key < b.key; };
  if (!std::is_sorted(held_.begin(), held_.end(), less)) std::sort(held_.begin(), held_.end(), less);
}

/// Writes what is held: behind the last run, if it goes on there, or as a new one.
Status Sorter::spill() {
  sort_held();
  if (runs_.empty() || held_.front().key < runs_.back().last) runs_.push_back({file_.size(), file_.size(), {}});
  for (const Held& held : held_) {
    STREAM_TRY(append(runs_.back(), held.key, std::string_view(arena_).substr(held.offset, held.size)));
  }
  STREAM_TRY(flush());
  runs_.back().to = file_.size();
  held_.clear();
  if (arena_.capacity() > 2 * options_.memory) arena_ = {};
  arena_.clear();
  return {};
}

Status Sorter::append(Run& run, const SortKey& key, std::string_view bytes) {
  const RecordHead head{key, bytes.size()};
  out_.append(reinterpret_cast<const char*>(&head), sizeof head);
  run.last = key;
  if (bytes.size() >= kGather) {
    STREAM_TRY(flush());
    return file_.append(bytes);
  }
  out_ += bytes;
  return out_.size() >= kGather ? flush() : Status();
}

Status Sorter::flush() {
  STREAM_TRY(file_.append(out_));
  out_.clear();
  return {};
}

Status Sorter::open(std::size_t first, std::size_t count) {
  cursors_.clear();
  heap_.clear();
  const std::size_t buffer = std::clamp(kReadAhead / count, std::size_t{4} << 10, kGather);
  for (std::size_t i = first; i < first + count; ++i) {
    cursors_.push_back(std::make_unique<Cursor>(file_, runs_[i], buffer));
    STREAM_ASSIGN(const bool more, cursors_.back()->advance());
    if (more) heap_.push_back(cursors_.back().get());
  }
  std::make_heap(heap_.begin(), heap_.end(), [](const Cursor* a, const Cursor* b) { return b->key() < a->key(); });
  return {};
}

Result<bool> Sorter::next_of_cursors() {
  if (heap_.empty()) return false;
  const auto later = [](const Cursor* a, const Cursor* b) { return b->key() < a->key(); };
  std::pop_heap(heap_.begin(), heap_.end(), later);
  Cursor* const first = heap_.back();
  key_ = first->key();
  STREAM_TRY(first->take(payload_));
  bytes_ = payload_;
  STREAM_ASSIGN(const bool more, first->advance());
  if (more) {
    std::push_heap(heap_.begin(), heap_.end(), later);
  } else {
    heap_.pop_back();
  }
  return true;
}

/// Makes one run of the first `count`.
Status Sorter::merge_runs(std::size_t count) {
  STREAM_TRY(open(0, count));
  Run merged{file_.size(), 0, {}};
  for (;;) {
    STREAM_ASSIGN(const bool more, next_of_cursors());
    if (!more) break;
    STREAM_TRY(append(merged, key_, bytes_));
  }
  STREAM_TRY(flush());
  merged.to = file_.size();
  for (std::size_t i = 0; i < count; ++i) file_.release(runs_[i].from, runs_[i].to - runs_[i].from);
  runs_.erase(runs_.begin(), runs_.begin() + static_cast<std::ptrdiff_t>(count));
  runs_.push_back(merged);
  return {};
}

Status Sorter::finish() {
  if (runs_.empty()) {
    sort_held();
    return {};
  }
  if (!held_.empty()) STREAM_TRY(spill());
  arena_ = {};
  held_ = {};
  while (runs_.size() > options_.fan_in) {
    STREAM_TRY(merge_runs(std::min(options_.fan_in, runs_.size() - options_.fan_in + 1)));
  }
  out_ = {};
  return open(0, runs_.size());
}

Result<bool> Sorter::next() {
  if (!runs_.empty()) return next_of_cursors();
  if (next_held_ == held_.size()) return false;
  const Held& held = held_[next_held_++];
  key_ = held.key;
  bytes_ = std::string_view(arena_).substr(held.offset, held.size);
  return true;
}

}  // namespace har::merging
