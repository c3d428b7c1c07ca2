// HARs in the words of other programs.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "check/importers.hpp"
#include "conversion.hpp"
#include "stream/text/json.hpp"

using namespace har;
using namespace har::test;
using stream::Json;

namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

Converted shaped(std::string_view text, Dialect dialect) {
  WriteOptions options;
  options.dialect = dialect;
  options.creator = Json::Object{{"name", "test"}, {"version", "1"}};
  return convert(text, "har", "har", options);
}

Lines rules_of(const Converted& converted) {
  Lines out;
  for (const std::string& finding : converted.findings) {
    const std::string rule = finding.substr(finding.rfind('['));
    if (out.empty() || out.back() != rule) out.push_back(rule);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

constexpr std::pair<Dialect, check::Profile> kLoaders[] = {{Dialect::chrome, check::Profile::chrome},
                                                           {Dialect::playwright, check::Profile::playwright},
                                                           {Dialect::mitmproxy, check::Profile::mitmproxy},
                                                           {Dialect::har_1_2, check::Profile::har_schema},
                                                           {Dialect::devproxy, check::Profile::regular}};

/// What a program refuses of a HAR.
Lines refused(std::string_view text, check::Profile profile) {
  Lines out;
  const auto source = stream::memory_source(text, "x.har");
  EntryReader reader(*source);
  EntryBatch batch;
  check::Marks marks;
  for (;;) {
    const auto more = reader.next(batch);
    REQUIRE(more);
    if (!*more) break;
    for (const EntrySlice& slice : batch.entries()) check::import_entry(profile, stream::parse_json(slice.text).value(), marks);
  }
  check::import_document(profile, reader.info(), check::document_start(reader.head()), marks);
  for (const check::Mark& mark : marks) {
    if (!mark.regular) out.push_back(mark.pointer + ": " + mark.message);
  }
  return out;
}

constexpr std::string_view kSession = R"({"log":{"version":"1.2","creator":{"name":"x","version":1,"_a":2},"_more":1,
"pages":[{"id":"p","startedDateTime":"2026-11-22T09:15:30Z"},{"id":"q"}],"entries":[
{"startedDateTime":"2026-11-22T09:15:30.123456789+01:00","time":12,"_initiator":null,"_resourceType":"fetch","_streamChunks":[],
"_clientAddress":"127.0.0.1","serverIPAddress":"[::1]","connection":443,
"request":{"method":"post","url":"http://example/ä b#f","cookies":[{"name":"c","value":"1","sameSite":"Lax","expires":""}],
"headers":[["Accept","*/*"],{"name":":path","value":"/"},{"name":"Content-Encoding","value":"br2"}],"queryString":null,
"postData":{"mimeType":"application/octet-stream","text":"/wA=","_encoding":"base64"}},
"response":{"status":"200","headers":[{"name":"a","value":"1\n2"},{"name":"Set-Cookie","value":"x=1\ny=2"}],
"content":{"text":"/wA=","encoding":"base64","_file":null},"_transferSize":7},
"timings":{"send":-1,"wait":12,"receive":null,"dns":null}},
{"startedDateTime":"2026-11-22T09:15:31Z","time":0,"_resourceType":"websocket",
"request":{"method":"GET","url":"https://example/ws","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"queryString":[],"headersSize":-1,"bodySize":0},
"response":{"status":101,"statusText":"Switching Protocols","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"content":{"size":0,"mimeType":""},"redirectURL":"","headersSize":-1,"bodySize":-1},
"cache":{},"timings":{"send":0,"wait":0,"receive":0},
"_webSocketMessages":[{"type":"send","time":1795338931500,"opcode":1,"data":"hi"},{"type":"receive","time":1795338931500.25,"opcode":2,"data":"AQID"},
{"type":"receive","time":1795338931600,"opcode":9,"data":""}],
"_webSocketClose":{"code":1001,"reason":"bye","timestamp":1795338931.75}}]}})";

}  // namespace

