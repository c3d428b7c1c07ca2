// A request's head on its way through the proxy: what one reader accepts is understood in the same way behind it.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "heads.hpp"
#include "http1_request.hpp"

namespace {

void check(bool good) {
  if (!good) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);  // NOLINT
  stream::net::Http1RequestReader reader({});
  std::string raw;
  std::string_view rest = all;
  while (!rest.empty() && !reader.headed() && reader.refusal() == nullptr) {
    const std::size_t used = reader.feed(rest);
    raw.append(rest.substr(0, used));
    rest.remove_prefix(used);
  }
  if (!reader.headed() || reader.refusal() != nullptr) return 0;
  const stream::net::Http1RequestHead head = reader.head();
  if (head.method == "CONNECT") return 0;
  const stream::proxy::Tunnel tunnel{"a.example", 443, true, {}};
  const auto to = stream::proxy::find_destination(head, stream::proxy::asks_for_websocket(head), &tunnel, std::nullopt, false);
  if (!to) return 0;
  stream::proxy::Forwarding forwarding;
  forwarding.target = to->target;
  forwarding.authority = to->authority;
  const std::string sent = stream::proxy::forwarded_head(raw, forwarding);

  stream::net::Http1RequestReader again({});
  std::string_view bytes = sent;
  while (!bytes.empty() && !again.headed() && again.refusal() == nullptr) bytes.remove_prefix(again.feed(bytes));
  check(again.refusal() == nullptr && again.headed() && bytes.empty());
  const stream::net::Http1RequestHead& behind = again.head();
  check(behind.method == head.method && behind.minor_version == head.minor_version && behind.target == to->target);
  check(again.done() == reader.done() && again.plain() == reader.plain());
  // Every field is there, but those that are for us alone.
  for (const auto& field : head.headers) {
    if (stream::replay::iequals(field.name, "Proxy-Connection") || stream::replay::iequals(field.name, "Proxy-Authorization") ||
        stream::replay::iequals(field.name, "Host"))
      continue;
    check(std::find(behind.headers.begin(), behind.headers.end(), field) != behind.headers.end());
  }
  return 0;
}
