#include <catch2/catch.hpp>
#include <utility>
#include <vector>

#include "har/stat/cacheability.hpp"

using har::stat::CacheFields;

namespace {

std::string_view kind(std::vector<std::pair<std::string_view, std::string_view>> headers, int status = 200,
                      std::string_view method = "GET") {
  CacheFields fields;
  for (const auto& [name, value] : headers) fields.add(name, value);
  return to_string(fields.classify(method, status));
}

constexpr std::string_view kDate = "Sun, 22 Nov 2026 09:15:30 GMT";
constexpr std::string_view kLater = "Sun, 22 Nov 2026 10:15:30 GMT";

}  // namespace

TEST_CASE("what a cache may do with a response is as RFC 9111 has it") {
  CHECK(kind({{"Cache-Control", "public, max-age=60"}}) == "fresh");
  CHECK(kind({{"cache-control", "private"}, {"cache-control", " MAX-AGE = \"60\" "}}) == "fresh");
  CHECK(kind({{"Expires", kLater}, {"Date", kDate}}) == "fresh");
  CHECK(kind({{"Expires", kDate}, {"Date", kLater}}) == "unusable");
  CHECK(kind({{"Expires", "0"}, {"Date", kDate}, {"ETag", "\"a\""}}) == "revalidate");
  CHECK(kind({{"Cache-Control", "max-age=0"}, {"Expires", kLater}, {"Date", kDate}}) == "unusable");
  CHECK(kind({{"Cache-Control", "max-age=soon"}, {"ETag", "\"a\""}}) == "revalidate");
  CHECK(kind({{"Last-Modified", kDate}}) == "heuristic");
  CHECK(kind({{"Last-Modified", "yesterday"}}) == "unusable");
  CHECK(kind({{"ETag", "W/\"a\""}}) == "revalidate");
  CHECK(kind({}) == "unusable");
  CHECK(kind({{"Cache-Control", "no-cache, max-age=60"}, {"ETag", "\"a\""}}) == "revalidate");
  CHECK(kind({{"Cache-Control", "no-cache=\"Set-Cookie, X\", max-age=60"}}) == "fresh");
  CHECK(kind({{"Pragma", "no-cache"}, {"Last-Modified", kDate}}) == "revalidate");
  CHECK(kind({{"Pragma", "no-cache"}, {"Cache-Control", "max-age=60"}}) == "fresh");
  CHECK(kind({{"Cache-Control", "max-age=60"}, {"Vary", "*"}}) == "unusable");
  CHECK(kind({{"Cache-Control", "max-age=60, no-store"}, {"ETag", "\"a\""}}) == "no-store");
  CHECK(kind({{"Cache-Control", "max-age=99999999999999999999"}}) == "fresh");
}

TEST_CASE("methods and statuses that caches leave alone are told apart") {
  CHECK(kind({{"Cache-Control", "max-age=60"}}, 200, "POST") == "not-cached");
  CHECK(kind({{"Cache-Control", "max-age=60"}}, 200, "HEAD") == "fresh");
  CHECK(kind({}, 304) == "not-modified");
  CHECK(kind({}, 0) == "no-answer");
  CHECK(kind({}, 0, "POST") == "no-answer");
  CHECK(kind({{"ETag", "\"a\""}}, 302) == "not-cached");
  CHECK(kind({{"Cache-Control", "max-age=60"}}, 302) == "fresh");
  CHECK(kind({{"Cache-Control", "no-store"}}, 302) == "not-cached");
  CHECK(kind({{"Cache-Control", "max-age=60"}}, 206) == "not-cached");
  CHECK(kind({{"Cache-Control", "max-age=60"}}, 101) == "not-cached");
  CHECK(kind({{"Last-Modified", kDate}}, 404) == "heuristic");
}
