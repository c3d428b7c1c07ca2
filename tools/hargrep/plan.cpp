#include "hargrep/plan.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace tools::hargrep {

std::uint64_t lot(std::uint64_t seed, std::uint64_t input, std::uint64_t index) {
  const auto mix = [](std::uint64_t value) {  // SplitMix64's finaliser
    value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
    value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
    return value ^ (value >> 31U);
  };
  constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15U;
  return mix(mix(mix(seed + kStep) + input * kStep + kStep) + index * kStep + kStep);
}

void draw(std::vector<Candidate>& candidates, std::uint64_t count, std::uint64_t seed) {
  if (candidates.size() <= count) return;
  std::vector<std::pair<std::uint64_t, std::size_t>> lots;
  lots.reserve(candidates.size());
  for (std::size_t i = 0; i < candidates.size(); ++i) lots.emplace_back(lot(seed, candidates[i].input, candidates[i].index), i);
  std::nth_element(lots.begin(), lots.begin() + static_cast<std::ptrdiff_t>(count), lots.end());
  std::vector<bool> drawn(candidates.size());
  for (std::size_t i = 0; i < count; ++i) drawn[lots[i].second] = true;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (drawn[i]) candidates[kept++] = candidates[i];
  }
  candidates.resize(kept);
}

Fitted fit(std::vector<Candidate>& candidates, std::vector<bool>& stripped, std::uint64_t room) {
  Fitted out;
  stripped.assign(candidates.size(), false);
  for (const Candidate& one : candidates) out.size += one.size;
  std::vector<std::size_t> order(candidates.size());
  const auto largest_first = [&](auto&& size) {
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return size(a) > size(b); });
  };
  if (out.size <= room) return out;
  const auto saved = [&](std::size_t i) { return candidates[i].size - candidates[i].stripped; };
  largest_first(saved);
  for (const std::size_t i : order) {
    if (out.size <= room || saved(i) == 0) break;
    out.size -= saved(i);
    stripped[i] = true;
    ++out.without_bodies;
  }
  if (out.size <= room) return out;
  std::vector<bool> gone(candidates.size());
  largest_first([&](std::size_t i) { return candidates[i].stripped; });
  for (const std::size_t i : order) {
    if (out.size <= room) break;
    out.size -= candidates[i].stripped;
    gone[i] = true;
    ++out.dropped;
    if (stripped[i]) --out.without_bodies;
  }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (gone[i]) continue;
    stripped[kept] = stripped[i];
    candidates[kept++] = candidates[i];
  }
  candidates.resize(kept);
  stripped.resize(kept);
  return out;
}

Plan plan_of(const std::vector<Candidate>& candidates, const std::vector<bool>& stripped, std::size_t inputs) {
  Plan plan;
  plan.inputs.resize(inputs);
  for (std::size_t i = 0; i < candidates.size(); ++i)
    plan.inputs[candidates[i].input].push_back({candidates[i].index, !stripped.empty() && stripped[i]});
  return plan;
}

}  // namespace tools::hargrep
