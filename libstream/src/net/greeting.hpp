#pragma once

#include <string>
#include <string_view>

#include "session.hpp"
#include "tls_server.hpp"

namespace stream::net {

/// The beginning of a connection of which the first byte decides whether it is TLS or plain HTTP. It ends as an
/// Http1Connection.
class Greeting final : public Session {
 public:
  /// A connection to a port of TLS. What is plain HTTP is told so.
  Greeting(Services& services, Transport transport, std::string peer);
  /// The inside of a tunnel, to the authority that CONNECT named. What is plain HTTP is answered as such.
  Greeting(Services& services, Transport transport, std::string peer, std::string tunnel);
  ~Greeting() override;

  void start() override;
  void abort() override;

 private:
  void wait();
  void on_first_byte();
  void start_tls();
  void shake_hands();
  void hand_over(std::string_view refusal = {});
  void fail(std::string_view why);
  void limit(Nanos time);
  void on_limit();
  void close();

  Services& services_;
  Transport transport_;
  std::string peer_;
  std::string tunnel_;  // the authority that CONNECT named; empty: a port of TLS
  TlsAsk ask_{};
  Timer limit_timer_;
  bool shaking_ = false;
  bool closed_ = false;
};

}  // namespace stream::net
