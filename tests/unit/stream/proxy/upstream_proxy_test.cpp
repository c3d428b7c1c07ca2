#include "stream/proxy/upstream_proxy.hpp"

#include <catch2/catch.hpp>

using namespace stream;
using namespace stream::proxy;
using Kind = UpstreamProxy::Kind;

namespace {

UpstreamProxy parsed(std::string_view text) {
  const auto proxy = parse_upstream_proxy(text);
  REQUIRE(proxy);
  return *proxy;
}

std::string refusal(std::string_view text) {
  const auto proxy = parse_upstream_proxy(text);
  REQUIRE_FALSE(proxy);
  CHECK(proxy.error().code == ErrorCode::usage);
  return proxy.error().message;
}

bool matches(std::string_view list, std::string_view host, std::uint16_t port = 443) {
  const auto rules = NoProxy::parse(list);
  REQUIRE(rules);
  return rules->matches(host, port);
}

}  // namespace

TEST_CASE("the address of a proxy has a kind, a host, a port and perhaps a user") {
  CHECK(parsed("http://p.example:3128") == UpstreamProxy{Kind::http, "p.example", 3128, {}, {}});
  CHECK(parsed("p.example:3128") == UpstreamProxy{Kind::http, "p.example", 3128, {}, {}});
  CHECK(parsed("HTTP://p.example/") == UpstreamProxy{Kind::http, "p.example", 80, {}, {}});
  CHECK(parsed("https://p.example") == UpstreamProxy{Kind::https, "p.example", 443, {}, {}});
  CHECK(parsed("socks5://127.0.0.1") == UpstreamProxy{Kind::socks5, "127.0.0.1", 1080, {}, {}});
  CHECK(parsed("socks5h://[::1]:9050") == UpstreamProxy{Kind::socks5h, "::1", 9050, {}, {}});
  CHECK(parsed("socks5://anna:p%40s%3As@p.example:1") == UpstreamProxy{Kind::socks5, "p.example", 1, "anna", "p@s:s"});
  CHECK(parsed("http://anna:a@b@p.example:1").password == "a@b");
}

TEST_CASE("what is no address of a proxy is refused, and no password is shown") {
  CHECK(refusal("ftp://p.example") == "\"ftp://p.example\" is no address of a proxy: http, https, socks5 and socks5h are known");
  CHECK(refusal("http://anna:secret@p.example:0") ==
        "\"http://…@p.example:0\" is no address of a proxy: expected a port between 1 and 65535");
  CHECK(refusal("http://p.example:99999").ends_with("expected a port between 1 and 65535"));
  CHECK(refusal("http://").ends_with("expected a host's name or IP address"));
  CHECK(refusal("").ends_with("expected a host's name or IP address"));
  CHECK(refusal("http://[::1:80").ends_with("expected a host's name or IP address"));
  CHECK(refusal("http://a b:80").ends_with("expected a host's name or IP address"));
  CHECK(refusal("http://p.example/path").ends_with("a proxy has a host and a port, no path"));
  CHECK(refusal("http://:secret@p.example").find("secret") == std::string::npos);
  CHECK(refusal("http://a%3Ab:c@p.example").ends_with("a user's name has no colon (RFC 7617)"));
  CHECK(refusal("socks5://" + std::string(256, 'a') + ":b@p.example").ends_with("255 bytes at most (RFC 1929)"));
}

TEST_CASE("a proxy shows itself without its password, and is authorized with it") {
  CHECK(parsed("socks5h://anna:secret@[::1]:9050").text() == "socks5h://[::1]:9050");
  CHECK(parsed("http://anna:secret@p.example").authorization() == "Basic YW5uYTpzZWNyZXQ=");
  CHECK(parsed("http://p.example").authorization().empty());
}

TEST_CASE("hosts without a proxy are named as in NO_PROXY") {
  CHECK(matches("*", "a.example"));
  CHECK(matches("a.example", "a.example"));
  CHECK(matches("a.example", "A.Example."));
  CHECK(matches("a.example", "www.a.example"));
  CHECK(matches(".a.example", "a.example"));
  CHECK(matches("*.a.example", "www.a.example"));
  CHECK(matches("x, a.example\ty", "a.example"));
  CHECK_FALSE(matches("a.example", "ba.example"));
  CHECK_FALSE(matches("a.example", "example"));
  CHECK_FALSE(matches("", "a.example"));
  CHECK_FALSE(matches(" , ", "a.example"));
}

TEST_CASE("addresses without a proxy are single, or ranges, and may have a port") {
  CHECK(matches("127.0.0.1", "127.0.0.1"));
  CHECK_FALSE(matches("0.0.1", "127.0.0.1"));  // not the end of a name
  CHECK(matches("10.0.0.0/8", "10.200.3.4"));
  CHECK_FALSE(matches("10.0.0.0/8", "11.0.0.1"));
  CHECK(matches("192.168.128.0/17", "192.168.200.1"));
  CHECK_FALSE(matches("192.168.128.0/17", "192.168.127.1"));
  CHECK(matches("0.0.0.0/0", "8.8.8.8"));
  CHECK_FALSE(matches("0.0.0.0/0", "::1"));
  CHECK(matches("::1", "::1"));
  CHECK(matches("[::1]", "0:0::1"));
  CHECK(matches("fd00::/8", "fd12:3456::1"));
  CHECK_FALSE(matches("fd00::/8", "fe80::1"));
  CHECK(matches("a.example:8443", "a.example", 8443));
  CHECK_FALSE(matches("a.example:8443", "a.example", 443));
  CHECK(matches("[::1]:80", "::1", 80));
  CHECK_FALSE(matches("[::1]:80", "::1", 81));
}

TEST_CASE("a rule that means nothing is refused, not passed over") {
  for (const std::string_view text :
       {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "a.example/8", "a b@c", "a.example:x", "::1:", "[::1", "."}) {
    INFO(text);
    const auto rules = NoProxy::parse(text);
    REQUIRE_FALSE(rules);
    CHECK(rules.error().code == ErrorCode::usage);
    CHECK(rules.error().message.ends_with("is no host to be reached without a proxy"));
  }
}
