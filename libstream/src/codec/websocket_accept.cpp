#include "stream/codec/websocket.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/sha1.hpp"

namespace stream {

std::string websocket_accept(std::string_view key) {
  return base64_encode(sha1(std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
}

}  // namespace stream
