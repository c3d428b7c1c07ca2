#include "pass/item_pass.hpp"

#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "har/exchange.hpp"
#include "stream/io/ordered_pipeline.hpp"
#include "stream/text/json.hpp"

namespace har::pass {
namespace {

using stream::Error;
using stream::fail;
using stream::Result;
using stream::Status;

/// Items that go to work together. What was said before each piece goes with it.
struct Piece {
  struct One {
    std::size_t begin = 0;  ///< in `text`
    std::size_t size = 0;
    stream::Place place{};
    std::optional<stream::Exchange> exchange{};
  };
  std::vector<Message> before{};
  std::string text{};
  std::vector<One> items{};
  std::size_t first = 0;
  std::shared_ptr<void> out{};
  std::vector<PassEntry> entries{};
  std::deque<std::string> made{};  ///< texts of exchanges
};

std::size_t bytes_of(const stream::Exchange& exchange) {
  std::size_t bytes = 1024;  // its heads, about
  for (const stream::Event& event : exchange.timeline) bytes += event.data.size() + 128;
  return bytes;
}

class Runner {
 public:
  explicit Runner(const ItemPass& pass) : pass_(pass) {}

  Status run() {
    Status status;
    const Error stop{stream::ErrorCode::usage, "nothing more is wanted"};
    if (pass_.threads == 0) {
      for (Piece piece; !over_ && read(piece);) {
        work(piece);
        STREAM_TRY(take(piece));
      }
    } else {
      stream::OrderedPipeline<Piece> pipeline(
          pass_.threads + 1, [&](Piece& piece) { work(piece); },
          [&](Piece& piece) -> Status {
            STREAM_TRY(take(piece));
            return over_ ? Status(fail(stop)) : Status();
          });
      for (;;) {
        Piece piece = pipeline.recycle().value_or(Piece{});
        if (!read(piece) || !pipeline.push(std::move(piece))) break;
      }
      status = pipeline.finish();
    }
    if (over_) return {};
    for (const Message& message : left_) pass_.hear(message);
    return status;
  }

 private:
  /// Fills a piece; false: there are no items left.
  bool read(Piece& piece) {
    piece.before = std::exchange(left_, {});
    piece.text.clear();
    piece.items.clear();
    std::size_t bytes = 0;
    while (!ended_ && bytes < pass_.part_size) {
      auto item = pass_.reader.next();
      auto& messages = piece.items.empty() ? piece.before : left_;
      for (Message& message : pass_.findings()) messages.push_back(std::move(message));
      if (!item) {
        messages.emplace_back(std::move(item).error());
        ended_ = !pass_.reader.can_continue();
        if (!piece.items.empty()) break;  // what comes next may be numbered otherwise
        continue;
      }
      if (!*item) {
        ended_ = true;
        break;
      }
      if (!std::exchange(begun_, true)) pass_.begin(pass_.reader.info());
      if (piece.items.empty()) piece.first = (*item)->index;
      Piece::One one{piece.text.size(), (*item)->text.size(), (*item)->where(), std::move((*item)->exchange)};
      piece.text += (*item)->text;
      bytes += one.size + (one.exchange ? bytes_of(*one.exchange) : 0);
      piece.items.push_back(std::move(one));
    }
    if (!piece.items.empty()) return true;
    left_ = std::exchange(piece.before, {});
    return false;
  }

  void work(Piece& piece) {
    piece.entries.clear();
    piece.made.clear();
    for (const Piece::One& one : piece.items) {
      PassEntry entry;
      entry.offset = one.place.offset.value_or(0);
      if (one.exchange) {
        entry.exchange = &*one.exchange;
        entry.text = piece.made.emplace_back(stream::to_json(to_entry(*one.exchange)));
      } else {
        entry.text = std::string_view(piece.text).substr(one.begin, one.size);
      }
      piece.entries.push_back(entry);
    }
    if (!piece.out) piece.out = pass_.make();
    pass_.work({piece.entries, piece.first, [&piece](std::size_t index) { return piece.items[index].place; }}, piece.out.get());
  }

  Status take(Piece& piece) {
    for (const Message& message : piece.before) pass_.hear(message);
    STREAM_ASSIGN(const bool more, pass_.take({piece.first, piece.items.size()}, piece.out.get()));
    if (!more) over_ = true;
    return {};
  }

  const ItemPass& pass_;
  std::vector<Message> left_;
  bool begun_ = false;
  bool ended_ = false;
  bool over_ = false;
};

}  // namespace

Status run(const ItemPass& pass) { return Runner(pass).run(); }

}  // namespace har::pass
