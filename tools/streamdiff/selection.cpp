#include "streamdiff/selection.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tools {
namespace {

using stream::Exchange;

constexpr std::size_t kMaxUrl = 80;

std::string description(const Exchange& exchange) {
  std::string out;
  if (!exchange.url().empty()) {
    std::string url(exchange.url());
    if (url.size() > kMaxUrl) url = url.substr(0, kMaxUrl) + "…";
    out = fmt::format("{} {}, ", exchange.method(), url);
  }
  if (exchange.status() != 0) out += fmt::format("{}, ", exchange.status());
  return out + std::string(to_string(exchange.kind()));
}

stream::Error not_there(const std::string& source, const std::string& wanted, const std::vector<std::string>& ids,
                        std::size_t count) {
  std::string there;
  for (std::size_t i = 0; i < ids.size() && i < 10; ++i) there += fmt::format("{}{}", i == 0 ? "" : ", ", ids[i]);
  if (ids.size() > 10) there += " …";
  return {stream::ErrorCode::usage,
          fmt::format("there is no exchange {}; the input holds {}{}", wanted, count,
                      there.empty() ? "" : fmt::format(", with the ids {}", there)),
          {source},
          {}};
}

}  // namespace

stream::Result<Side> read_side(const std::string& path, const har::ExchangeInput& input, const Selection& selection) {
  Side side;
  side.source = path == "-" ? "<stdin>" : path;
  STREAM_ASSIGN(const auto reader, har::open_exchanges(path, input));
  std::vector<std::string> ids;
  std::size_t count = 0;
  for (;;) {
    STREAM_ASSIGN(auto exchange, reader->next());
    if (!exchange) break;
    const std::size_t number = count++;
    if (!exchange->id.empty()) ids.push_back(exchange->id);
    if (selection.entry && *selection.entry != number) continue;
    if (selection.id && *selection.id != exchange->id) continue;
    side.exchanges.push_back({std::move(*exchange), fmt::format("{} #{}", side.source, number)});
  }
  if (side.exchanges.empty() && selection.any()) {
    return stream::fail(not_there(
        side.source, selection.id ? fmt::format("with the id '{}'", *selection.id) : fmt::format("{}", *selection.entry), ids,
        count));
  }
  if (count == 1 && !side.exchanges.empty()) side.exchanges.front().name = side.source;
  return side;
}

std::string list_exchanges(const Side& side, std::size_t limit) {
  std::string out;
  for (std::size_t i = 0; i < side.exchanges.size() && i < limit; ++i) {
    const Exchange& exchange = side.exchanges[i].exchange;
    const std::string id =
        exchange.id.empty() || exchange.id == std::to_string(i + 1) ? std::string() : fmt::format(" id {},", exchange.id);
    out += fmt::format("  --entry {}:{} {}\n", i, id, description(exchange));
  }
  if (side.exchanges.size() > limit) out += fmt::format("  and {} more\n", side.exchanges.size() - limit);
  return out;
}

}  // namespace tools
