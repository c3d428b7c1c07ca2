#include "hargrep/selection.hpp"

#include <algorithm>

namespace tools::hargrep {

Selection::Selection(const Options& options, std::optional<har::query::Query> query)
    : query_(std::move(query)), invert_(options.invert), ranges_(options.ranges), since_(options.since), until_(options.until) {
  std::sort(ranges_.begin(), ranges_.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
}

bool Selection::in_time(har::EntryView& entry) {
  if (!since_ && !until_) return true;
  const auto start = entry.started();
  if (!start) return false;
  if (ordered() && !first_) first_ = start;
  const auto moment = [&](const Moment& at) { return at.after_first ? *first_ + *at.after_first : at.time; };
  return (!since_ || *start >= moment(*since_)) && (!until_ || *start < moment(*until_));
}

bool Selection::wants(const har::EntryPiece& piece, std::size_t number, std::string_view source, Looker& looker) {
  const har::PassEntry& entry = piece.entries[number];
  const std::size_t index = piece.first + number;
  looker.view.reset(entry.text, piece.files);
  if (ordered() && !in_time(looker.view)) return false;  // all of them, since one is the first
  if (!ranges_.empty() && std::none_of(ranges_.begin(), ranges_.end(),
                                       [&](const auto& range) { return index >= range.first && index <= range.second; }))
    return false;
  if (!ordered() && !in_time(looker.view)) return false;
  if (!query_) return true;
  return query_->matches({looker.view, index, source, piece.info, piece.files, entry.exchange}, looker.scratch) != invert_;
}

std::unique_ptr<Looker> Lookers::lend() {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) return std::make_unique<Looker>();
  auto out = std::move(free_.back());
  free_.pop_back();
  return out;
}

void Lookers::give_back(std::unique_ptr<Looker> looker) {
  const std::lock_guard lock(mutex_);
  free_.push_back(std::move(looker));
}

}  // namespace tools::hargrep
