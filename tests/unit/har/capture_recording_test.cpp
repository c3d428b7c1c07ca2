// What a relay tells, as a recording and as a HAR: both say the same, and what they say is right.
#include <sys/resource.h>
#include <sys/stat.h>

#include "capturing.hpp"
#include "stream/io/byte_sink.hpp"
#include "stream/text/base64.hpp"

using namespace capturing;

namespace {

/// The recording and the HAR of the same exchanges: what harconv makes of the one is the other.
void check_same(const Folder& folder) {
  CHECK(complaints(folder / "s.rec.ndjson").empty());
  CHECK(complaints(folder / "s.har").empty());
  const Json::Array direct = entries(folder / "s.har");
  const Json::Array from_recording = converted(folder / "s.rec.ndjson");
  REQUIRE(direct.size() == from_recording.size());
  for (std::size_t i = 0; i < direct.size(); ++i) {
    Json expected = from_recording[i];
    if (Json* post = expected["request"].find("postData") != nullptr ? expected.find("request")->find("postData") : nullptr) {
      // The parameters of a form are a HAR's alone.
      if (post->find("params") != nullptr) post->set("params", (*direct[i]["request"].find("postData"))["params"]);
    }
    CHECK(to_json(sorted(direct[i])) == to_json(sorted(expected)));
  }
}

/// The most memory that the process has had.
std::uint64_t peak_kilobytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss);
}

std::string gzip(std::string_view text) {
  std::string out;
  auto sink = stream::compress(stream::string_sink(out), stream::Compression::gzip);
  REQUIRE(sink);
  REQUIRE((*sink)->write(text));
  REQUIRE((*sink)->finish());
  return out;
}

}  // namespace

TEST_CASE("an exchange is recorded line by line as the format says") {
  const Folder folder;
  Relay relay;
  relay.record(folder / "s.rec.ndjson");
  relay.start();
  relay.request(1, "https://a.example/x?q=1&r", {{"Cookie", "a=b; c=d"}, {"Accept", "*/*"}});
  relay.at(5);
  relay.response(
      1, 200, {{"Content-Type", "text/plain"}, {"Set-Cookie", "k=v; Path=/; HttpOnly; Expires=Wed, 21 Oct 2065 07:28:00 GMT"}});
  relay.at(7);
  relay.data(1, "he said \"hi\"\n");
  relay.data(1, "\xff\x01");
  relay.at(9);
  relay.end(1, "eof", {}, 40, {{"X-Sum", "1"}});
  const Summary summary = relay.finish();
  CHECK(summary.events == 5);
  CHECK(summary.exchanges == 1);
  CHECK(summary.outputs[0].events == 5);
  CHECK(contents(folder / "s.rec.ndjson") ==
        R"({"recording":1,"start":"2026-11-28T09:00:00.000Z","creator":{"name":"harproxy","version":"1"}}
{"ev":"request","id":"1","t":0,"request":{"method":"GET","url":"https://a.example/x?q=1&r","httpVersion":"HTTP/1.1","cookies":[{"name":"a","value":"b"},{"name":"c","value":"d"}],"headers":[{"name":"Cookie","value":"a=b; c=d"},{"name":"Accept","value":"*/*"}],"queryString":[{"name":"q","value":"1"},{"name":"r","value":""}],"headersSize":100},"entry":{"_clientConnection":1,"_clientAddress":"127.0.0.1:51234"}}
{"ev":"response","id":"1","t":0.005,"kind":"http","response":{"status":200,"statusText":"OK","httpVersion":"HTTP/1.1","cookies":[{"name":"k","value":"v","path":"/","httpOnly":true,"expires":"2065-10-21T07:28:00.000Z"}],"headers":[{"name":"Content-Type","value":"text/plain"},{"name":"Set-Cookie","value":"k=v; Path=/; HttpOnly; Expires=Wed, 21 Oct 2065 07:28:00 GMT"}],"redirectURL":"","headersSize":80,"content":{"mimeType":"text/plain"}},"timings":{"blocked":1,"dns":-1,"connect":-1,"ssl":-1,"send":0.5,"wait":3.5},"entry":{"serverIPAddress":"192.0.2.1","connection":"7","_serverPort":443,"_connectionReused":true}}
{"ev":"data","id":"1","t":0.007,"data":"he said \"hi\"\n"}
{"ev":"data","id":"1","t":0.007,"data64":"/wE="}
{"ev":"end","id":"1","t":0.009,"reason":"eof","trailers":[{"name":"X-Sum","value":"1"}],"request":{"bodySize":0},"response":{"bodySize":15,"_transferSize":120}}
)");
}

