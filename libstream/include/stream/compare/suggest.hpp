#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "stream/compare/compare.hpp"

namespace stream {

/// A place that varies between runs of one stream.
struct NoiseSuggestion {
  NoiseRule rule{};       ///< what would let it pass; has no path if `known` is false
  std::string path{};     ///< as in a rule
  bool known = false;     ///< what varies is an id, a time, a number; otherwise it may well be what matters
  std::string what{};     ///< "UUIDs", "times", "text"
  std::string example{};  ///< a value of it
  std::size_t count = 0;  ///< in how many places of how many pairs of runs it differed
};

struct NoiseSuggestions {
  std::vector<NoiseSuggestion> places{};  ///< in the order in which they were met
  /// Differences that no rule about values is for: of structure, of whole items, of the answer.
  std::size_t others = 0;
};

/// Compares the first of at least two runs with each of the others, and says what varies: JSON values and fields, each with
/// the rule that keeps as much of it as all runs have in common. Indexes of arrays become `*` where all their elements vary.
/// Errors: `usage` (fewer than two runs), and those of compare_exchanges().
Result<NoiseSuggestions> suggest_noise(std::span<const Exchange> runs, const CompareOptions& options = {});

/// The suggestions as a noise file; those that are not known stand in it as comments.
std::string write_noise_file(const NoiseSuggestions& suggestions);

}  // namespace stream