TEST_CASE("a dialect has its own units, schemes and members, and says what it leaves out") {
  {
    const Converted chrome = shaped(kSession, Dialect::chrome);
    CHECK(chrome.errors.empty());
    const auto entries = entries_of(chrome.text);
    REQUIRE(entries.size() == 2);
    const Json& entry = entries[0];
    CHECK(entry["startedDateTime"] == Json("2026-11-22T08:15:30.123456Z"));
    CHECK(entry.find("_initiator") == nullptr);
    CHECK(entry["_resourceType"] == Json("fetch"));
    CHECK(entry["connection"] == Json("443"));
    CHECK(entry["serverIPAddress"] == Json("::1"));
    CHECK(entry["request"]["headers"].as_array()[0]["name"] == Json("Accept"));
    CHECK(entry["request"]["queryString"] == Json(Json::array()));
    CHECK(entry["request"]["cookies"].as_array()[0]["sameSite"] == Json("Lax"));
    CHECK(entry["request"]["headersSize"] == Json(-1));
    CHECK(entry["request"]["postData"]["text"] == Json(std::string("\xEF\xBF\xBD\0", 4)));
    CHECK(entry["response"]["status"] == Json(200));
    CHECK(entry["response"]["_transferSize"] == Json(7));
    CHECK(entry["response"]["content"]["text"] == Json("/wA="));
    CHECK(to_json(entry["timings"]) == R"({"send":0,"wait":12,"receive":0})");
    const Json& socket = entries[1];
    CHECK(socket["request"]["url"] == Json("wss://example/ws"));
    CHECK(
        to_json(socket["_webSocketMessages"]) ==
        R"([{"type":"send","time":1795338931.5,"opcode":1,"data":"hi"},{"type":"receive","time":1795338931.50025,"opcode":2,"data":"AQID"}])");
    CHECK(rules_of(chrome) == Lines{"[lost-_clientAddress]", "[lost-_webSocketClose]", "[lost-log-_more]", "[lost-log-creator]",
                                    "[lost-log-pages]", "[lost-request-postData-bytes]", "[lost-websocket-control]",
                                    "[ws-time-unit]"});
  }
  {
    const auto entries = entries_of(shaped(kSession, Dialect::playwright).text);
    REQUIRE(entries.size() == 2);
    CHECK(entries[0]["request"]["method"] == Json("POST"));
    CHECK(to_json(entries[0]["response"]["headers"]) ==
          R"([{"name":"a","value":"1"},{"name":"a","value":"2"},{"name":"Set-Cookie","value":"x=1\ny=2"}])");
    CHECK(entries[1]["request"]["url"] == Json("wss://example/ws"));
    CHECK(to_json(entries[1]["_webSocketMessages"].as_array()[1]["time"]) == "1795338931500.25");
  }
  {
    const Converted mitmproxy = shaped(kSession, Dialect::mitmproxy);
    const auto entries = entries_of(mitmproxy.text);
    REQUIRE(entries.size() == 2);
    CHECK(entries[0]["request"]["url"] == Json("http://example/%C3%A4%20b#f"));
    CHECK(entries[0]["request"]["headers"].as_array().size() == 2);
    CHECK(entries[1]["request"]["url"] == Json("https://example/ws"));
    CHECK(to_json(entries[1]["_webSocketMessages"].as_array()[0]["time"]) == "1795338931.5");
  }
  {
    const auto entries = entries_of(shaped(kSession, Dialect::devproxy).text);
    REQUIRE(entries.size() == 2);
    CHECK(entries[0]["startedDateTime"] == Json("2026-11-22T08:15:30.1234560Z"));
    CHECK(entries[0].find("_resourceType") == nullptr);
    CHECK(to_json(entries[1]["_webSocketMessages"].as_array().back()) ==
          R"({"type":"receive","time":1795338931.75,"opcode":8,"data":""})");
  }
  {
    const Converted letter = shaped(kSession, Dialect::har_1_2);
    const auto entries = entries_of(letter.text);
    REQUIRE(entries.size() == 2);
    CHECK(letter.text.find("\"_") == std::string::npos);
    CHECK(letter.text.find("sameSite") == std::string::npos);
    CHECK(entries[0]["request"]["url"] == Json("http://example/%C3%A4%20b"));
  }
}

TEST_CASE("what is in a dialect, its program loads") {
  for (const auto& [dialect, profile] : kLoaders) {
    INFO(to_string(dialect));
    CHECK(refused(shaped(kSession, dialect).text, profile) == Lines{});
    // What is no entry at all is still one that can be loaded, or left out.
    for (const char* entry :
         {"{}", "{\"request\":1,\"response\":null}", "{\"request\":{\"url\":\"data:,x\",\"headers\":{}},\"time\":\"x\"}",
          "{\"response\":{\"status\":1e400,\"content\":[]},\"cache\":null,\"timings\":[]}",
          "{\"request\":{\"headers\":[null,1,\"ab\",[1,2],{}],\"cookies\":[{\"name\":{\"toString\":1}}]}}"}) {
      INFO(entry);
      const Converted made = shaped(std::string(R"({"log":{"entries":[)") + entry + "]}}", dialect);
      CHECK(made.errors.empty());
      CHECK(refused(made.text, profile) == Lines{});
    }
  }
}

