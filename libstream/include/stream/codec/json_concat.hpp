#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/io/error.hpp"
#include "stream/io/finding.hpp"
#include "stream/io/limits.hpp"

/// JSON texts one after the other, on one line or over several, with or without white space between them.
namespace stream {

/// One value. `text` is its bytes as they are. What can begin no value goes up to the next white space, quotation mark or
/// opening bracket.
struct JsonConcatItem {
  std::string text{};
  std::uint64_t line = 0;   ///< where it begins, from 1
  std::uint64_t begin = 0;  ///< of `text` in the whole input
  std::uint64_t end = 0;
  bool valid = true;  ///< it is a JSON text; not said to be wrong without `parse`, but for one that the input cuts off

  bool operator==(const JsonConcatItem&) const = default;
};

struct JsonConcatOptions {
  Limits limits{};         ///< max_entry: one value; max_depth: where values are parsed
  std::string source{};    ///< for places in messages
  bool parse = false;      ///< check that each value is a JSON text; the last one always is if it may be cut off
  FindingSink findings{};  ///< json-concat-bom, json-concat-invalid (with `parse`), json-concat-truncated
};

/// Decodes values that are fed in any pieces; the items do not depend on the cuts. An object, an array or a string is given
/// with its last byte, a number or a word with the byte after it.
class JsonConcatDecoder {
 public:
  explicit JsonConcatDecoder(JsonConcatOptions options = {}) : options_(std::move(options)) {}

  /// Appends the values that `bytes` completes. Errors: `limit`, which every later call returns again.
  Status feed(std::string_view bytes, std::vector<JsonConcatItem>& out);
  /// The end of the input: appends the last value, if it is a number or a word, or cut off. Nothing may be fed after it.
  Status finish(std::vector<JsonConcatItem>& out);

 private:
  enum class State : std::uint8_t { between, word, string, nested, nested_string };

  std::size_t scan(std::string_view bytes, std::size_t at);
  void begin(char first);
  void give(bool cut, std::vector<JsonConcatItem>& out);
  void report(Level level, std::string_view rule, std::string message, const Place& place) const;

  JsonConcatOptions options_;
  std::optional<Error> failure_{};
  State state_ = State::between;
  bool escaped_ = false;     // in a string, after a backslash
  std::uint64_t depth_ = 0;  // of open brackets
  std::string text_{};       // of the current value
  Place begin_{};            // of the current value
  std::uint64_t offset_ = 0;
  std::uint64_t line_ = 1;
  std::uint64_t line_begin_ = 0;
};

}  // namespace stream
