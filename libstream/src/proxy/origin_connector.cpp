#include "origin_connector.hpp"

#include <fmt/format.h>
#include <openssl/ssl.h>

#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <utility>
#include <vector>

#include "dial.hpp"
#include "resolver.hpp"
#include "trust.hpp"
#include "upstream_handshake.hpp"

namespace stream::proxy {
namespace {

using boost::system::error_code;
using net::SteadyClock;
using net::SteadyTime;
using net::Transport;

constexpr std::size_t kMostHost = 255;

std::string authority(const std::string& host, std::uint16_t port) {
  const bool v6 = host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", host, v6 ? "]" : "", port);
}

std::optional<Address> literal(const std::string& host) {
  error_code error;
  const Address address = boost::asio::ip::make_address(host, error);
  return error ? std::nullopt : std::optional(address);
}

Error io_error(std::string message, std::string hint = {}, int number = 0) {
  return {ErrorCode::io, std::move(message), {}, std::move(hint), number};
}

/// "10 s", "300 ms"
std::string limit_text(Nanos time) {
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  return millis % 1000 == 0 ? fmt::format("{} s", millis / 1000) : fmt::format("{} ms", millis);
}

/// Whether a socket from `local` to `remote` leads to us. From a machine to itself both ends have the same address, but on
/// loopback.
bool leads_to(const OwnAddress& own, const boost::asio::ip::tcp::endpoint& local, const boost::asio::ip::tcp::endpoint& remote) {
  if (own.port == 0 || remote.port() != own.port) return false;
  const auto address = literal(own.address);
  if (!address) return false;
  if (!address->is_unspecified()) return remote.address() == *address;
  return remote.address() == local.address() || remote.address().is_loopback();
}

Error timeout_error(std::string message) { return {ErrorCode::timeout, std::move(message), {}, {}, ETIMEDOUT}; }

}  // namespace

struct OriginConnector::Core {
  Core(boost::asio::io_context& in, net::TimerQueue& on, const OriginOptions& of, OwnAddress ours, std::unique_ptr<Trust> trusted)
      : context(in), timers(on), options(of), own(std::move(ours)), trust(std::move(trusted)), resolver(in, of.resolve) {}

  boost::asio::io_context& context;
  net::TimerQueue& timers;
  OriginOptions options;
  OwnAddress own;
  std::unique_ptr<Trust> trust;
  Resolver resolver;
};

/// One connection on its way.
class OriginAttempt::Work : public std::enable_shared_from_this<Work> {
 public:
  Work(std::shared_ptr<OriginConnector::Core> core, OriginTarget target, const OriginOptions& options, OriginConnector::Done done)
      : core_(std::move(core)),
        target_(std::move(target)),
        times_{options.connect_timeout, options.tls_timeout, options.proxy_timeout, options.attempt_delay},
        done_(std::move(done)),
        timer_([this] {
          const auto self = shared_from_this();
          on_deadline();
        }) {
    if (target_.sni.empty()) target_.sni = target_.host;
    if (options.upstream && !options.no_proxy.matches(target_.host, target_.port)) proxy_ = options.upstream;
    name_ = authority(target_.host, target_.port);
    // What the socket is connected to.
    hop_ = proxy_ ? "the proxy " + authority(proxy_->host, proxy_->port) : name_;
  }
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  bool active() const { return done_ != nullptr; }

  void start() {
    boost::asio::post(core_->context, [self = shared_from_this()] {
      if (self->active()) self->begin();
    });
  }

  void cancel() {
    done_ = nullptr;
    core_->timers.disarm(timer_);
    ticket_ = nullptr;
    if (dial_) dial_->cancel();
    if (transport_) transport_->close();
  }

 private:
  struct Times {
    Nanos connect;
    Nanos tls;
    Nanos proxy;
    Nanos delay;
  };
  enum class Step : std::uint8_t { look_up, dial, proxy_tls, proxy, tls };

