#pragma once

#include <cstddef>
#include <string_view>

#include "har/entry_reader.hpp"
#include "stream/io/error.hpp"

namespace har {

/// Walks what stands around the entries: the document up to the '[' of log.entries, or from the ']' on. It is given the
/// text from a resting point on, and says how far it came. If the text does not reach far enough, it is called again from
/// the same resting point with more of it.
class LogWalker {
 public:
  enum class Outcome {
    more,     ///< the text ends too early
    entries,  ///< the text up to `at` ends with the '[' of an entries array
    end,      ///< the document is complete
  };
  struct Step {
    Outcome outcome = Outcome::more;
    std::size_t at = 0;
  };

  /// `text` begins at the document's start, or just behind the ']' of entries; `last` says that nothing will follow it.
  /// Errors have places within `text`.
  stream::Result<Step> walk(std::string_view text, bool last, const stream::Limits& limits, LogInfo& info);

  bool wrapped() const { return wrapped_; }  ///< in a JSONP call
  bool had_bom() const { return bom_; }
  std::size_t entries_arrays() const { return arrays_; }  ///< how many there were so far
  /// What closes the document from here, if nothing more comes.
  std::string_view closing() const;

 private:
  enum class Rest { start, in_log };
  Rest rest_ = Rest::start;
  bool wrapped_ = false;
  bool bom_ = false;
  std::size_t arrays_ = 0;
  std::size_t logs_ = 0;
};

}  // namespace har
