#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/keploy/write_document.hpp"

/// A stream file, as Go's encoder writes it: a record for what came at one time, with the framing of the chunked transfer coding.
namespace har::format::keploy {

/// A JSON string as Go's encoder writes it.
void put_go_string(std::string& out, std::string_view text);

/// One record. `time` is as go_time() has it; without `fields` its data is null.
void put_record(std::string& out, std::string_view time, const Fields* fields);

struct StreamFile {
  std::string text{};
  std::size_t records = 0;
};
/// A body that is UTF-8. A character that came in two pieces is in the record of the second. Without `complete` there is no end.
StreamFile write_stream_file(std::span<const TimedBytes> body, stream::WallTime end, bool complete, const Fields& trailers);

}  // namespace har::format::keploy
