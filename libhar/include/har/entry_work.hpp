#pragma once

#include <functional>
#include <memory>
#include <optional>
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
///   `threads` threads at once. With 0 threads everything is done on the caller's, one batch after another.
/// - `consume(batch, out)` takes the results, in order, on one thread; its error ends everything, and is returned.
/// - `say(message)` hears the reader's errors and findings, in the order of the input among the results: on consume's thread,
///   and behind the last result on the caller's.
/// - `broken`, if it is asked for, is set to the error behind which the reader could not go on.
template <class Out, class MakeReader>
stream::Status each_batch(const MakeReader& make_reader, const std::function<stream::Status(const EntryBatch&)>& see,
                          unsigned threads, std::function<void(const EntryBatch&, Out&)> work,
                          std::function<stream::Status(const EntryBatch&, Out&)> consume, const MessageSink& say,
                          std::optional<stream::Error>* broken = nullptr) {
  struct Piece {
    std::vector<Message> before{};
    EntryBatch batch{};
    Out out{};
  };
  std::vector<Message> heard;
  EntryReader& reader = make_reader([&heard](const stream::Finding& finding) { heard.emplace_back(finding); });
  stream::Status status;
  const auto consume_piece = [&](Piece& piece) -> stream::Status {
    for (const Message& message : piece.before) say(message);
    return consume(piece.batch, piece.out);
  };
  // Reads into a piece; false at the end.
  const auto read = [&](Piece& piece) {
    for (;;) {
      auto more = reader.next(piece.batch);
      if (more) {
        if (*more) piece.before = std::exchange(heard, {});
        return *more;
      }
      heard.emplace_back(more.error());
      if (!reader.can_continue()) {
        if (broken != nullptr) *broken = std::move(more).error();
        return false;
      }
    }
  };
  if (threads == 0) {
    for (Piece piece; read(piece);) {
      if (status = see(piece.batch); !status) break;
      work(piece.batch, piece.out);
      if (status = consume_piece(piece); !status) break;
    }
  } else {
    stream::OrderedPipeline<Piece> pipeline(
        threads, [&](Piece& piece) { work(piece.batch, piece.out); }, consume_piece);
    for (;;) {
      Piece piece = pipeline.recycle().value_or(Piece{});
      if (!read(piece)) break;
      if (status = see(piece.batch); !status) break;
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
