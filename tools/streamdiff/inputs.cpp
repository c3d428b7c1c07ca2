#include "streamdiff/inputs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tools::streamdiff_tool {
namespace {

constexpr std::size_t kMaxUrl = 80;
constexpr std::size_t kMaxIds = 10;

std::string description(const har::ExchangeHead& head) {
  std::string out;
  const auto add = [&](std::string_view part) {
    if (!out.empty()) out += ", ";
    out += part;
  };
  if (!head.url.empty()) {
    std::string url = head.url;
    if (url.size() > kMaxUrl) url = url.substr(0, kMaxUrl) + "…";
    add(fmt::format("{} {}", head.method, url));
  }
  if (head.status != 0) add(std::to_string(head.status));
  if (!head.kind.empty()) add(head.kind);
  return out;
}

}  // namespace

std::string Side::name(const har::ExchangeHead& head) const {
  const bool alone = reader->heads().size() == 1 && (reader->all_known() || !select.any());
  return alone ? source : fmt::format("{} #{}", source, head.number);
}

std::size_t Side::known() const {
  const auto& heads = reader->heads();
  return static_cast<std::size_t>(
      std::count_if(heads.begin(), heads.end(), [&](const har::ExchangeHead& head) { return select.takes(head); }));
}

stream::Result<Side> open_side(const std::string& path, const har::StreamInput& input) {
  Side side;
  side.source = path == "-" ? "<stdin>" : path;
  side.select = input.select;
  STREAM_ASSIGN(side.reader, har::open_streams(path, input));
  return side;
}

stream::Error not_there(const Side& side) {
  std::string wanted;
  if (side.select.id) wanted = fmt::format("with the id '{}'", *side.select.id);
  if (side.select.entry) wanted = fmt::format("{}", *side.select.entry);
  if (side.select.match)
    wanted =
        fmt::format("of {}{}{}", side.select.match->method, side.select.match->method.empty() ? "" : " ", side.select.match->url);
  const auto& heads = side.reader->heads();
  std::string ids;
  std::size_t count = 0;
  for (const har::ExchangeHead& head : heads) {
    if (head.id.empty() || count == kMaxIds) continue;
    ids += fmt::format("{}{}", count == 0 ? "" : ", ", head.id);
    ++count;
  }
  if (count == kMaxIds && heads.size() > kMaxIds) ids += " …";
  return {stream::ErrorCode::usage,
          fmt::format("there is no exchange {}; the input holds {}{}", wanted, heads.size(),
                      ids.empty() ? "" : fmt::format(", with the ids {}", ids)),
          {side.source},
          {}};
}

std::string list_exchanges(const Side& side, std::size_t limit) {
  std::string out;
  std::size_t shown = 0;
  std::size_t more = 0;
  for (const har::ExchangeHead& head : side.reader->heads()) {
    if (!side.select.takes(head)) continue;
    if (shown == limit) {
      ++more;
      continue;
    }
    ++shown;
    const std::string id =
        head.id.empty() || head.id == std::to_string(head.number + 1) ? std::string() : fmt::format(" id {},", head.id);
    out += fmt::format("  --entry {}:{} {}\n", head.number, id, description(head));
  }
  if (more != 0) out += fmt::format("  and {} more\n", more);
  return out;
}

}  // namespace tools::streamdiff_tool
