#include "merge/records.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "har/exchange.hpp"
#include "merge/entry_text.hpp"
#include "merge/page_names.hpp"
#include "stream/record/writer.hpp"

namespace har::merging {

using stream::Error;
using stream::Result;

std::shared_ptr<Chunk> ChunkPool::take() {
  std::unique_ptr<Chunk> chunk;
  {
    const std::lock_guard lock(state_->mutex);
    if (!state_->free.empty()) {
      chunk = std::move(state_->free.back());
      state_->free.pop_back();
    }
  }
  if (chunk == nullptr) chunk = std::make_unique<Chunk>();
  const auto give_back = [state = state_](Chunk* used) {
    std::unique_ptr<Chunk> owner(used);
    constexpr std::size_t kUsual = std::size_t{1} << 20;
    if (owner->text.capacity() > kUsual || owner->size > kUsual) return;
    owner->text.clear();
    owner->records.clear();
    const std::lock_guard lock(state->mutex);
    if (state->free.size() < state->keep) state->free.push_back(std::move(owner));
  };
  return {chunk.release(), give_back};
}

Result<std::unique_ptr<RecordReader>> RecordReader::open(const MergeOptions& options, std::size_t input, const Settings& settings,
                                                         ChunkPool& pool, const MessageSink& say) {
  const MergeInput& source = options.inputs[input];
  std::unique_ptr<RecordReader> reader(new RecordReader(input, settings, pool, options, say));
  const auto from = options.from ? std::optional<std::string_view>(*options.from) : std::nullopt;
  STREAM_ASSIGN(reader->input_, open_source(source.path, from, options.input));
  const auto report = [reader = reader.get()](const stream::Finding& finding) { reader->say_(finding); };
  if (reader->input_.format->name == "har") {
    reader->entries_ = std::make_unique<EntryReader>(*reader->input_.source,
                                                     EntryReaderOptions{options.input.limits, report, settings.chunk_size});
  } else {
    reader->input_.reader = reader->input_.format->open_reader(*reader->input_.source, {options.input.limits, report});
  }
  return reader;
}

void RecordReader::lost(Error error) {
  facts_.lost = true;
  say_(std::move(error));
}

/// As it stands in its input, whatever becomes of it.
bool RecordReader::wanted(std::string_view text, const stream::Exchange* exchange, std::size_t index) const {
  return where_ == nullptr || where_->wants({text, exchange, index, path_, &facts_.head, input_.files.get()});
}

/// Gives a record its time: its own, or that of the one before it.
void RecordReader::timed(SortKey& key, std::optional<stream::WallTime> time, const std::function<stream::Place()>& place) {
  if (time) {
    last_time_ = time->time_since_epoch().count();
  } else if (facts_.untimed++ == 0) {
    facts_.untimed_at = place();
  }
  key.time = last_time_;
  key.input = number_;
  ++facts_.entries;
}

bool RecordReader::read_batch(Chunk& chunk) {
  for (;;) {
    auto more = entries_->next(chunk.batch);
    if (more) {
      if (!*more) return false;
      break;
    }
    lost(std::move(more).error());
    if (!entries_->can_continue()) return false;
  }
  if (!std::exchange(begun_, true)) facts_.head = shifted(entries_->info());
  const auto& slices = chunk.batch.entries();
  std::vector<std::size_t> ends;
  if (shift_ != stream::Nanos{}) {
    for (const EntrySlice& slice : slices) {
      chunk.text += shift_entry(slice.text, shift_);
      ends.push_back(chunk.text.size());
    }
  }
  std::size_t at = 0;
  for (std::size_t i = 0; i < slices.size(); ++i) {
    Record record;
    record.slice = &slices[i];
    record.text = slices[i].text;
    if (!ends.empty()) {
      record.text = std::string_view(chunk.text).substr(at, ends[i] - at);
      at = ends[i];
    }
    // The reader counts brackets of both kinds alike. What ends with the wrong one would take others with it in the output.
    if (slices[i].text.back() != '}') {
      lost({stream::ErrorCode::syntax,
            fmt::format("expected '}}' at the end of entry {}, found '{}'", slices[i].index, slices[i].text.back()),
            chunk.batch.place(slices[i])});
      continue;
    }
    if (!wanted(slices[i].text, nullptr, slices[i].index)) continue;
    record.key.index = slices[i].index;
    timed(record.key, entry_time(record.text), [&] { return chunk.batch.place(slices[i]); });
    chunk.records.push_back(std::move(record));
  }
  chunk.size = chunk.batch.text().size() + chunk.text.size();
  return true;
}

bool RecordReader::read_items(Chunk& chunk) {
  std::vector<std::size_t> ends;
  while (chunk.text.size() < settings_.chunk_size) {
    auto item = input_.reader->next();
    if (!item) {
      lost(std::move(item).error());
      if (input_.reader->can_continue()) continue;
      exhausted_ = true;
      break;
    }
    if (!*item) {
      exhausted_ = true;
      break;
    }
    if (!std::exchange(begun_, true)) facts_.head = shifted(input_.reader->info());
    if (!wanted((*item)->text, (*item)->exchange ? &*(*item)->exchange : nullptr, (*item)->index)) continue;
    Record record;
    record.key.index = (*item)->index;
    const auto place = [&] { return (*item)->where(); };
    if (auto& exchange = (*item)->exchange) {
      const bool timed_itself = exchange->start.has_value();
      const stream::WallTime start = exchange->start.value_or(stream::WallTime{}) + shift_;
      exchange->start = start;
      if (!timed_itself) ++facts_.untimed;
      if (!timed_itself && facts_.untimed == 1) facts_.untimed_at = place();
      timed(record.key, start + exchange->begin(), place);
      if (settings_.exchanges == Exchanges::kept) {
        record.key.kind = kExchange;
        write_event(chunk.text, stream::make_header(start, {}));
        write_exchange(chunk.text, *exchange);
      } else {
        write_json(chunk.text, to_entry(*exchange));
      }
    } else {
      if (shift_ == stream::Nanos{}) {
        chunk.text += (*item)->text;
      } else {
        chunk.text += shift_entry((*item)->text, shift_);
      }
      const std::size_t from = ends.empty() ? 0 : ends.back();
      timed(record.key, entry_time(std::string_view(chunk.text).substr(from)), place);
    }
    ends.push_back(chunk.text.size());
    chunk.records.push_back(std::move(record));
  }
  std::size_t at = 0;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    chunk.records[i].text = std::string_view(chunk.text).substr(at, ends[i] - at);
    at = ends[i];
  }
  chunk.size = chunk.text.size();
  return !chunk.records.empty();
}

