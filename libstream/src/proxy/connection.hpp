#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exchange.hpp"
#include "heads.hpp"
#include "mock_origin.hpp"
#include "origin_connector.hpp"
#include "session.hpp"
#include "side.hpp"
#include "socks.hpp"
#include "stream/proxy/proxy.hpp"
#include "websocket_mocker.hpp"
#include "websocket_tap.hpp"

namespace stream::proxy {

/// What the connections of a proxy share; outlives them.
struct Shared {
  const ProxyOptions& options;
  std::unique_ptr<OriginConnector> connector{};
  ProxyStats stats{};
  std::uint64_t clients = 0;
  std::uint64_t origins = 0;
  std::uint64_t exchanges = 0;
  replay::FaultPlan faults{};

  void report(std::string client, std::string host, std::string what) {
    ++stats.incidents;
    if (options.incident) options.incident({std::move(client), std::move(host), std::move(what)});
  }
};

/// A client's connection, and the one to the origin that it has at the time. Requests are relayed one after another; what becomes
/// a WebSocket or a tunnel stays here, too.
///
/// Bytes go on as they came. They are parsed on the way, to know where messages begin and end and to tell what they say; nothing
/// waits for that. What one end does not take is not read from the other.
class Connection final : public net::Session {
 public:
  Connection(net::Services& services, Shared& shared, net::Transport transport, std::string peer);
  ~Connection() override;

  void start() override;
  void abort() override;
  void drain() override;

  LiveConnection live() const;

 private:
  enum class Mode : std::uint8_t {
    greeting,    ///< the first byte tells what the client speaks
    tls,         ///< shaking hands with the client
    http,        ///< requests and responses
    connecting,  ///< a tunnel that is passed through, on its way to the origin
    websocket,   ///< frames
    tunnel,      ///< bytes
    lingering,   ///< our side is closed; what the client still sends is dropped, so that it reads our last bytes
    closed,
  };

  // Reading. `touch` is called with each byte that moves.
  void read_client();
  void read_origin();
  bool wants_client() const;
  bool wants_origin() const;
  void on_client_readable();
  void on_origin_readable();
  void take_client(std::string_view bytes);
  void take_origin(std::string_view bytes);
  void client_ended();
  void origin_ended();
  void end_if_over();
  void end_websocket();

  // Writing.
  void send(Side& to, std::string_view bytes) { send(to, {}, bytes); }
  void send(Side& to, std::string_view first, std::string_view second);
  void settle(Side& to, Side::Sent sent);
  void wait_writable(Side& to);
  void on_writable(Side& to);
  void shut_if_wanted(Side& to);

  // Greetings and tunnels.
  void greet();
  void greet_socks();
  void on_socks_reached(Result<OriginConnection> reached);
  bool opens(const std::string& host, std::uint16_t port) const;
  void start_tls();
  void shake_hands();
  void on_connect(std::string_view authority);
  void enter_tunnel(std::string host, std::uint16_t port);
  void pass_through(const Origin& origin, void (Connection::*then)(Result<OriginConnection>));
  void on_passed(Result<OriginConnection> reached);
  void on_tunnel_reached(Result<OriginConnection> reached);

  // HTTP.
  void parse_requests();
  bool feed_request(std::string_view& bytes);  // false: no more of it is wanted now
  void on_request_head();
  void on_request_done();
  bool collect(std::string_view wire, std::string_view body);
  void choose_origin();
  void play(std::shared_ptr<const replay::Answer> answer, std::unique_ptr<replay::Conversation> conversation = nullptr);
  void carry_out(WebSocketMocker::Out out);
  void on_deviation(const replay::Deviation& deviation);
  // Faults: what the origin sends comes through them.
  void meet_faults(bool body_known);
  void from_origin(std::string_view bytes);
  void origin_gone(bool reset);
  void run_faults();
  void break_off(bool reset, const std::string& why);
  bool saw_close() const { return mocker_ ? mocker_->closed() : frames_->closed(); }
  void connect(const Origin& origin, bool tunnel, void (Connection::*then)(Result<OriginConnection>));
  void adopt(OriginConnection& reached);
  void on_reached(Result<OriginConnection> reached);
  void unreached(const Error& error);
  void forward_head();
  void take_response(std::string_view bytes);
  void answer(std::string_view wire);
  void on_response_item(net::Http1Item& item);
  void on_response_head(const net::Http1Head& head);
  void response_broken(std::string_view reason, const std::string& error);
  bool retry();
  void on_reached_again(Result<OriginConnection> reached);
  void finish_exchange();
  void fail_exchange(int status, std::string_view reason, const std::string& why);
  void refuse(int status, std::string why);
  void end_exchange(std::string_view reason, std::string_view error);
  void begin_websocket(const net::Http1Head& head);
  TapConnection tap_connection() const;
  void drop_origin();

  // Ending.
  void touch() { moved_ = now_; }
  void watch();
  void on_timeout();
  void close_when_sent();
  void linger();
  void lost(Side& side);
  void close();
  std::string_view mode_name() const;

  net::Services& services_;
  Shared& shared_;
  const std::uint64_t number_;
  const std::string peer_;
  Mode mode_ = Mode::greeting;
  Side client_;
  Side origin_;
  net::SteadyTime now_{};    // of what is being handled
  net::SteadyTime moved_{};  // when a byte was moved last
  net::SteadyTime began_{};  // the present state, where that may not take for ever
  net::Timer timer_;

  std::unique_ptr<SocksGreeting> socks_;
  std::optional<Tunnel> tunnel_;
  net::TlsAsk ask_{};
  std::string in_;  // what was received from the client and not yet parsed
  bool draining_ = false;
  bool closing_ = false;  // once everything is sent to the client

  OriginAttempt attempt_;
  Origin origin_key_{};
  std::string origin_address_;
  std::uint16_t origin_port_ = 0;
  std::uint64_t origin_number_ = 0;
  bool origin_used_ = false;  // an exchange has gone over it
  bool absolute_form_ = false;
  std::string proxy_authorization_;

  std::unique_ptr<MockOrigin> mock_origin_;
  std::optional<Exchange> exchange_;
  std::unique_ptr<WebSocketTap> frames_;
  std::unique_ptr<WebSocketMocker> mocker_;
  net::Timer mock_timer_;
  net::Timer fault_timer_;
};

}  // namespace stream::proxy
