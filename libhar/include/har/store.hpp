#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "har/exchanges.hpp"
#include "har/match/matcher.hpp"
#include "har/query/filter.hpp"
#include "stream/io/error.hpp"
#include "stream/record/event.hpp"

/// Many recorded exchanges, of which few are in memory at a time.
namespace har {

struct StoreOptions {
  ExchangeInput input{};  ///< `bodies` does not count: what has no address is no exchange here
  unsigned threads = 0;   ///< that work beside the reading one
  /// Files up to this size are read completely when they are added. Of larger ones brackets, strings and UTF-8 are checked then,
  /// and what the index needs; the rest of an entry is read when it is asked for.
  std::uint64_t whole_size = std::uint64_t{16} << 20;
  /// Larger HARs are read in parts of about this many bytes, by all threads at once.
  std::size_t part_size = std::size_t{1} << 20;
  const query::Filter* where = nullptr;  ///< only exchanges that it wants
  /// Hears of an exchange that cannot be read. True: it is left out. Without it, or for an input that cannot be read on, the
  /// error ends add().
  std::function<bool(const stream::Error&)> broken{};
};

/// Exchanges by number, in the order in which they were added.
///
/// Those of a HAR or of HAR lines in a regular file that is not compressed stay there: all that is held is where each begins and
/// ends (16 bytes). They are read again, with pread(), whenever they are asked for. What was opened once is read on when the
/// file is renamed, removed or replaced by another; a file that has been written to meanwhile is noticed (by its size and its
/// time), and gives an error. Exchanges of all other inputs are held as they are.
class ExchangeStore {
 public:
  ExchangeStore();
  ExchangeStore(const ExchangeStore&) = delete;
  ExchangeStore& operator=(const ExchangeStore&) = delete;
  ~ExchangeStore();

  /// Adds the exchanges of an input ("-" is standard input) to the store and to the matcher, so that both number them alike; how
  /// many they are. Neither may be used meanwhile, nor after an error. Errors: the first in the input, with its place.
  stream::Result<std::size_t> add(const std::string& path, match::Matcher& matcher, const StoreOptions& options = {});

  /// Adds one that is held in memory.
  void add(std::shared_ptr<const stream::Exchange> exchange, match::Matcher& matcher);

  std::size_t size() const;
  /// Its exchange's: of a HAR the number of the entry, from 1.
  std::string id(std::size_t index) const;
  /// The path of its input; empty for one that was added by itself.
  const std::string& input(std::size_t index) const;
  /// May have to read it; `http` where that fails.
  stream::StreamKind kind(std::size_t index) const;
  /// Bytes that it takes in its file; 0 if it is held in memory.
  std::size_t file_bytes(std::size_t index) const;

  /// The exchange, read anew where it is in a file. May be called on several threads at once. Errors: `io` (the file has changed,
  /// or cannot be read), and what is wrong inside the entry.
  stream::Result<std::shared_ptr<const stream::Exchange>> exchange(std::size_t index) const;

  /// Bytes held for exchanges that stay in their files.
  std::size_t memory() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace har