TEST_CASE("a recording and a HAR of everything that can happen say the same") {
  const Folder folder;
  Relay relay;
  relay.record(folder / "s.rec.ndjson");
  relay.har(folder / "s.har");
  relay.start();

  relay.exchange(1, "https://a.example/plain", "h\xc3\xa4llo \"you\"\n");

  relay.at(10);
  relay.request(2, "https://a.example/form", {{"Content-Type", "application/x-www-form-urlencoded"}}, "POST");
  relay.sent(2, "a=1&b=x+");
  relay.at(11);
  relay.sent(2, "y%21");
  relay.at(12);
  relay.recorder->interim(2, relay.now(), 103, std::vector<TapField>{{"Link", "</a>"}});
  relay.at(14);
  relay.response(2, 303, {{"Location", "/done"}}, true);
  relay.end(2);

  relay.at(20);
  relay.request(3, "wss://a.example/socket", {{"Upgrade", "websocket"}});
  relay.at(25);
  relay.response(3, 101, {{"Upgrade", "websocket"}});
  relay.message(3, Direction::send, "hi \\ \x01");
  relay.at(26);
  relay.message(3, Direction::receive, std::string_view("\x00\xff", 2), 2);
  relay.message(3, Direction::receive, "text as bytes", 2);
  relay.message(3, Direction::receive, "\xff", 1, true);
  relay.message(3, Direction::send, "", 9);
  relay.close(3, Direction::send, 1000, "bye");
  relay.close(3, Direction::receive, 1000, "");
  relay.end(3);

  relay.at(30);
  relay.request(4, "https://a.example/events");
  relay.at(35);
  relay.response(4, 200, {{"Content-Type", "text/event-stream"}});
  relay.data(4, "event: tick\nid: 7\nda");
  relay.at(40);
  relay.data(4, "ta: one\n\ndata: two\n\n");
  relay.end(4, "reset", "the origin closed the connection", 60);

  relay.at(50);
  relay.request(5, "https://down.example/");
  relay.at(53);
  relay.end(5, "error", "could not connect to down.example:443");

  relay.at(60);
  const std::string text(5000, 'z');
  const std::string coded = gzip(text);
  relay.request(6, "https://a.example/coded");
  relay.at(65);
  relay.response(6, 200, {{"Content-Type", "text/css"}, {"Content-Encoding", "gzip"}});
  relay.data(6, std::string_view(coded).substr(0, 20));
  relay.at(66);
  relay.data(6, std::string_view(coded).substr(20));
  relay.end(6, "eof", {}, coded.size());

  relay.at(70);
  relay.request(7, "https://a.example/open");
  relay.at(75);
  relay.response(7, 200, {{"Content-Type", "image/png"}});
  relay.data(7, "\x89PNG");
  const Summary summary = relay.finish();
  CHECK(summary.outputs[1].events == 7);

  const Json::Array list = entries(folder / "s.har");
  REQUIRE(list.size() == 7);
  CHECK(list[1]["_mocked"] == Json(true));
  CHECK(to_json(list[1]["request"]["postData"]["params"]) == R"([{"name":"a","value":"1"},{"name":"b","value":"x y!"}])");
  CHECK(list[1]["response"]["redirectURL"] == Json("/done"));
  CHECK(list[2]["_webSocketMessages"].as_array().size() == 5);
  CHECK(list[2]["_webSocketMessages"].as_array()[3]["_mocked"] == Json(true));
  CHECK(to_json(list[2]["_webSocketMessages"].as_array()[1]["time"]) == "1795856400.026");
  CHECK(
      to_json(list[3]["_eventSourceMessages"]) ==
      R"([{"time":1795856400.04,"eventName":"tick","eventId":"7","data":"one"},{"time":1795856400.04,"eventName":"message","eventId":"7","data":"two"}])");
  CHECK(list[3]["_error"] == Json("the origin closed the connection"));
  CHECK(list[4]["response"]["status"] == Json(0));
  CHECK(list[4]["_error"] == Json("could not connect to down.example:443"));
  CHECK(list[5]["response"]["content"]["text"] == Json(text));
  CHECK(list[5]["response"]["content"]["compression"].int_or(0) == static_cast<std::int64_t>(text.size() - coded.size()));
  CHECK(list[5]["response"]["bodySize"].int_or(0) == static_cast<std::int64_t>(coded.size()));
  CHECK(list[6]["_incomplete"] == Json(true));
  check_same(folder);
}

