#pragma once

#include <memory>
#include <string>

#include "har/streams.hpp"

namespace tools::streamdiff_tool {

/// One of the inputs.
struct Side {
  std::string source{};  ///< for messages: the path, or "<stdin>"
  har::StreamSelection select{};
  std::unique_ptr<har::StreamReader> reader{};
  std::size_t taken = 0;  ///< exchanges that were given out

  /// What the exchange is called in messages: the input, and which exchange if it holds several.
  std::string name(const har::ExchangeHead& head) const;
  /// How many exchanges there are to be compared, as far as is known by now.
  std::size_t known() const;
};

/// Reading and noise as for StreamInput. Errors: those of opening.
stream::Result<Side> open_side(const std::string& path, const har::StreamInput& input);

/// `usage`: what is selected is not there; the message says what is.
stream::Error not_there(const Side& side);

/// A line for each exchange that is known: its number, id, method and URL, status and kind; at most `limit`.
std::string list_exchanges(const Side& side, std::size_t limit = 10);

}  // namespace tools::streamdiff_tool
