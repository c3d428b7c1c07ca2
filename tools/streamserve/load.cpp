#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "streamserve/streamserve.hpp"

namespace tools::streamserve {

stream::Result<std::unique_ptr<Recording>> load(const Options& options, Messages& messages) {
  STREAM_ASSIGN(auto all, Recording::make(options.match.match, options.pace.pace, options.match.on_error));
  har::StoreOptions how;
  how.input.format = options.input.format;
  how.input.input = options.input.options;
  how.input.report = messages.findings();
  how.threads = std::max(2U, std::thread::hardware_concurrency()) - 1;
  for (const std::string& input : options.inputs) {
    STREAM_ASSIGN(const std::size_t count, all->add(input, how));
    if (count == 0) messages.warning(fmt::format("{} holds no exchange", input));
  }
  if (all->size() == 0)
    return stream::fail({stream::ErrorCode::unsupported, "there is nothing to serve: no input holds an exchange", {}, {}});
  all->matcher().settle();
  return all;
}

}  // namespace tools::streamserve
