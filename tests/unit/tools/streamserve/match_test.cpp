#include "streamserve/match.hpp"

#include <catch2/catch.hpp>

#include "stream/text/json.hpp"

using namespace tools::streamserve;
using stream::net::Request;
using stream::replay::StepKind;

namespace {

std::shared_ptr<const stream::Exchange> recorded(std::string name, std::string method, std::string url, std::string body = {}) {
  auto exchange = std::make_shared<stream::Exchange>();
  exchange->id = name;
  exchange->request.emplace().object = stream::Json::object();
  stream::Json& object = exchange->request->object;
  object.set("method", method);
  object.set("url", url);
  if (!body.empty()) {
    stream::Json post = stream::Json::object();
    post.set("mimeType", "application/json");
    post.set("text", body);
    object.set("postData", std::move(post));
  }
  return exchange;
}

Request request(std::string method, std::string target, std::string host = "127.0.0.1:8080", std::string body = {}) {
  Request out;
  out.method = std::move(method);
  out.target = std::move(target);
  out.headers.push_back({"Host", host});
  out.authority = std::move(host);
  out.body = std::move(body);
  out.peer = "127.0.0.1:40000";
  return out;
}

Request proxied(std::string target, std::string host) {
  Request out = request("GET", std::move(target), std::move(host));
  out.absolute = true;
  return out;
}

using Exchanges = std::vector<std::shared_ptr<const stream::Exchange>>;

/// A finder and what it looks at.
class Found {
 public:
  explicit Found(const Exchanges& exchanges, MatchGroup group = {}) : group_(std::move(group)) {
    auto made = Recording::make(group_.match, {}, OnError::recorded);
    REQUIRE(made);
    recording_ = std::move(*made);
    for (const auto& exchange : exchanges) recording_->add(exchange);
    finder_ = std::make_unique<Finder>(*recording_, group_);
  }
  std::string operator()(const Request& asked) {
    const Match match = finder_->find(asked);
    return match.index ? recording_->name(*match.index) : std::string(match.miss);
  }
  Finder& finder() { return *finder_; }

 private:
  MatchGroup group_;
  std::unique_ptr<Recording> recording_;
  std::unique_ptr<Finder> finder_;
};

Exchanges two_hosts() {
  return {recorded("a", "GET", "https://a.test/x"), recorded("b", "GET", "https://b.test/x"),
          recorded("c", "GET", "https://b.test/y")};
}

}  // namespace

TEST_CASE("one recorded host answers under any name, but not for another one that a proxy is asked for") {
  Found found({recorded("a", "GET", "https://a.test/x")});
  CHECK(found(request("GET", "/x")) == "a");
  CHECK(found(request("GET", "/x", "my-mock:3000")) == "a");
  CHECK(found(request("GET", "/x", "")) == "a");
  CHECK(found(proxied("/x", "a.test")) == "a");
  CHECK(found(proxied("/x", "a.test:443")) == "a");
  CHECK(found(proxied("/x", "other.test")) == "not recorded");
}

TEST_CASE("of several hosts the one that is named answers, and any where it is only an address") {
  Found found(two_hosts());
  CHECK(found(request("GET", "/x", "b.test")) == "b");
  CHECK(found(request("GET", "/x", "a.test:443")) == "a");
  CHECK(found(proxied("/x", "b.test:80")) == "b");
  CHECK(found(request("GET", "/y")) == "c");
  CHECK(found(request("GET", "/y", "[::1]:8080")) == "c");
  CHECK(found(request("GET", "/y", "localhost:8080")) == "c");
  CHECK(found(request("GET", "/y", "my-mock:3000")) == "not recorded");
  CHECK(found(request("GET", "/y", "a.test")) == "not recorded");
}

TEST_CASE("hosts are mapped, named by another header, or ignored") {
  MatchGroup mapped;
  REQUIRE(mapped.map.add("localhost:3000=b.test"));
  Found by_map(two_hosts(), mapped);
  CHECK(by_map(request("GET", "/x", "localhost:3000")) == "b");
  MatchGroup behind;
  behind.host_header = "X-Forwarded-Host";
  Found by_header(two_hosts(), behind);
  Request forwarded = request("GET", "/x", "a.test");
  CHECK(by_header(forwarded) == "a");
  forwarded.headers.push_back({"x-forwarded-host", "b.test, inner.test"});
  CHECK(by_header(forwarded) == "b");
  MatchGroup ignored;
  ignored.match.ignore_host = true;
  Found by_nothing(two_hosts(), ignored);
  CHECK(by_nothing(request("GET", "/y", "my-mock")) == "c");
  MatchGroup port;
  port.match.ignore_port = true;
  Found by_name(two_hosts(), port);
  CHECK(by_name(request("GET", "/x", "b.test:9000")) == "b");
}