  void begin() {
    if (target_.host.empty() || target_.host.size() > kMostHost || target_.host.find('\0') != std::string::npos) {
      return fail(io_error("cannot find the address of a host whose name has no byte, a zero byte, or more than 255"));
    }
    limit(times_.connect);
    // SOCKS 5 proxies that are to be given addresses.
    if (proxy_ && proxy_->kind == UpstreamProxy::Kind::socks5 && !literal(target_.host)) {
      return look_up(target_.host, [this](const std::vector<Address>& addresses) {
        resolved_ = addresses.front().to_string();
        reach_hop();
      });
    }
    reach_hop();
  }

  void reach_hop() {
    const std::string& host = proxy_ ? proxy_->host : target_.host;
    if (const auto address = literal(host)) return dial({*address});
    look_up(host, [this](const std::vector<Address>& addresses) { dial(addresses); });
  }

  void look_up(const std::string& host, std::function<void(const std::vector<Address>&)> next) {
    step_ = Step::look_up;
    looked_up_ = host;
    const SteadyTime begin = SteadyClock::now();
    ticket_ = core_->resolver.look_up(host, [this, begin, next = std::move(next)](const Result<std::vector<std::string>>& found) {
      const auto self = shared_from_this();
      const auto ticket = std::move(ticket_);  // this function belongs to it
      connection_dns_ = connection_dns_.value_or(Nanos{}) + (SteadyClock::now() - begin);
      if (!found) return fail(found.error());
      std::vector<Address> addresses;
      for (const std::string& text : *found) {
        if (const auto address = literal(text)) addresses.push_back(*address);
      }
      if (addresses.empty()) return fail(io_error("cannot find the address of " + looked_up_ + ": it has none"));
      next(addresses);
    });
  }

  void dial(const std::vector<Address>& addresses) {
    step_ = Step::dial;
    connect_begin_ = SteadyClock::now();
    const std::uint16_t port = proxy_ ? proxy_->port : target_.port;
    dial_ = std::make_shared<Dial>(
        core_->context, core_->timers, addresses, port, times_.delay,
        [self = shared_from_this()](std::optional<net::Socket> socket) { self->connected(std::move(socket)); });
    dial_->start();
  }

  void connected(std::optional<net::Socket> socket) {
    if (!active()) return;
    if (!socket) {
      const Dial::Failures failures = dial_->failures();
      return fail(io_error(fmt::format("cannot connect to {}{}: {}", hop_, tried(), failures.reasons), {}, failures.number));
    }
    error_code error;
    const auto peer = socket->remote_endpoint(error);
    if (!error && leads_to(core_->own, socket->local_endpoint(error), peer)) {
      return fail(io_error(fmt::format("{} is this proxy itself", hop_), {}, ELOOP));
    }
    transport_.emplace(std::move(*socket));
    if (error || !transport_->prepare()) return fail(io_error(fmt::format("cannot connect to {}: the connection is gone", hop_)));
    address_ = peer.address().to_string();
    port_ = peer.port();
    if (!proxy_) return target_.tls ? origin_tls() : finish();
    if (proxy_->kind == UpstreamProxy::Kind::https) {
      return start_tls(Step::proxy_tls, {proxy_->host, proxy_->port, {}}, [this] { ask_proxy(); });
    }
    ask_proxy();
  }

  /// " (192.0.2.1)", where the host is a name.
  std::string tried() const {
    const std::string& host = proxy_ ? proxy_->host : target_.host;
    const std::string addresses = dial_ ? dial_->failures().addresses : "";
    return addresses.empty() || literal(host) ? "" : " (" + addresses + ")";
  }

  void ask_proxy() {
    if (proxy_->http() && !target_.tls && !target_.tunnel) return finish();
    step_ = Step::proxy;
    limit(times_.proxy);
    handshake_ = make_upstream_handshake(*proxy_, resolved_.empty() ? target_.host : resolved_, target_.port);
    output_ = handshake_->take_output();
    talk_to_proxy();
  }

