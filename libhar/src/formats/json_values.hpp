#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "stream/io/byte_source.hpp"
#include "stream/io/limits.hpp"

namespace har::format {

/// The values of a JSON document, or of a file of several, one after the other: of each the extent is found, in memory bounded by
/// the largest one. What is within them is not looked at but for strings and brackets.
class JsonValues {
 public:
  struct Value {
    std::string_view text{};  ///< valid until the next call of anything here
    stream::Place place{};    ///< of its first byte
  };

  /// `source` outlives this. A byte order mark at its start is passed over.
  explicit JsonValues(stream::ByteSource& source, const stream::Limits& limits);

  /// The next byte that is no white space, which stays; none at the end. Errors: those of the source.
  stream::Result<std::optional<char>> peek();
  /// Takes it.
  void skip();
  /// The value that begins with the next byte that is no white space: up to its last bracket or quote, or (numbers, words) up to
  /// what can't belong to it. Errors: `truncated`, `limit` (--max-entry), those of the source.
  stream::Result<Value> value();
  /// Takes everything up to the next line feed, and that too. For going on behind what is broken.
  stream::Status skip_line();

  stream::Place place() const { return {name_, line_, 0, offset_, {}}; }

 private:
  stream::Result<bool> fill();  ///< false: there is no more
  void advance(std::size_t count);

  stream::ByteSource& source_;
  stream::Limits limits_;
  std::string name_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t given_ = 0;  ///< bytes of the value that was given out last
  std::uint64_t offset_ = 0;
  std::uint64_t line_ = 1;
  bool eof_ = false;
  bool started_ = false;
};

}  // namespace har::format
