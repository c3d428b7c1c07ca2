#include "formats/event_log_reader.hpp"

#include <fmt/format.h>

#include <utility>

namespace har::format {

stream::Result<std::optional<Item>> EventLogReader::next() {
  for (;;) {
    if (!ready_.empty()) {
      Item item = std::move(ready_.front());
      ready_.pop_front();
      item.index = index_++;
      set_id(*item.exchange, std::to_string(index_));
      return std::optional(std::move(item));
    }
    if (finished_) return std::optional<Item>();
    if (auto status = read(); !status) {
      continues_ = go_on_after(status.error());
      return stream::fail(std::move(status).error());
    }
  }
}

void EventLogReader::finish() {
  if (!std::exchange(finished_, true)) give_rest();
}

void EventLogReader::note(stream::Level level, std::string rule, std::string message, const stream::Place& place) const {
  if (options_.report) options_.report({level, std::move(rule), std::move(message), place});
}

stream::Status EventLogReader::too_much_open(std::string_view what, const stream::Place& place) const {
  return stream::fail(
      {stream::ErrorCode::limit,
       fmt::format("the {} that are open at the same time hold more than {} bytes", what, options_.limits.max_entry), place,
       "raise the limit with --max-entry"});
}

}  // namespace har::format
