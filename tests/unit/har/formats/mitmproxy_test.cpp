#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

#include "conversion.hpp"
#include "formats/mitmproxy/tnetstring.hpp"
#include "har/exchange.hpp"
#include "mitmproxy_flows.hpp"
#include "stream/text/base64.hpp"

using namespace har;
using namespace har::test;
using stream::Json;

namespace {

using Lines = std::vector<std::string>;

struct Read {
  std::vector<Json> entries;
  Lines errors;
  Lines findings;
};

Read read(std::string_view bytes, stream::Limits limits = {}, std::size_t step = 7) {
  Read out;
  const auto source = stream::memory_source(bytes, "x.mitm", step);
  const auto reader = find_format("mitmproxy")->open_reader(*source, {limits, [&](const stream::Finding& finding) {
                                                                        out.findings.push_back(to_string(finding));
                                                                      }});
  for (;;) {
    auto item = reader->next();
    if (!item) {
      out.errors.push_back(to_string(item.error()));
      if (reader->can_continue()) continue;
      return out;
    }
    if (!*item) return out;
    REQUIRE((*item)->index == out.entries.size());
    auto json = stream::parse_json((*item)->text);
    REQUIRE(json);
    out.entries.push_back(std::move(*json));
  }
}

Json only(const Read& read) {
  REQUIRE(read.errors == Lines{});
  REQUIRE(read.entries.size() == 1);
  return read.entries[0];
}

Json json(std::string_view text) {
  auto parsed = stream::parse_json(text);
  REQUIRE(parsed);
  return *parsed;
}

/// Without what its id says, so that those of different flows are alike.
std::string shown(const Json& value) { return to_json(value); }

std::string log_of(std::string_view entry) { return R"({"log":{"version":"1.2","entries":[)" + std::string(entry) + "]}}"; }

/// A HAR of one entry as a flow and as a HAR again.
Json there_and_back(const std::string& entry, Lines* findings = nullptr) {
  const Converted flow = convert(log_of(entry), "har", "mitmproxy");
  REQUIRE(flow.errors == Lines{});
  if (findings != nullptr) *findings = flow.findings;
  return only(read(flow.text));
}

flows::Options websocket_flow() {
  flows::Options options;
  options.status = 101;
  options.response_headers = flows::list({flows::pair("Upgrade", "websocket")});
  options.response_content = flows::octets("");
  options.websocket =
      flows::websocket({flows::message(true, 1, "hello", "1700000001.5"),
                        flows::message(false, 2, std::string_view("\0\xFF", 2), "1700000002.5000002", true, true)});
  return options;
}

}  // namespace

TEST_CASE("a flow becomes an entry with its times, its addresses and what only flows have") {
  const Json entry = only(read(flows::flow()));
  CHECK(entry["startedDateTime"].string_or("") == "2023-11-14T22:13:20.000Z");
  CHECK(entry["time"].number_or(0) == 300);
  CHECK(shown(entry["timings"]) == R"({"blocked":-1,"dns":-1,"connect":-1,"ssl":-1,"send":100,"wait":100,"receive":100})");
  CHECK(entry["request"]["url"].string_or("") == "https://example.com/ws?x=1");
  CHECK(shown(entry["request"]["headers"]) ==
        R"([{"name":"Host","value":"example.com"},{"name":"X-A","value":"1"},{"name":"x-a","value":"2"}])");
  CHECK(shown(entry["request"]["queryString"]) == R"([{"name":"x","value":"1"}])");
  CHECK(shown(entry["response"]["cookies"]) == R"([{"name":"a","value":"1","path":"/"},{"name":"b","value":"2"}])");
  CHECK(shown(entry["response"]["content"]) == R"({"size":5,"mimeType":"text/plain","text":"hello"})");
  CHECK(entry["serverIPAddress"].string_or("") == "93.184.216.34");
  CHECK(entry["_serverPort"].int_or(0) == 443);
  CHECK(entry["_clientAddress"].string_or("") == "127.0.0.1:50000");
  CHECK(entry["connection"].string_or("") == "s1");
  CHECK(entry["comment"].string_or("") == "seen");
  CHECK(entry.find("_error") == nullptr);
  CHECK(entry.find("_incomplete") == nullptr);
  const Json& rest = entry["_mitmproxy"];
  CHECK(rest["id"].string_or("") == "f1");
  CHECK(rest["marked"].string_or("") == ":default:");
  CHECK(shown(rest["server_conn"]["certificate_list"]) == R"(["PEM"])");
  CHECK(rest["server_conn"]["timestamp_start"].number_text() == "1699999999.25");
  CHECK(rest["client_conn"]["sni"].string_or("") == "example.com");
}

