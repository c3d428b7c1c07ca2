// Zip archives with a HAR in them: what is read and written, and what is refused.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "../conversion.hpp"
#include "formats/zip/archive.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/sha1.hpp"
#include "zip_bytes.hpp"

using namespace har;
using har::test::convert;
using har::test::entries_of;
using har::test::zip_of;
using har::test::ZipMember;
using stream::Json;

namespace {

constexpr std::string_view kHar = R"({"log":{"version":"1.2","creator":{"name":"hand","version":"1"},"entries":[
{"startedDateTime":"2026-11-22T09:15:30.123Z","time":3,"request":{"method":"POST","url":"https://a.test/x","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"queryString":[],"postData":{"mimeType":"application/json","params":[],"text":"{\"ü\":1}"},"headersSize":-1,"bodySize":8},"response":{"status":200,"statusText":"OK","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"content":{"size":3,"mimeType":"text/html; charset=utf-8","text":"<p>","comment":"c"},"redirectURL":"","headersSize":-1,"bodySize":3},"cache":{},"timings":{"send":1,"wait":1.50,"receive":1}},
{"startedDateTime":"2026-11-22T09:15:31.123Z","time":3,"request":{"method":"POST","url":"https://a.test/y","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"queryString":[],"postData":{"mimeType":"x/y","text":"AP8=","_encoding":"base64"},"headersSize":-1,"bodySize":2},"response":{"status":200,"statusText":"OK","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"content":{"size":3,"mimeType":"image/png","encoding":"base64","text":"AP8B"},"redirectURL":"","headersSize":-1,"bodySize":3},"cache":{},"timings":{"send":1,"wait":1,"receive":1}},
{"startedDateTime":"2026-11-22T09:15:32.123Z","time":3,"request":{"method":"GET","url":"https://a.test/z","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"queryString":[],"headersSize":-1,"bodySize":0},"response":{"status":200,"statusText":"OK","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"content":{"size":3,"mimeType":"text/html","text":"PHA+","encoding":"base64"},"redirectURL":"","headersSize":-1,"bodySize":3},"cache":{},"timings":{"send":1,"wait":1,"receive":1}},
{"startedDateTime":"2026-11-22T09:15:33.123Z","time":3,"request":{"method":"GET","url":"https://a.test/e","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"queryString":[],"headersSize":-1,"bodySize":0},"response":{"status":204,"statusText":"","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"content":{"size":0,"mimeType":"x-unknown","text":""},"redirectURL":"","headersSize":-1,"bodySize":0},"cache":{},"timings":{"send":1,"wait":1,"receive":1}},
{"startedDateTime":"2026-11-22T09:15:34.123Z","time":9,"request":{"method":"GET","url":"wss://a.test/s","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"queryString":[],"headersSize":-1,"bodySize":0},"response":{"status":101,"statusText":"Switching Protocols","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"content":{"size":0,"mimeType":"x-unknown"},"redirectURL":"","headersSize":-1,"bodySize":0},"cache":{},"timings":{"send":1,"wait":1,"receive":1},"_resourceType":"websocket","_webSocketMessages":[{"type":"send","time":1795338934.2,"opcode":1,"data":"hé"},{"type":"receive","time":1795338934.30,"opcode":2,"data":"AP8="}]}
],"pages":[{"startedDateTime":"2026-11-22T09:15:30.123Z","id":"p","title":"t","pageTimings":{}}]}}
)";

std::string zip_with(std::string_view har, std::vector<ZipMember> more = {}) {
  std::vector<ZipMember> members{{"har.har", std::string(har)}};
  members.insert(members.end(), more.begin(), more.end());
  return zip_of(members);
}

std::string har_with(std::string_view content) {
  return R"({"log":{"version":"1.2","creator":{"name":"hand","version":"1"},"entries":[{"startedDateTime":"2026-11-22T09:15:30.123Z","time":3,"request":{"method":"GET","url":"https://a.test/x"},"response":{"status":200,"content":)" +
         std::string(content) + R"(},"timings":{"send":1,"wait":1,"receive":1}}]}})";
}

std::string refusal(const std::string& zip) {
  const auto result = convert(zip, "har-zip", "har");
  REQUIRE(result.errors.size() == 1);
  return result.errors[0];
}

struct Unpacked {
  std::vector<std::string> names;
  std::map<std::string, std::string> files;
};

