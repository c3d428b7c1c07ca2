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

/// Domains of single values: date-value, timings-negative between -1 and 0, status-*, method-token, header-*, url-*,
/// http-version, server-address*, mime-type, content-encoding, base64-*. What is out of the schema's bounds the walk has marked.
void check_values(const Facts& facts, Marks& marks);

/// Values that must agree: time-sum*, ssl-in-connect, query-url, cookie-header, redirect-location, content-size,
/// content-compression, body-unexpected, post-*.
void check_relations(const Facts& facts, Marks& marks);

/// _file: file-escape, file-missing. `files`: those beside the HAR; null: they can't be looked for.
void check_files(const Facts& facts, const SideFiles* files, Marks& marks);

/// The rules secret-* but secret-file-mode, which is about the file.
void check_secrets(const Facts& facts, Marks& marks);

/// What is listed message by message: ws-*, sse-*, chunks-*. The walk hands the records over as they come, at a time when
/// the entry's other values may not be known yet; what depends on those is checked at the end of the entry. Of places that
/// break the same rule the first is marked, with how many there are: a list may have millions.
class MessageChecks {
 public:
  /// A new entry.
  void clear();
  void record(List list, const Record& record, std::string_view entry, Marks& marks);
  void finish(const Facts& facts, Marks& marks);

 private:
  /// The first place that breaks a rule, and how many do.
  struct First {
    std::size_t count = 0;
    std::size_t index = 0;     ///< of the record
    std::string_view found{};  ///< in the entry's text
    std::string_view before{};
    std::uint64_t expected = 0;
    void add(std::size_t record, std::string_view what, std::string_view previous = {}, std::uint64_t wanted = 0);
  };
  /// The magnitude of a time tells its unit: seconds, or milliseconds or microseconds since 1970.
  enum class Unit : std::uint8_t { none, seconds, milliseconds, microseconds };
  struct Time {
    Unit unit = Unit::none;
    stream::Nanos since{};
    double value = 0;  ///< as written
  };
  /// What is known of one list so far, or of one direction of _streamChunks.
  struct Track {
    std::size_t count = 0;
    std::size_t timed = 0;  ///< records with a time, and not -1
    Unit unit = Unit::none;
    stream::Nanos last{};
    std::string_view last_raw{};
    stream::Nanos least{};  ///< the earliest time of those in the first one's unit
    std::string_view least_raw{};
    std::size_t least_index = 0;
    First back{};             ///< times
    First gap{};              ///< of chunks: offsets
    std::uint64_t end = 0;    ///< of chunks: where the one before ended
    std::uint64_t total = 0;  ///< of chunks: bytes
    bool sized = true;        ///< of chunks: all have a size
    /// Times from all over the list, for the median.
    static constexpr std::size_t kSamples = 64;
    std::size_t stride = 1;
    std::size_t sampled = 0;
    std::array<double, kSamples> samples;  // NOLINT(cppcoreguidelines-pro-type-member-init): as many as `sampled` says

    Track() {}  // NOLINT: leaves the samples as they are
    void sample(double value);
  };
  /// Events, in a form in which those listed and those of the body can be compared without keeping either.
  struct Digest {
    std::size_t count = 0;
    std::uint64_t names = 0;
    std::uint64_t ids = 0;
    std::uint64_t own_ids = 0;  ///< as if an id counted for its own event only
    std::uint64_t data = 0;
    void add(std::string_view name, std::string_view id, std::string_view own_id, std::string_view text);
  };
  enum { kMessages, kEvents, kReceived, kSent, kChunks, kTracks };

  static Time read_time(const Field& field);
  void time(Track& track, const Record& record);
  void message(const Record& record);
  void event(const Record& record);
  void chunk(Track& track, const Record& record);
  void times(std::size_t track, const Facts& facts, Marks& marks);
  void finish_messages(const Facts& facts, Marks& marks) const;
  void finish_events(const Facts& facts, Marks& marks);
  void finish_chunks(std::size_t track, const Facts& facts, Marks& marks) const;

  std::array<Track, kTracks> tracks_{};
  bool any_ = false;
  // WebSocket messages.
  std::size_t errors_ = 0;
  First opcode_{};
  First data_{};
  bool data_is_text_ = false;  ///< of data_'s message
  // Server-sent events.
  Digest events_{};
  Digest events_with_data_{};
  bool no_data_ = false;  ///< an event without data: it was removed
  bool no_id_ = false;
  std::string scratch_;
  std::string name_;
  std::string id_;
};

}  // namespace har::check
