#include "capturing.hpp"

using namespace capturing;

namespace {

using Lines = std::vector<std::string>;

/// What our reader makes of a file.
std::vector<stream::Exchange> exchanges(const std::string& path, Lines* findings = nullptr) {
  std::vector<stream::Exchange> out;
  har::ReadOptions options;
  options.report = [&](const stream::Finding& finding) {
    if (findings != nullptr) findings->push_back(finding.rule);
  };
  auto input = har::open_items(path, std::nullopt, {}, options);
  REQUIRE(input);
  for (;;) {
    auto item = input->reader->next();
    INFO((item ? std::string() : to_string(item.error())));
    REQUIRE(item);
    if (!*item) return out;
    out.push_back(std::move(*(*item)->exchange));
  }
}

/// Milliseconds since the relay began, and the bytes that came then.
Lines timeline(const stream::Exchange& exchange) {
  const auto start = *stream::parse_iso8601("2026-11-28T09:00:00Z");
  Lines out;
  for (const stream::Event& event : exchange.timeline)
    out.push_back(stream::format_decimal_millis(*exchange.start + event.t - start.time) + " " + event.data);
  return out;
}
std::string body(const stream::Exchange& exchange) {
  std::string out;
  for (const stream::Event& event : exchange.timeline) out += event.data;
  return out;
}

/// An event stream of three pieces; an event in two of them.
void sse(Relay& relay, std::uint64_t id, std::string_view url) {
  relay.at(10);
  relay.request(id, url, {{"Host", "a.example"}});
  relay.at(20);
  relay.response(id, 200, {{"Content-Type", "text/event-stream"}});
  relay.at(30);
  relay.data(id, "data: {\"v\":\"<a&b> \xE2\x82");
  relay.at(40);
  relay.data(id, "\xAC\"}\n\nevent: x\n");
  relay.at(50);
  relay.data(id, "data: 1\nretry: 5\ndata: 2\n\n");
  relay.at(60);
  relay.end(id);
}

void keploy(Relay& relay, const std::string& path, bool tests = false) {
  relay.options.outputs.push_back({tests ? OutputForm::keploy_tests : OutputForm::keploy_mocks, path});
}

}  // namespace

TEST_CASE("Keploy: mocks are read back as what passed, with their streams") {
  Folder folder;
  Relay relay;
  keploy(relay, folder / "keploy/set");
  relay.start();
  sse(relay, 1, "http://a.example/events?a=1");
  relay.at(100);
  relay.request(2, "https://a.example/echo", {{"Host", "a.example"}, {"Content-Type", "text/plain"}}, "POST");
  relay.sent(2, "a: 1\nb \n");
  relay.at(110);
  relay.response(2, 200, {{"Set-Cookie", "a=1"}, {"Set-Cookie", "b=2"}, {"Content-Length", "4"}, {"Content-Type", "image/png"}});
  relay.at(120);
  const std::string octets("\xff\x00\x01\x02\n", 5);
  relay.data(2, octets);
  relay.end(2);
  const Summary summary = relay.finish();
  CHECK(summary.outputs[0].events == 2);
  CHECK(summary.outputs[0].lost == 0);

  Lines findings;
  const auto read = exchanges(folder / "keploy/set/mocks.yaml", &findings);
  CHECK(findings == Lines{});
  REQUIRE(read.size() == 2);
  CHECK(read[0].url() == "http://a.example/events?a=1");
  CHECK(read[0].kind() == stream::StreamKind::sse);
  CHECK(timeline(read[0]) ==
        Lines{"30 data: {\"v\":\"<a&b> ", "40 \xE2\x82\xAC\"}\n\nevent: x\n", "50 data: 1\nretry: 5\ndata: 2\n\n"});
  CHECK(stream::format_decimal_millis(read[0].response->t) == "10");
  CHECK(read[0].end);
  CHECK(read[1].method() == "POST");
  CHECK(read[1].url() == "https://a.example/echo");
  CHECK(read[1].request->object["postData"]["text"] == Json("a: 1\nb \n"));
  CHECK(body(read[1]) == octets);
  CHECK(read[1].response->object["headers"].as_array().size() == 4);
  for (const char* name : {"keploy/set/mocks.yaml", "keploy/set/streams"}) {
    const auto mode = std::filesystem::status(folder / name).permissions();
    CHECK((mode & std::filesystem::perms(077)) == std::filesystem::perms::none);
  }
}

