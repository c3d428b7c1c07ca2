#include "harproxy/opening.hpp"

#include <catch2/catch.hpp>

using har::capture::WatchGlob;
using tools::harproxy::may_be_watched;
using tools::harproxy::watch_globs;

namespace {

std::vector<WatchGlob> globs(std::initializer_list<std::string_view> texts) {
  std::vector<WatchGlob> all;
  for (const std::string_view text : texts) {
    for (WatchGlob& glob : watch_globs(text)) all.push_back(std::move(glob));
  }
  return all;
}

bool opened(std::initializer_list<std::string_view> texts, std::string_view host, std::uint16_t port = 443) {
  return may_be_watched(globs(texts), host, port);
}

}  // namespace

TEST_CASE("without rules every host is opened") { CHECK(opened({}, "a.example")); }

TEST_CASE("a host alone stands for all of its URLs and for no other's") {
  CHECK(opened({"a.example"}, "a.example"));
  CHECK(opened({"a.example"}, "A.Example"));
  CHECK(opened({"a.example"}, "a.example", 8443));
  CHECK_FALSE(opened({"a.example"}, "b.example"));
  CHECK_FALSE(opened({"a.example"}, "b.a.example"));
  CHECK_FALSE(opened({"a.example"}, "a.example.evil"));
  CHECK(opened({"a.example:8443"}, "a.example", 8443));
  CHECK_FALSE(opened({"a.example:8443"}, "a.example"));
  CHECK(opened({"*.example"}, "b.a.example"));
  CHECK(opened({"a.example/v1/*"}, "a.example"));
  CHECK(watch_globs("a.example/v1/*").front() == WatchGlob{"http://a.example/v1/*", false});
  CHECK(watch_globs("!a.example:80") ==
        std::vector<WatchGlob>{{"http://a.example:80/*", true}, {"https://a.example:80/*", true}});
}

TEST_CASE("a URL without a path gets one, since every URL has") {
  CHECK(watch_globs("https://a.example") == std::vector<WatchGlob>{{"https://a.example/*", false}});
  CHECK(watch_globs("https://*") == std::vector<WatchGlob>{{"https://*", false}});
  CHECK(watch_globs("*/v1/*") == std::vector<WatchGlob>{{"*/v1/*", false}});
}

TEST_CASE("a host is opened as soon as one of its URLs can be wanted") {
  CHECK(opened({"*/v1/*"}, "a.example"));
  CHECK(opened({"*"}, "a.example"));
  CHECK(opened({"https://a.example/only/this"}, "a.example"));
  CHECK(opened({"https://*.example/x"}, "a.example"));
  CHECK(opened({"wss://a.example/*"}, "a.example"));
  CHECK(opened({"http://a.example/*"}, "a.example", 80));
  CHECK_FALSE(opened({"http://a.example/*"}, "a.example"));
  CHECK_FALSE(opened({"https://a.example/*"}, "a.example", 8443));
  CHECK(opened({"https://[::1]:8443/*"}, "::1", 8443));
  CHECK(opened({"https://a.ex*"}, "a.example"));
}

TEST_CASE("a host that is wholly excluded is not opened") {
  CHECK_FALSE(opened({"!a.example"}, "a.example"));
  CHECK_FALSE(opened({"!https://a.example/*", "!http://a.example/*"}, "a.example"));
  CHECK_FALSE(opened({"!https://a.example/*"}, "a.example"));
  CHECK(opened({"!https://a.example:8443/*"}, "a.example", 8443));
  CHECK(opened({"!a.example"}, "b.example"));
  CHECK(opened({"!a.example/private/*"}, "a.example"));
  CHECK_FALSE(opened({"!a.example", "*"}, "a.example"));
  CHECK(opened({"*/x", "!a.example"}, "a.example"));
  CHECK_FALSE(opened({"!*"}, "a.example"));
}