Unpacked unpack(std::string_view bytes) {
  const auto source = stream::memory_source(bytes, "x.zip");
  auto archive = format::zip::Archive::open(*source, {});
  REQUIRE(archive);
  Unpacked out;
  for (const auto& member : (*archive)->members()) {
    out.names.push_back(member.name);
    auto content = (*archive)->read(member, std::size_t{1} << 30);
    REQUIRE(content);
    out.files[member.name] = *content;
  }
  return out;
}

std::string slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

/// The entries, with messages where an archive's reader puts them: last.
std::vector<Json> messages_last(std::vector<Json> entries) {
  for (Json& entry : entries) {
    if (entry.find("_webSocketMessages") == nullptr) continue;
    Json messages = entry["_webSocketMessages"];
    entry.erase("_webSocketMessages");
    entry.set("_webSocketMessages", std::move(messages));
  }
  return entries;
}

}  // namespace

TEST_CASE("SHA-1 is that of FIPS 180-4") {
  CHECK(stream::sha1_hex("") == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  CHECK(stream::sha1_hex("abc") == "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK(stream::sha1_hex(std::string(1'000'000, 'a')) == "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
  CHECK(stream::sha1_hex(std::string(64, 'a')) == "0098ba824b5c16427bd7a1122a5a442a25ec644d");
}

TEST_CASE("a HAR becomes an archive whose bodies are files, and the same HAR again") {
  const auto zipped = convert(kHar, "har", "har-zip");
  CHECK(zipped.errors.empty());
  CHECK(zipped.findings.empty());
  const Unpacked files = unpack(zipped.text);
  REQUIRE(files.names.front() == "har.har");
  CHECK(files.names.size() == 6);  // "<p>" is two entries' body
  CHECK(files.files.at(stream::sha1_hex("<p>") + ".html") == "<p>");
  CHECK(files.files.at(stream::sha1_hex("{\"ü\":1}") + ".json") == "{\"ü\":1}");
  CHECK(files.files.at(stream::sha1_hex(std::string("\0\xff\1", 3)) + ".png") == std::string("\0\xff\1", 3));
  const auto inner = entries_of(files.files.at("har.har"));
  REQUIRE(inner.size() == 5);
  CHECK(to_json(inner[0]["response"]["content"]) ==
        R"({"size":3,"mimeType":"text/html; charset=utf-8","_file":")" + stream::sha1_hex("<p>") + R"(.html","comment":"c"})");
  CHECK(inner[3]["response"]["content"]["text"].string_or("none").empty());
  CHECK(inner[4].find("_webSocketMessages") == nullptr);
  CHECK(files.files.at(std::string(inner[4]["response"]["content"]["_file"].string_or(""))) ==
        "{\"type\":\"send\",\"time\":1795338934.2,\"opcode\":1,\"data\":\"hé\"}\n"
        "{\"type\":\"receive\",\"time\":1795338934.30,\"opcode\":2,\"data\":\"AP8=\"}\n");

  const auto back = convert(zipped.text, "har-zip", "har");
  CHECK(back.errors.empty());
  CHECK(back.findings.empty());
  CHECK(entries_of(back.text) == entries_of(kHar));
  CHECK(back.text.find("\"pages\"") != std::string::npos);
  CHECK(convert(kHar, "har", "har-zip").text == zipped.text);
}

TEST_CASE("bodies of an archive are files, or in its HAR, or nowhere") {
  WriteOptions options;
  options.bodies = WriteOptions::Bodies::embed;
  const auto embedded = convert(kHar, "har", "har-zip", options);
  CHECK(embedded.findings.empty());
  const Unpacked files = unpack(embedded.text);
  CHECK(files.names == std::vector<std::string>{"har.har"});
  CHECK(entries_of(files.files.at("har.har")) == entries_of(kHar));

  options.bodies = WriteOptions::Bodies::omit;
  for (const std::string_view to : {"har-zip", "har", "harl"}) {
    const auto omitted = convert(kHar, "har", to, options);
    CHECK(omitted.errors.empty());
    REQUIRE(omitted.findings.size() == 6);
    CHECK(omitted.findings[0].find("request.postData.text is left out, as it was asked for [lost-request-postData-text]") !=
          std::string::npos);
    CHECK(omitted.findings[5].find("[lost-_webSocketMessages]") != std::string::npos);
    const std::string text = to == "har-zip" ? unpack(omitted.text).files.at("har.har") : omitted.text;
    CHECK(text.find("<p>") == std::string::npos);
    CHECK(text.find("AP8") == std::string::npos);
    CHECK(text.find("\"encoding\"") == std::string::npos);
  }

  options.bodies = WriteOptions::Bodies::attach;
  for (const std::string_view to : {"har", "harl"}) {
    const auto attached = convert(kHar, "har", to, options);
    REQUIRE(!attached.errors.empty());
    CHECK(attached.errors[0] == std::string(to) + " has no place for bodies in files of their own");
  }
}

TEST_CASE("files beside a HAR come into it, and into an archive") {
  const auto folder = std::filesystem::temp_directory_path() / "hartape_har_zip_test";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "body.txt") << "beside";
  const std::string har = har_with(R"({"mimeType":"text/plain","_file":"body.txt"})");
  const std::string path = (folder / "x.har").string();
  WriteOptions options;
  options.bodies = WriteOptions::Bodies::embed;
  CHECK(entries_of(convert(har, "har", "har", options, path).text)[0]["response"]["content"]["text"].string_or("") == "beside");
  CHECK(unpack(convert(har, "har", "har-zip", {}, path).text).files.at(stream::sha1_hex("beside") + ".txt") == "beside");
  // As it is, a HAR stays as it is.
  CHECK(convert(har, "har", "har", {}, path).text.find("\"_file\":\"body.txt\"") != std::string::npos);
  const auto missing = convert(har_with(R"({"mimeType":"text/plain","_file":"none.txt"})"), "har", "har-zip", {}, path);
  REQUIRE(missing.findings.size() == 1);
  CHECK(missing.findings[0].find("the side file \"none.txt\" is not there [side-file]") != std::string::npos);
  std::filesystem::remove_all(folder);
}

TEST_CASE("an archive is refused that would leave its folder") {
  const std::string har(kHar);
  const auto with = [&](ZipMember member) { return refusal(zip_with(har, {std::move(member)})); };
  CHECK(with({"../evil", "x"}) == "x.har-zip: the archive is refused: its member \"../evil\" leaves its folder");
  CHECK(with({"a/../../evil", "x"}).ends_with("leaves its folder"));
  CHECK(with({"a/..", "x"}).ends_with("leaves its folder"));
  CHECK(with({"/etc/passwd", "x"}).ends_with("has an absolute name"));
  CHECK(with({"a\\b", "x"}).ends_with("has a backslash in its name"));
  CHECK(with({"C:evil", "x"}).ends_with("names a drive"));
  CHECK(with({"link", "/etc/passwd", 0120777}).ends_with("is a symbolic link"));
  CHECK(with({"pipe", "", 0010644}).ends_with("is no file"));
  CHECK(with({"har.har", "{}"}).ends_with("\"har.har\" stands in it twice"));
  CHECK(with({"secret", "x", 0100644, 1}).ends_with("\"secret\" is encrypted"));
  CHECK(convert(zip_with(har, {{"...", "x"}, {"a/b..c", "x"}}), "har-zip", "har").errors.empty());
}

TEST_CASE("a _file is only looked for in the archive") {
  for (const std::string_view name : {"../x.txt", "/etc/passwd", "a\\\\b"}) {
    const std::string content = R"({"mimeType":"text/plain","_file":")" + std::string(name) + "\"}";
    const auto result = convert(zip_with(har_with(content), {{"x.txt", "x"}}), "har-zip", "har");
    CHECK(result.errors.empty());
    REQUIRE(result.findings.size() == 1);
    CHECK(result.findings[0].find("[side-file]") != std::string::npos);
    CHECK(result.findings[0].find("x.har-zip/har.har:1:") == 0);
    CHECK(to_json(entries_of(result.text)[0]["response"]["content"]) == content);
  }
  const auto missing = convert(zip_with(har_with(R"({"_file":"none.txt"})")), "har-zip", "har");
  REQUIRE(missing.findings.size() == 1);
  CHECK(missing.findings[0].find("/response/content/_file: warning: the side file \"none.txt\" is not in the archive") !=
        std::string::npos);
}

