#include "store/add_har.hpp"

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include "store/parts.hpp"
#include "stream/text/place.hpp"

namespace har::store {
namespace {

using stream::Error;
using stream::fail;
using stream::Finding;
using stream::Place;
using stream::Result;
using stream::Status;

/// Reads a small file in order. Of a large one the beginning and the end are read in order, and what lies between in parts. Where
/// a part is not as it should be, the reading in order goes over that place, and says what is wrong there.
class Adder {
 public:
  explicit Adder(const HarInput& from)
      : from_(from),
        whole_(from.input.file->size() <= from.options.whole_size),
        source_(*from.input.file, from.input.path),
        reader_(source_, {from.input.limits,
                          [this](Finding finding) {
                            finding.place = counted(std::move(finding.place));
                            sink_(finding);
                          },
                          from.options.part_size}),
        indexer_(from.input, from.match, whole_) {}

  Status run() {
    if (!whole_) STREAM_TRY(read_parts());
    STREAM_TRY(read_in_order());
    if (from_.input.creator.empty()) from_.input.creator = creator_of(reader_.info());
    return {};
  }

 private:
  void see(const EntryBatch& batch) {
    if (std::exchange(begun_, true)) return;
    from_.input.start = start_of(batch.entries().front().text);
    from_.input.creator = creator_of(reader_.info());
  }

  void work(const std::vector<EntrySlice>& entries, const std::function<Place(const EntrySlice&)>& place_of, Made& out) {
    out.entries.clear();
    auto tools = indexer_.lend();
    for (const EntrySlice& slice : entries)
      indexer_.work(
          {slice.text, slice.index, slice.offset}, *tools, [&] { return place_of(slice); }, out);
    indexer_.give_back(std::move(tools));
  }
  void work(const EntryBatch& batch, Made& out) {
    work(
        batch.entries(), [&](const EntrySlice& slice) { return counted(batch.place(slice)); }, out);
  }

  /// The reader counts lines from the place on that it was sent to last. How many there are before that is counted when somebody
  /// wants to know, which is seldom. May be called on several threads at once.
  Place counted(Place place) {
    const std::lock_guard lock(mutex_);
    std::vector<char> bytes;
    while (base_.offset.value_or(0) < sent_to_) {
      bytes.resize(static_cast<std::size_t>(std::min<std::uint64_t>(sent_to_ - *base_.offset, std::uint64_t{1} << 20)));
      const auto count = from_.input.file->read_at(*base_.offset, bytes);
      if (!count || *count == 0) break;  // then the file has been cut, which is noticed anyway
      stream::advance(base_, {bytes.data(), *count});
    }
    if (place.line == 0) return place;
    if (place.line == 1) place.column += base_.column - 1;
    place.line += base_.line - 1;
    return place;
  }
  Error counted(Error error) {
    error.place = counted(std::move(error.place));
    return error;
  }

  /// False: to the end.
  Result<bool> read_batch(EntryBatch& batch, Made& made) {
    const auto more = reader_.next(batch);
    if (!more) {
      const Error error = counted(more.error());
      STREAM_TRY(from_.hear(error));
      // What cannot be read on was no single exchange.
      if (!reader_.can_continue()) return fail(error);
      return true;
    }
    if (!*more) return false;
    see(batch);
    work(batch, made);
    STREAM_TRY(from_.take(made));
    return true;
  }

  Status read_parts() {
    sink_ = [&](const Finding& finding) { (void)from_.hear(finding); };
    EntryBatch batch;
    Made made;
    // The more often parts were no use, the longer none is tried.
    for (std::size_t in_order = 1;;) {
      for (std::size_t i = 0; i < in_order; ++i) {
        STREAM_ASSIGN(const bool more, read_batch(batch, made));
        if (!more) return {};
      }
      const auto place = reader_.resting_place();
      if (!place) continue;
      if (from_.input.file->size() - place->offset.value_or(0) <= from_.options.part_size) return {};
      STREAM_ASSIGN(const std::size_t parts, skip_parts(*place));
      in_order = parts >= 8 ? 1 : in_order * 2;
    }
  }

  /// Adds the entries of as many parts as are good, and sends the reader behind them; how many parts.
  Result<std::size_t> skip_parts(Place place) {
    PartCutter cutter(*from_.input.file, place.offset.value_or(0), from_.options.part_size);
    const std::size_t first = reader_.next_index();
    std::size_t number = first;
    std::size_t count = 0;
    PartWork<Made> parts(
        *from_.input.file, cutter, from_.input.limits,
        [&](const PartText& text, Made& out) {
          work(
              text.entries(), [](const EntrySlice&) { return Place{}; }, out);
          return std::all_of(out.entries.begin(), out.entries.end(),
                             [](const Made::Entry& entry) { return entry.good && entry.messages.empty(); });
        },
        [&](const Part& part, Made& made) -> Result<bool> {
          if (number + made.entries.size() > kMostEntries) return false;
          for (Made::Entry& entry : made.entries) entry.slot.number = number++ & 0xfffffffU;
          STREAM_TRY(from_.take(made));
          place.offset = part.end;
          ++count;
          return true;
        });
    STREAM_TRY(parts.run(from_.options.threads));
    if (count == 0) return count;
    sent_to_ = place.offset.value_or(0);
    source_.seek(sent_to_);
    place.line = place.column = 1;
    reader_.skip_to(std::move(place), number - first);
    return count;
  }

  Status read_in_order() {
    Status heard;
    STREAM_TRY(each_batch<Made>(
        [&](stream::FindingSink report) -> EntryReader& {
          sink_ = std::move(report);
          return reader_;
        },
        [&](const EntryBatch& batch) -> Status {
          see(batch);
          return {};
        },
        from_.options.threads, [&](const EntryBatch& batch, Made& out) { work(batch, out); },
        [&](const EntryBatch&, Made& made) -> Status {
          STREAM_TRY(heard);
          return from_.take(made);
        },
        [&](const Message& message) {
          if (!heard) return;
          const auto* const finding = std::get_if<Finding>(&message);
          const Message said = finding != nullptr ? message : Message(counted(std::get<Error>(message)));
          heard = from_.hear(said);
          // What cannot be read on was no single exchange.
          if (heard && finding == nullptr && !reader_.can_continue()) heard = fail(std::get<Error>(said));
        }));
    return heard;
  }

  const HarInput& from_;
  const bool whole_;
  EntryFileSource source_;
  stream::FindingSink sink_;
  EntryReader reader_;
  Indexer indexer_;
  bool begun_ = false;
  std::mutex mutex_;
  std::uint64_t sent_to_ = 0;    ///< where the reader was sent last
  Place base_{"", 1, 1, 0, ""};  ///< as far as lines were counted
};

}  // namespace

Status add_har(const HarInput& from) { return Adder(from).run(); }

}  // namespace har::store
