#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/io/error.hpp"
#include "stream/record/event.hpp"
#include "stream/replay/answer.hpp"

namespace stream::net {

/// A moment of the monotonic clock.
using Moment = std::chrono::steady_clock::time_point;

/// What to ask, in no protocol's terms. `url` may be http, https, ws or wss.
struct ClientRequest {
  std::string method = "GET";
  std::string url{};
  /// In their order and case. Host (first), Content-Length and the fields of a WebSocket handshake are added where they are
  /// missing; a user in the URL becomes Authorization: Basic.
  std::vector<replay::HeaderField> headers{};
  std::string body{};
  std::vector<std::string> subprotocols{};  ///< WebSocket: those that are offered
  bool deflate = false;                     ///< WebSocket: offers permessage-deflate
};

/// Certificates that were read once, for many clients on any threads.
class ClientCertificates;

struct ClientOptions {
  Nanos connect_timeout = std::chrono::seconds(300);         ///< name, connection and TLS together
  std::optional<Nanos> head_timeout{};                       ///< from the request's last byte to the response's head
  std::optional<Nanos> idle_timeout{};                       ///< between two arrivals behind the head
  std::optional<Moment> deadline{};                          ///< of a run as a whole
  bool verify = true;                                        ///< the server's certificate, and that it is of the host
  std::string ca_file{};                                     ///< PEM; instead of the system's certificates
  std::shared_ptr<const ClientCertificates> certificates{};  ///< by read_certificates(); then `verify` and `ca_file` are its
  std::size_t max_head = 256 * 1024;                         ///< bytes of a response's head
  std::size_t max_message = std::size_t{256} << 20;          ///< bytes of a WebSocket message
};

/// Those that `verify` and `ca_file` name. A client reads them by itself when it first needs them, which takes a while. Errors:
/// `io`.
Result<std::shared_ptr<const ClientCertificates>> read_certificates(const ClientOptions& options);

/// How long the steps before the request took; none: it was not done.
struct ConnectTimings {
  std::optional<Nanos> dns{};
  Nanos connect{};
  std::optional<Nanos> tls{};
};

/// Something that happened, with the moment at which it did: for what arrived, right behind the read that brought it.
struct ClientEvent {
  enum class Kind {
    request,  ///< the request's head is about to be sent: method, target, headers, connection
    sent,     ///< the last byte of the request was handed to the system
    interim,  ///< the head of a 1xx response
    head,     ///< the head of the response
    data,     ///< bytes of the body as they arrived together, transfer coding undone; Content-Encoding is left as it is
    message,  ///< a WebSocket message, ping or pong, sent or received
    close,    ///< a WebSocket close frame, sent or received
  };
  Kind kind = Kind::data;
  Moment at{};

  std::string method{};                        ///< request
  std::string url{};                           ///< request: without user and fragment
  std::vector<replay::HeaderField> headers{};  ///< request: as sent; head, interim: as they came
  std::string address{};                       ///< request: the server's, e.g. "127.0.0.1"
  std::uint16_t local_port = 0;                ///< request: ours
  std::string tls{};                           ///< request: "TLSv1.3"; empty without
  ConnectTimings timings{};                    ///< request

  int status = 0;             ///< head, interim
  int minor_version = 1;      ///< head, interim: of HTTP/1
  std::string reason{};       ///< head, interim; close
  std::uint64_t head_size{};  ///< head, interim: bytes on the wire
  bool websocket = false;     ///< head: the connection is a WebSocket now

  Direction direction = Direction::receive;  ///< message, close
  int opcode = 1;                            ///< message
  std::optional<int> code{};                 ///< close
  std::string bytes{};                       ///< data, message
};

/// How an exchange ended, once its request was on its way.
struct ClientEnd {
  enum class Kind {
    complete,   ///< as it should: the end of the body, or of the closing handshake
    reset,      ///< the connection was reset
    timeout,    ///< one of the times of ClientOptions was over; `error` tells which
    truncated,  ///< the connection was closed in the middle of something
    broken,     ///< what came is not in the protocol
    stopped,    ///< stop() was called
  };
  Kind kind = Kind::complete;
  Moment at{};
  std::string error{};    ///< what happened, in words; empty where it is complete or stopped
  bool answered = false;  ///< the head had come
  std::vector<replay::HeaderField> trailers{};
};

/// Takes events as they happen, on the thread in Client::run(). It may call the client's stop() and send().
class ClientSink {
 public:
  ClientSink() = default;
  ClientSink(const ClientSink&) = delete;
  ClientSink& operator=(const ClientSink&) = delete;
  virtual ~ClientSink() = default;

  /// An error ends the run at once, and is what it returns.
  virtual Status take(ClientEvent event) = 0;
};

/// Makes one request at a time, each on a connection of its own, over HTTP/1.1 (1.0 answers are understood), WebSocket, and
/// TLS. No redirects are followed, no proxies asked, no cookies kept. The program must ignore SIGPIPE.
class Client {
 public:
  /// Errors: `io` (the certificates cannot be read).
  static Result<std::unique_ptr<Client>> create(const ClientOptions& options);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  /// Makes the request and waits for its end. Errors: `usage` (what is asked for cannot be sent), `io` (no connection; the
  /// sink has heard nothing), and the sink's.
  Result<ClientEnd> run(const ClientRequest& request, ClientSink& sink);

  /// WebSocket: sends a message (opcode 1 text, 2 binary, 9 ping, 10 pong), or closes. What is sent before the handshake is
  /// over goes out behind it. From any thread. Errors: `usage`.
  Status send(int opcode, std::string bytes);
  Status close(std::optional<int> code, std::string reason = {});

  /// Ends the current run and every later one at once. From any thread, and from a signal handler.
  void stop() noexcept;
  bool stopped() const noexcept;
  /// Waits until `moment`; false if it was stopped before.
  bool wait_until(Moment moment);

 private:
  struct Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace stream::net
