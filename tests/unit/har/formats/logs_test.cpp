// Logs of browsers and captures: cdp, netlog, tshark.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "conversion.hpp"
#include "har/exchange.hpp"
#include "stream/text/base64.hpp"

using namespace har;
using stream::Direction;
using stream::Event;
using stream::EventKind;
using stream::Exchange;
using stream::Json;
using namespace std::chrono_literals;

namespace {

using Lines = std::vector<std::string>;

struct Read {
  std::vector<Exchange> exchanges;
  Lines errors;
  Lines rules;
  LogInfo info;
};

Read read(std::string_view format, std::string_view text, stream::Limits limits = {}, std::size_t max_read = SIZE_MAX) {
  Read out;
  const auto source = stream::memory_source(text, "log", max_read);
  const auto reader = find_format(format)->open_reader(
      *source, {limits, [&](const stream::Finding& finding) { out.rules.push_back(finding.rule); }});
  for (std::size_t i = 0; i < 10'000; ++i) {
    auto item = reader->next();
    if (!item) {
      out.errors.push_back(to_string(item.error()));
      if (reader->can_continue()) continue;
      break;
    }
    if (!*item) break;
    CHECK((*item)->index == out.exchanges.size());
    CHECK((*item)->exchange->id == std::to_string(out.exchanges.size() + 1));
    out.exchanges.push_back(std::move(*(*item)->exchange));
  }
  out.info = reader->info();
  return out;
}

std::string sample(const std::string& name) {
  std::ifstream file(std::string(HARTAPE_SOURCE_DIR) + "/samples/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// What happened behind the heads, each with its milliseconds.
std::string show(const Exchange& exchange) {
  std::string out = fmt::format("{} {} {}", exchange.method(), exchange.url(), exchange.status());
  const auto add = [&](const Event& event, std::string_view what) {
    out += fmt::format("|{} {}", static_cast<double>((event.t - exchange.begin()).count()) / 1e6, what);
  };
  if (exchange.response) add(*exchange.response, "head");
  for (const Event& event : exchange.timeline) {
    const char* const arrow = event.direction == Direction::send ? ">" : "<";
    const std::string data = stream::base64_encode(event.data);
    if (event.kind == EventKind::data) add(event, event.data);
    if (event.kind == EventKind::message)
      add(event, fmt::format("{}{} {}", arrow, event.opcode, event.opcode == 1 ? event.data : data));
    if (event.kind == EventKind::close) add(event, fmt::format("{}close {} {}", arrow, event.code.value_or(0), event.reason));
  }
  if (exchange.end) add(*exchange.end, exchange.end->reason + " " + exchange.end->data);
  return out;
}

Lines show(const std::vector<Exchange>& exchanges) {
  Lines out;
  for (const Exchange& exchange : exchanges) out.push_back(show(exchange));
  return out;
}

/// "name: value" of each header.
std::string headers(const Json& message) {
  std::string out;
  for (const Json& header : message["headers"].as_array())
    out += fmt::format("{}: {}|", header["name"].string_or(""), header["value"].string_or(""));
  return out;
}

constexpr std::pair<const char*, const char*> kSamples[] = {
    {"cdp", "shop.cdp.ndjson"}, {"netlog", "shop.netlog.json"}, {"tshark", "shop.ek.ndjson"}};

}  // namespace

TEST_CASE("cdp: redirects, bodies that were asked for, failures, event streams and WebSockets") {
  const std::string text = sample("shop.cdp.ndjson");
  const Read log = read("cdp", text, {}, 7);
  CHECK(log.errors == Lines{});
  CHECK(log.rules == Lines{"cdp-events-body"});
  CHECK(
      show(log.exchanges) ==
      Lines{"GET https://shop.test/old 302|100 head|200 eof ", "GET https://shop.test/ 200|200 head|210 <p>ä|300 </p>..|300 eof ",
            "GET https://shop.test/gone 0|100 error net::ERR_CONNECTION_REFUSED",
            std::string("POST https://shop.test/cart 201|300 head|300 ") + std::string("\0\1\xFF", 3) + "|300 eof ",
            "GET wss://shop.test/chat 101|10 head|90 >1 hi é|140 <2 AP8=|790 eof ",
            "GET https://shop.test/prices 200|100 head|200 id: 1\ndata: 10\n\n|400 event: price\nid: 2\ndata: 11\n\n|500 eof "});
  REQUIRE(log.exchanges.size() == 6);
  const Exchange& old = log.exchanges[0];
  CHECK(stream::format_iso8601(*old.start) == "2027-01-15T08:00:00.250Z");
  // Of the extra information: as they were on the wire.
  CHECK(headers(old.request->object) == "Accept: text/html|Cookie: id=7|Host: shop.test|");
  CHECK(headers(old.response->object) == "Location: /|Set-Cookie: a=1; Path=/|Set-Cookie: b=2|");
  CHECK(old.request->entry["serverIPAddress"] == Json("::1"));
  CHECK(old.request->entry["connection"] == Json("12"));
  CHECK(to_json(old.response->timings) == R"({"blocked":10,"dns":5,"connect":20,"send":1,"wait":64,"ssl":15})");
  CHECK(log.exchanges[1].request->object["httpVersion"] == Json("HTTP/2"));
  CHECK(log.exchanges[3].request->object["postData"]["text"] == Json("{\"n\":1}"));
  CHECK(log.exchanges[4].kind() == stream::StreamKind::websocket);
}

TEST_CASE("cdp: a body that the browser has decoded is not decoded again") {
  const Read log = read("cdp", sample("shop.cdp.ndjson"));
  const Json entry = to_entry(log.exchanges.at(1));
  CHECK(entry["response"]["content"]["text"] == Json("<p>ä</p>.."));
  CHECK(entry["response"]["content"]["compression"] == Json(2));
  CHECK(entry["response"]["bodySize"] == Json(9));
  // Brotli has no signature, and what begins so can be it.
  const std::string text =
      R"({"method":"Network.requestWillBeSent","params":{"requestId":"1","request":{"url":"https://a/","method":"GET","headers":{}},"timestamp":1,"wallTime":1800000000}}
{"method":"Network.responseReceived","params":{"requestId":"1","timestamp":1,"response":{"status":200,"headers":{"content-encoding":"br"},"protocol":"h2"}}}
{"method":"Network.loadingFinished","params":{"requestId":"1","timestamp":1}}
{"method":"Network.getResponseBody","params":{"requestId":"1"},"result":{"body":"{;","base64Encoded":false}})";
  const Read short_one = read("cdp", text);
  REQUIRE(short_one.exchanges.size() == 1);
  CHECK(to_entry(short_one.exchanges[0])["response"]["content"]["text"] == Json("{;"));
}

TEST_CASE("cdp: arrays, what chromedriver wraps, and lines of others") {
  const std::string text = sample("shop.cdp.ndjson");
  const Lines expected = show(read("cdp", text).exchanges);
  std::string array = "[{},\n";
  std::string wrapped;
  std::string pretty;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    const std::string line = text.substr(at, end - at);
    array += line + (end + 1 == text.size() ? "]" : ",");
    Json outer = Json::object();
    outer.set("level", "INFO");
    outer.set("message", R"({"message":)" + line + R"(,"webview":"X"})");
    wrapped += to_json(outer) + "\n{\"method\":\"Page.loadEventFired\",\"params\":{\"timestamp\":1}}\n";
    pretty += to_json(*stream::parse_json(line), {2, 0}) + "\n";
    at = end + 1;
  }
  CHECK(show(read("cdp", array, {}, 11).exchanges) == expected);
  CHECK(show(read("cdp", wrapped).exchanges) == expected);
  CHECK(show(read("cdp", pretty).exchanges) == expected);
  for (const std::string& each : {text, array, wrapped, pretty}) CHECK(find_format("cdp")->sniff(each) >= 90);
}

