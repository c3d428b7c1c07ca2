#pragma once

#include <string>
#include <vector>

#include "common/tool.hpp"
#include "harproxy/console.hpp"
#include "harproxy/listen_options.hpp"
#include "harproxy/mock_options.hpp"
#include "harproxy/origin_options.hpp"
#include "harproxy/record_options.hpp"

/// Records what programs do on the wire, while it is relayed.
namespace tools::harproxy {

struct Options {
  ListenOptions listen{};
  OriginGroup origins{};
  MockGroup mocks{};
  RecordGroup record{};
  Progress progress = Progress::automatic;
  /// `harproxy run`: what is run, and recorded.
  std::vector<std::string> command{};
};

ToolInfo info();
void declare(Tool& tool, Options& options);
ToolInfo run_info();
void declare_run(Tool& tool, Options& options);
ToolInfo ca_info();
void declare_ca(Tool& tool, TlsGroup& options);

int proxy(Tool& tool, const Options& options);
int ca(Tool& tool, const TlsGroup& options);
int main(int argc, const char* const* argv);

}  // namespace tools::harproxy