LogInfo RecordReader::shifted(LogInfo info) const {
  if (shift_ == stream::Nanos{}) return info;
  for (stream::JsonMember& member : info.log) {
    if (member.name == "pages") shift_pages(member.value, shift_);
  }
  return info;
}

void RecordReader::ended() {
  ended_ = true;
  facts_.log = shifted(entries_ != nullptr ? entries_->info() : input_.reader->info());
  if (!begun_) facts_.head = facts_.log;
  if (facts_.untimed != 0) {
    const bool one = facts_.untimed == 1;
    say_(stream::Finding{
        stream::Level::warning, "merge-no-time",
        one ? "an entry has no readable time; it stays behind the entry before it"
            : fmt::format("{} entries have no readable time, this one first; they stay behind the entry before them",
                          facts_.untimed),
        facts_.untimed_at});
  }
}

std::shared_ptr<Chunk> RecordReader::next() {
  if (ended_) return nullptr;
  auto chunk = pool_.take();
  chunk->text.clear();
  chunk->records.clear();
  const bool more = entries_ != nullptr ? read_batch(*chunk) : (!exhausted_ && read_items(*chunk));
  if (!more) {
    ended();
    return nullptr;
  }
  chunk->left = chunk->records.size();
  return chunk;
}

StreamLane::StreamLane(std::unique_ptr<RecordReader> reader, stream::Nanos window, std::size_t memory)
    : reader_(std::move(reader)), window_(window.count()), memory_(memory) {}

namespace {
bool later(const Record& a, const Record& b) { return b.key < a.key; }
}  // namespace

/// Whether nothing that comes can be before the first. What is held is bounded: then the first must go.
bool StreamLane::settled() const {
  if (heap_.empty()) return false;
  return ended_ || held_ > memory_ || heap_.front().key.time <= std::max(newest_, INT64_MIN + window_) - window_;
}

void StreamLane::fill() {
  const auto chunk = reader_->next();
  if (chunk == nullptr) {
    ended_ = true;
    return;
  }
  if (!chunk->records.empty()) held_ += chunk->size;
  for (Record& record : chunk->records) {
    if (record.key.time < given_) out_of_order_ = true;
    newest_ = std::max(newest_, record.key.time);
    record.chunk = chunk;
    heap_.push_back(std::move(record));
    std::push_heap(heap_.begin(), heap_.end(), later);
  }
  chunk->records.clear();  // they would own the chunk that they stand in
}

Result<bool> StreamLane::ready() {
  while (!settled()) {
    if (ended_) return false;
    fill();
  }
  return true;
}

Record StreamLane::pop() {
  std::pop_heap(heap_.begin(), heap_.end(), later);
  Record record = std::move(heap_.back());
  heap_.pop_back();
  given_ = record.key.time;
  if (--record.chunk->left == 0) held_ -= record.chunk->size;
  return record;
}

Result<bool> SortedLane::ready() {
  if (chunk_ != nullptr && next_ < chunk_->records.size()) return true;
  chunk_ = pool_.take();
  chunk_->text.clear();
  chunk_->records.clear();
  next_ = 0;
  std::vector<std::size_t> ends;
  while (chunk_->text.size() < chunk_size_) {
    STREAM_ASSIGN(const bool more, sorter_.next());
    if (!more) break;
    Record record;
    record.key = sorter_.key();
    chunk_->text += sorter_.bytes();
    ends.push_back(chunk_->text.size());
    chunk_->records.push_back(std::move(record));
  }
  std::size_t at = 0;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    chunk_->records[i].text = std::string_view(chunk_->text).substr(at, ends[i] - at);
    at = ends[i];
  }
  chunk_->size = chunk_->text.size();
  return !chunk_->records.empty();
}

Record SortedLane::pop() {
  Record record = std::move(chunk_->records[next_++]);
  record.chunk = chunk_;
  return record;
}

}  // namespace har::merging
