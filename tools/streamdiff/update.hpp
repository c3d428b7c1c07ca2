#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/tool.hpp"
#include "stream/record/event_source.hpp"

namespace tools::streamdiff_tool {

/// Keeps what passes through for --update: of the expected side the request and the answer's head, of the actual all.
class Kept {
 public:
  /// Which passes on what `events` gives. Both outlive it.
  std::unique_ptr<stream::EventSource> keep_head(stream::EventSource& events);
  std::unique_ptr<stream::EventSource> keep_all(stream::EventSource& events);
  /// What is expected from now on. A body by itself is given the head of what was expected.
  stream::Exchange take();

 private:
  class Passing;
  stream::Exchange head_;
  stream::Exchange all_;
  bool bare_ = false;
};

/// Writes the exchanges in the place of the file, in its format. Errors: `unsupported`, `io`.
stream::Status rewrite(const std::string& path, std::string_view format, std::vector<stream::Exchange> exchanges, Tool& tool);

}  // namespace tools::streamdiff_tool
