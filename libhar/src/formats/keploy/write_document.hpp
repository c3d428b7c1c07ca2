#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/keploy/go_yaml.hpp"
#include "formats/keploy/keploy.hpp"

/// An exchange as a document of Keploy: its test cases and mocks as Keploy's recorder writes them. Pure: no files, no clock.
namespace har::format::keploy {

/// A header field, or one of an event.
using Fields = std::vector<std::pair<std::string, std::string>>;

/// "HTTP/1.1" as Keploy has it; 0.0 is unknown.
struct Version {
  int major = 0;
  int minor = 0;
  bool operator==(const Version&) const = default;
};
Version version_of(std::string_view text);

/// A header's name as Go has it: "content-type" is "Content-Type".
std::string canonical(std::string_view name);

/// The file that a response's body is in.
struct StreamRef {
  std::string path{};  ///< relative to the test set
  stream::WallTime created{};
  std::size_t records = 0;
};

struct Document {
  /// What an application was asked and answered; or what it asked others, so that the answer can be played.
  enum class Form : std::uint8_t { test, mock };
  Form form = Form::test;
  std::string name{};
  /// What the document that this was said beside an exchange, and how it was laid out: `_keploy` of an entry (keploy.hpp). Null:
  /// it was none of Keploy's.
  stream::Json kept{};
  std::string connection{};  ///< mock: its number

  struct Head {
    Version version{};
    Fields headers{};  ///< in any case and order
    /// How large the body was, where `body` has not all of it.
    std::optional<std::uint64_t> whole{};
  };
  struct Request : Head {
    std::string method{};
    std::string url{};  ///< absolute
    std::string body{};
    stream::WallTime at{};
  } request{};
  struct Response : Head {
    int status = 0;
    std::string reason{};
    std::vector<TimedBytes> body{};  ///< without content coding
    bool decoded = false;            ///< one was undone
    stream::WallTime at{};           ///< of the head
    stream::WallTime end{};
    bool complete = true;               ///< false: it was cut off
    std::optional<StreamRef> stream{};  ///< where the body is, if it is not in the document
    bool structured = false;            ///< mock: a stream is in the document all the same, with its times
    bool flat = false;                  ///< it is in one piece, whatever its type
  } response{};
};

/// A time as Go writes it: RFC 3339 in UTC, with the digits of the fraction that are needed.
std::string go_time(stream::WallTime time);

/// One element of a structured body.
struct Chunk {
  std::optional<stream::WallTime> at{};  ///< of its last byte
  Fields fields{};
};
/// The frames of an event stream as Keploy takes them apart: names in lower case, neighbouring data lines joined, comments with
/// their leading space. A frame that has no end is one all the same.
std::vector<Chunk> sse_chunks(std::span<const TimedBytes> body);
/// One chunk a line; `blank`: also for an empty one.
std::vector<Chunk> line_chunks(std::span<const TimedBytes> body, bool blank);
/// `body:` and the chunks behind it; `indent` is that of the key.
void put_chunks(std::string& out, std::size_t indent, std::span<const Chunk> chunks, std::size_t step = kStep);

/// The chunks of a test case's body; empty where it has to be flat: by its media type, as Keploy decides, and where the chunks
/// would be read as another stream than it was.
std::vector<Chunk> chunks_of(const Document::Response& response);

/// The document, with a line end behind it and without a marker before it.
std::string write_document(const Document& document);
/// What stands before its name, the name with its key, and what stands behind: one who gives names puts them together.
std::string document_head(std::string_view name);
std::string document_rest(const Document& document);

/// Whether a mock's body belongs into a stream file: it is a stream, of no length that was known before, and text.
bool wants_stream_file(const Document::Response& response);

}  // namespace har::format::keploy
