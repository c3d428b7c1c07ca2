// Both sides of SOCKS, and CONNECT to a proxy: the same for every cut, no more is taken than there is, and what is behind the
// handshake is not looked at. The first byte chooses the side, and whether there is a password.
#include "socks.hpp"
#include "upstream_handshake.hpp"
#include "wire_cuts.hpp"

using namespace stream::proxy;

namespace {

struct Reading {
  std::string output{};
  std::size_t taken = 0;
  bool over = false;
  std::string told{};
  bool operator==(const Reading&) const = default;
};

Reading as_server(bool password, const std::vector<std::string>& parts) {
  SocksGreeting greeting(password ? "anna" : "", password ? "secret" : "");
  Reading reading;
  for (const std::string& part : parts) {
    if (greeting.state() != SocksGreeting::State::more) break;
    const std::size_t used = greeting.feed(part);
    require(used <= part.size(), "more taken than fed");
    require(used == part.size() || greeting.state() != SocksGreeting::State::more, "what is wanted is taken");
    reading.taken += used;
    reading.output += greeting.take_output();
  }
  reading.over = greeting.state() != SocksGreeting::State::more;
  reading.told = greeting.refusal() + "|" + greeting.target().host + ":" + std::to_string(greeting.target().port);
  require(greeting.state() != SocksGreeting::State::target || !greeting.target().host.empty(), "a target has a host");
  require(greeting.target().host.find_first_of(std::string_view("\0 \r\n/", 5)) == std::string::npos, "a host is plain");
  require((greeting.state() == SocksGreeting::State::refused) == !greeting.refusal().empty(), "a refusal has a reason");
  return reading;
}

Reading as_client(bool http, bool password, const std::vector<std::string>& parts) {
  const UpstreamProxy proxy{http ? UpstreamProxy::Kind::http : UpstreamProxy::Kind::socks5h, "p.example", 1,
                            password ? "anna" : "", password ? "secret" : ""};
  const auto handshake = make_upstream_handshake(proxy, "a.example", 443);
  Reading reading;
  reading.output = handshake->take_output();
  for (const std::string& part : parts) {
    if (reading.over) break;
    const auto used = handshake->feed(part);
    reading.output += handshake->take_output();
    if (used) {
      require(*used <= part.size(), "more taken than fed");
      reading.taken += *used;
    } else {
      reading.told = used.error().message;
      reading.taken = 0;  // of no meaning any more
    }
    reading.over = !used || handshake->done();
  }
  return reading;
}

Reading read(unsigned side, const std::vector<std::string>& parts) {
  const bool password = (side & 1U) != 0;
  return (side & 2U) != 0 ? as_client((side & 4U) != 0, password, parts) : as_server(password, parts);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const unsigned side = data[0];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Reading whole = read(side, {std::string(bytes)});
  Cuts cuts(bytes);
  require(read(side, cuts.parts(bytes, 1)) == whole, "byte by byte");
  require(read(side, cuts.parts(bytes, 9)) == whole, "random cuts");
  if (whole.over && whole.taken > 0) {
    require(read(side, {std::string(bytes.substr(0, whole.taken))}) == whole, "what follows is not looked at");
  }
  return 0;
}
