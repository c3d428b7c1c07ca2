#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/mitmproxy/tnetstring.hpp"
#include "stream/io/error.hpp"
#include "stream/record/tap.hpp"

/// A flow of mitmproxy, whichever version wrote it.
namespace har::format::mitm {

/// What mitmproxy 11 to 13 write. Versions before 4 were pairs and triples of numbers: (0, 11) to (3, 0, 0).
inline constexpr std::int64_t kNewest = 21;
/// What mitmproxy 8.1 writes, and all later ones read.
inline constexpr std::int64_t kWritten = 17;
/// Stands for all versions before 4.
inline constexpr std::int64_t kBefore4 = 3;

struct Time {
  stream::Nanos since_epoch{};
  Value written{};
};

using Fields = std::vector<stream::TapField>;

struct Body {
  bool known = false;  ///< false: mitmproxy has not kept it (it was streamed)
  std::string_view octets{};
};

struct Message {
  std::string_view version{};
  Fields fields{};
  Body content{};
  Fields trailers{};
  std::optional<Time> start{};
  std::optional<Time> end{};
};

struct Request : Message {
  std::string_view method{};
  std::string_view scheme{};
  std::string_view host{};
  std::int64_t port = 0;
  std::string_view authority{};
  std::string_view path{};
};

struct Response : Message {
  int status = 0;
  std::string_view reason{};
};

struct WebSocketMessage {
  int opcode = 1;
  bool from_client = false;
  std::string_view content{};
  std::optional<Time> time{};
  bool dropped = false;
  bool injected = false;
};

struct WebSocket {
  std::vector<WebSocketMessage> messages{};
  std::optional<bool> closed_by_client{};
  std::optional<int> code{};
  std::string_view reason{};
  std::optional<Time> end{};
};

/// A connection of the flow. Names are those of version 17.
struct Connection {
  bool is_client = false;
  std::int64_t version = kNewest;
  Value dict{};  ///< as it stands, in the names of its version
  std::string_view id{};
  std::string_view peer{};  ///< the address at the other end
  std::int64_t peer_port = 0;
  std::string_view target{};  ///< of a server: what was asked for
  std::int64_t target_port = 0;
  std::optional<Time> start{};
  std::optional<Time> tcp{};  ///< of a server: the connection was there
  std::optional<Time> tls{};  ///< so was TLS
};

/// The views point into the bytes that it was read from.
struct Flow {
  std::int64_t version = 0;
  std::string_view type{};
  std::string_view id{};
  std::string_view error{};
  std::optional<Time> error_at{};
  bool failed = false;  ///< there is an error
  Connection client{};
  Connection server{};
  bool intercepted = false;
  std::string_view is_replay{};
  std::string_view marked{};
  Value metadata{};
  std::string_view comment{};
  std::optional<Time> created{};
  bool has_backup = false;
  Request request{};
  std::optional<Response> response{};
  std::optional<WebSocket> websocket{};

  // Versions before 12: the messages of a WebSocket were a flow of their own, which came later.
  bool awaits_websocket = false;
  std::string_view handshake{};  ///< of such a flow: the id of the one with the handshake
};

/// What is wrong with a flow, and where.
struct Malformed {
  std::string message{};
  std::size_t offset = 0;  ///< in the flow's payload
  std::string pointer{};
};

/// Reads the payload of a flow. Of one that is neither HTTP nor an old WebSocket only the type is read. What the flow keeps is
/// used again, so that memory is.
std::optional<Malformed> read_flow(std::string_view payload, Flow& flow);

/// The name that version 17 has for a member of a connection; empty for what it does not have.
std::string_view connection_member(const Connection& connection, std::string_view name);

}  // namespace har::format::mitm
