#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "har/exchanges.hpp"
#include "stream/record/event.hpp"

namespace tools {

/// Which exchange of an input is meant.
struct Selection {
  std::optional<std::string> id{};
  std::optional<std::size_t> entry{};  ///< from 0, as in /log/entries/0
  bool any() const { return id.has_value() || entry.has_value(); }
};

/// An exchange, and what it is called in messages.
struct Chosen {
  stream::Exchange exchange{};
  std::string name{};  ///< the input, and which exchange if it holds several
};

/// One input with the exchanges that were asked for.
struct Side {
  std::string source{};  ///< for messages: the path, or "<stdin>"
  std::vector<Chosen> exchanges{};
};

/// Reads an input: the exchange that is selected, or all of them. Errors: those of reading, and `usage` if what is selected is
/// not there; the message says what is.
stream::Result<Side> read_side(const std::string& path, const har::ExchangeInput& input, const Selection& selection);

/// A line for each exchange: its number, id, method and URL, status and kind; at most `limit`.
std::string list_exchanges(const Side& side, std::size_t limit = 10);

}  // namespace tools