TEST_CASE("cdp: what is missing is said") {
  const auto events = [](std::string_view more) {
    return R"({"method":"Network.requestWillBeSent","params":{"requestId":"1","request":{"url":"http://a/","method":"POST","headers":{},"hasPostData":true},"timestamp":5,"type":"Fetch"}}
{"method":"Network.responseReceived","params":{"requestId":"1","timestamp":6,"response":{"status":200,"headers":{}}}}
)" + std::string(more);
  };
  const Read open =
      read("cdp", events(R"({"method":"Network.dataReceived","params":{"requestId":"1","timestamp":7,"dataLength":3}}
{"method":"Network.dataReceived","params":{"requestId":"nobody","timestamp":7,"dataLength":3}})"));
  CHECK(open.rules == Lines{"cdp-no-clock", "cdp-no-post-data", "cdp-no-body", "cdp-no-request"});
  REQUIRE(open.exchanges.size() == 1);
  CHECK_FALSE(open.exchanges[0].end);
  const Read broken = read("cdp", events("{\"method\":\"Network.loadingFinished\",}\nnot JSON\n{\"method\":\"Network.load"));
  CHECK(broken.errors.size() == 2);
  CHECK(broken.errors.at(1) == "log:4: expected an event of the DevTools protocol, an object");
  CHECK(broken.rules.at(0) == "cdp-cut");
  CHECK(broken.exchanges.size() == 1);
  // A text that was converted from windows-1252 is the octets again that came; of another charset it has one time.
  const auto body = [&](std::string_view text, int size) {
    const Read log =
        read("cdp",
             events(fmt::format(R"({{"method":"Network.dataReceived","params":{{"requestId":"1","timestamp":7,"dataLength":{}}}}}
{{"method":"Network.loadingFinished","params":{{"requestId":"1","timestamp":8}}}}
{{"id":1,"method":"Network.getResponseBody","params":{{"requestId":"1"}}}}
{{"id":1,"result":{{"body":"{}","base64Encoded":false}}}})",
                                size, text)));
    return body_of(log.exchanges.at(0));
  };
  CHECK(body("â‚¬ Ã©", 6) == "€ é");
  CHECK(body("\u0436", 1) == "\u0436");
  CHECK(body("gr\u00FC\u00DF", 4) == "gr\xFC\xDF");
}

