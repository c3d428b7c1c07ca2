#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "har/entry_reader.hpp"
#include "har/format.hpp"
#include "har/merge.hpp"
#include "merge/sorter.hpp"

namespace har::merging {

/// What the bytes of a record are.
enum RecordKind : std::uint32_t {
  kEntryText = 0,  ///< the JSON text of a HAR entry
  kExchange = 1,   ///< a header with the start, and the lines of an exchange
};

struct Chunk;

/// One entry on its way, with its place in the merged order.
struct Record {
  SortKey key{};
  std::string_view text{};
  const EntrySlice* slice = nullptr;  ///< if it is one of chunk->batch
  std::shared_ptr<Chunk> chunk{};     ///< owns the text
};

/// Entries of one input that were read together, and their memory.
struct Chunk {
  EntryBatch batch{};
  std::string text{};  ///< of entries that are not slices of the batch, or were changed
  std::vector<Record> records{};
  std::size_t size = 0;
  std::size_t left = 0;  ///< records that still wait in their lane
};

/// Chunks that are not used any more, so that their memory is used again. They come back on any thread.
class ChunkPool {
 public:
  explicit ChunkPool(std::size_t keep) : state_(std::make_shared<State>()) { state_->keep = keep; }
  std::shared_ptr<Chunk> take();

 private:
  struct State {
    std::mutex mutex;
    std::vector<std::unique_ptr<Chunk>> free;
    std::size_t keep = 0;
  };
  std::shared_ptr<State> state_;
};

/// What was found out about an input when it was read to its end.
struct InputFacts {
  LogInfo head{};  ///< the log as it was known with the first entry
  LogInfo log{};   ///< all of it
  std::uint64_t entries = 0;
  std::uint64_t untimed = 0;  ///< entries without a readable time
  stream::Place untimed_at{};
  bool lost = false;
};

/// Whether exchanges are kept as they are, or become entries.
enum class Exchanges { as_entries, kept };

/// Reads one input as chunks of records, with their times.
class RecordReader {
 public:
  struct Settings {
    std::size_t chunk_size = std::size_t{512} << 10;
    Exchanges exchanges = Exchanges::as_entries;
  };
  static stream::Result<std::unique_ptr<RecordReader>> open(const MergeOptions& options, std::size_t input,
                                                            const Settings& settings, ChunkPool& pool, const MessageSink& say);

  /// Null at the end. Errors are said, and cost what is broken; then facts().lost is true.
  std::shared_ptr<Chunk> next();
  /// Complete at the end.
  const InputFacts& facts() const { return facts_; }
  /// Where what its entries name beside it is.
  const SideFiles& files() const { return *input_.files; }

 private:
  RecordReader(std::size_t number, const Settings& settings, ChunkPool& pool, const MergeOptions& options, const MessageSink& say)
      : number_(static_cast<std::uint32_t>(number)),
        settings_(settings),
        pool_(pool),
        shift_(options.inputs[number].shift),
        path_(options.inputs[number].path),
        where_(options.where),
        say_(say) {}

  bool read_batch(Chunk& chunk);
  bool read_items(Chunk& chunk);
  bool wanted(std::string_view text, const stream::Exchange* exchange, std::size_t index) const;
  void timed(SortKey& key, std::optional<stream::WallTime> time, const std::function<stream::Place()>& place);
  LogInfo shifted(LogInfo info) const;
  void ended();
  void lost(stream::Error error);

  std::uint32_t number_;
  Settings settings_;
  ChunkPool& pool_;
  stream::Nanos shift_;
  std::string path_;
  const query::Filter* where_;
  const MessageSink& say_;
  Input input_{};
  std::unique_ptr<EntryReader> entries_{};  ///< of a HAR; otherwise input_.reader
  InputFacts facts_{};
  std::int64_t last_time_ = INT64_MIN;
  bool begun_ = false;
  bool exhausted_ = false;  ///< the input's reader has given all
  bool ended_ = false;
};

/// A sequence of records in order, one of those that are merged.
class Lane {
 public:
  Lane() = default;
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;
  virtual ~Lane() = default;

  /// Sees to it that there is a first record; false at the end. Errors: `io` of a temporary file.
  virtual stream::Result<bool> ready() = 0;
  virtual const SortKey& front() const = 0;
  virtual Record pop() = 0;
  /// An entry came later than it may: the order of what was given out is wrong.
  virtual bool out_of_order() const { return false; }
};

/// An input that is nearly sorted: entries wait until none that is earlier can come any more.
class StreamLane final : public Lane {
 public:
  StreamLane(std::unique_ptr<RecordReader> reader, stream::Nanos window, std::size_t memory);

  stream::Result<bool> ready() override;
  const SortKey& front() const override { return heap_.front().key; }
  Record pop() override;
  bool out_of_order() const override { return out_of_order_; }
  const RecordReader& reader() const { return *reader_; }

 private:
  bool settled() const;
  void fill();

  std::unique_ptr<RecordReader> reader_;
  std::int64_t window_;
  std::size_t memory_;
  std::vector<Record> heap_;
  std::size_t held_ = 0;  ///< bytes of chunks with records in the heap
  std::int64_t newest_ = INT64_MIN;
  std::int64_t given_ = INT64_MIN;
  bool ended_ = false;
  bool out_of_order_ = false;
};

/// What was sorted, of any number of inputs.
class SortedLane final : public Lane {
 public:
  SortedLane(Sorter& sorter, std::size_t chunk_size) : sorter_(sorter), chunk_size_(chunk_size) {}

  stream::Result<bool> ready() override;
  const SortKey& front() const override { return chunk_->records[next_].key; }
  Record pop() override;

 private:
  Sorter& sorter_;
  ChunkPool pool_{4};
  std::size_t chunk_size_;
  std::shared_ptr<Chunk> chunk_;
  std::size_t next_ = 0;
};

}  // namespace har::merging