TEST_CASE("flows of all versions say the same") {
  const Json newest = only(read(flows::flow({.version = 21})));
  for (int version = 4; version <= 21; ++version) {
    INFO(version);
    flows::Options options;
    options.version = version;
    Json entry = only(read(flows::flow(options)));
    if (version < 14) {
      CHECK(entry.find("comment") == nullptr);
      Json all = Json::object();
      for (const stream::JsonMember& member : entry.as_object()) {
        all.set(member.name, member.value);
        if (member.name == "connection" || (version < 5 && member.name == "_serverPort")) {
          if (version < 5) all.set("connection", "s1");
          all.set("comment", "seen");
        }
      }
      entry = all;
    }
    if (version < 5) entry.find("_mitmproxy")->find("client_conn")->set("id", "c1");
    // Members of connections stand in the order of the file.
    const auto sorted = [](Json value) {
      for (const char* side : {"client_conn", "server_conn"}) {
        Json::Object& members = value.find("_mitmproxy")->find(side)->as_object();
        std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
      }
      return value;
    };
    CHECK(shown(sorted(entry)) == shown(sorted(newest)));
  }
}

TEST_CASE("keys and text of Python 2, pairs of numbers for versions, and the names of then are understood") {
  using namespace flows;
  const std::string request = dict({{"form_in", octets("relative")},
                                    {"httpversion", list({integer(1), integer(0)})},
                                    {"host", octets("example.com")},
                                    {"port", integer(80)},
                                    {"scheme", octets("http")},
                                    {"method", octets("GET")},
                                    {"path", octets("/")},
                                    {"headers", list({pair("Host", "example.com")})},
                                    {"content", octets("")},
                                    {"timestamp_start", integer(1468014850)},
                                    {"timestamp_end", real("1468014850.25")}},
                                   ',');
  const std::string response = dict({{"httpversion", list({integer(1), integer(1)})},
                                     {"code", integer(200)},
                                     {"msg", octets("OK")},
                                     {"headers", list({})},
                                     {"body", octets("hi")},
                                     {"timestamp_start", real("1468014850.5")},
                                     {"timestamp_end", real("1468014851.0")}},
                                    ',');
  const std::string address = dict({{"address", list({octets("127.0.0.1"), integer(56104)})}, {"use_ipv6", boolean(false)}}, ',');
  const Json entry = only(read(dict({{"type", octets("http")},
                                     {"version", list({integer(0), integer(13)})},
                                     {"id", octets("f0")},
                                     {"request", request},
                                     {"response", response},
                                     {"error", dict({{"msg", octets("broken")}, {"timestamp", real("1468014851.0")}}, ',')},
                                     {"client_conn", dict({{"address", address}, {"clientcert", octets("CERT")}}, ',')},
                                     {"server_conn", dict({{"peer_address", address}, {"cert", null()}}, ',')}},
                                    ',')));
  CHECK(entry["request"]["httpVersion"].string_or("") == "HTTP/1.0");
  CHECK(entry["response"]["status"].int_or(0) == 200);
  CHECK(entry["response"]["statusText"].string_or("") == "OK");
  CHECK(entry["response"]["content"]["text"].string_or("") == "hi");
  CHECK(entry["_error"].string_or("") == "broken");
  CHECK(entry["_clientAddress"].string_or("") == "127.0.0.1:56104");
  CHECK(entry["serverIPAddress"].string_or("") == "127.0.0.1");
  CHECK(shown(entry["_mitmproxy"]["client_conn"]["certificate_list"]) == R"(["CERT"])");
}

