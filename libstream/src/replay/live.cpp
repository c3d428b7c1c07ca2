#include "stream/replay/live.hpp"

#include <algorithm>

namespace stream::replay {

LiveSteps::~LiveSteps() {
  if (on_abandoned) on_abandoned();
}

void LiveSteps::push(const Step& step) {
  if (ended_) return;
  auto bytes = std::make_unique<const std::string>(step.bytes);
  Step kept = step;
  kept.bytes = *bytes;
  if (!steps_.empty()) kept.at = std::max(kept.at, steps_.back().first.at);
  ended_ = is_last(kept.kind);
  steps_.emplace_back(kept, std::move(bytes));
  const auto listeners = listeners_;  // they may come and go meanwhile
  for (const auto& [number, more] : listeners) more();
}

void LiveSteps::taken(std::size_t index) {
  if (keep_ == Keep::all) return;
  std::size_t bytes = 0;
  for (; gone_ < index && !steps_.empty(); ++gone_) {
    bytes += steps_.front().first.bytes.size();
    steps_.pop_front();
  }
  if (bytes != 0 && on_taken) on_taken(bytes);
}

std::uint64_t LiveSteps::listen(std::function<void()> more) {
  listeners_.emplace_back(next_listener_, std::move(more));
  return next_listener_++;
}

void LiveSteps::forget(std::uint64_t listener) {
  std::erase_if(listeners_, [listener](const auto& each) { return each.first == listener; });
}

}  // namespace stream::replay
