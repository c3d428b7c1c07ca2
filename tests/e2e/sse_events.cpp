// What libstream's decoder of event streams dispatches, for comparison with a browser's. Each line of the input is a body in
// base64; each line of the output is {"events":[{"type","data","id"}],"last_event_id","cuts"}, or {"differs_at":K} if the body
// does not decode to the same when its first K bytes come by themselves, or its bytes one by one (K is 0).
#include <cstddef>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "stream/codec/sse.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/json.hpp"

namespace {

struct Decoded {
  std::vector<stream::SseItem> items{};
  std::string last_event_id{};
  bool failed = false;
  bool operator==(const Decoded&) const = default;
};

Decoded decode(const std::vector<std::string_view>& pieces) {
  Decoded out;
  stream::SseDecoder decoder;
  for (const std::string_view piece : pieces) out.failed = out.failed || !decoder.feed(piece, out.items);
  out.failed = out.failed || !decoder.finish(out.items);
  out.last_event_id = decoder.last_event_id();
  return out;
}

stream::Json answer(std::string_view body) {
  stream::Json out = stream::Json::object();
  const Decoded whole = decode({body});
  const auto differs = [&](std::size_t at, const std::vector<std::string_view>& pieces) {
    if (decode(pieces) == whole && !whole.failed) return false;
    out.set("differs_at", static_cast<std::int64_t>(at));
    return true;
  };
  std::vector<std::string_view> single;
  for (std::size_t at = 0; at < body.size(); ++at) single.push_back(body.substr(at, 1));
  if (differs(0, single)) return out;
  for (std::size_t at = 1; at < body.size(); ++at) {
    if (differs(at, {body.substr(0, at), body.substr(at)})) return out;
  }
  stream::Json::Array events;
  for (const stream::SseItem& item : whole.items) {
    if (item.kind != stream::SseItem::Kind::event) continue;
    stream::Json event = stream::Json::object();
    event.set("type", item.event.type);
    event.set("data", item.event.data);
    event.set("id", item.event.last_event_id);
    events.push_back(std::move(event));
  }
  out.set("events", stream::Json(std::move(events)));
  out.set("last_event_id", whole.last_event_id);
  out.set("cuts", static_cast<std::int64_t>(body.empty() ? 0 : body.size() - 1));
  return out;
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    const auto body = stream::base64_decode(line);
    if (!body) {
      std::cerr << "sse_events: error: a line is no base64\n";
      return 2;
    }
    std::cout << to_json(answer(*body)) << '\n';
  }
  return std::cout.flush() ? 0 : 2;
}