TEST_CASE("a WebSocket has its messages, who dropped or made one, and how it was closed") {
  const Json entry = only(read(flows::flow(websocket_flow())));
  CHECK(entry["request"]["url"].string_or("") == "wss://example.com/ws?x=1");
  CHECK(entry["_resourceType"].string_or("") == "websocket");
  CHECK(shown(entry["_webSocketMessages"]) ==
        R"([{"type":"send","time":1700000001.5,"opcode":1,"data":"hello"},)"
        R"({"type":"receive","time":1700000002.5000002,"opcode":2,"data":"AP8=","_mocked":true,"_dropped":true}])");
  CHECK(shown(entry["_webSocketClose"]) ==
        "{\"code\":4001,\"reason\":\"bye \xC3\xA9\",\"timestamp\":1700000003.25,\"dir\":\"send\"}");
  CHECK(entry["time"].number_or(0) == 3250);
}

TEST_CASE("messages of the versions before 12 come to their handshake, whatever stands between") {
  flows::Options options = websocket_flow();
  options.version = 7;
  options.metadata = flows::dict({{"websocket", flows::boolean(true)}});
  const Lines messages{flows::message(true, 1, "hello", "1700000001.5", false, false, 7)};
  flows::Options between;
  between.version = 7;
  between.id = "f2";
  const Read got = read(flows::flow(options) + flows::flow(between) + flows::old_websocket(options, "f1", messages));
  CHECK(got.errors == Lines{});
  REQUIRE(got.entries.size() == 2);
  CHECK(got.entries[0]["_mitmproxy"]["id"].string_or("") == "f2");
  CHECK(got.entries[1]["_mitmproxy"]["id"].string_or("") == "f1");
  CHECK(got.entries[1]["_webSocketMessages"].as_array().size() == 1);
  CHECK(got.entries[1]["_webSocketClose"]["code"].int_or(0) == 4001);
  CHECK(got.findings == Lines{});

  SECTION("a handshake without messages is not lost, also where the file is cut") {
    const Read cut = read(flows::flow(options) + "100:x");
    CHECK(cut.entries.size() == 1);
    CHECK(cut.errors == Lines{"x.mitm: byte " + std::to_string(flows::flow(options).size()) + ": the input ends inside a flow"});
  }
  SECTION("messages without a handshake get one") {
    const Read alone = read(flows::old_websocket(options, "gone", messages));
    const Json entry = only(alone);
    CHECK(entry["request"]["url"].string_or("") == "wss://example.com/");
    CHECK(entry["_webSocketMessages"].as_array().size() == 1);
    CHECK(alone.findings ==
          Lines{"x.mitm: byte 0: warning: there is no flow with the handshake of these messages; its request is made "
                "up [mitmproxy-handshake]"});
  }
}

TEST_CASE("a flow without an answer, with an error, or still on its way says so") {
  flows::Options options;
  options.response = false;
  const Json open = only(read(flows::flow(options)));
  CHECK(open["_incomplete"].bool_or(false));
  CHECK(open["response"]["status"].int_or(-1) == 0);
  options.error = flows::dict({{"msg", flows::text("Connection killed.")}, {"timestamp", flows::real("1700000000.5")}});
  const Json failed = only(read(flows::flow(options)));
  CHECK(failed["_error"].string_or("") == "Connection killed.");
  CHECK(failed.find("_incomplete") == nullptr);
  CHECK(failed["time"].number_or(0) == 500);
}

