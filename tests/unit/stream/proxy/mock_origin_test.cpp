// The server of a mocked answer goes before its connection's waits are over.
#include "mock_origin.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <memory>

#include "timer_queue.hpp"

namespace {

class Nobody final : public stream::net::Handler {
 public:
  std::shared_ptr<const stream::replay::Answer> answer(const stream::net::Request&) override { return nullptr; }
};

}  // namespace

TEST_CASE("a mock's server may be dropped at any time: what its connection still waits for finds what it needs") {
  boost::asio::io_context context;
  stream::net::TimerQueue timers(context);
  Nobody handler;
  const stream::net::ServerOptions options;
  stream::net::Services services{context, timers, handler, options};
  const std::size_t steps =
      GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{4}, std::size_t{8});

  auto origin = std::make_unique<stream::proxy::MockOrigin>(services, stream::replay::make_answer(200, "text/plain", "hello"));
  auto transport = origin->connect();
  REQUIRE(transport);
  const std::string_view request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  CHECK(transport->write({&request, 1}).size == request.size());
  for (std::size_t i = 0; i < steps; ++i) context.poll_one();
  origin.reset();
  transport->close();
  timers.close();
  context.restart();
  // The sanitizers look on.
  CHECK_NOTHROW(context.poll());
  CHECK(services.sessions.empty());
}
