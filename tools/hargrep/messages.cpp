// --messages: single messages as NDJSON.
#include <fmt/format.h>

#include "hargrep/run.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/utf8.hpp"

namespace tools::hargrep {
namespace {

void write_message(std::string& out, std::string_view url, const std::optional<std::string>& file, std::size_t entry,
                   const har::query::Message& message) {
  out += '{';
  if (file) {
    out += "\"file\":";
    stream::write_json_string(out, *file);
    out += ',';
  }
  out += fmt::format("\"entry\":{},\"url\":", entry);
  stream::write_json_string(out, url);
  out += fmt::format(",\"message\":{},\"time\":\"{}\",\"dir\":\"{}\"", message.index, stream::format_iso8601(message.time),
                     stream::to_string(message.direction));
  if (message.event) {
    out += ",\"event\":";
    stream::write_json_string(out, message.name);
    if (!message.id.empty()) {
      out += ",\"id\":";
      stream::write_json_string(out, message.id);
    }
  } else {
    out += fmt::format(",\"opcode\":{}", message.opcode);
  }
  if (message.mocked) out += ",\"mocked\":true";
  if (stream::is_utf8(message.data) && message.opcode != 2) {
    out += ",\"data\":";
    stream::write_json_string(out, message.data);
  } else {
    out += ",\"data64\":\"";
    stream::base64_append(out, message.data);
    out += '"';
  }
  out += "}\n";
}

}  // namespace

int print_messages(Session& session, har::query::Query query) {
  const Options& options = session.options();
  const bool names = options.list || options.list_none;
  auto sink = stream::open_output(options.output.path, options.output.options);
  if (!sink) return failed(session.tool(), sink.error());
  const std::uint64_t most = names ? 1 : options.most.value_or(UINT64_MAX);
  bool any = false;
  struct Made {
    std::string text{};
    std::vector<std::size_t> ends{};
    std::uint64_t count = 0;
  };
  const bool prints = !options.count && !names;
  for (std::size_t input = 0; input < session.inputs(); ++input) {
    const auto opened = session.open(input);
    if (!opened) continue;
    const auto file = session.inputs() > 1 ? std::optional(session.shown(input)) : std::nullopt;
    std::uint64_t found = 0;
    har::EntryPass<Made> pass;
    pass.work = [&](const har::EntryPiece& piece, Made& made) {
      constexpr std::size_t kUsual = std::size_t{4} << 20;
      if (made.text.capacity() > kUsual) made.text = {};
      made.text.clear();
      made.ends.clear();
      made.count = 0;
      each_wanted(session, input, piece, [&](std::size_t i, Looker& looker) {
        const std::size_t index = piece.first + i;
        const std::string url(looker.view.url());
        const har::query::Subject subject{looker.view, index,       session.path(input),
                                          piece.info,  piece.files, piece.entries[i].exchange};
        query.messages(subject, looker.scratch, [&](const har::query::Message& message) {
          ++made.count;
          if (prints) {
            write_message(made.text, url, file, index, message);
            made.ends.push_back(made.text.size());
          }
          return made.count < most;
        });
      });
      return true;
    };
    pass.take = [&](const har::TakenPiece& piece, Made& made) -> stream::Result<bool> {
      const std::uint64_t wanted = std::min(made.count, most - found);
      if (prints && wanted > 0)
        STREAM_TRY((*sink)->write(std::string_view(made.text).substr(0, made.ends[static_cast<std::size_t>(wanted) - 1])));
      found += wanted;
      return found < most && !session.selection().past(piece.first + piece.count);
    };
    har::EntryPassOptions how = session.pass(input);
    how.numbered = how.numbered || prints || query.uses_index();
    if (most != 0) {
      if (auto read = har::each_entry(*opened, how, pass); !read) return failed(session.tool(), read.error());
    }
    any = any || (names ? (found != 0) == options.list : found != 0);
    std::string line;
    if (names && (found != 0) == options.list) line = session.shown(input) + '\n';
    if (options.count)
      line = session.inputs() > 1 ? fmt::format("{}:{}\n", session.shown(input), found) : fmt::format("{}\n", found);
    if (auto status = (*sink)->write(line); !status) return failed(session.tool(), status.error());
  }
  if (auto status = (*sink)->finish(); !status) return failed(session.tool(), status.error());
  return session.status(any);
}

}  // namespace tools::hargrep