TEST_CASE("an answer of server replay is one that was mocked, there and back") {
  std::string flow = flows::flow();
  // The member that says it, and the length around it, are longer by 7 octets.
  flow = flow.substr(flow.find(':') + 1, flow.size() - flow.find(':') - 2);
  flow.replace(flow.find("9:is_replay;0:~"), 15, "9:is_replay;8:response;");
  const Json entry = only(read(flows::value('}', flow)));
  CHECK(entry["_mocked"].bool_or(false));
  CHECK(there_and_back(to_json(entry))["_mocked"].bool_or(false));
}

TEST_CASE("an entry that is none of HTTP is left out, and one that says nothing of a scheme is taken for HTTP") {
  const auto entry = [](std::string_view url) {
    return R"({"startedDateTime":"2026-11-22T09:15:30.000Z","time":1,"request":{"method":"GET","url":")" + std::string(url) +
           R"(","httpVersion":"HTTP/1.1","cookies":[],"headers":[{"name":"Host","value":"e.test:81"}],"queryString":[],"headersSize":-1,)"
           R"("bodySize":0},"response":{"status":200,"statusText":"","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"content":)"
           R"({"size":0,"mimeType":""},"redirectURL":"","headersSize":-1,"bodySize":0},"cache":{},"timings":{"send":0,"wait":1,"receive":0}})";
  };
  const Converted none = convert(log_of(entry("data:text/plain,x")), "har", "mitmproxy");
  CHECK(none.text.empty());
  CHECK(none.findings ==
        Lines{"x.har:1:36: /log/entries/0: warning: the entry is left out: a flow is of HTTP, and this is of data: "
              "[lost-entry]"});
  CHECK(there_and_back(entry("/a?b"))["request"]["url"].string_or("") == "http://e.test:81/a?b");
  Lines findings;
  CHECK(there_and_back(entry("http://me:pw@e.test:81/a#b"), &findings)["request"]["url"].string_or("") == "http://e.test:81/a");
  CHECK(findings.size() == 2);
}

TEST_CASE("bodies are as the program saw them, octets stay, and what was not stored is not empty") {
  flows::Options options;
  std::string packed;
  {
    const auto sink = stream::compress(stream::string_sink(packed), stream::Compression::gzip);
    REQUIRE((*sink)->write("some text, some text, some text, some text, some text"));
    REQUIRE((*sink)->finish());
  }
  options.response_headers = flows::list({flows::pair("Content-Encoding", "gzip")});
  options.response_content = flows::octets(packed);
  const Json coded = only(read(flows::flow(options)));
  CHECK(coded["response"]["content"]["text"].string_or("").substr(0, 10) == "some text,");
  CHECK(coded["response"]["bodySize"].int_or(0) == static_cast<std::int64_t>(packed.size()));
  CHECK(coded["response"]["content"]["compression"].int_or(0) == 53 - static_cast<std::int64_t>(packed.size()));

  options.response_content = flows::octets(packed.substr(0, 20));
  const Read broken = read(flows::flow(options));
  CHECK(broken.findings.size() == 1);
  CHECK(broken.findings[0].find("[mitmproxy-coding]") != std::string::npos);
  CHECK(stream::base64_decode(only(broken)["response"]["content"]["text"].string_or("")) == packed.substr(0, 20));

  options.response_headers = flows::list({});
  options.response_content = flows::octets(std::string_view("\0\xFF\x01", 3));
  CHECK(shown(only(read(flows::flow(options)))["response"]["content"]) ==
        R"({"size":3,"mimeType":"x-unknown","text":"AP8B","encoding":"base64"})");

  options.response_content = flows::null();
  const Json unknown = only(read(flows::flow(options)));
  CHECK(unknown["response"]["content"]["size"].int_or(0) == -1);
  CHECK(unknown["response"]["bodySize"].int_or(0) == -1);
  CHECK(unknown["_mitmproxy"]["response"].find("content") != nullptr);
}