TEST_CASE("cdp: no more is held than --max-entry") {
  std::string text;
  for (int i = 0; i < 200; ++i) {
    text += fmt::format(
        R"({{"method":"Network.requestWillBeSent","params":{{"requestId":"{}","request":{{"url":"http://a/","method":"GET","headers":{{}}}},"timestamp":5,"wallTime":1800000000}}}})"
        "\n",
        i);
  }
  stream::Limits limits;
  limits.max_entry = 100'000;
  const Read log = read("cdp", text, limits);
  REQUIRE(log.errors.size() == 1);
  CHECK(log.errors[0].find("requests that are open at the same time hold more than 100000 bytes") != std::string::npos);
}

TEST_CASE("netlog: redirects, decoded bodies, request bodies and WebSockets out of the sockets' bytes") {
  const Read log = read("netlog", sample("shop.netlog.json"), {}, 13);
  CHECK(log.errors == Lines{});
  CHECK(log.rules == Lines{});
  CHECK(show(log.exchanges) ==
        Lines{"GET https://shop.test/old 302|50 head|52 eof ", "GET https://shop.test/ 200|48 head|49 <p>ä|88 </p>..|98 eof ",
              std::string("POST https://shop.test/cart 201|106 head|116 ") + std::string("\0\1\xFF", 3) + "|117 eof ",
              "GET https://gone.test/ 0|11 error net::ERR_NAME_NOT_RESOLVED",
              "GET wss://shop.test/chat 101|10 head|10 <1 hé|20 >2 AP8=|30 >close 1000 bye|40 <close 1000 bye|40 eof "});
  REQUIRE(log.exchanges.size() == 5);
  CHECK(log.exchanges[2].request->object["postData"]["text"] == Json("{\"n\":1}"));
  CHECK(headers(log.exchanges[0].response->object) == "Location: /|Set-Cookie: a=1|Set-Cookie: b=2|");
  CHECK(log.exchanges[0].request->entry["serverIPAddress"] == Json("192.0.2.7"));
  CHECK(to_entry(log.exchanges[1])["response"]["content"]["text"] == Json("<p>ä</p>.."));
  CHECK(log.exchanges[1].request->object["httpVersion"] == Json("HTTP/2"));
  CHECK(stream::format_iso8601(*log.exchanges[0].start) == "2027-01-15T08:00:00.000Z");
  REQUIRE(log.info.log.size() == 1);
  CHECK(log.info.log[0].value["version"] == Json("156.0"));
}

