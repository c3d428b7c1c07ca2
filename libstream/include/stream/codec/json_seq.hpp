#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/codec/splitter.hpp"
#include "stream/io/error.hpp"
#include "stream/io/finding.hpp"
#include "stream/io/limits.hpp"

/// JSON text sequences (RFC 7464, `application/json-seq` and `+json-seq`).
namespace stream {

/// What stands between two record separators, unless that is only white space.
struct JsonSeqItem {
  enum class Kind : std::uint8_t {
    element,    ///< a JSON text
    truncated,  ///< cut off, or a number, true, false or null that may be (RFC 7464 §2.4: nothing follows it)
    invalid,    ///< not JSON for another reason
    stray,      ///< before the first record separator: no element, whatever it is
  };
  Kind kind = Kind::element;
  std::string text{};       ///< as it is, without white space around it
  std::uint64_t begin = 0;  ///< of its record separator in the whole input (of the first byte for `stray`)
  std::uint64_t end = 0;    ///< where the next one stands, or the input ends
  std::uint64_t line = 0;   ///< where `text` begins, from 1

  bool operator==(const JsonSeqItem&) const = default;
};

struct JsonSeqOptions {
  Limits limits{};       ///< max_entry: one element with its separator; max_depth
  std::string source{};  ///< for places in messages
  /// json-seq-stray, json-seq-truncated, json-seq-invalid, json-seq-no-newline, json-seq-empty (white space only). None of
  /// them stops the elements that follow.
  FindingSink findings{};
};

/// Decodes a sequence that is fed in any pieces; the items do not depend on the cuts. An element is complete when the next
/// one begins, or by finish(). Record separators in a row are one.
class JsonSeqDecoder {
 public:
  explicit JsonSeqDecoder(JsonSeqOptions options = {});

  /// Appends the items that `bytes` completes. Errors: `limit`, which every later call returns again.
  Status feed(std::string_view bytes, std::vector<JsonSeqItem>& out);
  /// The end of the sequence: appends the last element. Nothing may be fed after it.
  Status finish(std::vector<JsonSeqItem>& out);

 private:
  void piece(std::string_view bytes, std::uint64_t begin, std::uint64_t end, std::vector<JsonSeqItem>& out);
  void check(JsonSeqItem& item, std::uint64_t text_begin, std::uint64_t column, bool space_after) const;
  void report(Level level, std::string_view rule, std::string message, const Place& place) const;

  JsonSeqOptions options_;
  Splitter splitter_;
  std::optional<Error> failure_{};
  bool separator_seen_ = false;
  std::uint64_t line_ = 1;
  std::uint64_t column_ = 1;
};

/// Appends RS, `json` (one JSON text) and LF.
void encode_json_seq(std::string& out, std::string_view json);

}  // namespace stream
