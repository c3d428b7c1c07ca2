#pragma once

#include <vector>

#include "common/tool.hpp"
#include "stream/replay/fault.hpp"

/// Faults, for every tool that lets answers go wrong.
namespace tools {

struct FaultOptions {
  std::vector<stream::replay::FaultRule> rules{};
};
/// --fault. `live`: the answers come from somewhere while they are changed, and rules that this cannot take are refused.
enum class Faulted { recorded, live };
void add_fault_options(CLI::App& app, FaultOptions& options, Faulted faulted = Faulted::recorded);
/// Whether what happens hangs on chance.
bool hangs_on_chance(const FaultOptions& options);

}  // namespace tools