TEST_CASE("netlog: what is missing is said") {
  const std::string text = sample("shop.netlog.json");
  CHECK(read("netlog", "").errors.at(0) == "log:1: expected a NetLog, found the end of the input");
  CHECK(read("netlog", "[]").errors.at(0) == "log:1: expected a NetLog, an object");
  CHECK(read("netlog", "{}").errors.at(0) == "log:1: the NetLog has no \"constants\"");
  CHECK(read("netlog", "{\"events\":[").errors.at(0) == "log:1: the events of the NetLog come before its \"constants\"");
  CHECK(read("netlog", "{\"constants\":{}}").errors.at(0).find("has no logEventTypes") != std::string::npos);
  const Read cut = read("netlog", std::string_view(text).substr(0, text.find("POST /cart")));
  CHECK(cut.rules == Lines{"netlog-cut"});
  CHECK(cut.exchanges.size() == 3);
  CHECK_FALSE(cut.exchanges.back().end);
  std::string broken = text;
  broken.replace(broken.find("\"FAILED\""), 8, "\"FAILED\"");
  broken.insert(broken.find("{\"params\":{\"net_error\":-105}"), "{\"params\":},\n17,\n");
  const Read around = read("netlog", broken);
  CHECK(around.errors.size() == 2);
  CHECK(around.exchanges.size() == 5);
  // Without the bytes, as the default capture mode has it.
  std::string bare;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t found = std::min(text.find("\"bytes\":\"", at), text.size());
    bare += text.substr(at, found - at);
    at = found == text.size() ? found : text.find('"', found + 9) + 1;
    if (found < text.size()) bare += "\"x\":0";
  }
  const Read stripped = read("netlog", bare);
  CHECK(stripped.rules == Lines{"netlog-no-body", "netlog-no-post-data", "netlog-no-body", "netlog-no-messages"});
}

TEST_CASE("tshark: HTTP/1 and HTTP/2, chunks with their times, compressed messages") {
  const Read log = read("tshark", sample("shop.ek.ndjson"), {}, 17);
  CHECK(log.errors == Lines{});
  CHECK(log.rules == Lines{});
  const auto shown = show(log.exchanges);
  REQUIRE(shown.size() == 5);
  CHECK(shown[0] == std::string("GET http://shop.test/a?x=1 200|10 head|10 ") + std::string("\0\1", 2) + "|30.000001 \xFF" +
                        "abc|30.000001 eof ");
  CHECK(shown[1] == "POST https://shop.test/events 200|10 head|20 data: a\n\n|40 data: ä\n\n|40 eof ");
  CHECK(shown[3] == "GET wss://shop.test/chat 101|10 head|20 >1 hello é|20 >1 hello é|40 <2 AP8B|50 <close 1000 bye");
  CHECK(shown[4] == "GET http://shop.test/open 0");
  CHECK(headers(log.exchanges[0].response->object) ==
        "Content-Type: application/octet-stream|Set-Cookie: a=1|Set-Cookie: b=2|Content-Length: 6|");
  CHECK(log.exchanges[1].request->object["postData"]["text"] == Json("{\"n\":1}"));
  CHECK(log.exchanges[0].request->entry["serverIPAddress"] == Json("192.0.2.7"));
  const Exchange& second = log.exchanges[2];
  CHECK(to_entry(second)["response"]["content"]["text"] == Json("over h2"));
  CHECK(second.timeline.size() == 2);
  CHECK(second.end->trailers.as_array().size() == 1);
  CHECK(second.url() == "https://shop.test/h2");
}

TEST_CASE("tshark: fields in other spellings, and bodies that are text") {
  const auto response = [](std::string_view fields) {
    return fmt::format(
        R"({{"timestamp":"1800000000000","layers":{{"tcp_stream":["0"],"tcp_srcport":["5000"],"ip_src":["192.0.2.1"],"http_request_method":["GET"],"http_request_full_uri":["http://a/b"],"http_request_line":["Host: a\r\n"]}}}}
{{"timestamp":"1800000000250","layers":{{"tcp_stream":["0"],"tcp_srcport":["80"],"ip_src":["192.0.2.2"],"http_response_code":["200"],"http_response_phrase":["OK"],"http_response_line":["X: y\r\n"],{}}}}}
)",
        fields);
  };
  // As -e has them.
  const Read text = read("tshark", response(R"("http_content_length_header":["5"],"http_file_data":["hello"])"));
  CHECK(text.rules == Lines{});
  CHECK(show(text.exchanges) == Lines{"GET http://a/b 200|250 head|250 hello|250 eof "});
  CHECK(show(read("tshark", response(R"("http_content_length_header":["3"],"http_file_data":["00:ff:41"])")).exchanges) ==
        Lines{std::string("GET http://a/b 200|250 head|250 ") + std::string("\0\xFF", 2) + "A|250 eof "});
  CHECK(body_of(read("tshark", response(R"("http_content_length_header":["5"],"http_file_data":["61:62"])")).exchanges.at(0)) ==
        "61:62");
  const Read damaged = read("tshark", response(R"("http_content_length_header":["9"],"http_file_data":["a\ufffd"])"));
  CHECK(damaged.rules == Lines{"tshark-body-text"});
  const Read broken = read("tshark", "{\"index\":{}}\nnot JSON\n{\"layers\":3}\n" + response(R"("http_file_data":["x"])") +
                                         "{\"timestamp\":\"1\",\"lay");
  CHECK(broken.errors.size() == 2);
  CHECK(broken.errors.at(1) == "log:3: expected a packet, an object with \"layers\"");
  CHECK(broken.rules == Lines{"tshark-cut"});
  CHECK(broken.exchanges.size() == 1);
}

