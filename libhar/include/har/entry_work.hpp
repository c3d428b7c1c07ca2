#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "har/entry_reader.hpp"
#include "stream/io/ordered_pipeline.hpp"

namespace har {

/// Something to be said about an input: an error that cost a part of it, or a finding.
using Message = std::variant<stream::Error, stream::Finding>;
using MessageSink = std::function<void(const Message&)>;

/// Reads a HAR to its end, with the work on its batches done by several threads and the results in the order of the file.
///
/// - `make_reader(report)` gives the reader; what it finds goes to `report`.
/// - `see(batch)` is called for each batch before it goes to work, on the caller's thread; its error ends everything.
/// - `work(batch, out)` makes `out`, which may hold an earlier result, so that its memory is used again; it is called on
///   `threads` threads at once.
/// - `consume(batch, out)` takes the results, in order, on one thread; its error ends everything, and is returned.
/// - `say(message)` hears the reader's errors and findings, in the order of the input among the results: on consume's thread,
///   and behind the last result on the caller's.
template <class Out, class MakeReader>
stream::Status each_batch(const MakeReader& make_reader, const std::function<stream::Status(const EntryBatch&)>& see,
                          unsigned threads, std::function<void(const EntryBatch&, Out&)> work,
                          std::function<stream::Status(const EntryBatch&, Out&)> consume, const MessageSink& say) {
  struct Piece {
    std::vector<Message> before{};
    EntryBatch batch{};
    Out out{};
  };
  std::vector<Message> heard;
  EntryReader& reader = make_reader([&heard](const stream::Finding& finding) { heard.emplace_back(finding); });
  stream::Status status;
  {
    stream::OrderedPipeline<Piece> pipeline(
        threads, [&](Piece& piece) { work(piece.batch, piece.out); },
        [&](Piece& piece) -> stream::Status {
          for (const Message& message : piece.before) say(message);
          return consume(piece.batch, piece.out);
        });
    for (;;) {
      Piece piece = pipeline.recycle().value_or(Piece{});
      auto more = reader.next(piece.batch);
      if (!more) {
        heard.emplace_back(std::move(more).error());
        if (reader.can_continue()) continue;
        break;
      }
      if (!*more) break;
      if (status = see(piece.batch); !status) break;
      piece.before = std::exchange(heard, {});
      if (!pipeline.push(std::move(piece))) break;
    }
    if (auto worked = pipeline.finish(); status) status = std::move(worked);
  }
  if (status) {
    for (const Message& message : heard) say(message);
  }
  return status;
}

}  // namespace har