  void talk_to_proxy() {
    while (!output_.empty()) {
      const std::array<std::string_view, 1> pieces{output_};
      const Transport::Io io = transport_->write(pieces);
      if (io.kind == Transport::Kind::again) {
        return transport_->wait_writable(woken(&Work::talk_to_proxy));
      }
      if (io.kind != Transport::Kind::done) return proxy_gone();
      output_.erase(0, io.size);
    }
    static thread_local std::array<char, Transport::kReadSize> buffer;
    for (;;) {
      const Transport::Io io = transport_->read(buffer);
      if (io.kind == Transport::Kind::again) return transport_->wait_readable(woken(&Work::talk_to_proxy));
      if (io.kind != Transport::Kind::done) return proxy_gone();
      const std::string_view bytes(buffer.data(), io.size);
      const auto used = handshake_->feed(bytes);
      if (!used) return fail(used.error());
      if (handshake_->done()) {
        if (*used < bytes.size()) transport_->unread(bytes.substr(*used));
        return target_.tls ? origin_tls() : finish();
      }
      output_ = handshake_->take_output();
      if (!output_.empty()) return talk_to_proxy();
    }
  }

  void proxy_gone() {
    const std::string why = transport_->failure().empty() ? "it ended the connection" : transport_->failure();
    fail(io_error(fmt::format("the proxy {} makes no connection to {}: {}", authority(proxy_->host, proxy_->port), name_, why)));
  }

  void origin_tls() {
    tls_begin_ = SteadyClock::now();
    start_tls(Step::tls, {target_.sni, target_.port, target_.host}, [this] {
      ssl_ = SteadyClock::now() - tls_begin_;
      finish();
    });
  }

  void start_tls(Step step, const TlsPeer& peer, std::function<void()> next) {
    step_ = step;
    tls_peer_ = peer;
    limit(times_.tls);
    net::TlsSession session = core_->trust->session(peer);
    if (!session || !transport_->start_tls(std::move(session), Transport::Side::client)) {
      return fail(io_error(fmt::format("cannot use TLS with {}: out of memory", peer.host)));
    }
    secured_ = std::move(next);
    shake_hands();
  }

  void shake_hands() {
    const Transport::Io io = transport_->handshake();
    if (io.kind == Transport::Kind::again) return transport_->wait_readable(woken(&Work::shake_hands));
    if (io.kind == Transport::Kind::done) {
      const auto next = std::exchange(secured_, nullptr);
      return next();
    }
    const std::string peer = step_ == Step::proxy_tls ? hop_ : name_;
    const std::string problem = Trust::problem(*transport_->tls());
    if (!problem.empty() && !core_->trust->insecure(tls_peer_)) {
      return fail(io_error(
          fmt::format("the certificate of {} is not accepted: {}", tls_peer_.host, problem),
          fmt::format("use --insecure {0} to go on without verifying it, or --ca FILE to trust its authority", tls_peer_.host)));
    }
    const std::string& failure = transport_->failure();
    const bool plain = failure == "wrong version number";
    fail(io_error(fmt::format("the TLS handshake with {} failed: {}", peer,
                              plain              ? "it does not speak TLS"
                              : !failure.empty() ? failure
                                                 : "it ended the connection")));
  }

  /// A handler that goes on with `step`, unless this is over.
  std::function<void(const error_code&)> woken(void (Work::*step)()) {
    return [self = shared_from_this(), step](const error_code& error) {
      if (!self->active()) return;
      if (error) return self->fail(io_error(fmt::format("cannot connect to {}: {}", self->name_, error.message())));
      (self.get()->*step)();
    };
  }

  void limit(Nanos time) {
    limit_ = time;
    core_->timers.arm(timer_, SteadyClock::now() + time);
  }

