#include "har/query/filter.hpp"

#include "har/exchange.hpp"

namespace har::query {

std::unique_ptr<Filter::Looker> Filter::lend() const {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) return std::make_unique<Looker>();
  auto out = std::move(free_.back());
  free_.pop_back();
  return out;
}

bool Filter::wants(const Candidate& candidate) const {
  std::string made;
  if (candidate.text.empty() && candidate.exchange != nullptr) write_json(made, to_entry(*candidate.exchange));
  auto looker = lend();
  looker->view.reset(made.empty() ? candidate.text : made, candidate.files);
  const bool out = query_.matches(
      {looker->view, candidate.index, candidate.source, candidate.info, candidate.files, candidate.exchange}, looker->scratch);
  const std::lock_guard lock(mutex_);
  free_.push_back(std::move(looker));
  return out;
}

}  // namespace har::query
