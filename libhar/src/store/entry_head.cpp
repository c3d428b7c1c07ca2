#include "store/entry_head.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <vector>

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

/// A string that is written without escapes; nothing for any other value.
std::optional<std::string_view> plain_string(std::optional<std::string_view> value) {
  if (!value || value->size() < 2 || value->front() != '"' || value->find('\\') != std::string_view::npos) return std::nullopt;
  return value->substr(1, value->size() - 2);
}

/// What nearly all responses are, by their beginning: their status, and their media type. Of others there is more to know.
struct PlainResponse {
  int status = 0;
  std::string_view type{};
};
std::optional<PlainResponse> read_plain_response(std::string_view text) {
  const auto status = stream::find_raw_value(text, {"status"});
  const auto type = plain_string(stream::find_raw_value(text, {"content", "mimeType"}));
  if (!status || !type || type->empty()) return std::nullopt;
  PlainResponse out;
  out.type = *type;
  const auto [end, error] = std::from_chars(status->data(), status->data() + status->size(), out.status);
  const bool number = error == std::errc{} && end == status->data() + status->size();
  if (!number || out.status < 200 || out.status / 100 == 3) return std::nullopt;
  return out;
}

/// Takes apart [{"name": "…", "value": "…"}, …], written so; false for anything else.
class PlainFields {
 public:
  explicit PlainFields(std::string_view text) : text_(text) {}

  bool read(std::vector<match::Header>& out) {
    if (!take('[')) return false;
    if (take(']')) return at_ == text_.size();
    do {
      match::Header& field = out.emplace_back();
      const bool good = take('{') && member("name", field.name) && take(',') && member("value", field.value) && take('}');
      if (!good) return false;
    } while (take(','));
    return take(']') && at_ == text_.size();
  }

 private:
  bool take(char c) {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) ++at_;
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  std::optional<std::string_view> string() {
    if (!take('"')) return std::nullopt;
    const std::size_t end = text_.find('"', at_);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view value = text_.substr(at_, end - at_);
    at_ = end + 1;
    if (value.find('\\') != std::string_view::npos) return std::nullopt;
    return value;
  }
  bool member(std::string_view name, std::string& out) {
    if (string() != name || !take(':')) return false;
    const auto value = string();
    if (value) out = *value;
    return value.has_value();
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

bool is_empty_array(std::string_view text) { return text.find_first_not_of("[] \t\r\n") == std::string_view::npos; }

/// The head of an entry that is written as nearly all are.
std::optional<EntryHead> read_plain_head(const Members<kEntry.size()>& members) {
  const auto response = read_plain_response(members[1]);
  if (!response || members.has(2)) return std::nullopt;
  Members request(kRequest);
  if (!request.read(members[0]) || request.has(3)) return std::nullopt;
  const auto method = plain_string(request[0]);
  const auto url = plain_string(request[1]);
  if (!method || !url) return std::nullopt;
  if (request.has(4) && url->find('?') == std::string_view::npos && !is_empty_array(request[4])) return std::nullopt;
  EntryHead out;
  out.recorded.request = match::make_request(*method, *url);
  if (request.has(2) && !PlainFields(request[2]).read(out.recorded.request.headers)) return std::nullopt;
  out.recorded.request.media_type = out.recorded.request.header("content-type");
  out.recorded.status = response->status;
  const bool socket = members.has(4) || (members.has(3) && plain_string(members[3]) == "websocket");
  out.kind = socket ? stream::StreamKind::websocket : stream::stream_kind_of_media_type(response->type);
  return out;
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

std::optional<EntryHead> read_head(std::string_view entry, const stream::Limits& limits) {
  Members members(kEntry);
  // A timeline may hold what decides: messages, events, pieces of the request's body.
  if (!members.read(entry) || !members.has(0) || !members.has(1) || members.has(5) || members.has(6) || members.has(7))
    return std::nullopt;
  if (auto plain = read_plain_head(members)) return plain;
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
  return EntryHead{match::recorded_of(out), out.kind()};
}

}  // namespace har::store
