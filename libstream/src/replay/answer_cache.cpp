#include "stream/replay/answer_cache.hpp"

#include <utility>

namespace stream::replay {

std::shared_ptr<const Answer> AnswerCache::find(std::size_t index) {
  const auto known = places_.find(index);
  if (known == places_.end()) return nullptr;
  kept_.splice(kept_.begin(), kept_, known->second);
  return known->second->answer;
}

void AnswerCache::put(std::size_t index, std::shared_ptr<const Answer> answer, std::size_t bytes) {
  if (bytes > room_) return;
  while (used_ + bytes > room_) {
    used_ -= kept_.back().bytes;
    places_.erase(kept_.back().index);
    kept_.pop_back();
  }
  used_ += bytes;
  kept_.push_front({index, bytes, std::move(answer)});
  places_.emplace(index, kept_.begin());
}

std::size_t memory_of(const Answer& answer) {
  std::size_t bytes = sizeof answer + answer.steps.capacity() * sizeof(Step) + answer.id.capacity() + answer.reason.capacity();
  for (const auto* fields : {&answer.headers, &answer.trailers}) {
    for (const HeaderField& field : *fields) bytes += sizeof field + field.name.capacity() + field.value.capacity();
  }
  return bytes;
}

}  // namespace stream::replay