TEST_CASE("logs: every cut is read to its end, and what came before it is as it is without") {
  for (const auto& [format, name] : kSamples) {
    const std::string text = sample(name);
    const auto whole = read(format, text).exchanges.size();
    for (std::size_t cut = 0; cut < text.size(); ++cut) {
      INFO(format << " cut at " << cut);
      const Read log = read(format, std::string_view(text).substr(0, cut));
      CHECK(log.exchanges.size() <= whole + 1);
      CHECK(log.errors.size() <= 1);
    }
  }
}

TEST_CASE("logs: each is found by its content, and no other format is taken for one") {
  for (const auto& [format, name] : kSamples) {
    for (const auto& [other, file] : kSamples) {
      const int score = find_format(format)->sniff(sample(file));
      INFO(format << " and " << file);
      CHECK((score >= 90) == (std::string_view(format) == other));
    }
    for (const char* const file : {"shop.har", "chat-llm.rec.ndjson", "orders.mocks.json", "prices.ws-mocks.json"}) {
      INFO(format << " and " << file);
      CHECK(find_format(format)->sniff(sample(file)) == 0);
    }
    for (const std::string_view text :
         {"", "{", "[", "{}", "[]", "null", "{\"id\":1}", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"Network.\"}"}) {
      CHECK(find_format(format)->sniff(text) == 0);
    }
  }
}

TEST_CASE("logs: another file is refused once, whatever it is") {
  for (const auto& [format, name] : kSamples) {
    for (const char* const file : {"shop.har", "chat-llm.rec.ndjson", "orders.mocks.json"}) {
      INFO(format << " and " << file);
      const Read log = read(format, sample(file));
      CHECK(log.errors.size() == 1);
      CHECK(log.exchanges.empty());
    }
  }
}

TEST_CASE("logs: a HAR of them comes back the same from a recording of it") {
  for (const auto& [format, name] : kSamples) {
    INFO(format);
    const test::Converted har = test::convert(sample(name), format, "har");
    CHECK(har.errors == Lines{});
    const test::Converted recording = test::convert(har.text, "har", "recording");
    const test::Converted again = test::convert(recording.text, "recording", "har");
    CHECK(test::entries_of(again.text) == test::entries_of(har.text));
    const test::Converted direct = test::convert(sample(name), format, "recording");
    CHECK(test::entries_of(test::convert(direct.text, "recording", "har").text) == test::entries_of(har.text));
  }
}

TEST_CASE("chunks of waterfall-tools say how long they were when they were decoded") {
  const auto pieces = [](std::string_view chunks) {
    const std::string text =
        R"({"log":{"entries":[{"startedDateTime":"2026-11-22T09:00:01.000Z","time":500,"request":{"method":"GET","url":"http://a/"},"response":{"status":200,"content":{"size":6,"mimeType":"text/plain","text":"abcdef"}},"cache":{},"timings":{"send":0,"wait":200,"receive":300},"_chunks":)" +
        std::string(chunks) + "}]}}";
    auto entry = test::entries_of(text).at(0);
    const auto exchange = to_exchange(entry, {});
    REQUIRE(exchange);
    CHECK(to_entry(*exchange) == entry);
    std::string out;
    for (const Event& event : exchange->timeline) out += event.data + "|";
    return out;
  };
  CHECK(pieces(
            R"([{"ts":149,"bytes":100,"inflated":1},{"ts":163,"bytes":100,"inflated":4},{"ts":180,"bytes":100,"inflated":1}])") ==
        "a|bcde|f|");
  CHECK(pieces(R"([{"ts":149,"bytes":4,"inflated":5},{"ts":163,"bytes":1}])") == "abcde|f|");
  // The decoder still had some.
  CHECK(pieces(R"([{"ts":149,"bytes":100,"inflated":1},{"ts":163,"bytes":100,"inflated":2}])") == "a|bcdef|");
  // More than there is: by the wire's.
  CHECK(pieces(R"([{"ts":149,"bytes":100,"inflated":10},{"ts":163,"bytes":200,"inflated":20}])") == "ab|cdef|");
  CHECK(pieces(R"([{"ts":149,"bytes":0,"inflated":0},{"ts":163,"bytes":0}])") == "abcdef|");
}