  void on_deadline() {
    if (!active()) return;
    const std::string time = limit_text(limit_);
    switch (step_) {
      case Step::look_up:
        return fail(timeout_error(fmt::format("cannot find the address of {}: no answer within {}", looked_up_, time)));
      case Step::dial:
        return fail(timeout_error(fmt::format("cannot connect to {}{}: no answer within {}", hop_, tried(), time)));
      case Step::proxy_tls:
      case Step::tls:
        return fail(
            timeout_error(fmt::format("the TLS handshake with {} took longer than {}", step_ == Step::tls ? name_ : hop_, time)));
      case Step::proxy:
        return fail(timeout_error(fmt::format("{} made no connection to {} within {}", hop_, name_, time)));
    }
  }

  void finish() {
    OriginConnection connection(std::move(*transport_));
    transport_.reset();
    connection.dns = connection_dns_;
    connection.connect = SteadyClock::now() - connect_begin_;
    connection.ssl = ssl_;
    connection.address = std::move(address_);
    connection.port = port_;
    if (target_.tls) {
      SSL* const tls = connection.transport.tls();
      connection.tls_version = SSL_get_version(tls);
      connection.resumed = SSL_session_reused(tls) == 1;
      connection.certificate_problem = Trust::problem(*tls);
    }
    if (proxy_ && proxy_->http() && !handshake_) {
      connection.absolute_form = true;
      connection.proxy_authorization = proxy_->authorization();
    }
    const auto done = std::exchange(done_, nullptr);
    cancel();
    done(std::move(connection));
  }

  void fail(Error error) {
    const auto done = std::exchange(done_, nullptr);
    cancel();
    done(stream::fail(std::move(error)));
  }

  std::shared_ptr<OriginConnector::Core> core_;
  OriginTarget target_;
  Times times_;
  OriginConnector::Done done_;
  net::Timer timer_;
  std::optional<UpstreamProxy> proxy_{};
  std::string name_{};  // of the target: "a.example:443"
  std::string hop_{};
  Step step_ = Step::look_up;
  Nanos limit_{};
  Resolver::Ticket ticket_{};
  std::string looked_up_{};
  std::string resolved_{};  // the target's address, for a proxy that is to be given one
  std::shared_ptr<Dial> dial_{};
  std::optional<Transport> transport_{};
  std::unique_ptr<UpstreamHandshake> handshake_{};
  std::string output_{};
  TlsPeer tls_peer_{};
  std::function<void()> secured_{};
  std::string address_{};
  std::uint16_t port_ = 0;
  SteadyTime connect_begin_{};
  SteadyTime tls_begin_{};
  std::optional<Nanos> connection_dns_{};
  std::optional<Nanos> ssl_{};
};

OriginAttempt& OriginAttempt::operator=(OriginAttempt&& other) noexcept {
  if (this != &other) {
    cancel();
    work_ = std::move(other.work_);
  }
  return *this;
}

void OriginAttempt::cancel() {
  if (const auto work = std::move(work_)) work->cancel();
}

bool OriginAttempt::active() const { return work_ && work_->active(); }

OriginConnector::~OriginConnector() = default;

Result<std::unique_ptr<OriginConnector>> OriginConnector::make(boost::asio::io_context& context, net::TimerQueue& timers,
                                                               const OriginOptions& options, const OwnAddress& own) {
  STREAM_ASSIGN(auto trust, Trust::make({options.ca_files, options.insecure, options.tls_sessions}));
  return std::unique_ptr<OriginConnector>(
      new OriginConnector(std::make_shared<Core>(context, timers, options, own, std::move(trust))));
}

OriginAttempt OriginConnector::connect(const OriginTarget& target, Done done) {
  return connect(target, core_->options, std::move(done));
}

OriginAttempt OriginConnector::connect(const OriginTarget& target, const OriginOptions& options, Done done) {
  auto work = std::make_shared<OriginAttempt::Work>(core_, target, options, std::move(done));
  work->start();
  return OriginAttempt(std::move(work));
}

}  // namespace stream::proxy
