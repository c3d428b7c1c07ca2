#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/fault_options.hpp"
#include "stream/mock/conversation.hpp"

namespace tools::harproxy {

/// What the proxy answers itself, and what it lets go wrong.
struct MockGroup {
  std::vector<std::string> files{};
  stream::mock::Unmatched unmatched = stream::mock::Unmatched::drop;
  FaultOptions faults{};
  std::optional<std::uint64_t> seed{};
};

void declare_mocks(CLI::App& app, MockGroup& options);

}  // namespace tools::harproxy