TEST_CASE("Keploy: test cases are read back as what passed, event by event") {
  Folder folder;
  Relay relay;
  keploy(relay, folder / "set", true);
  relay.start();
  sse(relay, 1, "http://a.example:81/events?a=1");
  relay.exchange(2, "http://a.example/lines", "a\n\nb\n");
  relay.exchange(3, "http://a.example/json", "{\"a\":1}\n", "application/json");
  relay.exchange(4, "http://a.example/none", "");
  CHECK(relay.finish().outputs[0].events == 4);
  const auto stream = exchanges(folder / "set/tests/test-1.yaml");
  REQUIRE(stream.size() == 1);
  CHECK(stream[0].url() == "http://a.example:81/events?a=1");
  CHECK(timeline(stream[0]) ==
        Lines{"40 data: {\"v\":\"<a&b> \xE2\x82\xAC\"}\n\n", "50 event: x\ndata: 1\nretry: 5\ndata: 2\n\n"});
  CHECK(body(exchanges(folder / "set/tests/test-2.yaml")[0]) == "a\n\nb\n");
  CHECK(body(exchanges(folder / "set/tests/test-3.yaml")[0]) == "{\"a\":1}\n");
  CHECK(body(exchanges(folder / "set/tests/test-4.yaml")[0]).empty());
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "set/tests")) names.push_back(entry.path().filename());
  CHECK(names.size() == 4);  // and nothing that was on its way
}

TEST_CASE("Keploy: what is there stays, and numbers go on behind it") {
  Folder folder;
  std::string before;
  for (int round = 0; round < 2; ++round) {
    Relay relay;
    keploy(relay, folder / "set", true);
    keploy(relay, folder / "mocks");
    relay.start();
    relay.exchange(1, "http://a.example/" + std::to_string(round), "x");
    if (round == 0)
      before = (relay.finish(), contents(folder / "set/tests/test-1.yaml"));
    else
      relay.finish();
  }
  CHECK(contents(folder / "set/tests/test-1.yaml") == before);
  CHECK(exchanges(folder / "set/tests/test-2.yaml")[0].url() == "http://a.example/1");
  const auto mocks = exchanges(folder / "mocks/mocks.yaml");
  REQUIRE(mocks.size() == 2);
  CHECK(mocks[1].url() == "http://a.example/1");
  CHECK(mocks[1].request->entry["_keploy"]["name"] == Json("mock-1"));
}

TEST_CASE("Keploy: two recorders do not write the same mocks") {
  Folder folder;
  Relay first;
  keploy(first, folder / "set");
  first.start();
  Relay second;
  keploy(second, folder / "set");
  const auto opened = Recorder::open(second.options);
  REQUIRE_FALSE(opened);
  CHECK(to_string(opened.error()).find("another program is writing it") != std::string::npos);
  first.finish();
}

TEST_CASE("Keploy: what has no place is counted, and said once") {
  Folder folder;
  Relay relay;
  keploy(relay, folder / "set");
  relay.start();
  for (const std::uint64_t id : {1u, 2u}) {
    relay.request(id, "ws://a.example/chat", {{"Host", "a.example"}});
    relay.response(id, 101, {});
    relay.message(id, Direction::send, "hello");
    relay.end(id);
  }
  relay.request(3, "http://a.example/gone", {{"Host", "a.example"}});
  relay.end(3, "error", "could not connect");
  relay.exchange(4, "ws://a.example/refused", "no");
  const Summary summary = relay.finish();
  CHECK(summary.outputs[0].left_out == 3);
  CHECK(summary.outputs[0].events == 1);
  CHECK(summary.outputs[0].lost == 0);
  REQUIRE(relay.notices.size() == 2);
  CHECK(relay.notices[0].message == (folder / "set") + ": Keploy has no place for WebSockets: they are left out");
  CHECK(relay.notices[1].kind == Notice::Kind::left_out);
}

TEST_CASE("Keploy: what was cut says so") {
  Folder folder;
  Relay relay;
  relay.options.max_body = 4;
  keploy(relay, folder / "set");
  relay.start();
  relay.exchange(1, "http://a.example/cut", "abcdefgh");
  relay.request(2, "http://a.example/open", {{"Host", "a.example"}});
  relay.response(2, 200, {{"Content-Type", "text/event-stream"}});
  relay.data(2, "da");
  relay.finish();
  Lines findings;
  const auto read = exchanges(folder / "set/mocks.yaml", &findings);
  REQUIRE(read.size() == 2);
  CHECK(body(read[0]) == "abcd");
  CHECK(read[0].response->object["content"]["size"] == Json(8));
  CHECK(body(read[1]) == "da");
  CHECK_FALSE(read[1].end);
  CHECK(findings == Lines{"keploy-body-skipped", "keploy-stream-end"});
}

TEST_CASE("Keploy: secrets are left out of the curl command, too") {
  Folder folder;
  Relay relay;
  relay.options.redaction.emplace();
  keploy(relay, folder / "set", true);
  relay.start();
  relay.request(1, "http://a.example/?q=geheim77",
                {{"Host", "127.0.0.1:3000"}, {"Proxy-Authorization", "x"}, {"Authorization", "Bearer geheim77"}});
  relay.response(1, 200, {{"Content-Type", "application/json"}});
  relay.data(1, "{\"token\":\"geheim77\"}");
  relay.end(1);
  relay.finish();
  const std::string text = contents(folder / "set/tests/test-1.yaml");
  CHECK(text.find("geheim77") == std::string::npos);
  CHECK(text.find("--header 'Authorization: ") != std::string::npos);
  // The application's view of it.
  CHECK(text.find("      Host: a.example\n") != std::string::npos);
  CHECK(text.find("Proxy-Authorization") == std::string::npos);
}
