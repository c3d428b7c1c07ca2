#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/io/error.hpp"
#include "stream/io/finding.hpp"
#include "stream/io/limits.hpp"

/// multipart/x-mixed-replace and multipart/mixed (RFC 2046 §5.1), as cameras and servers really write it.
namespace stream {

struct MultipartHeader {
  std::string name{};   ///< as written
  std::string value{};  ///< without white space around it; folded lines are joined by a space

  bool operator==(const MultipartHeader&) const = default;
};

struct MultipartItem {
  std::uint64_t number = 0;  ///< from 1
  std::vector<MultipartHeader> headers{};
  std::string body{};
  /// Offsets in the whole input: of the delimiter line that opens the part (or of its first header, where that is missing),
  /// of the body, and after the body. The line break before the next delimiter belongs to that (RFC 2046 §5.1.1).
  std::uint64_t begin = 0;
  std::uint64_t body_begin = 0;
  std::uint64_t end = 0;
  bool complete = true;  ///< false: the input ends within the part

  /// The first header of that name, whatever its case; nullptr if there is none.
  const std::string* header(std::string_view name) const;
  /// The Content-Type, or what RFC 2046 §5.1 says a part without one is: "text/plain; charset=us-ascii".
  std::string_view content_type() const;

  bool operator==(const MultipartItem&) const = default;
};

struct MultipartOptions {
  Limits limits{};       ///< max_entry: one part with its delimiter line and headers
  std::string source{};  ///< for places in messages
  /// The `boundary` parameter, see boundary_of(). Empty: the first line that looks like a delimiter says it.
  std::string boundary{};
  /// What was tolerated. Once a stream: multipart-bad-boundary, multipart-no-boundary, multipart-boundary-dashes,
  /// multipart-no-first-boundary, multipart-bare-lf, multipart-truncated; for each part: multipart-bad-header,
  /// multipart-no-blank-line, multipart-empty-part, multipart-extra-blank-line, multipart-missing-line-break,
  /// multipart-bad-content-length, multipart-wrong-content-length, multipart-jpeg-cut. As notes, once a stream:
  /// multipart-leading-blank-line, multipart-preamble, multipart-folded-header, multipart-no-content-length,
  /// multipart-no-close, multipart-epilogue.
  FindingSink findings{};
};

/// Decodes a stream that is fed in any pieces; the items do not depend on the cuts.
///
/// A Content-Length is honoured: no delimiter is looked for within it. It is taken for wrong if what follows is no delimiter
/// (after up to eight line breaks), or if it exceeds max_entry; then the part ends at the first delimiter line after all. So a
/// part is given when the delimiter after it has arrived, or by finish(). What follows the close delimiter is ignored.
class MultipartDecoder {
 public:
  explicit MultipartDecoder(MultipartOptions options = {});

  /// Appends the parts that `bytes` completes. Errors: `limit`, which every later call returns again.
  Status feed(std::string_view bytes, std::vector<MultipartItem>& out);
  /// The end of the stream: appends the part that it ends, complete or not. Nothing may be fed after it.
  Status finish(std::vector<MultipartItem>& out);

 private:
  enum class State : std::uint8_t { preamble, headers, counted_body, searched_body, epilogue };
  enum class Step : std::uint8_t { on, need_more };
  enum class Match : std::uint8_t { no, delimiter, close };
  struct Line {
    std::string_view text;   // without its end; a slice of buffer_
    std::size_t next = 0;    // where the line after it begins in buffer_
    std::size_t ending = 0;  // 2 for CRLF, 1 for LF, 0: the input ends here
  };

  Status run(bool at_end, std::vector<MultipartItem>& out);
  Result<Step> preamble(bool at_end);
  Result<Step> headers(bool at_end, std::vector<MultipartItem>& out);
  Result<Step> counted_body(bool at_end, std::vector<MultipartItem>& out);
  Result<Step> searched_body(bool at_end, std::vector<MultipartItem>& out);
  void epilogue();

  void header_line(const Line& line);
  void cut_part(std::vector<MultipartItem>& out);
  void begin_body(const Line& blank);
  void after_delimiter(Match found, std::size_t at, const Line& line);
  void emit(std::size_t body_size, bool complete, std::vector<MultipartItem>& out);

  static Line line_of(std::string_view rest, std::size_t lf, std::size_t at);
  std::optional<Line> next_line(std::size_t from, bool at_end);
  static Match match(std::string_view line, std::string_view delimiter);
  Match match(std::string_view line) const;
  Match sniff(std::string_view line, std::size_t at);
  bool may_be_delimiter(std::string_view rest) const;
  Status check_size(std::uint64_t begin, std::uint64_t end);
  void report(Level level, std::string_view rule, std::string message, std::uint64_t offset);
  void report_bare_lf(std::uint64_t offset);
  void report_once(Level level, std::string_view rule, std::string message, std::uint64_t offset);
  std::uint64_t offset(std::size_t at) const { return buffer_begin_ + at; }

  MultipartOptions options_;
  std::optional<Error> failure_{};
  std::vector<std::string> delimiters_{};  // what a delimiter line begins with; two until the first one decides
  std::vector<std::string> reported_{};    // rules that are reported once

  std::string buffer_{};
  std::uint64_t buffer_begin_ = 0;
  std::size_t at_ = 0;          // what is before it is done with
  std::size_t line_start_ = 0;  // searched_body: the line to look at
  std::size_t searched_ = 0;    // no LF from at_ (or line_start_) up to here

  State state_ = State::preamble;
  MultipartItem part_{};
  std::optional<std::uint64_t> length_{};  // the Content-Length
  bool crlf_ = true;                       // the empty line before the body ended so
  std::uint64_t parts_ = 0;
  std::uint64_t junk_begin_ = 0;  // preamble and epilogue: their first byte that is not a line break
  std::uint64_t junk_ = 0;        // and how many bytes there are
};

/// The `boundary` parameter of a Content-Type, unquoted; no value if there is none or it is empty.
std::optional<std::string> boundary_of(std::string_view content_type);

/// Writes parts: the delimiter first, each part with a Content-Length, CRLF everywhere, and the next delimiter right behind
/// the body, as a browser shows a part when it sees that.
class MultipartEncoder {
 public:
  enum class Next : std::uint8_t { part, close };

  /// `boundary` is the parameter's value: 1 to 70 characters, without the leading "--" of the delimiter.
  explicit MultipartEncoder(std::string boundary) : boundary_(std::move(boundary)) {}

  /// Appends one part. A Content-Length among `headers` is replaced; line breaks in headers become spaces.
  void part(std::string& out, const std::vector<MultipartHeader>& headers, std::string_view body, Next next = Next::part);
  /// Ends a stream whose last part was not known to be the last. Nothing is written if it is closed already.
  void close(std::string& out);

 private:
  std::string boundary_;
  bool begun_ = false;
  bool closed_ = false;
};

}  // namespace stream
