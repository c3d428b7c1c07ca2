#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "stream/io/temporary_file.hpp"

namespace har::merging {

/// Where a record stands in the merged order: by time, then by input, then by its place in the input. No two records are equal.
struct SortKey {
  std::int64_t time = 0;  ///< nanoseconds since 1970
  std::uint64_t index = 0;
  std::uint32_t input = 0;
  std::uint32_t kind = 0;  ///< of the record's bytes; does not count for the order

  friend bool operator<(const SortKey& a, const SortKey& b) {
    if (a.time != b.time) return a.time < b.time;
    return a.input != b.input ? a.input < b.input : a.index < b.index;
  }
};

/// Sorts any number of records in bounded memory: what does not fit is written to a temporary file in sorted runs, which are
/// merged. First add() for all, then finish(), then next() until it gives false.
class Sorter {
 public:
  struct Options {
    std::size_t memory = std::size_t{4} << 20;  ///< bytes of records held; one that is larger is held anyway
    std::size_t fan_in = 256;                   ///< runs that are merged at once
    std::string folder{};                       ///< of the temporary file; see stream::TemporaryFile
  };
  explicit Sorter(Options options);
  ~Sorter();

  stream::Status add(const SortKey& key, std::string_view bytes);
  stream::Status finish();
  /// Moves to the next record in order; false at the end.
  stream::Result<bool> next();
  const SortKey& key() const { return key_; }
  std::string_view bytes() const { return bytes_; }  ///< valid until the next call of next()
  std::size_t runs() const { return runs_.size(); }  ///< for tests: on disk

 private:
  struct Held {
    SortKey key;
    std::size_t offset;
    std::size_t size;
  };
  struct Run {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    SortKey last{};
  };
  class Cursor;

  std::size_t held_size() const { return arena_.size() + held_.size() * sizeof(Held); }
  void sort_held();
  stream::Status spill();
  stream::Status append(Run& run, const SortKey& key, std::string_view bytes);
  stream::Status flush();
  stream::Status merge_runs(std::size_t count);
  stream::Status open(std::size_t first, std::size_t count);
  stream::Result<bool> next_of_cursors();

  Options options_;
  stream::TemporaryFile file_;
  std::string arena_;
  std::vector<Held> held_;
  std::size_t next_held_ = 0;
  std::vector<Run> runs_;
  std::string out_;  ///< gathers what is written
  std::vector<std::unique_ptr<Cursor>> cursors_;
  std::vector<Cursor*> heap_;
  SortKey key_{};
  std::string_view bytes_;
  std::string payload_;
};

}  // namespace har::merging
