// Fiddler's session archives.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "../conversion.hpp"
#include "formats/zip/archive.hpp"
#include "har/exchange.hpp"
#include "stream/codec/websocket.hpp"
#include "stream/text/base64.hpp"
#include "zip_bytes.hpp"

using namespace har;
using har::test::convert;
using har::test::entries_of;
using har::test::zip_of;
using har::test::ZipMember;
using stream::Json;

namespace {

std::map<std::string, std::string> unpack(std::string_view bytes) {
  const auto source = stream::memory_source(bytes, "x.zip");
  auto archive = format::zip::Archive::open(*source, {});
  REQUIRE(archive);
  std::map<std::string, std::string> out;
  for (const auto& member : (*archive)->members()) {
    auto content = (*archive)->read(member, std::size_t{1} << 30);
    REQUIRE(content);
    out[member.name] = *content;
  }
  return out;
}

std::string meta_of(std::string_view timers, std::string_view flags = {}, std::string_view sid = "1") {
  return "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<Session SID=\"" + std::string(sid) +
         "\" BitFlags=\"19\">\r\n  <SessionTimers " + std::string(timers) +
         " />\r\n  <PipeInfo Reused=\"true\" />\r\n  <SessionFlags>\r\n" + std::string(flags) + "  </SessionFlags>\r\n</Session>";
}

constexpr std::string_view kTimers =
    R"(ClientConnected="2026-11-22T10:15:29.0000000+01:00" ClientBeginRequest="2026-11-22T10:15:30.1234567+01:00" GotRequestHeaders="2026-11-22T10:15:30.1234567+01:00" ClientDoneRequest="2026-11-22T10:15:30.1244567+01:00" GatewayTime="0" DNSTime="3" TCPConnectTime="12" HTTPSHandshakeTime="0" ServerConnected="2026-11-22T10:15:30.1394567+01:00" FiddlerBeginRequest="2026-11-22T10:15:30.1394567+01:00" ServerGotRequest="2026-11-22T10:15:30.1399567+01:00" ServerBeginResponse="2026-11-22T10:15:30.2399567+01:00" GotResponseHeaders="2026-11-22T10:15:30.2399567+01:00" ServerDoneResponse="2026-11-22T10:15:30.2500000+01:00" ClientBeginResponse="2026-11-22T10:15:30.2500000+01:00" ClientDoneResponse="2026-11-22T10:15:30.2510000+01:00")";

constexpr std::string_view kRequest =
    "POST http://a.test/p?q=%C3%BC HTTP/1.1\r\nHost: a.test\r\nX-A: 1\r\nx-a: 2\r\nContent-Type: application/json\r\n"
    "Content-Length: 7\r\n\r\n{\"a\":1}";
constexpr std::string_view kResponse =
    "HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: b=2\r\nContent-Type: image/png\r\nContent-Length: 4\r\n\r\n"
    "\0\xff\r\n";

std::string_view whole(std::string_view text, std::size_t size) { return {text.data(), size}; }
const std::string kBinaryResponse(whole(kResponse, kResponse.size() + 4));

Json entry_of(const std::vector<ZipMember>& members) {
  const auto read = convert(zip_of(members), "saz", "har");
  CHECK(read.errors.empty());
  const auto entries = entries_of(read.text);
  REQUIRE(entries.size() == 1);
  return entries[0];
}

std::string frame_text(std::string_view kind, std::string_view time, const std::string& frame) {
  return std::string(kind) + "-Length: " + std::to_string(frame.size()) +
         "\r\nID: 1\r\nBitFlags: 0\r\nDoneRead: " + std::string(time) + "\r\n\r\n" + frame + "\r\n";
}

std::string frame_of(stream::WsFrameHead head, std::string_view payload) {
  std::string out;
  append_frame(out, head, payload);
  return out;
}

constexpr std::string_view kUpgrade =
    "GET http://a.test/s HTTP/1.1\r\nHost: a.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";

std::string upgraded(std::string_view extensions) {
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + std::string(extensions) + "\r\n";
}

std::string slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

}  // namespace

