#pragma once

#include <string_view>

#include "stream/replay/schedule.hpp"

namespace stream::replay {

/// How a server ends an answer whose recorded end has this reason.
inline StepKind ending_of(std::string_view reason) {
  if (reason.empty() || reason == "eof") return StepKind::end;
  if (reason == "reset" || reason == "abort" || reason == "error") return StepKind::reset;
  return reason == "timeout" ? StepKind::stall : StepKind::cut;
}

}  // namespace stream::replay