TEST_CASE("a flow is the same after it was a HAR") {
  flows::Options latin;
  latin.request_headers = flows::list({flows::pair("Host", "example.com"), flows::pair("X-Name", "caf\xE9")});
  latin.path = "/caf\xE9";
  flows::Options missing;
  missing.response_content = flows::null();
  missing.request_content = flows::null();
  flows::Options error;
  error.error = flows::dict({{"msg", flows::text("reset by peer")}, {"timestamp", flows::real("1700000000.25")}});
  flows::Options metadata;
  metadata.metadata =
      flows::dict({{"a", flows::list({flows::real("1.5"), flows::integer(2), flows::boolean(true), flows::null()})},
                   {"b", flows::octets("\xFF")},
                   {"c", flows::dict({{"d", flows::text("\xC3\xA9")}})}});
  flows::Options asterisk;
  asterisk.path = "*";
  flows::Options unanswered;
  unanswered.response = false;
  flows::Options empty;
  empty.response_content = flows::octets("");
  flows::Options binary;
  binary.request_content = flows::octets(std::string_view("\0\xFE", 2));
  for (const flows::Options& options :
       {flows::Options(), websocket_flow(), latin, missing, error, metadata, asterisk, unanswered, empty, binary}) {
    const std::string flow = flows::flow(options);
    const Read first = read(flow);
    const Converted har = convert(flow, "mitmproxy", "har");
    REQUIRE(har.errors == Lines{});
    const Converted again = convert(har.text, "har", "mitmproxy");
    CHECK(again.errors == Lines{});
    CHECK(again.findings == Lines{});
    const auto sorted = [](Json value) {
      for (const char* side : {"client_conn", "server_conn"}) {
        Json::Object& members = value.find("_mitmproxy")->find(side)->as_object();
        std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
      }
      return value;
    };
    CHECK(shown(sorted(only(read(again.text)))) == shown(sorted(only(first))));
  }
  // The octets of a head that is no UTF-8.
  const Converted har = convert(flows::flow(latin), "mitmproxy", "har");
  CHECK(har.text.find("caf\xC3\xA9") != std::string::npos);
  CHECK(convert(har.text, "har", "mitmproxy").text.find("6:X-Name,4:caf\xE9,") != std::string::npos);
}

TEST_CASE("what a flow can hold of a HAR is the same after it was one") {
  const Json entry = json(R"({"startedDateTime":"2026-11-22T09:15:30.123456Z","time":45.5,
    "request":{"method":"POST","url":"https://api.example.test:8443/a/b?x=1&y=%20","httpVersion":"h2","cookies":[],
      "headers":[{"name":":method","value":"POST"},{"name":"x-a","value":"é"},{"name":"X-A","value":""}],
      "queryString":[{"name":"x","value":"1"},{"name":"y","value":" "}],
      "postData":{"mimeType":"","params":[],"text":"gA==","_encoding":"base64"},"headersSize":-1,"bodySize":1},
    "response":{"status":404,"statusText":"Not Found","httpVersion":"HTTP/1.1","cookies":[],
      "headers":[{"name":"Set-Cookie","value":"a=1\nb=2"}],"redirectURL":"","headersSize":-1,"bodySize":2,
      "content":{"size":2,"mimeType":"x-unknown","text":"é"}},
    "cache":{},"timings":{"blocked":1.5,"dns":-1,"connect":10,"ssl":4,"send":2,"wait":30,"receive":2},
    "serverIPAddress":"::1","connection":"77","comment":"mine"})");
  Lines findings;
  const Json back = there_and_back(to_json(entry), &findings);
  CHECK(findings == Lines{});
  for (const char* name : {"startedDateTime", "time", "timings", "serverIPAddress", "connection", "comment"})
    CHECK(back[name] == entry[name]);
  CHECK(back["request"]["url"] == entry["request"]["url"]);
  CHECK(back["request"]["method"] == entry["request"]["method"]);
  CHECK(back["request"]["httpVersion"].string_or("") == "HTTP/2");
  CHECK(shown(back["request"]["headers"]) == R"([{"name":"x-a","value":"é"},{"name":"X-A","value":""}])");
  CHECK(back["request"]["queryString"] == entry["request"]["queryString"]);
  CHECK(back["request"]["postData"] == entry["request"]["postData"]);
  CHECK(shown(back["response"]["headers"]) == R"([{"name":"Set-Cookie","value":"a=1"},{"name":"Set-Cookie","value":"b=2"}])");
  CHECK(back["response"]["content"] == entry["response"]["content"]);
  CHECK(back["response"]["statusText"] == entry["response"]["statusText"]);
}