TEST_CASE("a session is an entry, with its times, its addresses and its comment") {
  const Json entry = entry_of(
      {{"raw/", "", 0040755},
       {"raw/07_c.txt", std::string(kRequest)},
       {"raw/07_s.txt", kBinaryResponse},
       {"raw/07_m.xml", meta_of(kTimers, R"(<SessionFlag N="x-hostip" V="192.0.2.1" /><SessionFlag N="x-egressport" V="5000" />
          <SessionFlag N="ui-comments" V="a &amp; &quot;b&quot;&#xD;&#10;ü" /><SessionFlag N="x-processinfo" V="app:1" />)",
                                "7")}});
  CHECK(entry["startedDateTime"].string_or("") == "2026-11-22T09:15:30.1234567Z");
  CHECK(to_json(entry["timings"]) == R"({"blocked":1,"dns":3,"connect":12,"ssl":-1,"send":0.5,"wait":100,"receive":10.0433})");
  CHECK(to_json(entry["time"]) == "126.5433");
  CHECK(entry["request"]["method"].string_or("") == "POST");
  CHECK(entry["request"]["url"].string_or("") == "http://a.test/p?q=%C3%BC");
  CHECK(entry["request"]["postData"]["text"].string_or("") == "{\"a\":1}");
  CHECK(to_json(entry["request"]["headers"]) ==
        R"([{"name":"Host","value":"a.test"},{"name":"X-A","value":"1"},{"name":"x-a","value":"2"},)"
        R"({"name":"Content-Type","value":"application/json"},{"name":"Content-Length","value":"7"}])");
  CHECK(entry["response"]["content"]["text"].string_or("") == stream::base64_encode(std::string_view("\0\xff\r\n", 4)));
  CHECK(entry["response"]["cookies"].as_array().size() == 2);
  CHECK(entry["serverIPAddress"].string_or("") == "192.0.2.1");
  CHECK(entry["connection"].string_or("") == "5000");
  CHECK(entry["comment"].string_or("") == "a & \"b\"\r\nü");
  CHECK(entry["_fiddler"]["flags"]["x-processinfo"].string_or("") == "app:1");
  CHECK(entry["_fiddler"]["sid"].string_or("") == "7");
}

TEST_CASE("a session archive becomes a HAR, and the same sessions again") {
  const std::vector<ZipMember> members{
      {"raw/0001_c.txt", std::string(kRequest)},
      {"raw/0001_s.txt", kBinaryResponse},
      {"raw/0001_m.xml", meta_of(kTimers, "    <SessionFlag N=\"x-processinfo\" V=\"a&lt;b:1\" />\r\n")}};
  const auto har = convert(zip_of(members, "Fiddler (v5.0.2) Session Archive. See https://x.test"), "saz", "har");
  CHECK(har.findings.empty());
  CHECK(har.text.find(R"("creator":{"name":"Fiddler","version":"5.0.2"})") != std::string::npos);
  const auto back = convert(har.text, "har", "saz");
  CHECK(back.errors.empty());
  CHECK(back.findings.empty());
  auto files = unpack(back.text);
  CHECK(files.size() == 5);
  for (const ZipMember& member : members) CHECK(files[member.name] == member.bytes);
  CHECK(files["_index.htm"].find("raw/0001_c.txt") != std::string::npos);
  CHECK(files["[Content_Types].xml"].find("text/plain") != std::string::npos);
  CHECK(entries_of(convert(back.text, "saz", "har").text) == entries_of(har.text));
  CHECK(find_format("saz")->sniff(back.text) == 95);
  CHECK(find_format("har-zip")->sniff(back.text) == 0);
}