TEST_CASE("bodies that are not wanted are not in the files, and those that are too long are cut and say so") {
  const Folder folder;
  Relay relay;
  relay.record(folder / "s.rec.ndjson");
  relay.har(folder / "s.har");
  relay.options.max_body = 10;
  relay.options.bodies = GENERATE(Bodies::all, Bodies::none, Bodies::request, Bodies::response);
  relay.start();
  relay.request(1, "https://a.example/", {{"Content-Type", "text/plain"}}, "POST");
  relay.sent(1, "12345");
  relay.sent(1,
             "6789\xc3\xa4"
             "b");
  relay.at(5);
  relay.response(1, 200, {{"Content-Type", "text/plain"}});
  relay.data(1, "exactly 10");
  relay.end(1, "eof", {}, 10);
  relay.request(2, "ws://a.example/");
  relay.at(10);
  relay.response(2, 101);
  relay.message(2, Direction::send, "0123456789abc");
  relay.message(2, Direction::receive, "short");
  relay.end(2);
  relay.finish();

  const bool sent = relay.options.bodies == Bodies::all || relay.options.bodies == Bodies::request;
  const bool received = relay.options.bodies == Bodies::all || relay.options.bodies == Bodies::response;
  const Json::Array list = entries(folder / "s.har");
  const Json& request = list[0]["request"];
  CHECK(request["bodySize"] == Json(12));
  CHECK((request.find("postData") != nullptr) == sent);
  if (sent) {
    CHECK(request["postData"]["text"] == Json("123456789"));  // not half an "ä"
    CHECK(request["postData"]["_truncated"] == Json(true));
    CHECK(request["postData"]["_size"] == Json(12));
  }
  const Json& content = list[0]["response"]["content"];
  CHECK(content["size"] == Json(10));
  CHECK((content.find("text") != nullptr) == received);
  CHECK(content.find("_truncated") == nullptr);
  const Json::Array& messages = list[1]["_webSocketMessages"].as_array();
  REQUIRE(messages.size() == 2);
  CHECK(messages[0]["data"] == Json(sent ? "0123456789" : ""));
  CHECK(messages[0]["_size"] == Json(13));
  CHECK(messages[1]["data"] == Json(received ? "short" : ""));
  CHECK((messages[1].find("_truncated") == nullptr) == received);
  check_same(folder);
}

