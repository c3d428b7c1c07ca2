#include <algorithm>

#include "har/entry_checksum.hpp"
#include "har/stat/totals.hpp"

namespace har::stat {

std::uint64_t stable_hash(std::string_view text) { return siphash128(text).low; }

std::vector<std::string_view> parts_of(std::string_view key) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = key.find('\x1F');
    parts.push_back(key.substr(0, end));
    if (end == std::string_view::npos) return parts;
    key.remove_prefix(end + 1);
  }
}

Summary& Groups::other_summary() {
  if (!other_) other_.emplace(exact_up_to_);
  return *other_;
}

void Groups::find_last() {
  const auto last = std::max_element(groups_.begin(), groups_.end(), [](const auto& a, const auto& b) {
    return std::pair(a.second.hash, std::string_view(a.first)) < std::pair(b.second.hash, std::string_view(b.first));
  });
  last_hash_ = last->second.hash;
  last_key_ = last->first;
}

Summary& Groups::operator[](std::string_view key) {
  if (const auto found = groups_.find(key); found != groups_.end()) return found->second.summary;
  const std::uint64_t hash = stable_hash(key);
  if (groups_.size() >= max_groups_) {
    if (max_groups_ == 0) return other_summary();
    if (std::pair(hash, key) > std::pair(last_hash_, std::string_view(last_key_))) return other_summary();
    const auto last = groups_.find(last_key_);
    other_summary().add(last->second.summary);
    groups_.erase(last);
  }
  Summary& summary = groups_.emplace(std::string(key), Group{hash, Summary(exact_up_to_)}).first->second.summary;
  if (groups_.size() == max_groups_) find_last();
  return summary;
}

void Groups::add(const Groups& other) {
  for (const auto& [key, group] : other.groups_) add(key, group.summary);
  if (other.other_) add_other(*other.other_);
}

const Summary* Groups::find(std::string_view key) const {
  const auto found = groups_.find(key);
  return found == groups_.end() ? nullptr : &found->second.summary;
}

std::vector<std::pair<std::string_view, const Summary*>> Groups::sorted() const {
  std::vector<std::pair<std::string_view, const Summary*>> sorted;
  for (const auto& [key, group] : groups_) sorted.emplace_back(key, &group.summary);
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.second->entries != b.second->entries ? a.second->entries > b.second->entries : a.first < b.first;
  });
  return sorted;
}

void TopList::add(TopEntry entry) {
  if (!wants(entry.value)) return;
  const auto before = [](const TopEntry& a, const TopEntry& b) { return a.value != b.value ? a.value > b.value : a < b; };
  list_.insert(std::upper_bound(list_.begin(), list_.end(), entry, before), std::move(entry));
  if (list_.size() > size_) list_.pop_back();
}

void Repeats::add(Hash hash, std::uint64_t transferred, std::string_view method, std::string_view url) {
  if (last_ && hash > *last_) return;
  RepeatedRequest& request = requests_[hash];
  if (request.count++ == 0) {
    request.method = method;
    request.url = url;
  }
  request.transferred += transferred;
  request.largest = std::max(request.largest, transferred);
  prune(max_requests_ + max_requests_ / 4);
}

void Repeats::add(Hash hash, RepeatedRequest added) {
  if (last_ && hash > *last_) return;
  RepeatedRequest& request = requests_[hash];
  if (request.count == 0) {
    request = std::move(added);
  } else {
    request.count += added.count;
    request.transferred += added.transferred;
    request.largest = std::max(request.largest, added.largest);
  }
  prune(max_requests_ + max_requests_ / 4);
}

void Repeats::add(const Repeats& other) {
  for (const auto& [hash, request] : other.sorted()) add(hash, *request);
  set_sampled(other.sampled());
}

/// Leaves the least hashes where there are more requests than `above`.
void Repeats::prune(std::size_t above) const {
  if (requests_.size() <= above || requests_.size() <= max_requests_) return;
  sampled_ = true;
  std::vector<Hash> hashes;
  hashes.reserve(requests_.size());
  for (const auto& [hash, request] : requests_) hashes.push_back(hash);
  const auto last = hashes.begin() + static_cast<std::ptrdiff_t>(max_requests_);
  std::nth_element(hashes.begin(), last, hashes.end());
  for (auto hash = last; hash != hashes.end(); ++hash) requests_.erase(*hash);
  last_ = max_requests_ == 0 ? Hash{} : *std::max_element(hashes.begin(), last);
}

bool Repeats::sampled() const {
  prune(0);
  return sampled_;
}

std::vector<std::pair<Repeats::Hash, const RepeatedRequest*>> Repeats::sorted() const {
  prune(0);
  std::vector<std::pair<Hash, const RepeatedRequest*>> sorted;
  for (const auto& [hash, request] : requests_) sorted.emplace_back(hash, &request);
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return sorted;
}

Repeats::Count Repeats::count() const {
  prune(0);
  Count count;
  count.requests = requests_.size();
  Hash last;
  for (const auto& [hash, request] : requests_) {
    count.repeated += request.count - 1;
    count.wasted += request.wasted();
    last = std::max(last, hash);
  }
  if (!sampled_) return count;
  count.exact = false;
  // All hashes are as likely as any other: the sample is all there is up to `last`, and 2^64/last of it is the whole.
  const auto estimated = [&](std::uint64_t sample) {
    if (last.high == 0) return sample;
    const Sum whole = (Sum{sample} << 64U) / last.high;
    return static_cast<std::uint64_t>(std::min<Sum>(whole, Quantiles::kLargest));
  };
  count.requests = estimated(count.requests - (count.requests != 0 ? 1 : 0));
  count.repeated = estimated(count.repeated);
  count.wasted = estimated(count.wasted);
  return count;
}

std::vector<const RepeatedRequest*> Repeats::worst(std::size_t size) const {
  std::vector<const RepeatedRequest*> worst;
  for (const auto& [hash, request] : sorted()) {
    if (request->count > 1) worst.push_back(request);
  }
  std::stable_sort(worst.begin(), worst.end(), [](const RepeatedRequest* a, const RepeatedRequest* b) {
    return std::pair(a->wasted(), a->count) > std::pair(b->wasted(), b->count);
  });
  if (worst.size() > size) worst.resize(size);
  return worst;
}

}  // namespace har::stat
