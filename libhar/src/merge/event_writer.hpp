#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include "har/format.hpp"
#include "merge/sorter.hpp"
#include "stream/record/event.hpp"

namespace har::merging {

/// An exchange as the lines of its events, with t since 1970 and without an id.
struct ExchangeLines {
  std::string id{};
  std::int64_t start = 0;  ///< of the recording that it comes from; nanoseconds since 1970, as all times here
  std::int64_t begin = 0;
  std::int64_t last = 0;
  bool complete = true;
  std::size_t size = 0;  ///< bytes of its lines
};

/// Appends the lines of an exchange.
ExchangeLines append_lines(std::string& out, stream::Exchange exchange);

/// The exchange of a record of kind kExchange.
stream::Result<stream::Exchange> parse_exchange(std::string_view lines, const stream::Limits& limits);

/// Ids for exchanges of several inputs, which come in the order of their beginnings: of the first input they stay, those of
/// others get the number of their input ("1-2"). No two exchanges at the same time have the same.
class ExchangeNames {
 public:
  std::string name(std::size_t input, const ExchangeLines& exchange);

 private:
  std::map<std::string, std::int64_t> open_;  ///< names in use, and until when
  std::priority_queue<std::pair<std::int64_t, std::string>, std::vector<std::pair<std::int64_t, std::string>>, std::greater<>>
      ends_;
};

/// Gathers exchanges, in the order of their beginnings, and writes their events in the order of time.
class EventWriter {
 public:
  explicit EventWriter(Sorter::Options options) : sorter_(std::move(options)) {}

  stream::Status add(std::size_t input, const ExchangeLines& exchange, std::string_view lines);
  /// A recording that starts with the earliest of the recordings that exchanges came from.
  stream::Status write(ItemWriter& writer, const LogInfo& log);

 private:
  Sorter sorter_;
  ExchangeNames names_;
  std::uint64_t events_ = 0;
  std::optional<std::int64_t> start_;
};

}  // namespace har::merging
