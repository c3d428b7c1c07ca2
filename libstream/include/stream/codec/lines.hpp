#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/codec/splitter.hpp"
#include "stream/io/error.hpp"
#include "stream/io/limits.hpp"

namespace stream {

/// One line of text, as bytes.
struct TextLine {
  enum class Ending : std::uint8_t {
    none,  ///< the last line has no newline at its end
    lf,
    crlf,
  };
  std::string text{};       ///< without its line end; a CR elsewhere is text
  std::uint64_t line = 0;   ///< from 1
  std::uint64_t begin = 0;  ///< offsets in the whole input; the line end is included
  std::uint64_t end = 0;
  Ending ending = Ending::lf;

  bool operator==(const TextLine&) const = default;
};

struct LinesOptions {
  Limits limits{};       ///< max_entry: one line with its end
  std::string source{};  ///< for places in messages
};

/// Cuts fed bytes into lines, ended by LF or CRLF, whatever pieces they come in. The lines tile the input: nothing is lost.
class LinesDecoder {
 public:
  explicit LinesDecoder(LinesOptions options = {});

  /// Appends the lines that `bytes` completes. Errors: `limit`, which every later call returns again.
  Status feed(std::string_view bytes, std::vector<TextLine>& out);
  /// The end of the input: appends the last line, if it has no newline. Nothing may be fed after it.
  Status finish(std::vector<TextLine>& out);

  /// Whether what is fed next begins a line that is not the first.
  bool between_lines() const { return splitter_.rest().empty() && splitter_.rest_begin() != 0; }
  /// Between lines: passes over whole lines, as if they had been fed and their items thrown away.
  void skip(std::uint64_t bytes, std::uint64_t lines) {
    splitter_.skip(bytes);
    line_ += lines;
  }

 private:
  LinesOptions options_;
  Splitter splitter_;
  std::optional<Error> failure_{};
  std::uint64_t line_ = 0;  // the last one
};

}  // namespace stream
