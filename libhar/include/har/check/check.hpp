#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "har/check/rule.hpp"
#include "har/format.hpp"
#include "stream/io/error.hpp"
#include "stream/io/limits.hpp"

/// Is this file right? The check of HARs, HAR lines and recordings, entry by entry, in memory bounded by the largest entry.
namespace har::check {

/// What is held against a file.
enum class Profile : std::uint8_t {
  regular,  ///< "default": what is really wrong
  strict,   ///< HAR 1.2 to the letter
  // Would that program load the file? Only the JSON rules and the program's own.
  chrome,
  firefox,
  playwright,
  mitmproxy,
  har_schema,
};

/// What a rule counts for under a profile, before anything on the command line.
Severity level_of(const Rule& rule, Profile profile);

struct Options {
  Profile profile = Profile::regular;
  std::vector<std::pair<RuleId, Severity>> levels{};  ///< instead of the profile's; of two for a rule the later one counts
  bool secrets = false;                               ///< whether the rules secret-* are looked at (as warnings)
  unsigned threads = 1;                               ///< 1: on the caller's thread alone
  stream::Limits limits{};
  /// Findings of one kind (rule, level, and pointer but for the numbers in it) that the sink hears at least. Where `more` is
  /// given, it may be told of those behind them instead, with how many there are: without a message and a place, and with '*'
  /// for the numbers in the pointer. That costs less.
  std::size_t enough = SIZE_MAX;
  std::function<void(const stream::Finding&, std::size_t count)> more{};
};

/// What an input was found to be. Findings that are off are not counted.
struct Summary {
  std::size_t entries = 0;                      ///< of a recording: exchanges
  std::array<std::size_t, kRuleCount> count{};  ///< findings by rule
  std::array<std::size_t, 4> by_severity{};     ///< findings by severity
  std::string producer{};                       ///< "WebInspector 537.36": log.creator, if there is one
};

/// Checks one input to its end. `input` is opened, its reader not (open_source). Findings go to `sink` in the order of the
/// file, on the caller's thread or on one other, never on two at once; those about the file as a whole come last. A file that
/// is not JSON, not UTF-8 or cut off is an answer (a finding), not an error.
/// Errors: those of the source (`io`), and `limit`: what lies behind them could not be checked.
stream::Result<Summary> check(Input& input, const Options& options, const stream::FindingSink& sink);

}  // namespace har::check
