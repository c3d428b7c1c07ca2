// Mocks files as recordings, and mocks with files beside them.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "conversion.hpp"
#include "har/exchange.hpp"

using namespace har;
using namespace har::test;
using stream::Json;

namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

std::string file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::vector<stream::Exchange> read(std::string_view text, std::string_view format = "mocks", Lines* errors = nullptr) {
  std::vector<stream::Exchange> out;
  const auto source = stream::memory_source(text, "<stdin>", 13);
  const auto reader = find_format(format)->open_reader(*source, {});
  for (;;) {
    auto item = reader->next();
    if (!item) {
      if (errors != nullptr) errors->push_back(to_string(item.error()));
      if (reader->can_continue()) continue;
      return out;
    }
    if (!*item) return out;
    out.push_back(std::move(*(*item)->exchange));
  }
}

constexpr std::string_view kMocks = R"({"$schema": "x", /* notes */ "mocks": [
  {"request": {"url": "https://api.example/orders", "method": "POST", "nth": 2, "bodyFragment": "sku"},
   "response": {"statusCode": 201, "headers": [{"name": "X-A", "value": "1"}, {"name": "Set-Cookie", "value": "a=1; Path=/"}], "body": {"id": 7}}},
  {"request": {"url": "https://api.example/*"}, "response": {"body": "text"}},
  {"request": {"url": "https://api.example/bytes"}, "response": {"headers": [{"name": "content-type", "value": "image/png"}], "bodyBase64": "/wA="}},
  {"request": {"url": "https://api.example/events"}, "response": {"delayMs": 10, "sse": [{"data": "1"}, {"event": "x", "data": "2", "delayMs": 25}]}}
]})";

constexpr std::string_view kSockets = R"({"mocks": [
  {"url": "wss://api.example/live", "onConnect": [{"body": "hello"}],
   "rules": [{"match": {"bodyRegex": "^bye\\.$"}, "closeAfter": true, "closeCode": 3000},
             {"match": {"bodyJson": {"op": "ping"}}, "responses": [{"body": "{\"op\":\"pong\"}", "delayMs": 5}, {"body": "AQID", "messageType": "binary"}]},
             {"responses": [{"body": "unknown"}]}]}]})";

}  // namespace

TEST_CASE("each HTTP mock is an exchange that it answers") {
  const auto exchanges = read(kMocks);
  REQUIRE(exchanges.size() == 4);
  const Json order = to_entry(exchanges[0]);
  CHECK(order["request"]["method"] == Json("POST"));
  CHECK(order["request"]["url"] == Json("https://api.example/orders"));
  CHECK(order["request"]["postData"]["text"] == Json("sku"));
  CHECK(order["response"]["status"] == Json(201));
  CHECK(order["response"]["content"]["text"] == Json(R"({"id":7})"));
  CHECK(order["response"]["cookies"].as_array()[0]["name"] == Json("a"));
  CHECK(order["_mock"]["nth"] == Json(2));
  CHECK(order["_mocked"] == Json(true));
  CHECK(to_entry(exchanges[1])["_mock"]["url"] == Json("https://api.example/*"));
  CHECK(body_of(exchanges[2]) == std::string("\xff\0", 2));
  CHECK(body_of(exchanges[3]) == "data: 1\n\nevent: x\ndata: 2\n\n");
  REQUIRE(exchanges[3].timeline.size() == 2);
  CHECK(exchanges[3].timeline[1].t - exchanges[3].timeline[0].t == std::chrono::milliseconds(25));
}

TEST_CASE("a WebSocket mock is a conversation in which all is said that it answers") {
  const auto exchanges = read(kSockets, "ws-mocks");
  REQUIRE(exchanges.size() == 1);
  CHECK(exchanges[0].status() == 101);
  Lines said;
  for (const stream::Event& event : exchanges[0].timeline) {
    said.push_back(std::string(to_string(event.direction)) + " " + std::to_string(event.opcode) + " " + event.data);
    if (event.kind == stream::EventKind::close) said.back() = "close " + std::to_string(*event.code);
  }
  CHECK(said == Lines{"receive 1 hello", "send 1 {\"op\":\"ping\"}", "receive 1 {\"op\":\"pong\"}", "receive 2 \x01\x02\x03",
                      "send 1 bye.", "close 3000"});
}

TEST_CASE("mocks of mocks answer the same") {
  for (const auto& [text, format] : {std::pair(kMocks, "mocks"), std::pair(kSockets, "ws-mocks")}) {
    const Converted once = convert(text, format, format);
    CHECK(once.errors.empty());
    CHECK(convert(once.text, format, format).text == once.text);
  }
}

TEST_CASE("mocks files are found by what is in them, and are taken for nothing else") {
  CHECK(find_format("mocks")->sniff(kMocks) > 90);
  CHECK(find_format("ws-mocks")->sniff(kMocks) == 0);
  CHECK(find_format("ws-mocks")->sniff(kSockets) > 90);
  CHECK(find_format("mocks")->sniff(kSockets) == 0);
  for (const std::string_view other : {"", "{", "{\"log\":{\"mocks\":[{\"request\":{\"url\":1}}]}}", "{\"mocks\":[]}",
                                       "[{\"mocks\":[{\"request\":{\"url\":1}}]}]", "{\"mocks\":[\"request\"]}"}) {
    INFO(other);
    CHECK(find_format("mocks")->sniff(other) == 0);
    CHECK(find_format("ws-mocks")->sniff(other) == 0);
  }
}

