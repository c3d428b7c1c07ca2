#include "harproxy/status_page.hpp"

#include <catch2/catch.hpp>

using tools::harproxy::refused_by_origin;

namespace {

stream::net::Request request(std::string method, std::string authority, std::vector<stream::replay::HeaderField> headers = {}) {
  stream::net::Request made;
  made.method = std::move(method);
  made.authority = std::move(authority);
  made.headers = std::move(headers);
  return made;
}

bool refused(const stream::net::Request& asked, std::string_view host = "127.0.0.1") {
  return !refused_by_origin(asked, host).empty();
}

}  // namespace

TEST_CASE("the status page answers to names of this machine, to addresses, and to the one that it listens at") {
  for (const char* host : {"127.0.0.1:9000", "localhost:9000", "LOCALHOST", "[::1]:9000", "192.0.2.7:9000", "a.localhost:1"})
    CHECK_FALSE(refused(request("GET", host)));
  CHECK_FALSE(refused(request("GET", "box.example:9000"), "box.example"));
  for (const char* host : {"evil.example:9000", "", "localhost.evil.example", "127.0.0.1.evil.example:9000", "[", "notlocalhost"})
    CHECK(refused(request("GET", host)));
}

TEST_CASE("the status page takes no orders from pages of other sites") {
  CHECK_FALSE(refused(request("POST", "127.0.0.1:9000")));
  CHECK_FALSE(refused(request("POST", "127.0.0.1:9000", {{"Origin", "http://127.0.0.1:9000"}})));
  CHECK(refused(request("POST", "127.0.0.1:9000", {{"Origin", "http://127.0.0.1:9001"}})));
  CHECK(refused(request("POST", "127.0.0.1:9000", {{"Origin", "null"}})));
  CHECK(refused(request("POST", "127.0.0.1:9000", {{"Sec-Fetch-Site", "same-site"}})));
  CHECK_FALSE(refused(request("POST", "127.0.0.1:9000", {{"Sec-Fetch-Site", "same-origin"}})));
  CHECK_FALSE(refused(request("GET", "127.0.0.1:9000", {{"Origin", "https://evil.example"}})));
}
