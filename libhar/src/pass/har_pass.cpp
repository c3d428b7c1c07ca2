#include "pass/har_pass.hpp"

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "pass/parts.hpp"
#include "stream/text/place.hpp"

namespace har::pass {
namespace {

using stream::Error;
using stream::fail;
using stream::Finding;
using stream::Place;
using stream::Result;
using stream::Status;

/// Of a file that is read in parts the beginning and the end are read in order. Where a part is not as it should be, the reading
/// in order goes over that place, and says what is wrong there.
class Runner {
 public:
  explicit Runner(const HarPass& pass)
      : pass_(pass),
        reader_(source(), {pass.limits,
                           [this](Finding finding) {
                             finding.place = counted(std::move(finding.place));
                             sink_(finding);
                           },
                           pass.part_size}) {}

  Result<HarPassResult> run() {
    if (pass_.in_parts) STREAM_TRY(read_parts());
    if (!over_) STREAM_TRY(read_in_order());
    if (broken_) broken_ = counted(std::move(*broken_));
    return HarPassResult{reader_.info(), std::move(broken_)};
  }

 private:
  using Out = std::shared_ptr<void>;

  stream::ByteSource& source() {
    if (pass_.file == nullptr) return *pass_.source;
    return file_source_.emplace(*pass_.file, pass_.path);
  }
  void see(const EntryBatch& batch) {
    if (!std::exchange(begun_, true)) pass_.begin(reader_, batch.entries().front());
  }
  bool work(const EntryBatch& batch, Out& out) {
    if (!out) out = pass_.make();
    return pass_.work({batch.entries(), false, [&](const EntrySlice& slice) { return counted(batch.place(slice)); }}, out.get());
  }
  Status take(std::size_t first, std::size_t count, Out& out) {
    STREAM_ASSIGN(const bool more, pass_.take({first, count}, out.get()));
    if (!more) over_ = true;
    return {};
  }

  /// The reader counts lines from the place on that it was sent to last. How many there are before that is counted when somebody
  /// wants to know, which is seldom. May be called on several threads at once.
  Place counted(Place place) {
    if (pass_.file == nullptr) return place;
    const std::lock_guard lock(mutex_);
    std::vector<char> bytes;
    while (base_.offset.value_or(0) < sent_to_) {
      bytes.resize(static_cast<std::size_t>(std::min<std::uint64_t>(sent_to_ - *base_.offset, std::uint64_t{1} << 20)));
      const auto count = pass_.file->read_at(*base_.offset, bytes);
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

  /// Reads, works and takes on the caller's thread.
  Status read_batch(EntryBatch& batch, Out& out) {
    const auto more = reader_.next(batch);
    if (!more) {
      over_ = !reader_.can_continue();
      if (over_) broken_ = more.error();
      return pass_.hear(counted(more.error()));
    }
    over_ = !*more;
    if (over_) return {};
    see(batch);
    (void)work(batch, out);
    return take(batch.entries().front().index, batch.entries().size(), out);
  }

  Status read_parts() {
    sink_ = [&](const Finding& finding) { (void)pass_.hear(finding); };
    EntryBatch batch;
    Out out;
    // The more often parts were no use, the longer none is tried.
    for (std::size_t in_order = 1;;) {
      for (std::size_t i = 0; i < in_order; ++i) {
        STREAM_TRY(read_batch(batch, out));
        if (over_) return {};
      }
      const auto place = reader_.resting_place();
      if (!place) continue;
      if (pass_.file->size() - place->offset.value_or(0) <= pass_.part_size) return {};
      STREAM_ASSIGN(const std::size_t parts, skip_parts(*place));
      if (over_) return {};
      in_order = parts >= 8 ? 1 : in_order * 2;
    }
  }

  /// Works on as many parts as are good, and sends the reader behind them; how many parts.
  Result<std::size_t> skip_parts(Place place) {
    struct Made {
      Out out{};
      std::size_t entries = 0;
    };
    PartCutter cutter(*pass_.file, place.offset.value_or(0), pass_.part_size);
    const std::size_t first = reader_.next_index();
    std::size_t number = first;
    std::size_t count = 0;
    PartWork<Made> parts(
        *pass_.file, cutter, pass_.limits,
        [&](const PartText& text, Made& made) {
          if (!made.out) made.out = pass_.make();
          made.entries = text.entries().size();
          const auto place_of = [&](const EntrySlice& slice) { return Place{pass_.path, 0, 0, slice.offset, ""}; };
          return pass_.work({text.entries(), true, place_of}, made.out.get());
        },
        [&](const Part& part, Made& made) -> Result<bool> {
          STREAM_TRY(take(number, made.entries, made.out));
          number += made.entries;
          place.offset = part.end;
          ++count;
          return !over_;
        });
    STREAM_TRY(parts.run(pass_.threads));
    if (count == 0 || over_) return count;
    sent_to_ = place.offset.value_or(0);
    file_source_->seek(sent_to_);
    place.line = place.column = 1;
    reader_.skip_to(std::move(place), number - first);
    return count;
  }

  Status read_in_order() {
    Status heard;
    const Error stop{stream::ErrorCode::usage, "nothing more is wanted"};
    const Status read = each_batch<Out>(
        [&](stream::FindingSink report) -> EntryReader& {
          sink_ = std::move(report);
          return reader_;
        },
        [&](const EntryBatch& batch) -> Status {
          see(batch);
          return {};
        },
        // Below two threads beside it, the reading one would only wait for them.
        pass_.threads == 0 ? 0 : pass_.threads + 1, [&](const EntryBatch& batch, Out& out) { (void)work(batch, out); },
        [&](const EntryBatch& batch, Out& out) -> Status {
          STREAM_TRY(heard);
          STREAM_TRY(take(batch.entries().front().index, batch.entries().size(), out));
          return over_ ? Status(fail(stop)) : Status();
        },
        [&](const Message& message) {
          if (!heard) return;
          const auto* const error = std::get_if<Error>(&message);
          heard = pass_.hear(error != nullptr ? Message(counted(*error)) : message);
        },
        &broken_);
    if (!read && !over_) return read;
    return heard;
  }

  const HarPass& pass_;
  std::optional<EntryFileSource> file_source_{};
  stream::FindingSink sink_{};
  EntryReader reader_;
  std::optional<Error> broken_{};
  bool begun_ = false;
  bool over_ = false;
  std::mutex mutex_;
  std::uint64_t sent_to_ = 0;    ///< where the reader was sent last
  Place base_{"", 1, 1, 0, ""};  ///< as far as lines were counted
};

}  // namespace

stream::Result<HarPassResult> run(const HarPass& pass) { return Runner(pass).run(); }

}  // namespace har::pass
