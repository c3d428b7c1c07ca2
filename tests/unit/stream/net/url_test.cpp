#include "stream/net/url.hpp"

#include <catch2/catch.hpp>

using stream::net::parse_url;
using stream::net::resolve_url;

TEST_CASE("an address is taken apart") {
  const auto url = parse_url("https://me:p%40ss@Example.org:8443/a/b?c=1#frag");
  REQUIRE(url);
  CHECK(url->scheme == "https");
  CHECK(url->user == "me:p@ss");
  CHECK(url->host == "Example.org");
  CHECK(url->port == 8443);
  CHECK(url->target == "/a/b?c=1");
  CHECK(url->authority() == "Example.org:8443");
  CHECK(url->text() == "https://Example.org:8443/a/b?c=1");
}

TEST_CASE("without a scheme it is http, and a scheme's own port is not named") {
  CHECK(parse_url("localhost:8080/x")->text() == "http://localhost:8080/x");
  CHECK(parse_url("example.org")->text() == "http://example.org/");
  CHECK(parse_url("WSS://example.org:443")->text() == "wss://example.org/");
  CHECK(parse_url("http://[::1]:81?q")->text() == "http://[::1]:81/?q");
  CHECK(parse_url("http://[::1]/")->host == "::1");
}

TEST_CASE("what cannot stand in a request is percent-encoded") {
  CHECK(parse_url("http://a/b c\r\nX: y")->target == "/b%20c%0D%0AX:%20y");
  CHECK(parse_url("http://a/\xC3\xA9")->target == "/%C3%A9");
}

TEST_CASE("what is no address is refused with the reason") {
  const auto why = [](const char* text) { return parse_url(text).error().message; };
  CHECK(why("ftp://a/") == "\"ftp://a/\" is no address: the scheme ftp is not known");
  CHECK(why("http:///x") == "\"http:///x\" is no address: it names no host");
  CHECK(why("http://a:0/") == "\"http://a:0/\" is no address: expected a port from 1 to 65535");
  CHECK(why("http://a:70000/") == "\"http://a:70000/\" is no address: expected a port from 1 to 65535");
  CHECK(why("http://[::1/") == "\"http://[::1/\" is no address: a \"]\" is missing");
  CHECK(why("http://a b/") == "\"http://a b/\" is no address: the host has a character that no host has");
  CHECK(why("http://b\xC3\xBC"
            "cher/") ==
        "\"http://b\xC3\xBC"
        "cher/\" is no address: the host is not ASCII");
}

TEST_CASE("a reference is resolved as RFC 3986 has it") {
  const auto base = *parse_url("http://me:pw@a:81/b/c/d?q");
  const auto at = [&](const char* reference) { return resolve_url(base, reference)->text(); };
  CHECK(at("g") == "http://a:81/b/c/g");
  CHECK(at("./g?y") == "http://a:81/b/c/g?y");
  CHECK(at("/g") == "http://a:81/g");
  CHECK(at("?y") == "http://a:81/b/c/d?y");
  CHECK(at("#s") == "http://a:81/b/c/d?q");
  CHECK(at("../..") == "http://a:81/");
  CHECK(at("../../../g") == "http://a:81/g");
  CHECK(at("//other/x") == "http://other/x");
  CHECK(at("https://other/x") == "https://other/x");
  CHECK(resolve_url(base, "g")->user.empty());
}