TEST_CASE("what a flow has no place for is said") {
  Lines findings;
  there_and_back(
      R"({"startedDateTime":"2026-11-22T09:15:30.000Z","time":1,"pageref":"p","request":{"method":"GET","url":"ws://e.test/",
    "httpVersion":"HTTP/1.1","cookies":[],"headers":[{"name":"A","value":"b","comment":"why"}],"queryString":[],"headersSize":-1,"bodySize":0},
    "response":{"status":101,"statusText":"","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"content":{"size":0,"mimeType":""},
    "redirectURL":"","headersSize":-1,"bodySize":0},"cache":{},"timings":{"send":0,"wait":1,"receive":0},
    "_webSocketMessages":[{"type":"send","time":1795338931,"opcode":9,"data":""},{"type":"error","time":1795338931,"opcode":-1,"data":"x"}]})",
      &findings);
  const auto says = [&](std::string_view rule) {
    return std::any_of(findings.begin(), findings.end(), [&](const std::string& line) { return line.ends_with(rule); });
  };
  CHECK(says("[lost-pageref]"));
  CHECK(says("[lost-request-headers-comment]"));
  CHECK(says("[lost-_webSocketMessages-control]"));
  CHECK(says("[lost-_webSocketMessages-error]"));
  CHECK(findings.size() == 4);
}

TEST_CASE("a body is coded again as its head says, and its length is true") {
  const Converted flow = convert(log_of(R"({"startedDateTime":"2026-11-22T09:15:30.000Z","time":1,"request":{"method":"GET",
    "url":"http://e.test/","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"queryString":[],"headersSize":-1,"bodySize":0},
    "response":{"status":200,"statusText":"OK","httpVersion":"HTTP/1.1","cookies":[],
    "headers":[{"name":"content-encoding","value":"gzip"},{"name":"content-length","value":"9"}],
    "content":{"size":5,"mimeType":"text/plain","text":"hello"},"redirectURL":"","headersSize":-1,"bodySize":9},
    "cache":{},"timings":{"send":0,"wait":1,"receive":0}})"),
                                 "har", "mitmproxy");
  CHECK(flow.findings.size() == 1);
  CHECK(flow.findings[0].find("Content-Length was 9 and is ") != std::string::npos);
  const Json back = only(read(flow.text));
  CHECK(back["response"]["content"]["text"].string_or("") == "hello");
  CHECK(back["response"]["headers"].as_array()[1]["value"].string_or("") ==
        std::to_string(back["response"]["bodySize"].int_or(0)));
}

TEST_CASE("flows of other protocols are passed over, and that is said") {
  using namespace flows;
  const auto other = [&](std::string_view type) {
    return dict({{"version", integer(21)}, {"type", text(type)}, {"id", text("t")}, {"messages", list({})}});
  };
  const Read got = read(other("tcp") + other("udp") + other("dns") + flow() + other("x\xFF"));
  CHECK(got.errors == Lines{});
  CHECK(got.entries.size() == 1);
  REQUIRE(got.findings.size() == 4);
  CHECK(got.findings[0] == "x.mitm: byte 0: warning: a flow of type tcp is left out: it is no exchange of HTTP [lost-flow-tcp]");
  CHECK(got.findings[3].ends_with("[lost-flow-type]"));
}

TEST_CASE("however a file of flows is cut, the flows before are there and nothing else happens") {
  const std::string file = flows::flow() + flows::flow(websocket_flow());
  const std::size_t first = flows::flow().size();
  for (std::size_t size = 0; size <= file.size(); ++size) {
    const Read got = read(std::string_view(file).substr(0, size), {}, 100);
    const bool whole = size == 0 || size == first || size == file.size();
    if (got.errors.empty() != whole || got.entries.size() != (size >= first ? 1U : 0U) + (size == file.size() ? 1U : 0U)) {
      INFO(size);
      CHECK(false);
    }
  }
}

