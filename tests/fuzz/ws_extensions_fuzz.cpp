// Sec-WebSocket-Extensions: what is read writes back to what reads the same, and a server's answer to any header is one that
// the client that sent the offer agrees to.
#include "stream/codec/websocket_deflate.hpp"
#include "wire_cuts.hpp"

using stream::WsDeflateParams;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view header(reinterpret_cast<const char*>(data) + 2, size - 2);
  const auto extensions = stream::parse_ws_extensions(header);
  const WsDeflateParams wanted = {(data[0] & 1U) != 0, (data[0] & 2U) != 0, 8 + (data[1] & 7), 8 + (data[1] >> 3U & 7)};
  const auto answer = stream::answer_ws_deflate(header, wanted);
  require(extensions.has_value() == answer.has_value(), "a header that can be read gets an answer");
  (void)stream::agreed_ws_deflate(header);
  if (!extensions) return 0;
  std::string again;
  for (const auto& extension : *extensions) again.append(again.empty() ? "" : ", ").append(to_string(extension));
  const auto reread = stream::parse_ws_extensions(again);
  require(reread && *reread == *extensions, "what is read writes back");
  if (!*answer) return 0;
  for (const auto& extension : *extensions) {
    const auto offer = stream::read_ws_deflate_offer(extension);
    if (!offer) continue;
    require(stream::read_ws_deflate_offer(stream::parse_ws_extensions(to_string(*offer))->at(0)) == offer,
            "an offer writes back");
    const auto agreed = stream::agreed_ws_deflate((*answer)->header, &*offer);
    require(agreed && *agreed == (*answer)->params, "the client agrees to the answer");
    break;
  }
  return 0;
}
