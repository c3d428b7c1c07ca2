#include <fmt/format.h>

#include <algorithm>
#include <optional>
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
  STREAM_ASSIGN(auto query, compile_where(options.where.expressions));
  std::optional<har::query::Filter> where;
  if (query) where.emplace(std::move(*query));
  if (where) how.where = &*where;
  std::optional<stream::Error> left_out;
  if (options.skip_broken) {
    how.broken = [&messages, &left_out](const stream::Error& error) {
      if (error.code == stream::ErrorCode::io) return false;
      left_out = error;
      messages.warning(fmt::format("{}; it is left out", to_string(error)));
      return true;
    };
  }
  for (const std::string& input : options.inputs) {
    const std::size_t before = all->size();
    const auto added = all->add(input, how);
    // A file that is not there is not a broken one.
    if (!added && (!options.skip_broken || added.error().code == stream::ErrorCode::io)) return stream::fail(added.error());
    if (!added && left_out != added.error())
      messages.warning(fmt::format("{}; nothing more of it is served", to_string(added.error())));
    const std::size_t count = all->size() - before;
    if (count == 0) messages.warning(fmt::format("{} holds no exchange{}", input, where ? " that --where selects" : ""));
  }
  if (all->size() == 0 && !options.inputs.empty())
    return stream::fail({stream::ErrorCode::unsupported,
                         where ? "there is nothing to serve: no input holds an exchange that --where selects"
                               : "there is nothing to serve: no input holds an exchange",
                         {},
                         {}});
  all->matcher().settle();
  return all;
}

}  // namespace tools::streamserve