TEST_CASE("repeats are counted for each client where that is asked for") {
  const Exchanges twice{recorded("a", "GET", "/x"), recorded("b", "GET", "/x")};
  const auto from = [](std::string peer, std::string name, std::string value) {
    Request out = request("GET", "/x");
    out.peer = std::move(peer);
    out.headers.push_back({std::move(name), std::move(value)});
    return out;
  };
  const auto order = [&](ClientBy by, std::string name, const std::vector<Request>& requests) {
    MatchGroup group;
    group.client = by;
    group.client_name = std::move(name);
    Found found(twice, group);
    std::string out;
    for (const Request& each : requests) out += found(each);
    return out;
  };
  const std::vector<Request> peers{from("10.0.0.1:1", "A", ""), from("10.0.0.2:1", "A", ""), from("10.0.0.1:2", "A", "")};
  CHECK(order(ClientBy::none, "", peers) == "abb");
  CHECK(order(ClientBy::address, "", peers) == "aab");
  const std::vector<Request> headers{from("1:1", "X-Client", "1"), from("1:1", "x-client", "2"), from("1:1", "X-Client", "1")};
  CHECK(order(ClientBy::header, "X-Client", headers) == "aab");
  const std::vector<Request> cookies{from("1:1", "Cookie", "s=1; t=2"), from("1:1", "Cookie", "t=1; s=2"),
                                     from("1:1", "Cookie", "s=1")};
  CHECK(order(ClientBy::cookie, "s", cookies) == "aab");
}

TEST_CASE("a miss names the nearest exchange and what differs") {
  MatchGroup group;
  Found found({recorded("a", "POST", "http://h/x?page=1", R"({"model":"m"})")}, group);
  const Request asked = request("POST", "/x?page=2", "h", R"({"model":"n"})");
  CHECK(found(asked) == "not recorded");
  const Nearest nearest = found.finder().nearest(asked);
  CHECK(miss_text(Miss::not_found, "not recorded", nearest) ==
        R"(404 not recorded; the nearest is exchange a, POST /x?page=1: query page: expected "1", got "2"; )"
        R"(body /model: expected ""m"", got ""n"" (--match loose would take it))");
  const auto answer = miss_answer(Miss::bad_gateway, asked, "not recorded", nearest);
  CHECK(answer->status == 502);
  const auto body = stream::parse_json(answer->steps[1].bytes);
  REQUIRE(body);
  CHECK(
      stream::to_json(*body) ==
      R"({"error":"no exchange was recorded for POST /x?page=2","nearest":{"exchange":"a","method":"POST","path":"/x?page=1",)"
      R"("differences":[{"field":"query page","expected":"1","actual":"2"},{"field":"body /model","expected":"\"m\"","actual":"\"n\""}]}})");
  const auto closed = miss_answer(Miss::close, asked, "not recorded", nearest);
  REQUIRE(closed->steps.size() == 1);
  CHECK(closed->steps.front().kind == StepKind::cut);
}

TEST_CASE("answers that were given and redirects without an end are misses of their own") {
  MatchGroup group;
  group.match.repeat = har::match::Repeat::consume;
  Found found({recorded("a", "GET", "/x")}, group);
  CHECK(found(request("GET", "/x")) == "a");
  CHECK(found(request("GET", "/x")) == "all recorded answers were given");
  CHECK(miss_text(Miss::close, "all recorded answers were given", {}) == "closed all recorded answers were given");
}

TEST_CASE("an exchange without an answer gets what is asked for, when it ended") {
  stream::replay::Answer none;
  none.id = "7";
  none.steps = {{std::chrono::milliseconds(30), StepKind::cut, 0, {}}};
  const auto recorded_answer = std::make_shared<const stream::replay::Answer>(none);
  const auto with = [&](OnError how) { return with_on_error(recorded_answer, how); };
  CHECK(with(OnError::recorded) == recorded_answer);
  CHECK(with(OnError::reset)->steps.back() == stream::replay::Step{std::chrono::milliseconds(30), StepKind::reset, 0, {}});
  CHECK(with(OnError::stall)->steps.back().kind == StepKind::stall);
  CHECK(with(OnError::bad_gateway)->status == 502);
  CHECK(with(OnError::gateway_timeout)->status == 504);
  CHECK(with(OnError::gateway_timeout)->steps.front().at == std::chrono::milliseconds(30));
  CHECK(with(OnError::gateway_timeout)->id == "7");
  const auto answered = stream::replay::make_answer(200, "text/plain", "x");
  CHECK(with_on_error(answered, OnError::reset) == answered);
}

TEST_CASE("as much of a request's body is seen as may decide") {
  CHECK(Found({recorded("a", "GET", "/x")}).finder().body_size() == std::size_t{16} << 20);
  CHECK(Found({recorded("a", "POST", "/x", std::string(std::size_t{10} << 20, 'a'))}).finder().body_size() == std::size_t{20}
                                                                                                                  << 20);
}
