#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "har/entry_work.hpp"
#include "har/format.hpp"

/// Once through the entries of an input of any format, with all processors.
namespace har {

/// One entry on its way.
struct PassEntry {
  std::string_view text{};                     ///< its JSON; of an input that has none, made of its exchange
  std::uint64_t offset = 0;                    ///< of the text in the decompressed input, or of what it was made of
  const stream::Exchange* exchange = nullptr;  ///< as it stands in the input, if it is no entry there
};

/// Some entries of an input, one behind the other.
struct EntryPiece {
  std::span<const PassEntry> entries{};
  /// The number of the first in its input, from 0, if EntryPassOptions::numbered.
  std::size_t first = 0;
  /// What the log had said when the input's first entry came.
  const LogInfo* info = nullptr;
  const SideFiles* files = nullptr;
  /// Where the entry of that index in `entries` stands, for messages. Costs time. Line and column are not known while a file is
  /// read in parts.
  std::function<stream::Place(std::size_t index)> place{};
};

/// The numbers of the entries of a piece that was worked on.
struct TakenPiece {
  std::size_t first = 0;  ///< in its input, from 0
  std::size_t count = 0;
};

/// What is to be done. `Out` is what a thread makes of a piece; it is used again for a later piece, so work() clears it first.
template <class Out>
struct EntryPass {
  /// Called on several threads at once. False: there is something to be said about one of the entries, whose place should be
  /// known exactly; then, if it was not, the piece is given once more with it, and what was made of it before is thrown away.
  std::function<bool(const EntryPiece&, Out&)> work{};
  /// Takes what was made, in the order of the input, on one thread at a time; the entries themselves are gone by then. False:
  /// nothing more is wanted.
  std::function<stream::Result<bool>(const TakenPiece&, Out&)> take{};
};

struct EntryPassOptions {
  ReadOptions read{};     ///< `report` is not used: findings go to `say`
  unsigned threads = 1;   ///< that work at once; 1: everything is done on the caller's
  bool numbered = false;  ///< work() wants to know the numbers of entries: then a file is not read in parts
  MessageSink say{};      ///< hears errors that cost an entry, and findings, in the order of the input, one at a time
  std::size_t part_size = std::size_t{1} << 20;  ///< bytes that are worked on together, about
};

/// How a pass ended.
struct EntryPassResult {
  LogInfo info{};             ///< all that the log has said
  std::uint64_t entries = 0;  ///< that were taken
  std::uint64_t errors = 0;   ///< that `say` has heard: each cost an entry, or the rest of the input
  bool stopped = false;       ///< take() wanted no more
};

namespace detail {
struct ErasedPass {
  std::function<std::shared_ptr<void>()> make{};
  std::function<bool(const EntryPiece&, void*)> work{};
  std::function<stream::Result<bool>(const TakenPiece&, void*)> take{};
};
stream::Result<EntryPassResult> run_pass(Input& input, const EntryPassOptions& options, const ErasedPass& pass);
}  // namespace detail

/// Reads an input that open_source() has opened. A HAR in a regular file that is not compressed is read in parts, by all threads
/// at once; anything else by one, beside those that work. Memory is bounded by a few parts, or the largest few entries. Errors:
/// those of take(). What is wrong with the input is told to `say`, and what can be read of it is read.
template <class Out>
stream::Result<EntryPassResult> each_entry(Input& input, const EntryPassOptions& options, const EntryPass<Out>& pass) {
  return detail::run_pass(input, options,
                          {[] { return std::make_shared<Out>(); },
                           [&pass](const EntryPiece& piece, void* out) { return pass.work(piece, *static_cast<Out*>(out)); },
                           [&pass](const TakenPiece& piece, void* out) { return pass.take(piece, *static_cast<Out*>(out)); }});
}

}  // namespace har