TEST_CASE("the HAR of an archive is har.har, or the only one, and files stand beside it") {
  const std::string har = har_with(R"({"mimeType":"text/plain","_file":"b/x.txt"})");
  const auto read = [](const std::vector<ZipMember>& members) { return convert(zip_of(members), "har-zip", "har"); };
  const auto inside = read({{"a/", ""}, {"a/one.har", har}, {"a/b/x.txt", "there"}, {"__MACOSX/._one.har", "?"}});
  CHECK(inside.errors.empty());
  CHECK(entries_of(inside.text)[0]["response"]["content"]["text"].string_or("") == "there");
  CHECK(read({{"one.har", har}, {"two.har", har}}).errors ==
        std::vector<std::string>{"x.har-zip: there are several HARs in the archive: \"one.har\", \"two.har\""});
  CHECK(read({{"one.har", har}, {"har.har", har}}).errors.empty());
  CHECK(read({{"x.txt", "x"}}).errors == std::vector<std::string>{"x.har-zip: there is no HAR in the archive"});
}

TEST_CASE("what Playwright writes of bodies is read: text beside _file, binary, and messages") {
  const auto result = convert(zip_with(har_with(R"({"mimeType":"x/y","_file":"b.dat"})"), {{"b.dat", std::string("\xff\0", 2)}}),
                              "har-zip", "har");
  CHECK(to_json(entries_of(result.text)[0]["response"]["content"]) == R"({"mimeType":"x/y","text":"/wA=","encoding":"base64"})");
  const auto both = convert(zip_with(har_with(R"({"text":"","_file":"b.dat"})"), {{"b.dat", "b"}}), "har-zip", "har");
  CHECK(to_json(entries_of(both.text)[0]["response"]["content"]) == R"({"text":"b"})");
  // Lines that are no WebSocket's are a body.
  const auto lines = convert(zip_with(har_with(R"({"_file":"b.jsonl"})"), {{"b.jsonl", "{}\n"}}), "har-zip", "har");
  CHECK(to_json(entries_of(lines.text)[0]["response"]["content"]) == R"({"text":"{}\n"})");
}

