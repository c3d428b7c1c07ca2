#pragma once

#include <optional>
#include <string>

#include "common/tool.hpp"
#include "stream/record/event.hpp"
#include "stream/replay/schedule.hpp"

/// streamrec play: a recording's payload on standard output, with its timing.
namespace tools::streamrec {

struct PlayOptions {
  std::string input;
  InputGroup read;
  std::optional<std::size_t> entry;
  std::optional<std::string> id;
  stream::replay::Pace pace;
  std::optional<stream::Nanos> min_gap;
  std::optional<stream::Nanos> start;
  std::optional<stream::Nanos> end;
  bool loop = false;
};

ToolInfo play_info();
void declare_play(Tool& tool, PlayOptions& options);

/// The part of an exchange from `start` up to `end` (since the request), as if the request had been made at `start`, and with no
/// pause between two pieces of payload shorter than `min_gap`.
stream::Exchange part_to_play(stream::Exchange exchange, const PlayOptions& options);

int play(Tool& tool, const PlayOptions& options);
int play_main(int argc, const char* const* argv);

}  // namespace tools::streamrec
