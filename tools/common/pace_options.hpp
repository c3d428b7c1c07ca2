#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/tool.hpp"
#include "stream/replay/schedule.hpp"

/// When what was recorded is played again: the same options for every tool that plays.
namespace tools {

/// --speed, --max-gap, --min-gap, --ttfb, --interval, --start, --end, --loop, --jitter, --seed.
struct PaceGroup {
  stream::replay::Pace pace{};
  std::optional<std::uint64_t> seed{};
  std::string loop{};  ///< as written; it is in the pace
};
void add_pace_options(CLI::App& app, PaceGroup& group);

/// What contradicts itself.
std::optional<stream::Error> check_pace(const stream::replay::Pace& pace);

/// The seed that was given. Else one by chance, which is told if something `hangs` on it, so that the run can be repeated.
std::uint64_t choose_seed(Messages& messages, const std::optional<std::uint64_t>& given, bool hangs);

}  // namespace tools
