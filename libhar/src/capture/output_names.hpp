#pragma once

#include <functional>
#include <string>

#include "stream/io/byte_sink.hpp"
#include "stream/io/error.hpp"

namespace har::capture {

/// The names of an output's files. Without rotation the first is the name itself; with it, and for all that follow, a number
/// stands before the suffix: session-001.rec.ndjson.
class OutputNames {
 public:
  OutputNames(std::string path, bool rotates) : path_(std::move(path)), next_(rotates ? 1 : 0) {}

  /// Makes the next file with `make`; a numbered name that is there already is passed over, with `Overwrite::no`.
  /// Errors: those of `make`.
  stream::Result<std::string> next(stream::Overwrite overwrite, const std::function<stream::Status(const std::string&)>& make);

 private:
  std::string path_;
  unsigned next_ = 0;  ///< 0: the name itself
};

}  // namespace har::capture
