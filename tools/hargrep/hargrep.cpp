#include "hargrep/hargrep.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common/where_option.hpp"
#include "hargrep/run.hpp"

namespace tools::hargrep {

using stream::Status;

int count(Session& session) {
  const Options& options = session.options();
  const bool names = options.list || options.list_none;
  auto sink = stream::open_output(options.output.path, options.output.options);
  if (!sink) return failed(session.tool(), sink.error());
  const std::uint64_t most = names ? 1 : options.most.value_or(UINT64_MAX);
  bool any = false;
  for (std::size_t input = 0; input < session.inputs(); ++input) {
    const auto opened = session.open(input);
    if (!opened) continue;
    std::uint64_t found = 0;
    har::EntryPass<std::uint64_t> pass;
    pass.work = [&](const har::EntryPiece& piece, std::uint64_t& here) {
      here = 0;
      each_wanted(session, input, piece, [&](std::size_t, const Looker&) { ++here; });
      return true;
    };
    pass.take = [&](const har::TakenPiece& piece, const std::uint64_t& here) -> stream::Result<bool> {
      found += here;
      return found < most && !session.selection().past(piece.first + piece.count);
    };
    if (most != 0) {
      if (auto read = har::each_entry(*opened, session.pass(input), pass); !read) return failed(session.tool(), read.error());
    }
    found = std::min(found, most);
    std::string line;
    if (names) {
      if ((found != 0) == options.list) line = session.shown(input) + '\n';
      any = any || !line.empty();
    } else {
      line = session.inputs() > 1 ? fmt::format("{}:{}\n", session.shown(input), found) : fmt::format("{}\n", found);
      any = any || found != 0;
    }
    if (auto status = (*sink)->write(line); !status) return failed(session.tool(), status.error());
  }
  if (auto status = (*sink)->finish(); !status) return failed(session.tool(), status.error());
  return session.status(any);
}

int run(Tool& tool, const Options& options) {
  auto request = request_of(options);
  if (!request) return failed(tool, request.error());
  auto query = compile_where(request->expressions, har::query::Scope::entry, "expression");
  if (!query) return failed(tool, query.error());
  std::optional<har::query::Query> messages;
  if (options.messages) {
    auto compiled = compile_where({*options.messages}, har::query::Scope::message, "--messages");
    if (!compiled) return failed(tool, compiled.error());
    messages = std::move(*compiled);
  }
  Session session(tool, options, Selection(options, std::move(*query)), std::move(request->inputs));
  if (messages) return print_messages(session, std::move(*messages));
  if (options.count || options.list || options.list_none) return count(session);
  return print_entries(session);
}

int main(int argc, const char* const* argv) {
  Tool tool(info());
  Options options;
  declare(tool, options);
  return tool.run(argc, argv, [&] { return run(tool, options); });
}

}  // namespace tools::hargrep
