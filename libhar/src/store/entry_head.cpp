#include "store/entry_head.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "stream/text/json_find.hpp"

namespace har::store {
namespace {

using stream::Json;

/// What stands at the names that are looked for; of members that stand twice the last counts, as in Json.
template <std::size_t kCount>
class Members {
 public:
  explicit Members(const std::array<std::string_view, kCount>& names) : names_(names) {}

  /// False: a name is written with escapes, and may be any.
  bool read(std::string_view object) {
    bool plain = true;
    const char* end = nullptr;
    stream::each_raw_member(object, [&](std::string_view name, std::string_view value) {
      plain = plain && name.find('\\') == std::string_view::npos;
      end = value.data() + value.size();
      const auto known = std::find(names_.begin(), names_.end(), name);
      if (known != names_.end()) values_[static_cast<std::size_t>(known - names_.begin())] = value;
      return true;
    });
    if (!plain || end == nullptr) return false;
    // The visit ends where something is broken, too.
    const std::string_view rest = object.substr(static_cast<std::size_t>(end - object.data()));
    return rest.find_first_not_of(" \t\r\n") == rest.size() - 1 && rest.back() == '}';
  }
  bool has(std::size_t index) const { return values_[index].data() != nullptr; }
  std::string_view operator[](std::size_t index) const { return values_[index]; }

 private:
  const std::array<std::string_view, kCount>& names_;
  std::array<std::string_view, kCount> values_{};
};

/// Copies members to `out`; false if one cannot be read.
template <std::size_t kCount>
bool keep(Json& out, const std::array<std::string_view, kCount>& names, const Members<kCount>& members, std::size_t from,
          std::size_t to, const stream::Limits& limits) {
  for (std::size_t i = from; i < to; ++i) {
    if (!members.has(i)) continue;
    auto value = stream::parse_json(members[i], limits);
    if (!value) return false;
    out.set(names[i], std::move(*value));
  }
  return true;
}

constexpr auto kEntry =
    std::to_array<std::string_view>({"request", "response", "_streamKind", "_resourceType", "_webSocketMessages",
                                     "_recordingEvents", "_streamChunks", "_eventSourceMessages"});
constexpr auto kRequest = std::to_array<std::string_view>({"method", "url", "headers", "postData", "queryString"});
constexpr auto kResponse = std::to_array<std::string_view>({"status", "redirectURL", "headers", "content"});
constexpr auto kContent = std::to_array<std::string_view>({"mimeType", "_file"});

bool read_request(Json& out, std::string_view text, const stream::Limits& limits) {
  Members members(kRequest);
  if (!members.read(text) || !keep(out, kRequest, members, 0, 4, limits)) return false;
  // It is looked at only where the address has no query.
  return members[1].find('?') != std::string_view::npos || keep(out, kRequest, members, 4, 5, limits);
}

bool read_response(Json& out, std::string_view text, const stream::Limits& limits) {
  Members members(kResponse);
  if (!members.read(text) || !keep(out, kResponse, members, 0, 2, limits)) return false;
  bool typed = false;
  if (members.has(3)) {
    Members content(kContent);
    Json kept = Json::object();
    if (!content.read(members[3]) || content.has(1) || !keep(kept, kContent, content, 0, 1, limits)) return false;
    typed = !kept["mimeType"].string_or("").empty();
    out.set("content", std::move(kept));
  }
  const bool redirect = out["status"].int_or(0) / 100 == 3;
  return (typed && !redirect) || keep(out, kResponse, members, 2, 3, limits);
}

}  // namespace

std::optional<stream::Exchange> read_head(std::string_view entry, const stream::Limits& limits) {
  Members members(kEntry);
  // A timeline may hold what decides: messages, events, pieces of the request's body.
  if (!members.read(entry) || !members.has(0) || !members.has(1) || members.has(5) || members.has(6) || members.has(7))
    return std::nullopt;
  stream::Exchange out;
  stream::Event& request = out.request.emplace();
  request.kind = stream::EventKind::request;
  request.object = Json::object();
  if (!read_request(request.object, members[0], limits)) return std::nullopt;
  stream::Event& response = out.response.emplace();
  response.kind = stream::EventKind::response;
  response.object = Json::object();
  if (!read_response(response.object, members[1], limits)) return std::nullopt;

  Json rest = Json::object();
  if (!keep(rest, kEntry, members, 2, 4, limits)) return std::nullopt;
  const bool socket = members.has(4) || rest["_resourceType"].string_or("") == "websocket";
  const stream::StreamKind derived = out.kind();
  if (rest["_streamKind"].is_string()) {
    response.stream_kind = rest["_streamKind"].as_string();
  } else if (socket || derived != stream::StreamKind::http) {
    response.stream_kind = to_string(socket ? stream::StreamKind::websocket : derived);
  }
  return out;
}

}  // namespace har::store