TEST_CASE("files are for their owner alone") {
  const Folder folder;
  Relay relay;
  relay.record(folder / "s.rec.ndjson");
  relay.har(folder / "s.har");
  relay.start();
  relay.exchange(1, "https://a.example/", "x");
  relay.finish();
  for (const char* name : {"s.rec.ndjson", "s.har"}) {
    struct stat status {};
    REQUIRE(::stat((folder / name).c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
  }
  CHECK(folder.names() == std::vector<std::string>{"s.har", "s.rec.ndjson"});
}

TEST_CASE("a file that is there is not replaced unless that is asked for") {
  const Folder folder;
  const std::string name = GENERATE("s.har", "s.rec.ndjson");
  std::ofstream(folder / name) << "precious";
  Relay relay;
  relay.options.outputs.push_back({name == "s.har" ? OutputForm::har : OutputForm::recording, folder / name});
  const auto refused = Recorder::open(relay.options);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == stream::ErrorCode::exists);
  CHECK(refused.error().hint == "use --overwrite to replace it");
  CHECK(contents(folder / name) == "precious");
  relay.options.overwrite = stream::Overwrite::yes;
  relay.start();
  relay.exchange(1, "https://a.example/", "x");
  relay.finish();
  CHECK(complaints(folder / name).empty());
}

TEST_CASE("a socket with very many messages is one entry, whatever memory there is") {
  const Folder folder;
  Relay relay;
  relay.har(folder / "s.har");
  relay.options.spill_folder = folder.path.string();
  relay.options.max_lag = std::chrono::seconds(60);
  relay.options.max_queue = std::size_t{1} << 20;
  const std::uint64_t before = peak_kilobytes();
  relay.start();
  relay.request(1, "ws://a.example/");
  relay.response(1, 101);
  constexpr int kMessages = 300'000;
  for (int i = 0; i < kMessages; ++i) relay.message(1, Direction::receive, "message " + std::to_string(i));
  relay.close(1, Direction::receive, 1000, "");
  relay.end(1);
  const Summary summary = relay.finish();
  CHECK(peak_kilobytes() - before < 16'384);  // the entry is larger
  CHECK(std::filesystem::file_size(folder / "s.har") > 20'000'000);
  CHECK(summary.dropped == 0);
  CHECK(summary.events == kMessages + 4);
  const Json::Array list = entries(folder / "s.har");
  const Json::Array& messages = list[0]["_webSocketMessages"].as_array();
  REQUIRE(messages.size() == kMessages);
  CHECK(messages[77'777]["data"] == Json("message 77777"));
  CHECK(complaints(folder / "s.har").empty());
}

TEST_CASE("bodies in other charsets are text, as a conversion of the recording has them, and the same octets on the way back") {
  const Folder folder;
  Relay relay;
  relay.har(folder / "s.har");
  relay.record(folder / "s.rec.ndjson");
  relay.start();
  struct Body {
    std::string type, octets, text;
  };
  const std::vector<Body> bodies{
      {"text/html; charset=iso-8859-1", "gr\xFC\xDF \x80", "grüß €"},
      {"text/html; charset=shift_jis", "\x93\xFA\x96\x7B", "日本"},
      {"text/html; charset=shift_jis", "\x93\xFA\x96", ""},
      {"text/html; charset=iso-8859-1", "gr\xC3\xBC\xC3\x9F", "grüß"},
      {"text/html; charset=iso-8859-1", "plain", "plain"},
      {"image/png; charset=iso-8859-1", "\xFC", ""},
      {"text/html; charset=iso-8859-1", std::string(3'000'000, '\xFC'), ""},  // more than is held at once
      {"text/html; charset=iso-8859-1", std::string(3'000'000, 'a'), std::string(3'000'000, 'a')},
  };
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    const Body& body = bodies[i];
    relay.request(i, "http://a.example/", {{"Content-Type", body.type}}, "POST");
    if (body.octets.size() < 1000) relay.sent(i, body.octets);
    relay.response(i, 200, {{"Content-Type", body.type}});
    relay.data(i, body.octets.substr(0, 1));  // a character in two pieces
    relay.data(i, body.octets.substr(1));
    relay.end(i, "eof", {}, body.octets.size());
  }
  relay.finish();
  const Json::Array made = entries(folder / "s.har");
  const Json::Array again = converted(folder / "s.rec.ndjson");
  REQUIRE(made.size() == bodies.size());
  REQUIRE(again.size() == bodies.size());
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    INFO(bodies[i].type << " " << i);
    const Json& content = made[i]["response"]["content"];
    CHECK(content["size"].int_or(-1) == static_cast<std::int64_t>(bodies[i].octets.size()));
    CHECK((content["encoding"].string_or("") == "base64") == bodies[i].text.empty());
    if (!bodies[i].text.empty()) CHECK((content["text"].string_or("") == bodies[i].text));
    if (i != 6) {
      CHECK((content == again[i]["response"]["content"]));
      CHECK((made[i]["request"]["postData"] == again[i]["request"]["postData"]));
    }
    const auto exchange = har::to_exchange(made[i], {});
    REQUIRE(exchange);
    CHECK((har::body_of(*exchange) == bodies[i].octets));
    if (bodies[i].octets.size() < 1000) CHECK((har::body_of(*exchange, Direction::send) == bodies[i].octets));
  }
  CHECK(complaints(folder / "s.har").empty());
}
