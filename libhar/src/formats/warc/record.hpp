#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "formats/http_message.hpp"
#include "formats/octet_reader.hpp"
#include "har/format.hpp"

namespace har::format::warc {

/// The head of a record (ISO 28500, clause 4).
struct Head {
  std::uint64_t offset = 0;  ///< of the record in the decompressed input
  std::string version{};     ///< "1.1"
  Fields fields{};
  std::uint64_t block = 0;   ///< the offset of its block
  std::uint64_t length = 0;  ///< of its block

  /// The value of a field; empty without it.
  std::string_view operator[](std::string_view name) const {
    const std::string* const value = find_field(fields, name);
    return value != nullptr ? std::string_view(*value) : std::string_view();
  }
};

/// A URI without the angle brackets that WARC 1.0 asks for and most writers leave out.
std::string_view without_brackets(std::string_view uri);

/// Reads records one by one: next(), and then at most once block().
class RecordReader {
 public:
  RecordReader(stream::ByteSource& source, const stream::Limits& limits) : in_(source), limits_(limits) {}

  /// Passes over the rest of the record before. Errors: `syntax`, after which the next call goes on with what looks like a
  /// record; `truncated` and those of the source, after which there is nothing more.
  stream::Result<std::optional<Head>> next();
  /// The block of the record; a part of it where the input ends within, which the next call of next() says. Errors: `limit`, and
  /// the block is passed over.
  stream::Result<std::string> block();
  /// Whether the block was cut by the end of the input.
  bool cut() const { return cut_.has_value(); }
  bool ended() const { return ended_; }
  stream::Place place() const { return in_.place(); }
  stream::Place place(std::uint64_t offset) const { return in_.place(offset); }

 private:
  stream::Result<Head> head();
  stream::Status skip_block();
  stream::Status seek();
  stream::Error cut_error() const;

  OctetReader in_;
  stream::Limits limits_;
  std::uint64_t at_ = 0;    ///< where the record began
  std::uint64_t left_ = 0;  ///< of its block
  std::optional<stream::Error> cut_{};
  bool lost_ = false;  ///< the next record has to be looked for
  bool ended_ = false;
};

}  // namespace har::format::warc
