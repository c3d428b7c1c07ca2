#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/io/byte_source.hpp"
#include "stream/io/finding.hpp"
#include "stream/text/json.hpp"

namespace har {

/// One element of log.entries, as it stands in the file.
struct EntrySlice {
  std::string_view text{};   ///< from '{' to '}'
  std::string_view lead{};   ///< what stands between the entry before (or the array's '[') and this one
  std::size_t index = 0;     ///< its number, from 0
  std::uint64_t offset = 0;  ///< of its '{' in the decompressed input
};

/// A run of whole entries, with the memory they stand in: a batch can be handed to another thread, and is reused.
class EntryBatch {
 public:
  const std::vector<EntrySlice>& entries() const { return entries_; }
  bool empty() const { return entries_.empty(); }
  /// Everything from the first entry's lead to the last entry's end, in one piece.
  std::string_view text() const { return text_; }
  /// Where an entry stands. Costs a pass over the batch up to there: for messages.
  stream::Place place(const EntrySlice& entry) const;
  /// The place of the first byte of text().
  const stream::Place& start() const { return start_; }

 private:
  friend class EntryReader;
  struct Free {
    void operator()(char* memory) const { std::free(memory); }  // NOLINT: realloc'd, so that pages never touched cost nothing
  };
  std::unique_ptr<char, Free> buffer_;
  std::size_t capacity_ = 0;
  std::vector<EntrySlice> entries_;
  std::string_view text_;
  stream::Place start_;
};

/// What a HAR says besides its entries.
struct LogInfo {
  stream::Json::Object log{};   ///< members of `log` other than entries, in file order
  stream::Json::Object root{};  ///< members beside `log`
  bool operator==(const LogInfo&) const = default;
};

struct EntryReaderOptions {
  stream::Limits limits{};
  stream::FindingSink report{};
  /// Entries are gathered until there are about this many bytes. Peak memory is twice this, or twice the largest entry.
  std::size_t batch_size = std::size_t{1} << 20;
  /// Whether entries are refused that hold bytes that are not UTF-8 or raw control characters, or are nested too deeply. Without
  /// it they are given out as they stand.
  bool look_inside = true;
  /// Whether commas between entries that are missing or too many, and one behind the last, are let pass: then they stand in
  /// the leads, and in the tail.
  bool any_commas = false;
};

/// Reads a HAR as the entries that it holds, in file order, in memory bounded by the largest few of them, never by the
/// file: each byte is looked at for brackets and quotes only, and nothing is built.
///
/// `pages` may stand before or after the entries, or be missing; a BOM, a JSONP wrapper (HARP), members beside `log` and a
/// second `entries` array are understood and reported. What is checked: that the file is a HAR, that entries are objects
/// with one comma between them, that brackets and quotes match up, that nesting stays within Limits::max_depth, that strings
/// hold no raw control characters, and that everything is UTF-8. What else stands inside an entry is for whoever reads it.
///
/// An error costs what is broken and no more: entries before it have been given out. After `truncated` or `syntax` there is
/// nothing more; after an entry that is wrong inside the next call goes on behind it (can_continue()).
class EntryReader {
 public:
  /// `source` outlives the reader.
  explicit EntryReader(stream::ByteSource& source, EntryReaderOptions options = {});
  ~EntryReader();

  /// Fills `batch` with the next entries, at least one; false at the end. What the batch held before is gone.
  stream::Result<bool> next(EntryBatch& batch);

  /// After an error: whether next() can be called again.
  bool can_continue() const;

  /// The place behind the last entry that was given out, if the reading can go on from any other place behind an entry of the
  /// same array: so where everything up to here was given out, and neither the array nor the input is known to end.
  std::optional<stream::Place> resting_place() const;
  /// Goes on at another place behind an entry, further on: what lies between are `entries` whole entries that somebody else has
  /// read as carefully. Only where there is a resting place, and with the source moved to the new one.
  void skip_to(stream::Place place, std::size_t entries);
  /// The number of the next entry.
  std::size_t next_index() const;

  /// Everything up to and including the '[' of entries, as it stands; available after the first call of next().
  std::string_view head() const;
  /// Everything behind the last entry; available when next() has returned false. Where the input was broken, what closes
  /// the document instead, so that head, entries and tail are a HAR at any rate.
  std::string_view tail() const;
  /// The place of tail()'s first byte.
  const stream::Place& tail_place() const;
  /// Whether the document was read to its end: then head() and tail() stand in the input, and what is between them is its
  /// entries.
  bool whole() const;
  /// The members known so far; complete when next() has returned false.
  const LogInfo& info() const;
  /// How many entries have been given out.
  std::size_t count() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace har
