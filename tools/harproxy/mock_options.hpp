#pragma once

#include <string>
#include <vector>

#include "common/tool.hpp"
#include "stream/mock/conversation.hpp"

namespace tools::harproxy {

/// What the proxy answers itself.
struct MockGroup {
  std::vector<std::string> files{};
  stream::mock::Unmatched unmatched = stream::mock::Unmatched::drop;
};

void declare_mocks(CLI::App& app, MockGroup& options);

}  // namespace tools::harproxy
