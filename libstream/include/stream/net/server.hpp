#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "stream/io/error.hpp"
#include "stream/net/stats.hpp"
#include "stream/replay/answer.hpp"
#include "stream/replay/conversation.hpp"
#include "stream/text/timestamp.hpp"

/// The only part that knows a socket. A server here is protocol and timing; what it answers is its handler's business.
namespace stream::net {

class CertificateSource;

/// One request as it arrived.
struct Request {
  std::string method{};
  /// Path and query ("/a?b=1"), or "*". The absolute form ("GET http://host/a") has been taken apart.
  std::string target{};
  std::string authority{};  ///< of the absolute form, else the Host field
  bool absolute = false;    ///< it came in the absolute form, as a proxy is asked
  bool tunnel = false;      ///< it came through a tunnel (CONNECT), whose authority is `authority`; see Server
  bool secure = false;      ///< it came over TLS
  /// "http" or "https" where the client has said which, by the absolute form, a tunnel or TLS; else empty.
  std::string scheme{};
  std::vector<replay::HeaderField> headers{};
  std::string body{};           ///< the first ServerOptions::kept_body bytes, without transfer coding
  std::uint64_t body_size = 0;  ///< all of it
  int minor_version = 1;        ///< of HTTP/1
  bool websocket = false;       ///< asks for an upgrade to WebSocket
  std::string peer{};           ///< "127.0.0.1:51234"
  /// The handler's own: what it sets in answer() it finds in served().
  mutable std::uint64_t tag = 0;

  std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
  /// Behind the first "?"; empty without one.
  std::string_view query() const {
    const auto mark = target.find('?');
    return mark == std::string::npos ? std::string_view{} : std::string_view(target).substr(mark + 1);
  }
};

enum class Outcome {
  complete,     ///< everything was sent, including a recorded cut or reset
  client_left,  ///< the client ended the connection before the last step
  timed_out,    ///< the client did not read for ServerOptions::idle_timeout
  failed,       ///< the WebSocket handshake was refused, or the client broke the protocol
};
std::string_view to_string(Outcome outcome);

/// What became of one answer.
struct Served {
  Outcome outcome = Outcome::complete;
  int status = 0;                                 ///< as sent; 0: nothing was
  std::uint64_t body_bytes = 0;                   ///< of the body or of the messages, handed to the system
  std::uint64_t messages = 0;                     ///< WebSocket messages sent
  replay::StepKind last = replay::StepKind::end;  ///< how the answer ended, where it is complete
  Nanos max_lateness{};                           ///< the largest delay of a step behind its time
  std::uint64_t deviations = 0;                   ///< of a WebSocket's client from what was expected
  std::string why{};                              ///< failed: what was wrong
};

/// Decides what is answered. All calls come from the thread in Server::run(), one at a time, and must not throw.
class Handler {
 public:
  Handler() = default;
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;
  virtual ~Handler() = default;