TEST_CASE("a flow that is broken inside costs itself, with the place of what is wrong") {
  using namespace flows;
  std::string broken = flow();
  const std::size_t at = broken.find("11:status_code;3:200#");
  broken.replace(at, 21, "11:status_code;3:200,");
  const Read got = read(flow() + broken + flow());
  CHECK(got.entries.size() == 2);
  CHECK(got.errors == Lines{"x.mitm: byte " + std::to_string(flow().size() + at + 17) +
                            ": /response/status_code: expected an integer, found octets"});
  // Every octet changed: an error or a flow, and the ones behind it stay if its length does.
  const std::string good = flow(websocket_flow());
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const char c : {'\0', '9', ':', '}', '\xFF'}) {
      std::string changed = good;
      changed[i] = c;
      const Read any = read(changed + good, {}, 100'000);
      if (i > 5 && i + 1 < good.size() && any.entries.empty()) {
        INFO(i);
        CHECK(false);
      }
    }
  }
}

TEST_CASE("lengths that lie cost no memory, and limits have their option") {
  CHECK(read("999999999999:").errors == Lines{"x.mitm: byte 0: the flow is of 999999999999 bytes, more than 268435456"});
  CHECK(read("268435456:abc").errors == Lines{"x.mitm: byte 0: the input ends inside a flow"});
  CHECK(read("9999999999999:").errors == Lines{"x.mitm: byte 0: expected a flow, its length and a colon"});
  CHECK(read("hello").errors == Lines{"x.mitm: byte 0: expected a flow, its length and a colon"});
  CHECK(read("12").errors == Lines{"x.mitm: byte 0: the input ends inside a flow"});
  CHECK(read("2:12#").errors == Lines{"x.mitm: byte 4: expected a dict, \"}\", where the flow of 2 bytes ends"});
  CHECK(read("0:}").errors == Lines{"x.mitm: byte 2: /version: expected the version of the flow, found nothing"});
  stream::Limits small;
  small.max_entry = flows::flow().size();
  flows::Options large;
  large.response_content = flows::octets(std::string(5000, 'x'));
  const Read got = read(flows::flow() + flows::flow(large) + flows::flow(), small);
  CHECK(got.entries.size() == 2);
  CHECK(got.errors.size() == 1);
}

TEST_CASE("what metadata hold is bounded in depth") {
  std::string deep = flows::null();
  for (int i = 0; i < 1000; ++i) deep = flows::list({deep});
  flows::Options options;
  options.metadata = flows::dict({{"deep", deep}});
  const Read got = read(flows::flow(options));
  CHECK(only(got)["_mitmproxy"]["metadata"] == Json::object());
  CHECK(got.findings.size() == 1);
}

TEST_CASE("a version that is not known yet is read with a warning") {
  flows::Options options;
  options.version = 30;
  const Read got = read(flows::flow(options) + flows::flow(options));
  CHECK(got.entries.size() == 2);
  CHECK(got.findings ==
        Lines{"x.mitm: byte 0: warning: version 30 is newer than those that are known, up to 21; it is read as that "
              "[mitmproxy-version]"});
}

TEST_CASE("times that are none, or not of this age, are not known") {
  for (const char* time : {"inf", "nan", "-1.0", "1e300", "99999999999999999999"}) {
    std::string flow = flows::flow();
    const std::string from = flows::real("1700000000.3");
    // The length of what is around it changes too.
    flows::Options options;
    options.websocket =
        flows::dict({{"messages", flows::list({flows::message(true, 1, "x", time)})}, {"timestamp_end", flows::real(time)}});
    const Json entry = only(read(flows::flow(options)));
    CHECK(entry["_webSocketMessages"].as_array()[0]["time"].number_text() == "1700000000.2");
  }
}