TEST_CASE("an archive that is cut off anywhere is refused, and nothing else happens") {
  const std::string zip = convert(kHar, "har", "har-zip").text;
  for (std::size_t size = 0; size < zip.size(); ++size) {
    const auto result = convert(std::string_view(zip).substr(0, size), "har-zip", "har");
    REQUIRE(result.errors.size() == 1);
  }
  CHECK(refusal("") == "x.har-zip: expected a zip archive, found the end of the input");
  CHECK(refusal(std::string(kHar)) == "x.har-zip: expected a zip archive, which begins with PK");
  CHECK(refusal("PK\3\4 and no more").find("this is no whole zip archive") != std::string::npos);
}

TEST_CASE("an archive with any byte changed is read or refused") {
  const std::string zip = convert(kHar, "har", "har-zip").text;
  for (std::size_t at = 0; at < zip.size(); ++at) {
    std::string broken = zip;
    broken[at] = static_cast<char>(broken[at] ^ '\x55');
    (void)convert(broken, "har-zip", "har");
  }
}

TEST_CASE("bombs are bounded, by entry and by what they expand to") {
  std::string zip;
  {
    format::zip::ArchiveWriter writer;
    REQUIRE(writer.add("har.har", har_with(R"({"_file":"big"})")));
    REQUIRE(writer.add("big", std::string(std::size_t{80} << 20, '0')));
    const auto sink = stream::string_sink(zip);
    REQUIRE(writer.write_to(*sink));
  }
  REQUIRE(zip.size() < 200'000);
  const auto read = [&](const ReadOptions& options) {
    const auto source = stream::memory_source(zip, "x.zip");
    const auto reader = find_format("har-zip")->open_reader(*source, options);
    const auto item = reader->next();
    if (item) return std::string("read");
    CHECK(reader->can_continue());
    const auto after = reader->next();
    CHECK(after);
    CHECK(!*after);
    return item.error().message + "; " + item.error().hint;
  };
  ReadOptions options;
  options.limits.max_entry = 1 << 20;
  CHECK(read(options).starts_with("\"big\" in the archive is larger than 1048"));
  options.limits = {};
  options.limits.max_expansion = 100;
  CHECK(read(options) == "more than 100 bytes came out of each byte of the archive; raise the limit with --max-expansion");
  options.limits.max_expansion = 0;
  CHECK(read(options) == "read");
}

TEST_CASE("an archive with too large a directory is refused before it is read") {
  std::string zip = zip_with(kHar);
  const std::size_t end = zip.rfind("PK\5\6");
  zip[end + 15] = '\x7f';  // of its size
  CHECK(refusal(zip) == "x.har-zip: the archive has too many members");
}

TEST_CASE("archives are found by what is in them") {
  const auto sniff = [](const std::string& zip) { return find_format("har-zip")->sniff(zip); };
  CHECK(sniff(zip_with(kHar)) == 95);
  CHECK(sniff(zip_of({{stream::sha1_hex("") + ".txt", ""}, {"har.har", std::string(kHar)}})) == 95);
  CHECK(sniff(zip_of({{"word/document.xml", ""}})) < 30);
  CHECK(sniff(zip_of({{"raw/1_c.txt", ""}})) == 0);
  CHECK(sniff("PK") == 0);
  CHECK(format_of_name("x.har.zip")->name == "har-zip");
  CHECK(format_of_name("x.zhar")->name == "zhar");
}

TEST_CASE(".zhar is a HAR in zlib's form, and read if it is a zip") {
  const auto zlib = convert(kHar, "har", "zhar");
  CHECK(zlib.errors.empty());
  CHECK(zlib.text.starts_with("\x78\xda"));
  auto source = stream::decompress(stream::memory_source(zlib.text, "x.zhar"));
  REQUIRE(source);
  const auto text = stream::read_all(**source, std::size_t{1} << 20);
  REQUIRE(text);
  CHECK(*text == convert(kHar, "har", "har").text);
  CHECK(entries_of(convert(*text, "zhar", "har").text) == entries_of(kHar));
  CHECK(entries_of(convert(zlib.text, "zhar", "har").text) == entries_of(kHar));
  CHECK(entries_of(convert(zip_with(kHar), "zhar", "har").text) == entries_of(kHar));
  CHECK(convert("", "zhar", "har").errors.size() == 1);
}

TEST_CASE("what Playwright has recorded is read with all its bodies") {
  const char* const corpus = std::getenv("HARTAPE_CORPUS");
  if (corpus == nullptr) {
    WARN("skipped: HARTAPE_CORPUS is not set");
    return;
  }
  const std::string zip = slurp(std::filesystem::path(corpus) / "recorded_here/recorded__playwright-full-attach-h1.har.zip");
  const auto read = convert(zip, "har-zip", "har");
  CHECK(read.errors.empty());
  CHECK(read.findings.empty());
  const auto entries = entries_of(read.text);
  CHECK(entries.size() == 48);
  const Unpacked files = unpack(zip);
  const auto named = entries_of(files.files.at("har.har"));
  std::size_t bodies = 0;
  std::size_t messages = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Json& content = entries[i]["response"]["content"];
    CHECK(content.find("_file") == nullptr);
    const std::string file(named[i]["response"]["content"]["_file"].string_or(""));
    if (file.empty()) continue;
    if (file.ends_with(".jsonl")) {
      messages += entries[i]["_webSocketMessages"].as_array().size();
      continue;
    }
    ++bodies;
    const std::string text(content["text"].string_or("?"));
    const bool base64 = content["encoding"].string_or("") == "base64";
    CHECK((base64 ? stream::base64_decode(text) : std::optional(text)) == files.files.at(file));
  }
  CHECK(bodies > 30);
  CHECK(messages == 14);
  // Written again, the files are the same, though some suffix is another.
  std::set<std::string> again;
  for (const std::string& name : unpack(convert(zip, "har-zip", "har-zip").text).names)
    again.insert(name.substr(0, name.find('.')));
  for (const auto& [name, bytes] : files.files) {
    INFO(name);
    if (!name.ends_with(".jsonl") && !bytes.empty()) CHECK(again.count(name.substr(0, name.find('.'))) == 1);
  }
}

TEST_CASE("HARs of many programs go through an archive without a loss") {
  const char* const corpus = std::getenv("HARTAPE_CORPUS");
  if (corpus == nullptr) {
    WARN("skipped: HARTAPE_CORPUS is not set");
    return;
  }
  std::size_t files = 0;
  for (const auto& file : std::filesystem::directory_iterator(std::filesystem::path(corpus) / "har")) {
    if (!file.is_regular_file() || file.file_size() > 2'000'000) continue;
    if (++files % 8 != 0) continue;
    const std::string har = slurp(file.path());
    const auto entries = entries_of(har);
    if (entries.empty() || std::any_of(entries.begin(), entries.end(), [](const Json& entry) { return entry.is_string(); }))
      continue;
    INFO(file.path().string());
    const auto back = convert(convert(har, "har", "har-zip").text, "har-zip", "har");
    CHECK(messages_last(entries_of(back.text)) == messages_last(entries));
  }
  CHECK(files > 100);
}