TEST_CASE("a dialect of a dialect is the same") {
  for (const auto& [dialect, profile] : kLoaders) {
    INFO(to_string(dialect));
    const Converted once = shaped(kSession, dialect);
    CHECK(shaped(once.text, dialect).text == once.text);
  }
}

TEST_CASE("every HAR of the corpus can be written for every program, which loads it") {
  const char* const corpus = std::getenv("HARTAPE_CORPUS");
  if (corpus == nullptr) {
    std::cout << "HARTAPE_CORPUS is not set: skipped\n";
    return;
  }
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(std::string(corpus) + "/har")) {
    constexpr std::uintmax_t kLarge = std::uintmax_t{400} << 10;  // a few of each writer are not above
    if (entry.path().extension() != ".har" || entry.file_size() > kLarge) continue;
    if (entry.path().filename().string().starts_with("invalid-json")) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    ++files;
    for (const auto& [dialect, profile] : kLoaders) {
      INFO(entry.path().filename().string() << " as " << to_string(dialect));
      const Converted made = shaped(text.str(), dialect);
      CHECK(refused(made.text, profile) == Lines{});
    }
  }
  CHECK(files > 100);
}

TEST_CASE("Dev Proxy writes bytes as characters: they are the bytes again, and that is said") {
  const std::string har =
      R"({"log":{"version":"1.2","creator":{"name":"DevProxy","version":"4.0.0"},"entries":[
{"startedDateTime":"2026-07-03T09:15:30.1234567Z","time":0,"request":{"method":"POST","url":"http://a/","httpVersion":"HTTP/1.1","headers":[],
"queryString":[],"cookies":[],"headersSize":49,"bodySize":3,"postData":{"mimeType":"application/octet-stream","text":"\u0000\u00ff\u0080"}},
"response":{"status":200,"statusText":"OK","httpVersion":"HTTP/1.1","headers":[],"cookies":[],
"content":{"size":4,"mimeType":"image/png","text":"\u0089PN\u00e9"},"redirectURL":"","headersSize":49,"bodySize":4},"cache":{},
"timings":{"send":0,"wait":0,"receive":0}},
{"startedDateTime":"2026-07-03T09:15:31.1234567Z","time":0,"request":{"method":"GET","url":"http://a/","httpVersion":"HTTP/1.1","headers":[],
"queryString":[],"cookies":[],"headersSize":49,"bodySize":0},
"response":{"status":200,"statusText":"OK","httpVersion":"HTTP/1.1","headers":[],"cookies":[],
"content":{"size":2,"mimeType":"text/plain","text":"\u00e9"},"redirectURL":"","headersSize":49,"bodySize":2},"cache":{},
"timings":{"send":0,"wait":0,"receive":0}},
{"startedDateTime":"2026-07-03T09:15:31.1234567Z","time":0,"request":{"method":"GET","url":"http://a/","httpVersion":"HTTP/1.1","headers":[],
"queryString":[],"cookies":[],"headersSize":49,"bodySize":0},
"response":{"status":200,"statusText":"OK","httpVersion":"HTTP/1.1","headers":[],"cookies":[],
"content":{"size":9,"mimeType":"text/plain","text":"\u00e9"},"redirectURL":"","headersSize":49,"bodySize":2},"cache":{},
"timings":{"send":0,"wait":0,"receive":0}}]}})";
  const Converted recording = convert(har, "har", "recording");
  CHECK(recording.text.find(R"("data64":"iVBO6Q==")") != std::string::npos);
  CHECK(recording.text.find(R"("data64":"AP+A")") != std::string::npos);
  CHECK(recording.findings.size() == 3);
  CHECK(rules_of(recording) == Lines{"[devproxy-body]"});
  const Converted chrome = shaped(har, Dialect::chrome);
  const auto entries = entries_of(chrome.text);
  REQUIRE(entries.size() == 3);
  CHECK(entries[0]["response"]["content"]["text"] == Json("iVBO6Q=="));
  CHECK(entries[0]["response"]["content"]["encoding"] == Json("base64"));
  CHECK(entries[0]["response"]["headersSize"] == Json(-1));
  CHECK(entries[1]["response"]["content"]["text"] == Json("\u00e9"));
  // The same program's HAR again is what it was.
  CHECK(entries_of(convert(recording.text, "recording", "har").text)[0] == entries_of(har)[0]);
}

TEST_CASE("the names of dialects") {
  CHECK(dialect_names() == std::vector<std::string_view>{"chrome", "playwright", "mitmproxy", "devproxy", "har-1.2"});
  CHECK(dialect_from_name("har-1.2") == Dialect::har_1_2);
  CHECK_FALSE(dialect_from_name("own"));
  CHECK_FALSE(dialect_from_name(""));
}