  /// The answer to a request that has arrived whole; never null.
  virtual std::shared_ptr<const replay::Answer> answer(const Request& request) = 0;
  /// The answer is over. Called once for each answer(), unless the server is stopped before.
  virtual void served(const Request& request, const replay::Answer& answer, const Served& served);
  /// Something arrived that is no request we read; it was answered with `status`. 0: nothing was answered, for what came is not
  /// HTTP, or TLS failed; `why` says also where the client does not trust the certificate.
  virtual void refused(std::string_view peer, int status, std::string_view why);
  /// A WebSocket message of the client's, or a ping or pong.
  virtual void received(const Request& request, int opcode, std::uint64_t size);
  /// The server's side of a WebSocket, for an answer of answer()'s that is one; never null. Without this it is the answer's
  /// messages at their recorded times. Its first step is the head, or an end without one.
  virtual std::unique_ptr<replay::Conversation> converse(const Request& request, std::shared_ptr<const replay::Answer> answer);
  /// A WebSocket client is not what the conversation expects. All come before served(), which tells how many there were: after
  /// the first hundred of a connection they are only counted.
  virtual void deviated(const Request& request, const replay::Answer& answer, const replay::Deviation& deviation);
};

struct ServerOptions {
  std::string host = "127.0.0.1";  ///< an address, or a name that has one
  std::uint16_t port = 0;          ///< 0: a free one
  /// Who we are, for TLS: on the port and in tunnels. Outlives the server. Null: there is no TLS.
  CertificateSource* certificates = nullptr;
  bool tls = false;  ///< the port speaks TLS; plain HTTP is answered with 400. Needs `certificates`
  /// Between two requests, between two pieces of a request's body, for a client that does not read, and after a `stall`.
  Nanos idle_timeout = std::chrono::seconds(60);
  Nanos head_timeout = std::chrono::seconds(10);  ///< from the first byte of a request's head, or of TLS, to its last
  /// Bytes a second that a request's body must bring on the mean, once idle_timeout is over; 0: any that come in time.
  std::uint64_t min_body_rate = 128;
  std::uint32_t max_head = 64 * 1024;  ///< bytes of a request's head; more is answered with 414 (its first line) or 431
  std::uint32_t max_fields = 256;      ///< header fields of a request; more are answered with 431
  std::uint64_t max_body = std::uint64_t{1} << 30;  ///< bytes of a request's body; more is answered with 413
  std::size_t kept_body = std::size_t{1} << 20;     ///< how much of it a handler sees
  std::size_t max_message = std::size_t{64} << 20;  ///< bytes of a WebSocket message, inflated; more is answered with close 1009
  std::size_t max_connections = 16384;              ///< more wait to be accepted
};

/// Serves answers on their schedule over HTTP/1.0, HTTP/1.1 and WebSocket, with or without TLS.
///
/// CONNECT (RFC 9110 §9.3.6) opens a tunnel that leads to the same handler: what begins in it is TLS or plain HTTP, by its
/// first byte, and its requests are for the authority that CONNECT named; where that is an IP address, for their Host field.
/// TLS takes the certificate for the name that the client asks for (SNI), else for CONNECT's host or the address it connected to.
///
/// A step goes out when its time since the arrival of the request's head has come: never before, and counted from there, so
/// that lateness does not add up. Where the answer cannot begin in time (a body that came slowly, an earlier answer on the
/// same connection) the whole schedule is moved, so that its pauses stay.
class Server {
 public:
  /// Binds and listens; connections are accepted by run(). `handler` outlives the server. Errors: `io` (the address is in
  /// use or not ours), `usage` (no address).
  static Result<std::unique_ptr<Server>> listen(const ServerOptions& options, Handler& handler);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  std::uint16_t port() const;
  /// "http://127.0.0.1:8080", or https
  const std::string& url() const;

  /// Listens at one more address, with a handler of its own, until run() ends. Before run(). Its URL, or the errors of listen().
  Result<std::string> also_listen(const ServerOptions& options, Handler& handler);
  /// Calls `work` in run() each `period`. Before run().
  void every(Nanos period, std::function<void()> work);

  /// Serves until stop(), or until everything is drained; once.
  Status run();
  /// Ends run() at once: connections are closed where they are. May be called from any thread and from a signal handler.
  void stop() noexcept;
  /// Takes no more connections and requests, and ends run() when the answers that are going on are over, or after `limit`. Other
  /// addresses (also_listen) go on until then. In run()'s thread.
  void drain(Nanos limit);
  /// Lets `work` be called in run()'s thread, soon. From any thread.
  void post(std::function<void()> work);
  /// What notify() does. Before run().
  void on_notify(std::function<void(int number)> work);
  /// Calls what on_notify() was given, in run()'s thread, once for all of the same number that come before that. `number` is 0
  /// or 1. From any thread and from a signal handler.
  void notify(int number) noexcept;

  /// Of the first address. In run()'s thread.
  const ServerStats& stats() const;

 private:
  struct Impl;
  friend struct ServerAccess;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace stream::net