TEST_CASE("a file of flows is known by its first bytes") {
  const auto sniff = find_format("mitmproxy")->sniff;
  CHECK(sniff(flows::flow()) >= 90);
  CHECK(sniff(flows::flow().substr(0, 40)) >= 90);
  CHECK(sniff("") == 5);  // a file without flows, if it is named so
  for (const char* other :
       {"1", "12:", "5:hello,", R"({"log":{}})", "12:34:56 GET /", "1398:4:typo;4:http;", "100:7:version;x", "3:1:a,"})
    CHECK(sniff(other) == 0);
}

TEST_CASE("numbers are spelled as Python does") {
  const auto spelled = [](double number) {
    std::string out;
    format::mitm::put_float(out, number);
    return out;
  };
  CHECK(spelled(1700000000) == "12:1700000000.0^");
  CHECK(spelled(1693314240.7948081) == "18:1693314240.7948081^");
  CHECK(spelled(0) == "3:0.0^");
  CHECK(spelled(-0.0) == "4:-0.0^");
  CHECK(spelled(0.0001) == "6:0.0001^");
  CHECK(spelled(0.00001) == "5:1e-05^");
  CHECK(spelled(1.5e-7) == "7:1.5e-07^");
  CHECK(spelled(1e15) == "18:1000000000000000.0^");
  CHECK(spelled(1e16) == "5:1e+16^");
  CHECK(spelled(1e300) == "6:1e+300^");
  CHECK(spelled(std::strtod("inf", nullptr)) == "0:~");
}

TEST_CASE("files that mitmproxy has written are read, whole, and say what its own export says") {
  const char* corpus = std::getenv("HARTAPE_CORPUS");
  if (corpus == nullptr) {
    WARN("skipped: HARTAPE_CORPUS is not set");
    return;
  }
  std::size_t files = 0;
  std::size_t compared = 0;
  for (const auto& file : std::filesystem::directory_iterator(std::filesystem::path(corpus) / "mitm")) {
    INFO(file.path().filename().string());
    const auto input = open_source(file.path().string(), std::nullopt, {});
    REQUIRE(input);
    REQUIRE(input->format->name == "mitmproxy");
    const auto bytes = stream::read_all(*input->source, std::size_t{1} << 30);
    REQUIRE(bytes);
    const Read got = read(*bytes);
    CHECK(got.errors == Lines{});
    CHECK(!got.entries.empty());
    ++files;
    // Where there is mitmproxy's HAR of the same flows.
    std::string name = file.path().stem().string();
    const std::size_t at = name.find("data_flows_");
    if (at == std::string::npos) continue;
    const auto export_path =
        std::filesystem::path(corpus) / "har" / ("mitmproxy-savehar__mitmproxy-mitmproxy__" + name.substr(at + 11) + ".har");
    const auto theirs = open_source(export_path.string(), std::nullopt, {});
    if (!theirs) continue;
    const auto har = stream::read_all(*theirs->source, std::size_t{1} << 30);
    REQUIRE(har);
    const auto entries = entries_of(*har);
    REQUIRE(entries.size() == got.entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const Json& a = got.entries[i];
      const Json& b = entries[i];
      CHECK(a["request"]["method"] == b["request"]["method"]);
      std::string url(a["request"]["url"].string_or(""));
      if (url.starts_with("ws")) url.replace(0, 2, "http");
      CHECK(url == b["request"]["url"].string_or(""));
      CHECK(a["request"]["headers"] == b["request"]["headers"]);
      CHECK(a["response"]["status"] == b["response"]["status"]);
      CHECK(a["response"]["headers"] == b["response"]["headers"]);
      CHECK(a["response"]["content"]["text"].string_or("") == b["response"]["content"]["text"].string_or(""));
      if (b.find("_webSocketMessages") != nullptr) CHECK(a["_webSocketMessages"] == b["_webSocketMessages"]);
      ++compared;
    }
  }
  CHECK(files >= 7);
  CHECK(compared >= 9);
}