TEST_CASE("a HAR becomes a session archive, and what it can hold comes back") {
  constexpr std::string_view kHar = R"({"log":{"version":"1.2","creator":{"name":"hand","version":"1"},"entries":[
{"startedDateTime":"2026-11-22T09:15:30.1234567Z","time":126.5433,"request":{"method":"PUT","url":"https://a.test:8443/x?a=1&b=%20","httpVersion":"HTTP/1.1","cookies":[{"name":"c","value":"d"}],"headers":[{"name":"Host","value":"a.test:8443"},{"name":"Cookie","value":"c=d"},{"name":"Content-Type","value":"text/plain"}],"queryString":[{"name":"a","value":"1"},{"name":"b","value":" "}],"postData":{"mimeType":"text/plain","params":[],"text":"grüße"},"headersSize":-1,"bodySize":7},"response":{"status":404,"statusText":"Not Found","httpVersion":"HTTP/1.1","cookies":[],"headers":[{"name":"Set-Cookie","value":"a=1"},{"name":"content-type","value":"text/html"},{"name":"Content-Encoding","value":"gzip"},{"name":"Set-Cookie","value":"b=2"}],"content":{"size":5,"mimeType":"text/html","text":"hällo"},"redirectURL":"","headersSize":-1,"bodySize":20},"cache":{},"timings":{"blocked":1,"dns":3,"connect":12,"ssl":7,"send":0.5,"wait":100,"receive":10.0433},"serverIPAddress":"2001:db8::1","connection":"77","comment":"eins <&> \"zwei\""},
{"startedDateTime":"2026-11-22T09:15:31.000Z","time":0,"request":{"method":"HEAD","url":"http://a.test/","httpVersion":"HTTP/1.1","cookies":[],"headers":[{"name":"Host","value":"a.test"}],"queryString":[],"headersSize":-1,"bodySize":0},"response":{"status":204,"statusText":"","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"content":{"size":0,"mimeType":""},"redirectURL":"","headersSize":-1,"bodySize":0},"cache":{},"timings":{"blocked":-1,"dns":-1,"connect":-1,"ssl":-1,"send":0,"wait":0,"receive":0}}]}})";
  const auto saz = convert(kHar, "har", "saz");
  CHECK(saz.errors.empty());
  CHECK(saz.findings.empty());
  const auto files = unpack(saz.text);
  CHECK(files.at("raw/0001_c.txt") ==
        "PUT https://a.test:8443/x?a=1&b=%20 HTTP/1.1\r\nHost: a.test:8443\r\nCookie: c=d\r\nContent-Type: text/plain\r\n\r\n"
        "grüße");
  CHECK(files.at("raw/0002_s.txt") == "HTTP/1.1 204 \r\n\r\n");
  const auto back = convert(saz.text, "saz", "har");
  CHECK(back.findings.empty());
  const auto want = entries_of(kHar);
  const auto got = entries_of(back.text);
  REQUIRE(got.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    for (const std::string_view member : {"startedDateTime", "time", "timings", "serverIPAddress", "connection", "comment"}) {
      INFO(member);
      CHECK(to_json(got[i][member]) == to_json(want[i][member]));
    }
    for (const std::string_view member : {"method", "url", "headers", "cookies", "queryString"})
      CHECK(got[i]["request"][member] == want[i]["request"][member]);
    CHECK(got[i]["request"]["postData"]["text"] == want[i]["request"]["postData"]["text"]);
    for (const std::string_view member : {"status", "statusText", "headers"})
      CHECK(got[i]["response"][member] == want[i]["response"][member]);
    CHECK(got[i]["response"]["content"]["text"] == want[i]["response"]["content"]["text"]);
  }
}

TEST_CASE("the time that a connection took stands with the first request that went through it") {
  const std::string tunnel = meta_of(
      R"(ClientBeginRequest="2026-11-22T09:15:29.0000000Z" DNSTime="5" TCPConnectTime="10" HTTPSHandshakeTime="20")", "", "4");
  const auto inside = [](std::string_view sid) {
    return meta_of(R"(ClientBeginRequest="2026-11-22T09:15:30.0000000Z" ClientDoneRequest="2026-11-22T09:15:30.0000000Z")"
                   R"( DNSTime="0" TCPConnectTime="0" HTTPSHandshakeTime="0" FiddlerBeginRequest="2026-11-22T09:15:30.0000000Z")"
                   R"( ServerGotRequest="2026-11-22T09:15:30.0000000Z" ServerBeginResponse="2026-11-22T09:15:30.1000000Z")"
                   R"( ServerDoneResponse="2026-11-22T09:15:30.1000000Z")",
                   R"(<SessionFlag N="x-serversocket" V="REUSE ServerPipe#4" />)", sid);
  };
  const std::string get = "GET https://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n";
  const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  const auto read = convert(zip_of({{"raw/4_c.txt", "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n"},
                                    {"raw/4_s.txt", "HTTP/1.1 200 Connection Established\r\nFiddlerGateway: Direct\r\n\r\n"},
                                    {"raw/4_m.xml", tunnel},
                                    {"raw/5_c.txt", get},
                                    {"raw/5_s.txt", ok},
                                    {"raw/5_m.xml", inside("5")},
                                    {"raw/10_c.txt", get},
                                    {"raw/10_s.txt", ok},
                                    {"raw/10_m.xml", inside("10")}}),
                            "saz", "har");
  CHECK(read.findings == std::vector<std::string>{
                             "x.saz/raw/4_c.txt: note: session 4, the tunnel to a.test:443, is left out: what went through it "
                             "stands in sessions of its own [saz-connect]"});
  const auto entries = entries_of(read.text);
  REQUIRE(entries.size() == 2);
  CHECK(to_json(entries[0]["timings"]) == R"({"blocked":-1,"dns":5,"connect":30,"ssl":20,"send":0,"wait":100,"receive":0})");
  CHECK(entries[0]["startedDateTime"].string_or("") == "2026-11-22T09:15:29.965Z");
  CHECK(to_json(entries[0]["time"]) == "135");
  CHECK(to_json(entries[1]["timings"]) == R"({"blocked":-1,"dns":-1,"connect":-1,"ssl":-1,"send":0,"wait":100,"receive":0})");
}

TEST_CASE("a tunnel that nobody has seen into is an entry") {
  std::string meta = meta_of(kTimers);
  meta.replace(meta.find("\"19\""), 4, "\"1000\"");
  const std::vector<ZipMember> members{{"raw/1_c.txt", "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\nTLS says"},
                                       {"raw/1_s.txt", "HTTP/1.1 200 Connection Established\r\n\r\nit is secret"},
                                       {"raw/1_m.xml", meta}};
  const Json entry = entry_of(members);
  CHECK(entry["request"]["url"].string_or("") == "https://a.test:443/");
  CHECK(entry["response"]["content"]["text"].string_or("").empty());
  const std::string har = convert(zip_of(members), "saz", "har").text;
  CHECK(entries_of(convert(convert(har, "har", "saz").text, "saz", "har").text)[0] == entry);
}

TEST_CASE("sessions without an answer, without times, and failed ones are read") {
  const std::string get = "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n";
  const Json alone = entry_of({{"raw/1_c.txt", get}});
  CHECK(alone["_incomplete"].bool_or(false));
  CHECK(alone["response"]["status"].int_or(-1) <= 0);
  const Json failed = entry_of({{"raw/1_c.txt", get},
                                {"raw/1_s.txt", "HTTP/1.1 502 Fiddler - DNS Lookup Failed\r\n\r\nno such host"},
                                {"raw/1_m.xml", meta_of(kTimers, R"(<SessionFlag N="x-failsession-when" V="Connecting" />)")}});
  CHECK(failed["_error"].string_or("") == "Fiddler - DNS Lookup Failed");
  CHECK(failed["response"]["status"].int_or(0) == 502);
  const Json aborted = entry_of({{"raw/1_c.txt", get},
                                 {"raw/1_s.txt", "HTTP/1.1 200 OK\r\n\r\nhalf"},
                                 {"raw/1_m.xml", meta_of(kTimers, R"(<SessionFlag N="X-ABORTED-WHEN" V="Done" />)")}});
  CHECK(aborted["_error"].string_or("") == "abort");
  const auto none = convert(zip_of({{"raw/3_s.txt", "HTTP/1.1 200 OK\r\n\r\n"}}), "saz", "har");
  REQUIRE(none.findings.size() == 1);
  CHECK(none.findings[0].ends_with("session 3 has no request; it is left out [saz-no-request]"));
}

TEST_CASE("a session that cannot be read costs itself only") {
  const std::string get = "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n";
  const auto read = convert(zip_of({{"raw/1_c.txt", "?"}, {"raw/2_c.txt", get}}), "saz", "har");
  CHECK(read.errors.size() == 1);
  CHECK(entries_of(read.text).size() == 1);
  CHECK(convert(zip_of({{"raw/1_c.txt", get}, {"raw/01_c.txt", get}}), "saz", "har").errors ==
        std::vector<std::string>{"x.saz: session 1 stands twice in the archive: \"raw/1_c.txt\", \"raw/01_c.txt\""});
  CHECK(convert(zip_of({{"x", ""}}), "saz", "har").errors ==
        std::vector<std::string>{"x.saz: there are no sessions in the archive: expected raw/1_c.txt and so on"});
}

TEST_CASE("WebSocket frames become messages: masked, in fragments, compressed, and control frames between them") {
  const stream::WsMask key{1, 2, 3, 4};
  stream::WsDeflater deflater(15, true);
  std::string first;
  std::string second;
  deflater.deflate("compressed", first);
  deflater.deflate("compressed", second);  // refers back to the first
  using stream::WsOpcode;
  std::string frames = "\r\n";
  frames += frame_text("Request", "2026-11-22T09:15:31.0000000Z", frame_of({false, 0, WsOpcode::text, key}, "hel"));
  frames += frame_text("Response", "2026-11-22T09:15:31.2000000Z", frame_of({true, stream::kWsRsv1, WsOpcode::text, {}}, first));
  frames += frame_text("Request", "2026-11-22T09:15:31.5000000Z", frame_of({true, 0, WsOpcode::ping, key}, "p"));
  frames += frame_text("Request", "2026-11-22T09:15:32.0000000Z", frame_of({true, 0, WsOpcode::continuation, key}, "lo"));
  frames += frame_text("Response", "2026-11-22T09:15:32.5000000Z", frame_of({true, stream::kWsRsv1, WsOpcode::text, {}}, second));
  frames += frame_text("Response", "2026-11-22T09:15:33.0000000Z", frame_of({true, 0, WsOpcode::binary, {}}, "\r\n\r\n"));
  std::string close;
  REQUIRE(stream::append_close(close, 1000, "bye", key));
  frames += frame_text("Request", "2026-11-22T09:15:34.0000000Z", close);
  const std::vector<ZipMember> members{{"raw/1_c.txt", std::string(kUpgrade)},
                                       {"raw/1_s.txt", upgraded("Sec-WebSocket-Extensions: permessage-deflate\r\n")},
                                       {"raw/1_m.xml", meta_of(kTimers)},
                                       {"raw/1_w.txt", frames}};
  const auto read = convert(zip_of(members), "saz", "har");
  CHECK(read.findings.empty());
  const Json entry = entries_of(read.text)[0];
  CHECK(to_json(entry["_webSocketMessages"]) == R"([{"type":"receive","time":1795338931.2,"opcode":1,"data":"compressed"},)"
                                                R"({"type":"send","time":1795338931.5,"opcode":9,"data":"cA=="},)"
                                                R"({"type":"send","time":1795338932,"opcode":1,"data":"hello"},)"
                                                R"({"type":"receive","time":1795338932.5,"opcode":1,"data":"compressed"},)"
                                                R"({"type":"receive","time":1795338933,"opcode":2,"data":"DQoNCg=="}])");
  CHECK(entry["_webSocketClose"]["code"].int_or(0) == 1000);
  CHECK(entry["_webSocketClose"]["reason"].string_or("") == "bye");

  const auto back = convert(read.text, "har", "saz");
  CHECK(back.findings.empty());
  const auto again = convert(back.text, "saz", "har");
  CHECK(again.findings.empty());
  CHECK(entries_of(again.text)[0] == entry);
}

TEST_CASE("frames that are broken or cut off cost what is behind them, and are reported") {
  const std::string good = frame_text("Response", "2026-11-22T09:15:31Z", frame_of({true, 0, stream::WsOpcode::text, {}}, "a"));
  const auto read = [&](const std::string& frames) {
    return convert(zip_of({{"raw/1_c.txt", std::string(kUpgrade)}, {"raw/1_s.txt", upgraded("")}, {"raw/1_w.txt", frames}}),
                   "saz", "har");
  };
  const auto broken = read(good + frame_text("Response", "", "\x83\x01z") + good);
  REQUIRE(broken.findings.size() == 1);
  CHECK(broken.findings[0].find("frames of this direction from here on are left out [saz-frames]") != std::string::npos);
  CHECK(entries_of(broken.text)[0]["_webSocketMessages"].as_array().size() == 1);
  const auto cut = read(good + "Response-Length: 99999999999999\r\n\r\nxx");
  REQUIRE(cut.findings.size() == 1);
  CHECK(cut.findings[0].find("a frame is cut off") != std::string::npos);
  for (std::size_t size = 0; size < good.size(); ++size) CHECK(read(good + good.substr(0, size)).errors.empty());
  CHECK(read("Response-Length: 1").errors.empty());
  CHECK(read("Response-Length: -1\r\n\r\n").errors.empty());
}

TEST_CASE("what a session cannot hold is reported") {
  constexpr std::string_view kHar = R"({"log":{"version":"1.2","pages":[{"id":"p"}],"entries":[
{"pageref":"p","startedDateTime":"2026-11-22T09:15:30Z","time":1,"request":{"method":"GET","url":"https://a.test/","httpVersion":"h2","headers":[]},"response":{"status":200,"statusText":"","httpVersion":"h2","headers":[],"content":{"size":0,"mimeType":"text/html","comment":"x"}},"cache":{},"timings":{"send":0,"wait":1,"receive":0},"_resourceType":"document","_initiator":{"type":"parser"}},
{"startedDateTime":"2026-11-22T09:15:30Z","time":1,"request":{"method":"GET","url":"wss://a.test/","httpVersion":"HTTP/1.1","headers":[]},"response":{"status":101,"statusText":"","httpVersion":"HTTP/1.1","headers":[],"content":{}},"cache":{},"timings":{"send":0,"wait":1,"receive":0},"_resourceType":"websocket","_webSocketMessages":[{"type":"error","time":1795338930.5,"opcode":-1,"data":"gone"}],"_webSocketClose":{"code":1006,"reason":"","timestamp":1795338931}}]}})";
  std::vector<std::string> rules;
  for (const std::string& finding : convert(kHar, "har", "saz").findings) rules.push_back(finding.substr(finding.rfind('[')));
  std::sort(rules.begin(), rules.end());
  CHECK(rules == std::vector<std::string>{"[lost-_initiator]", "[lost-_resourceType]", "[lost-_webSocketClose]",
                                          "[lost-_webSocketMessages]", "[lost-log-pages]", "[lost-pageref]",
                                          "[lost-request-httpVersion]", "[lost-response-content-comment]",
                                          "[lost-response-httpVersion]"});
}

