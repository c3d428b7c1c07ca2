#pragma once

#include <optional>
#include <string>

#include "common/pace_options.hpp"
#include "common/tool.hpp"

/// streamrec play: a recording's payload on standard output, with its timing.
namespace tools::streamrec {

struct PlayOptions {
  std::string input;
  InputGroup read;
  std::optional<std::size_t> entry;
  std::optional<std::string> id;
  PaceGroup pace;
};

ToolInfo play_info();
void declare_play(Tool& tool, PlayOptions& options);

int play(Tool& tool, const PlayOptions& options);
int play_main(int argc, const char* const* argv);

}  // namespace tools::streamrec
