#include "stream/record/event.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "stream/text/ascii.hpp"

namespace stream {
namespace {

using ascii::lower_case;

constexpr std::array<std::string_view, 8> kKinds{"http", "sse", "ndjson", "json-seq", "multipart", "text", "binary", "websocket"};

}  // namespace

std::string_view to_string(Direction direction) { return direction == Direction::send ? "send" : "receive"; }

std::string_view to_string(StreamKind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

std::optional<StreamKind> stream_kind_from_name(std::string_view name) {
  const auto* const found = std::find(kKinds.begin(), kKinds.end(), name);
  if (found == kKinds.end()) return std::nullopt;
  return static_cast<StreamKind>(found - kKinds.begin());
}

StreamKind stream_kind_of_media_type(std::string_view media_type) {
  std::string type = lower_case(media_type.substr(0, media_type.find(';')));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.pop_back();
  if (type == "text/event-stream") return StreamKind::sse;
  if (type == "application/x-ndjson" || type == "application/ndjson" || type == "application/jsonl" ||
      type == "application/x-jsonl" || type == "application/json-lines" || type == "application/x-jsonlines" ||
      type == "application/stream+json") {
    return StreamKind::ndjson;
  }
  if (type == "application/json-seq" || type.ends_with("+json-seq")) return StreamKind::json_seq;
  if (type == "multipart/x-mixed-replace" || type == "multipart/mixed") return StreamKind::multipart;
  return StreamKind::http;
}

StreamKind Exchange::kind() const {
  if (response) {
    if (const auto named = stream_kind_from_name(response->stream_kind)) return *named;
    std::string_view type = response->object["content"]["mimeType"].string_or("");
    if (type.empty() && response->object["headers"].is_array()) {
      for (const Json& header : response->object["headers"].as_array()) {
        if (lower_case(header["name"].string_or("")) == "content-type") type = header["value"].string_or("");
      }
    }
    if (const StreamKind kind = stream_kind_of_media_type(type); kind != StreamKind::http) return kind;
  }
  const bool messages =
      std::any_of(timeline.begin(), timeline.end(), [](const Event& event) { return event.kind == EventKind::message; });
  return messages ? StreamKind::websocket : StreamKind::http;
}

Nanos Exchange::begin() const {
  if (request) return request->t;
  if (response) return response->t;
  return timeline.empty() ? Nanos{} : timeline.front().t;
}

std::string_view Exchange::method() const { return request ? request->object["method"].string_or("") : ""; }
std::string_view Exchange::url() const { return request ? request->object["url"].string_or("") : ""; }
int Exchange::status() const { return response ? static_cast<int>(response->object["status"].int_or(0)) : 0; }

}  // namespace stream