TEST_CASE("a session archive that is cut off anywhere, or has any byte changed, is read or refused") {
  const std::string zip = zip_of(
      {{"raw/1_c.txt", std::string(kUpgrade)},
       {"raw/1_s.txt", upgraded("")},
       {"raw/1_m.xml", meta_of(kTimers, R"(<SessionFlag N="a" V="b" />)")},
       {"raw/1_w.txt", frame_text("Response", "2026-11-22T09:15:31Z", frame_of({true, 0, stream::WsOpcode::text, {}}, "a"))}});
  for (std::size_t size = 0; size < zip.size(); ++size)
    CHECK(convert(std::string_view(zip).substr(0, size), "saz", "har").errors.size() == 1);
  for (std::size_t at = 0; at < zip.size(); ++at) {
    std::string broken = zip;
    broken[at] = static_cast<char>(broken[at] ^ '\x11');
    (void)convert(broken, "saz", "har");
  }
}

TEST_CASE("archives of Fiddler's are read") {
  const char* const corpus = std::getenv("HARTAPE_CORPUS");
  if (corpus == nullptr) {
    WARN("skipped: HARTAPE_CORPUS is not set");
    return;
  }
  std::size_t entries = 0;
  for (const auto& file : std::filesystem::directory_iterator(std::filesystem::path(corpus) / "saz")) {
    const std::string bytes = slurp(file.path());
    INFO(file.path().string());
    const auto read = convert(bytes, "saz", "har");
    const bool is_archive = bytes.starts_with("PK");
    CHECK(read.errors.size() == (is_archive ? 0 : 1));
    if (!is_archive) continue;
    entries += entries_of(read.text).size();
    for (const Json& entry : entries_of(read.text)) {
      CHECK(entry["request"]["url"].string_or("") == "http://localhost:9000/test");
      CHECK(entry["response"]["content"]["text"].string_or("").starts_with("{\"result\":"));
    }
    const auto again = convert(convert(bytes, "saz", "saz").text, "saz", "har");
    const auto want = entries_of(read.text);
    const auto got = entries_of(again.text);
    REQUIRE(got.size() == want.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      CHECK(got[i]["request"]["headers"] == want[i]["request"]["headers"]);
      CHECK(got[i]["response"]["content"]["text"] == want[i]["response"]["content"]["text"]);
    }
  }
  CHECK(entries == 5);
}
