#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "check/facts.hpp"
#include "check/marks.hpp"
#include "har/side_files.hpp"
#include "stream/text/timestamp.hpp"

/// The rules beyond shape that one entry can break. Each function appends what it finds; pointers are within the entry, and
/// built only when there is something to say. A value of a wrong type is the shape's business: rules pass over it.
namespace har::check {

/// Domains of single values: date-value, timings-*, size-*, content-size-unknown, status-*, method-token, header-*, url-*,
/// http-version, server-address*, mime-type, content-encoding, base64-*.
void check_values(const Facts& facts, Marks& marks);

/// Values that must agree: time-sum*, ssl-in-connect, query-url, cookie-header, redirect-location, content-size,
/// content-compression, body-unexpected, post-*.
void check_relations(const Facts& facts, Marks& marks);

/// _file: file-escape, file-missing. `files`: those beside the HAR; null: they can't be looked for.
void check_files(const Facts& facts, const SideFiles* files, Marks& marks);

/// The rules secret-* but secret-file-mode, which is about the file.
void check_secrets(const Facts& facts, Marks& marks);

/// What is listed message by message: ws-*, sse-*, chunks-*. The walk hands the records over as they come, at a time when
/// the entry's other values may not be known yet; what depends on those is checked at the end of the entry.
class MessageChecks {
 public:
  /// A new entry.
  void clear();
  void record(List list, const Record& record, std::string_view entry, Marks& marks);
  void finish(const Facts& facts, Marks& marks);

 private:
  /// What is known of one list so far.
  struct Track {
    std::size_t count = 0;
    std::size_t untimed = 0;                ///< without a time, or -1
    std::optional<stream::Nanos> first{};   ///< as written, in the unit of seconds
    std::optional<stream::Nanos> last{};
    std::optional<stream::Nanos> least{};
    std::size_t least_at = 0;               ///< offset of the earliest one's time
    bool went_back = false;
    std::uint64_t end = 0;                  ///< of chunks: where the one before ended, in each direction
    std::uint64_t sent_end = 0;
    bool gap = false;
  };
  std::array<Track, static_cast<std::size_t>(List::count_)> tracks_{};
  std::string scratch_;
};

}  // namespace har::check
