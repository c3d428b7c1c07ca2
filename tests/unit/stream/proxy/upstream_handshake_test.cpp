#include "upstream_handshake.hpp"

#include <catch2/catch.hpp>

using namespace stream;
using namespace stream::proxy;
using namespace std::string_view_literals;

namespace {

struct Outcome {
  std::string sent{};
  std::size_t taken = 0;
  bool done = false;
  std::string error{};
  bool operator==(const Outcome&) const = default;
};

Outcome run(const UpstreamProxy& proxy, const std::string& host, std::string_view answer, std::size_t piece) {
  const auto handshake = make_upstream_handshake(proxy, host, 443);
  Outcome outcome;
  outcome.sent = handshake->take_output();
  while (outcome.taken < answer.size() && !handshake->done()) {
    const auto used = handshake->feed(answer.substr(outcome.taken, piece));
    outcome.sent += handshake->take_output();
    if (!used) {
      outcome.error = used.error().message;
      break;
    }
    outcome.taken += *used;
  }
  outcome.done = handshake->done();
  return outcome;
}

Outcome same_for_all_cuts(const UpstreamProxy& proxy, const std::string& host, std::string_view answer) {
  const Outcome whole = run(proxy, host, answer, answer.size());
  for (std::size_t piece = 1; piece < answer.size(); ++piece) {
    Outcome cut = run(proxy, host, answer, piece);
    if (!whole.error.empty()) cut.taken = whole.taken;  // of no meaning any more
    CHECK(cut == whole);
  }
  return whole;
}

UpstreamProxy http() { return {UpstreamProxy::Kind::http, "p.example", 3128, {}, {}}; }
UpstreamProxy socks() { return {UpstreamProxy::Kind::socks5h, "p.example", 1080, "anna", "secret"}; }

}  // namespace

TEST_CASE("a tunnel is there behind the head of a 2xx, and what follows is the target's") {
  const std::string head = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const Outcome outcome = same_for_all_cuts(http(), "::1", head + "the target's");
  CHECK(outcome.done);
  CHECK(outcome.taken == head.size());
  CHECK(outcome.sent == "CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n\r\n");
}

TEST_CASE("a refused tunnel is the same for all cuts") {
  const Outcome outcome = same_for_all_cuts(http(), "a.example", "HTTP/1.1 403 Forbidden\r\n\r\n");
  CHECK(outcome.error == "the proxy http://p.example:3128 refuses a tunnel to a.example:443: 403 Forbidden");
}

TEST_CASE("SOCKS 5 goes by methods, password and request") {
  const std::string answer("\x05\x02\x01\x00\x05\x00\x00\x03\x03xyz\x01\x02", 14);
  const Outcome outcome = same_for_all_cuts(socks(), "a.example", answer + "the target's");
  CHECK(outcome.done);
  CHECK(outcome.taken == answer.size());
  constexpr std::string_view kSent =
      "\x05\x02\x00\x02"
      "\x01\x04"
      "anna\x06secret"
      "\x05\x01\x00\x03\x09"
      "a.example\x01\xbb"sv;
  CHECK(outcome.sent == kSent);
}

TEST_CASE("SOCKS 5 has addresses as bytes") {
  const std::string answer("\x05\x00\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50", 12);
  CHECK(same_for_all_cuts(socks(), "127.0.0.1", answer)
            .sent.ends_with(std::string("\x05\x01\x00\x01\x7f\x00\x00\x01\x01\xbb", 10)));
  const Outcome six = same_for_all_cuts(socks(), "::1", answer);
  CHECK(six.sent.ends_with("\x05\x01\x00\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x01\xbb"sv));
  CHECK(six.done);
}

TEST_CASE("what is no SOCKS, and what refuses, is told") {
  CHECK(same_for_all_cuts(socks(), "a", "HTTP/1.1 400").error == "the proxy socks5h://p.example:1080 does not speak SOCKS 5");
  CHECK(same_for_all_cuts(socks(), "a", "\x05\xff").error ==
        "the proxy socks5h://p.example:1080 refuses to talk without authentication");
  CHECK(same_for_all_cuts(socks(), "a", "\x05\x02\x01\x01").error ==
        "the proxy socks5h://p.example:1080 refuses the user or the password");
  CHECK(same_for_all_cuts(socks(), "a", std::string("\x05\x00\x05\x04\x00\x01\x00", 7)).error ==
        "the proxy socks5h://p.example:1080 cannot connect to a:443: host unreachable");
  CHECK(same_for_all_cuts(socks(), "a", std::string("\x05\x00\x05\x63\x00\x01\x00", 7)).error ==
        "the proxy socks5h://p.example:1080 cannot connect to a:443: code 99");
}
