#include "store/add_har.hpp"

#include <algorithm>
#include <utility>

#include "pass/har_pass.hpp"

namespace har::store {

using stream::ErrorCode;
using stream::fail;
using stream::Result;
using stream::Status;

Status add_har(const HarInput& from) {
  Indexer indexer(from.input, from.match, from.input.file->size() <= from.options.whole_size);
  pass::HarPass pass;
  pass.file = from.input.file.get();
  pass.path = from.input.path;
  pass.limits = from.input.limits;
  pass.part_size = from.options.part_size;
  pass.threads = from.options.threads;
  pass.in_parts = pass.file->size() > from.options.whole_size;
  pass.begin = [&](const EntryReader& reader, const EntrySlice& first) {
    from.input.start = start_of(first.text);
    from.input.creator = creator_of(reader.info());
  };
  pass.make = [] { return std::make_shared<Made>(); };
  pass.work = [&](const pass::Run& run, void* out) {
    auto& made = *static_cast<Made*>(out);
    made.entries.clear();
    auto tools = indexer.lend();
    for (const EntrySlice& slice : run.entries)
      indexer.work(
          {slice.text, slice.index, slice.offset}, *tools, [&] { return run.place_of(slice); }, made);
    indexer.give_back(std::move(tools));
    return std::all_of(made.entries.begin(), made.entries.end(),
                       [](const Made::Entry& entry) { return entry.good && entry.messages.empty(); });
  };
  pass.take = [&](const TakenPiece& piece, void* out) -> Result<bool> {
    auto& made = *static_cast<Made*>(out);
    if (piece.first + piece.count > kMostEntries)
      return fail({ErrorCode::limit, "there are more entries than can be served", {from.input.path}, "split the file"});
    for (std::size_t i = 0; i < made.entries.size(); ++i) made.entries[i].slot.number = (piece.first + i) & 0xfffffffU;
    STREAM_TRY(from.take(made));
    return true;
  };
  pass.hear = from.hear;
  STREAM_ASSIGN(auto result, pass::run(pass));
  // What cannot be read on was no single exchange.
  if (result.broken) return fail(std::move(*result.broken));
  if (from.input.creator.empty()) from.input.creator = creator_of(result.info);
  return {};
}

}  // namespace har::store