TEST_CASE("a mocks file that is cut anywhere is an error, and no more") {
  for (const auto& [text, format] : {std::pair(kMocks, "mocks"), std::pair(kSockets, "ws-mocks")}) {
    for (std::size_t cut = 0; cut + 1 < text.size(); ++cut) {
      Lines errors;
      read(text.substr(0, cut), format, &errors);
      CHECK(errors.size() == 1);
    }
  }
}

TEST_CASE("mocks in a folder have their bytes in files beside them, each once") {
  const std::string folder = (fs::temp_directory_path() / ("mocks-" + std::to_string(::getpid()))).string();
  fs::remove_all(folder);
  std::string har = R"({"log":{"version":"1.2","creator":{"name":"x","version":"1"},"entries":[)";
  for (const char* url : {"http://a/1", "http://a/2"}) {
    har += std::string(R"({"startedDateTime":"2026-11-22T09:15:30Z","time":0,"request":{"method":"GET","url":")") + url +
           R"(","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"queryString":[],"headersSize":-1,"bodySize":0},
"response":{"status":200,"statusText":"OK","httpVersion":"HTTP/1.1","cookies":[],"headers":[{"name":"Content-Type","value":"image/png"}],
"content":{"size":2,"mimeType":"image/png","text":"/wA=","encoding":"base64"},"redirectURL":"","headersSize":-1,"bodySize":2},"cache":{},
"timings":{"send":0,"wait":0,"receive":0}},)";
  }
  har.back() = ']';
  har += "}}";
  {
    auto output = stream::OutputFolder::open(folder);
    REQUIRE(output);
    const auto writer = find_format("mocks")->open_folder_writer(**output, {});
    const auto source = stream::memory_source(har, "x.har");
    const auto reader = find_format("har")->open_reader(*source, {});
    for (;;) {
      auto item = reader->next();
      REQUIRE(item);
      if (!*item) break;
      std::string rendered;
      REQUIRE(writer->render(**item, {reader->info(), nullptr, {}}, rendered));
      REQUIRE(writer->write(rendered));
    }
    REQUIRE(writer->finish());
    (*output)->finish();
  }
  CHECK(file(folder + "/response-1.bin") == std::string("\xff\0", 2));
  CHECK_FALSE(fs::exists(folder + "/response-2.bin"));
  auto input = open_items(folder + "/mocks.json", std::nullopt, {}, {});
  REQUIRE(input);
  CHECK(input->format->name == "mocks");
  for (int i = 0; i < 2; ++i) {
    auto item = input->reader->next();
    REQUIRE(item);
    REQUIRE(*item);
    CHECK(body_of(*(*item)->exchange) == std::string("\xff\0", 2));
  }
  fs::remove_all(folder);
}

TEST_CASE("every mocks file of Dev Proxy in the corpus is read") {
  const char* const corpus = std::getenv("HARTAPE_CORPUS");
  if (corpus == nullptr) {
    std::cout << "HARTAPE_CORPUS is not set: skipped\n";
    return;
  }
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(std::string(corpus) + "/devproxy")) {
    INFO(entry.path().string());
    auto input = open_items(entry.path().string(), std::nullopt, {}, {});
    REQUIRE(input);
    CHECK(input->format->name == "mocks");
    std::size_t mocks = 0;
    for (;;) {
      auto item = input->reader->next();
      INFO((item ? std::string() : to_string(item.error())));
      REQUIRE(item);
      if (!*item) break;
      ++mocks;
    }
    CHECK(mocks > 0);
    ++count;
  }
  CHECK(count >= 9);
}

TEST_CASE("mocks for Dev Proxy itself have nothing that it does not know, and say what is left out") {
  WriteOptions options;
  options.dialect = Dialect::devproxy;
  const Converted http = convert(kMocks, "mocks", "mocks", options);
  CHECK(http.errors.empty());
  for (const char* ours : {"delayMs", "\"sse\"", "bodyBase64", "bodyRegex", "chunks"})
    CHECK(http.text.find(ours) == std::string::npos);
  const Json mocks = stream::parse_json(http.text).value();
  Lines bodies;
  for (const Json& mock : mocks["mocks"].as_array()) bodies.push_back(to_json(mock["response"]["body"]));
  std::sort(bodies.begin(), bodies.end());
  CHECK(bodies == Lines{R"("data: 1\n\nevent: x\ndata: 2\n\n")", R"("text")", "null", R"({"id":7})"});
  std::string said;
  for (const std::string& finding : http.findings) said += finding;
  CHECK(said.find("[lost-mocks-times]") != std::string::npos);
  CHECK(said.find("[lost-mocks-bodyBase64]") != std::string::npos);

  const Converted sockets = convert(kSockets, "ws-mocks", "ws-mocks", options);
  for (const char* ours : {"delayMs", "closeCode", "nth", "subprotocol"}) CHECK(sockets.text.find(ours) == std::string::npos);
  CHECK(sockets.text.find("messageType") != std::string::npos);
}
