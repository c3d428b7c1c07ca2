#include "mock_origin.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "http1_connection.hpp"

namespace stream::proxy {
namespace {

/// Both ends of a TCP connection on loopback, -1 where it cannot be made. Socket pairs are no TCP, of which the servers ask a few
/// things.
std::pair<int, int> connected_pair() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int near = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int far = -1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);  // NOLINT: as the system asks for it
  if (::bind(listener, any, size) == 0 && ::listen(listener, 1) == 0 && ::getsockname(listener, any, &size) == 0 &&
      ::connect(near, any, size) == 0) {
    sockaddr_in ours{};
    sockaddr_in theirs{};
    far = ::accept4(listener, reinterpret_cast<sockaddr*>(&theirs), &size, SOCK_CLOEXEC);  // NOLINT
    // Somebody else may have been quicker.
    if (::getsockname(near, reinterpret_cast<sockaddr*>(&ours), &size) != 0 || ours.sin_port != theirs.sin_port) {  // NOLINT
      ::close(far);
      far = -1;
    }
  }
  ::close(listener);
  if (far >= 0) return {near, far};
  ::close(near);
  return {-1, -1};
}

}  // namespace

class MockOrigin::Server final : public net::Handler {
 public:
  Server(net::Services& services, std::shared_ptr<const replay::Answer> answer,
         std::unique_ptr<replay::Conversation> conversation, std::function<void(const replay::Deviation& deviation)> deviated)
      : answer_(std::move(answer)),
        conversation_(std::move(conversation)),
        deviated_(std::move(deviated)),
        services_{services.context, services.timers, *this, options_} {}

  net::Services& services() { return services_; }

  std::shared_ptr<const replay::Answer> answer(const net::Request&) override { return answer_; }
  std::unique_ptr<replay::Conversation> converse(const net::Request& request,
                                                 std::shared_ptr<const replay::Answer> answer) override {
    return conversation_ ? std::move(conversation_) : net::Handler::converse(request, std::move(answer));
  }
  void deviated(const net::Request&, const replay::Answer&, const replay::Deviation& deviation) override {
    if (deviated_) deviated_(deviation);
  }
  /// Whoever asked for the answer is gone, and nobody listens any more.
  void close() {
    deviated_ = {};
    const auto sessions = std::exchange(services_.sessions, {});
    for (const auto& [key, session] : sessions) session->abort();
  }

 private:
  std::shared_ptr<const replay::Answer> answer_;
  std::unique_ptr<replay::Conversation> conversation_;
  std::function<void(const replay::Deviation& deviation)> deviated_;
  net::ServerOptions options_;
  net::Services services_;
};

MockOrigin::MockOrigin(net::Services& services, std::shared_ptr<const replay::Answer> answer,
                       std::unique_ptr<replay::Conversation> conversation,
                       std::function<void(const replay::Deviation& deviation)> deviated)
    : server_(std::make_shared<Server>(services, std::move(answer), std::move(conversation), std::move(deviated))) {
  server_->services().self = server_;
}

MockOrigin::~MockOrigin() { server_->close(); }

std::optional<net::Transport> MockOrigin::connect() {
  const auto [near, far] = connected_pair();
  if (near < 0) return std::nullopt;
  net::Services& services = server_->services();
  const auto executor = services.context.get_executor();
  services.adopt(std::make_shared<net::Http1Connection>(
      services, net::Transport(net::Socket(executor, boost::asio::ip::tcp::v4(), far)), "mock"));
  net::Transport transport(net::Socket(executor, boost::asio::ip::tcp::v4(), near));
  if (!transport.prepare()) return std::nullopt;
  return transport;
}

}  // namespace stream::proxy
