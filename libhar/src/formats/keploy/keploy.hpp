#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "har/side_files.hpp"
#include "stream/io/byte_source.hpp"
#include "stream/io/finding.hpp"
#include "stream/record/event.hpp"
#include "stream/text/yaml.hpp"

/// What Keploy writes: test cases and mocks in YAML, and files of streams beside them.
namespace har::format::keploy {

/// In `_keploy` of an entry, where what a document says is kept that an entry has no place for: how it was laid out
/// ({"indent", "comment", "flat"}, each where it is not what Keploy does now), and which mocks a test case used.
inline constexpr std::string_view kLayout = "_layout";
inline constexpr std::string_view kMappings = "mock_entries";

struct Context {
  std::string source{};  ///< the file's name, for places
  stream::Limits limits{};
  stream::FindingSink report{};
  const SideFiles* files = nullptr;  ///< of the test set: what documents refer to

  stream::Place place(const stream::YamlNode& node) const { return {source, node.line, node.column, {}, {}}; }
  void warn(stream::Place place, std::string rule, std::string message) const {
    if (report) report({stream::Level::warning, std::move(rule), std::move(message), std::move(place)});
  }
};

/// Bytes of a body, and when they came.
struct TimedBytes {
  std::optional<stream::WallTime> at{};
  std::string bytes{};
};

/// A body as it came.
struct Body {
  std::vector<TimedBytes> pieces{};
  bool complete = true;                                ///< false: it was cut off
  std::optional<stream::WallTime> end{};               ///< when it ended, where that is told
  stream::Json trailers{};                             ///< null: none
  std::size_t records = 0;                             ///< of a stream file: its lines
  stream::StreamKind kind = stream::StreamKind::http;  ///< what it looks like, where nothing says what it is
};

// ---- YAML (document.cpp)

/// The value of that name, where names are compared with ASCII letters of either case; nullptr if there is none.
const stream::YamlNode* find_any_case(const stream::YamlNode& node, std::string_view name);
/// The octets of a scalar: its text, or what its base64 stands for; of a collection its JSON text.
std::string octets_of(const stream::YamlNode& node, const Context& context);
/// From 1970 to 2200, so that nothing overflows. Nothing for what is no time, or the zero time of Go (year 1).
std::optional<stream::WallTime> time_of(std::string_view text);
stream::Json json_of(const stream::YamlNode& node);
/// JSON as the same in YAML; all of it at one line.
stream::YamlNode node_of(const stream::Json& json, std::uint64_t line);
/// An object in `_keploy` of the exchange's entry, made if it is not there.
stream::Json& kept_part(stream::Exchange& exchange, std::string_view name);

/// The exchange of a document of kind Http. Errors: `syntax`, at their places.
stream::Result<stream::Exchange> http_exchange(const stream::YamlNode& document, const Context& context);

// ---- bodies (body.cpp)

/// A structured body, a list of {ts, data}: the bytes from which the same fields are read. `type`: its media type.
Body structured_body(const stream::YamlNode& list, std::string_view type, const Context& context);
/// One frame of the prototype's stream files: {id, event, data, retry}. Nothing for what is none.
std::optional<std::string> prototype_frame(const stream::YamlNode& document, bool text, const Context& context);
/// Its `delay_ms`, within reason.
stream::Nanos delay_of(const stream::YamlNode& document);
/// Sets the timeline, the kind and the end of an exchange that has a response. t = 0 is `start`; bytes whose time is not known
/// came with those before, at first at `answered`.
void set_body(stream::Exchange& exchange, Body body, stream::WallTime start, stream::WallTime answered, const Context& context);
/// Appends one field of an event stream, a line for each line of its value.
void append_field(std::string& out, std::string_view name, std::string_view value);

// ---- stream files (stream_file.cpp)

/// Whether a line is a record of a stream file: {"TS":…,"Data":…}. The line may be cut off.
bool is_stream_record(std::string_view line);
/// A stream file: its records' bytes without their chunked framing, each piece with the time of its record.
stream::Result<Body> read_stream_file(stream::ByteSource& source, const Context& context);

}  // namespace har::format::keploy
