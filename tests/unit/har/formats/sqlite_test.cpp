// HAR → SQLite → HAR keeps everything, SQL says what is in it, and no database does harm.
#include <sqlite3.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>

#include "conversion.hpp"
#include "formats/sqlite/schema.hpp"
#include "har/exchange.hpp"
#include "stream/text/utf8.hpp"

using namespace har;
using namespace har::test;

namespace {

using Lines = std::vector<std::string>;

/// A database in memory, of octets or of SQL.
class Sql {
 public:
  Sql() { REQUIRE(sqlite3_open(":memory:", &handle_) == SQLITE_OK); }
  explicit Sql(const std::string& bytes) : Sql() {
    auto* const copy = static_cast<unsigned char*>(sqlite3_malloc64(bytes.size()));
    std::memcpy(copy, bytes.data(), bytes.size());
    const auto size = static_cast<sqlite3_int64>(bytes.size());
    REQUIRE(sqlite3_deserialize(handle_, "main", copy, size, size,
                                SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE) == SQLITE_OK);
  }
  Sql(const Sql&) = delete;
  Sql& operator=(const Sql&) = delete;
  ~Sql() { sqlite3_close(handle_); }

  /// The rows, their columns separated by '|'.
  Lines operator()(const std::string& sql) {
    Lines out;
    char* error = nullptr;
    const auto row = [](void* to, int count, char** values, char**) {
      std::string line;
      for (int i = 0; i < count; ++i) line += (i > 0 ? "|" : "") + std::string(values[i] != nullptr ? values[i] : "NULL");
      static_cast<Lines*>(to)->push_back(line);
      return 0;
    };
    if (sqlite3_exec(handle_, sql.c_str(), row, &out, &error) != SQLITE_OK) out.push_back(std::string("error: ") + error);
    sqlite3_free(error);
    return out;
  }
  std::string bytes() {
    sqlite3_int64 size = 0;
    unsigned char* const bytes = sqlite3_serialize(handle_, "main", &size, 0);
    std::string out(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    sqlite3_free(bytes);
    return out;
  }

 private:
  sqlite3* handle_ = nullptr;
};

std::string made(const std::string& sql) {
  Sql database;
  for (const std::string& line : database(sql)) INFO(line);
  return database.bytes();
}

struct Read {
  std::vector<stream::Json> entries;
  Lines errors;
  Lines findings;
};

Read read(std::string_view bytes, stream::Limits limits = {}) {
  Read out;
  const auto source = stream::memory_source(bytes, "x.sqlite", 100'000);
  const auto reader = find_format("sqlite")->open_reader(
      *source, {limits, [&](const stream::Finding& finding) { out.findings.push_back(to_string(finding)); }});
  for (std::size_t i = 0; i < 10'000; ++i) {
    const auto item = reader->next();
    if (!item) {
      out.errors.push_back(to_string(item.error()));
      if (reader->can_continue()) continue;
      return out;
    }
    if (!*item) return out;
    auto json = stream::parse_json((*item)->text);
    REQUIRE(json);
    out.entries.push_back(std::move(*json));
  }
  FAIL("it does not end");
  return out;
}

/// Entries with what is easily lost.
constexpr std::string_view kHar = R"har({"log": {"version": "1.2", "creator": {"name": "x", "version": "1"},
 "pages": [{"startedDateTime": "2026-11-22T09:15:30.000+01:00", "id": "p1", "title": "Déjà", "pageTimings": {"onLoad": 12.50}}],
 "entries": [
  {"pageref": "p1", "startedDateTime": "2026-11-22T09:15:30.000Z", "time": 1e2, "_own": {"a": [1.0, null]},
   "request": {"method": "GET", "url": "https://User@Example.test:8443/a/b?q=1&q=2&x=%C3%A9#top", "httpVersion": "h2",
    "cookies": [{"name": "a", "value": "1"}, {"name": "a", "value": "2"}],
    "headers": [{"name": "X-Two", "value": "one"}, {"name": "x-two", "value": "two"}, {"name": "X-Empty", "value": ""}],
    "queryString": [{"name": "q", "value": "1"}, {"name": "q", "value": "2"}, {"name": "x", "value": "é"}],
    "headersSize": -1, "bodySize": 0},
   "response": {"status": 200, "statusText": "OK", "httpVersion": "h2",
    "cookies": [{"name": "s", "value": "v", "httpOnly": true, "expires": null}],
    "headers": [{"name": "Content-Type", "value": "text/plain"}, {"name": "Set-Cookie", "value": "s=v", "comment": "!"}],
    "content": {"size": 7, "mimeType": "text/plain; charset=utf-8", "text": "na\u00efve\n\ud83d\ude00"}, "redirectURL": "",
    "headersSize": -1, "bodySize": 7},
   "cache": {}, "timings": {"blocked": -1, "dns": 1, "connect": 2, "ssl": 1, "send": 0, "wait": 90.5, "receive": 3}},
  {"startedDateTime": "2026-11-22T09:15:31.000Z", "time": 5,
   "request": {"method": "POST", "url": "http://other.test/post", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [],
    "queryString": [], "postData": {"mimeType": "text/plain", "text": "na\u00efve\n\ud83d\ude00"}, "headersSize": 10, "bodySize": 7},
   "response": {"status": 500, "statusText": "", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [],
    "content": {"size": 4, "mimeType": "image/png", "text": "AAECAw==", "encoding": "base64"}, "redirectURL": "",
    "headersSize": -1, "bodySize": 4}, "cache": {}, "timings": {"send": 1, "wait": 2, "receive": 2}},
  {"startedDateTime": "2026-11-22T09:15:32.000Z", "time": 5,
   "request": {"method": "POST", "url": "http://other.test/form", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [],
    "queryString": [], "postData": {"mimeType": "application/x-www-form-urlencoded", "params": [{"name": "a", "value": "b c"}]},
    "headersSize": 10, "bodySize": 5},
   "response": {"status": 200, "statusText": "", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [],
    "content": {"size": 4, "mimeType": "image/png", "text": "AAEC\nAw==", "encoding": "base64"}, "redirectURL": "",
    "headersSize": -1, "bodySize": 4}, "cache": {}, "timings": {"send": 1, "wait": 2, "receive": 2}},
  {"startedDateTime": "2026-11-22T09:15:33.000Z", "time": 5,
   "request": {"method": "GET", "url": "http://other.test/half", "httpVersion": "HTTP/1.1", "cookies": [],
    "headers": [{"name": "X-Half", "value": "\ud800"}], "queryString": [], "headersSize": 10, "bodySize": 0},
   "response": {"status": 200, "statusText": "", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [],
    "content": {"size": 4, "mimeType": "text/plain", "text": "a\udc00\u0000b"}, "redirectURL": "", "headersSize": -1, "bodySize": 4},
   "cache": {}, "timings": {"send": 1, "wait": 2, "receive": 2}},
  {"startedDateTime": "2026-11-22T09:15:34.000Z", "time": 5, "_resourceType": "websocket",
   "_webSocketMessages": [{"type": "send", "time": 1795338934.25, "opcode": 1, "data": "hé"},
    {"type": "receive", "time": 1795338934.3, "opcode": 2, "data": "AAEC"}],
   "request": {"method": "GET", "url": "wss://live.test/", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [],
    "queryString": [], "headersSize": -1, "bodySize": 0},
   "response": {"status": 101, "statusText": "", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [],
    "content": {"size": 0, "mimeType": "x-unknown", "text": ""}, "redirectURL": "", "headersSize": -1, "bodySize": 0},
   "cache": {}, "timings": {"send": 1, "wait": 2, "receive": 2}},
  {"startedDateTime": "2026-11-22T09:15:34.000Z", "time": 5, "_resourceType": "websocket",
   "_webSocketMessages": [{"type": "receive", "time": 1795338934.50, "opcode": 1, "data": "later"},
    {"type": "send", "time": 1795338934.25, "opcode": 1, "data": "sooner", "mine": true}],
   "request": {"method": "GET", "url": "wss://live.test/2", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [],
    "queryString": [], "headersSize": -1, "bodySize": 0},
   "response": {"status": 101, "statusText": "", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [],
    "content": {"size": 0, "mimeType": "x-unknown"}, "redirectURL": "", "headersSize": -1, "bodySize": 0},
   "cache": {}, "timings": {"send": 1, "wait": 2, "receive": 2}},
  {"startedDateTime": "2026-11-22T09:15:35.000Z", "time": 5,
   "_eventSourceMessages": [{"time": 1795338935.005, "eventName": "message", "eventId": "", "data": "1"},
    {"time": 1795338935.005, "eventName": "x", "eventId": "7", "data": "2\n3"}],
   "request": {"method": "GET", "url": "http://other.test/events", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [],
    "queryString": [], "headersSize": -1, "bodySize": 0},
   "response": {"status": 200, "statusText": "", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [],
    "content": {"size": 40, "mimeType": "text/event-stream", "text": "data: 1\n\nevent: x\nid: 7\ndata: 2\ndata: 3\n\n"},
    "redirectURL": "", "headersSize": -1, "bodySize": 40}, "cache": {}, "timings": {"send": 1, "wait": 2, "receive": 2}},
  {"a": 1}, {"request": {"headers": [1, {"name": 2}], "url": 3}, "response": [], "startedDateTime": 7}
 ], "comment": "last"}, "beside": [1]})har";

const std::string& database() {
  static const std::string bytes = convert(kHar, "har", "sqlite").text;
  return bytes;
}

}  // namespace

TEST_CASE("a HAR becomes a database and the same HAR again") {
  const Converted there = convert(kHar, "har", "sqlite");
  CHECK(there.errors == Lines{});
  const Converted back = convert(there.text, "sqlite", "har");
  CHECK(back.errors == Lines{});
  CHECK(back.findings == Lines{});
  const auto before = entries_of(kHar);
  const auto after = entries_of(back.text);
  REQUIRE(before.size() == after.size());
  for (std::size_t i = 0; i < before.size(); ++i) CHECK(to_json(before[i]) == to_json(after[i]));
  const auto log = stream::parse_json(back.text);
  REQUIRE(log);
  const auto original = stream::parse_json(kHar);
  for (const char* const name : {"version", "creator", "pages", "comment"})
    CHECK((*log)["log"][name] == (*original)["log"][name]);
  CHECK((*log)["beside"] == (*original)["beside"]);
  // And the same database again.
  CHECK(convert(back.text, "har", "sqlite").text == there.text);
}

TEST_CASE("SQL says of a recording what is in it") {
  Sql sql(database());
  CHECK(sql("PRAGMA integrity_check") == Lines{"ok"});
  CHECK(sql("PRAGMA application_id") == Lines{std::to_string(format::sqlite::kApplicationId)});
  CHECK(sql("PRAGMA user_version") == Lines{"1"});
  CHECK(sql("SELECT id, method, host, port, path, query, status, mime, wait, blocked FROM entries WHERE id < 2") ==
        Lines{"0|GET|example.test|8443|/a/b|q=1&q=2&x=%C3%A9|200|text/plain|90.5|NULL",
              "1|POST|other.test|80|/post|NULL|500|image/png|2.0|NULL"});
  CHECK(sql("SELECT name, value FROM headers WHERE name = 'x-two'") == Lines{"X-Two|one", "x-two|two"});
  CHECK(sql("SELECT name, value FROM query_parameters WHERE entry = 0") == Lines{"q|1", "q|2", "x|é"});
  CHECK(sql("SELECT message, name, value, http_only FROM cookies") ==
        Lines{"request|a|1|NULL", "request|a|2|NULL", "response|s|v|1"});
  CHECK(sql("SELECT direction, opcode, size, time_ns, typeof(data) FROM messages WHERE entry = 4") ==
        Lines{"send|1|3|1795338934250000000|text", "receive|2|3|1795338934300000000|blob"});
  CHECK(sql("SELECT direction, data FROM messages WHERE entry = 5") == Lines{"send|sooner", "receive|later"});
  CHECK(sql("SELECT event, event_id, data FROM events") == Lines{"message||1", "x|7|2\n3"});
  CHECK(sql("SELECT id, title, on_load FROM pages") == Lines{"p1|Déjà|12.5"});
  // What was sent and received is there once.
  CHECK(sql("SELECT count(*), count(DISTINCT sha256) FROM bodies") == Lines{"6|6"});
  CHECK(sql("SELECT b.data, b.size, b.is_text FROM entries e JOIN bodies b ON b.id = e.request_body WHERE e.id = 1") ==
        Lines{"naïve\n😀|11|1"});
  CHECK(sql("SELECT a.response_body = b.request_body FROM entries a, entries b WHERE a.id = 0 AND b.id = 1") == Lines{"1"});
  CHECK(sql("SELECT sha256, hex(data), is_text FROM bodies WHERE size = 4") ==
        Lines{"054edec1d0211f624fed0cbca9d4f9400b0e491c43742af2c5b0abebf0c990d8|00010203|0"});
  CHECK(sql("SELECT data FROM bodies JOIN entries e ON e.request_body = bodies.id WHERE e.id = 2") == Lines{"a=b+c"});
  CHECK(sql("SELECT id FROM errors") == Lines{"1", "7", "8"});
  CHECK(sql("SELECT id, time FROM slowest LIMIT 1") == Lines{"0|100.0"});
  CHECK(sql("SELECT host, entries, errors FROM by_host WHERE host = 'other.test'") == Lines{"other.test|4|1"});
  CHECK(sql("SELECT count(*) FROM conversation") == Lines{"6"});
  CHECK(sql("SELECT response FROM with_bodies WHERE id = 0") == Lines{"naïve\n😀"});
}

TEST_CASE("what SQL takes out of headers and bodies is gone from the recording") {
  Sql sql(database());
  sql("DELETE FROM headers WHERE name = 'X-TWO'; UPDATE bodies SET data = 'gone' WHERE is_text; UPDATE messages SET data = '-';"
      "DELETE FROM entries WHERE id > 4; DELETE FROM entries WHERE id IN (2, 3)");
  const Read out = read(sql.bytes());
  CHECK(out.errors == Lines{});
  REQUIRE(out.entries.size() == 3);
  CHECK(to_json(out.entries[0]["request"]["headers"]) == R"([{"name":"X-Empty","value":""}])");
  CHECK(out.entries[0]["response"]["content"]["text"].string_or("") == "gone");
  CHECK(out.entries[1]["request"]["postData"]["text"].string_or("") == "gone");
  CHECK(out.entries[2]["_webSocketMessages"].as_array()[0]["data"].string_or("") == "-");
  CHECK(out.findings.size() == 3);  // rows of entries that are gone
}

TEST_CASE("an entry without its JSON is made of its columns") {
  Sql sql(database());
  sql("UPDATE entries SET rest = NULL, url = 'http://changed.test/'");
  const Read out = read(sql.bytes());
  CHECK(out.errors == Lines{});
  REQUIRE(out.entries.size() == 9);
  const stream::Json& entry = out.entries[0];
  CHECK(entry["request"]["url"].string_or("") == "http://changed.test/");
  CHECK(entry["request"]["headers"].as_array().size() == 3);
  CHECK(entry["response"]["content"]["text"].string_or("") == "naïve\n😀");
  CHECK(entry["response"]["cookies"].as_array()[0]["httpOnly"].bool_or(false));
  CHECK(entry["timings"]["wait"].number_or(0) == 90.5);
  CHECK(entry["timings"].find("blocked") == nullptr);
  CHECK(entry["pageref"].string_or("") == "p1");
  CHECK(out.entries[1]["request"]["postData"]["text"].string_or("") == "naïve\n😀");
  CHECK(out.entries[1]["response"]["content"]["encoding"].string_or("") == "base64");
  CHECK(out.entries[4]["_webSocketMessages"].as_array().size() == 2);
  CHECK(out.entries[6]["_eventSourceMessages"].as_array().size() == 2);
}

TEST_CASE("a database of rows that somebody else made is read") {
  const Read out =
      read(made("CREATE TABLE entries (id INTEGER PRIMARY KEY, url TEXT, status, started_ns INTEGER);"
                "INSERT INTO entries VALUES (7, 'http://a.test/', 204, 1795338934250000000), (9, X'ff', 'x', NULL)"));
  CHECK(out.errors == Lines{});
  CHECK(out.findings ==
        Lines{"x.sqlite: warning: entry 9: there is neither started nor started_ns: it begins in 1970 [sqlite-no-time]"});
  REQUIRE(out.entries.size() == 2);
  CHECK(out.entries[0]["startedDateTime"].string_or("") == "2026-11-22T09:15:34.250Z");
  CHECK(out.entries[0]["response"]["status"].int_or(0) == 204);
  CHECK(out.entries[1]["request"]["url"].string_or("") == "\uFFFD");
}

TEST_CASE("a recording of events becomes a database and the same events again") {
  const std::string recording =
      R"({"recording":1,"start":"2026-11-22T09:15:30.123456Z","creator":{"name":"x","version":"1"}}
{"ev":"request","id":"1","t":0,"request":{"method":"GET","url":"wss://a.test/","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"queryString":[],"headersSize":-1,"bodySize":0}}
{"ev":"response","id":"1","t":0.031207,"kind":"websocket","response":{"status":101,"statusText":"","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"content":{"size":0,"mimeType":"x-unknown"},"redirectURL":"","headersSize":-1,"bodySize":0}}
{"ev":"message","id":"1","t":0.033000001,"dir":"send","opcode":1,"data":"hello"}
{"ev":"mark","id":"1","t":0.04,"text":"here"}
{"ev":"message","id":"1","t":0.051,"dir":"receive","opcode":2,"data64":"AAH/"}
{"ev":"close","id":"1","t":1.5,"dir":"receive","code":1000,"reason":"bye"}
{"ev":"end","id":"1","t":1.6,"reason":"eof"}
)";
  const Converted database = convert(recording, "recording", "sqlite");
  CHECK(database.errors == Lines{});
  CHECK(convert(database.text, "sqlite", "recording").text ==
        convert(convert(recording, "recording", "harl").text, "harl", "recording").text);
  CHECK(Sql(database.text)("SELECT direction, opcode, hex(data) FROM messages") ==
        Lines{"send|1|68656C6C6F", "receive|2|0001FF"});
}

TEST_CASE("nothing becomes an empty database") {
  const Converted out =
      convert(R"({"log":{"version":"1.2","creator":{"name":"x","version":"1"},"entries":[]}})", "har", "sqlite");
  CHECK(out.errors == Lines{});
  CHECK(Sql(out.text)("SELECT count(*) FROM entries") == Lines{"0"});
  CHECK(read(out.text).errors == Lines{});
}

TEST_CASE("what is no database of ours is refused with the reason") {
  const auto refused = [](const std::string& bytes) {
    const Read out = read(bytes);
    CHECK(out.entries.empty());
    return out.errors.empty() ? std::string("none") : out.errors.front();
  };
  using Catch::Contains;
  CHECK_THAT(refused(""), Contains("expected a SQLite database, found the end of the input"));
  CHECK_THAT(refused("SQLite format 3"), Contains("file is not a database"));
  CHECK_THAT(refused(std::string(4096, 'x')), Contains("file is not a database"));
  CHECK_THAT(refused(made("CREATE TABLE t (a)")), Contains("no table entries"));
  CHECK_THAT(refused(made("PRAGMA application_id=1; CREATE TABLE entries (id)")), Contains("another application's"));
  CHECK_THAT(refused(made("PRAGMA user_version=2; CREATE TABLE entries (id)")), Contains("of version 2"));
  CHECK_THAT(refused(made("CREATE VIEW entries AS SELECT 1 AS id")), Contains("prohibited"));
  CHECK_THAT(
      refused(made("CREATE VIEW entries AS WITH RECURSIVE r(id) AS (SELECT 1 UNION ALL SELECT id+1 FROM r) SELECT id FROM r")),
      Contains("SQLite: "));
}

TEST_CASE("rows of hostile databases are refused one by one, and the others are read") {
  using Catch::Contains;
  const Read wrong = read(made(
      "CREATE TABLE entries (id, rest, parts, response_body, time);"
      "INSERT INTO entries VALUES ('x', '{}', 0, 0, 0), (1, '[]', 0, 0, 0), (2, '{\"a\":', 'z', 0, 0), (3, X'00ff', 0, 0, 0),"
      " (4, '{\"a\":1}', 1023, 99, 'y'), (5, '{\"request\":3,\"response\":[]}', -1, 1, 0), (NULL, NULL, NULL, NULL, NULL),"
      " (8.5, '{}', 0, 0, 0);"
      "CREATE TABLE bodies (id, data); INSERT INTO bodies VALUES (1, X'00ff');"
      "CREATE TABLE headers (entry, name); INSERT INTO headers VALUES (5, X'ff'), ('u', 'v'), (NULL, 3), (-9, 1)"));
  CHECK(wrong.errors.size() == 6);
  REQUIRE(wrong.entries.size() == 2);
  CHECK(wrong.entries[0]["a"].int_or(0) == 1);
  CHECK(to_json(wrong.entries[1]["response"]["content"]) == R"({"text":"AP8=","encoding":"base64"})");
  CHECK(std::any_of(wrong.findings.begin(), wrong.findings.end(),
                    [](const std::string& finding) { return finding.find("sqlite-orphan") != std::string::npos; }));

  stream::Limits small;
  small.max_entry = 10'000;
  const Read large =
      read(made("CREATE TABLE entries (id INTEGER PRIMARY KEY, rest, parts, response_body);"
                "INSERT INTO entries VALUES (1, zeroblob(1000000), 0, 0), (2, '{\"b\":1}', 64, 1), (3, '{\"c\":1}', 0, 0);"
                "CREATE TABLE bodies (id INTEGER PRIMARY KEY, data); INSERT INTO bodies VALUES (1, zeroblob(1000000));"),
           small);
  CHECK(large.errors.size() == 2);
  for (const std::string& error : large.errors) CHECK_THAT(error, Contains("10000 bytes"));
  REQUIRE(large.entries.size() == 1);
  CHECK(large.entries[0]["c"].int_or(0) == 1);

  const Read many = read(made("CREATE TABLE entries (id INTEGER PRIMARY KEY, rest, parts);"
                              "INSERT INTO entries VALUES (1, '{}', 1), (2, '{\"b\":1}', 1);"
                              "CREATE TABLE headers (entry, message, name, value);"
                              "INSERT INTO headers WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM r WHERE n < 1000)"
                              " SELECT 1, 'request', 'n', 'v' FROM r"),
                         small);
  CHECK(many.errors.size() == 1);
  CHECK(many.entries.size() == 1);
}

TEST_CASE("a small database does not become an endless recording") {
  stream::Limits limits;
  limits.max_expansion = 2;
  const Read out =
      read(made("CREATE TABLE entries (id INTEGER PRIMARY KEY, rest, parts, response_body);"
                "INSERT INTO entries WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM r WHERE n < 200)"
                " SELECT n, '{}', 64, 1 FROM r;"
                "CREATE TABLE bodies (id INTEGER PRIMARY KEY, data); INSERT INTO bodies VALUES (1, zeroblob(1000000))"),
           limits);
  REQUIRE(out.errors.size() == 1);
  CHECK_THAT(out.errors.front(), Catch::Contains("more than 2 times as large as the database"));
}

TEST_CASE("a table that has to be searched for every row ends the reading, not the patience") {
  const Read out =
      read(made("CREATE TABLE entries (id, rest);"
                "INSERT INTO entries WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM r WHERE n < 9000)"
                " SELECT n, '{}' FROM r"));
  REQUIRE(!out.errors.empty());
  CHECK_THAT(out.errors.front(), Catch::Contains("takes too long"));
}

TEST_CASE("triggers, generated columns and journals of a database do nothing") {
  Sql sql;
  const Lines said =
      sql("CREATE TABLE entries (id INTEGER PRIMARY KEY, url TEXT, status GENERATED ALWAYS AS (length(url)) VIRTUAL);"
          "INSERT INTO entries VALUES (1, 'http://a.test/');"
          "CREATE TRIGGER t AFTER INSERT ON entries BEGIN DELETE FROM entries; END;");
  REQUIRE(said == Lines());
  std::string bytes = sql.bytes();
  REQUIRE(bytes.size() > 100);
  bytes[18] = bytes[19] = 2;  // it says that it has a write-ahead log
  const Read out = read(bytes);
  CHECK(out.entries.size() + out.errors.size() == 1);
}

TEST_CASE("no cut and no wrong octet of a database does harm") {
  const std::string& whole = database();
  const auto try_one = [](std::string_view bytes) {
    stream::Limits limits;
    limits.max_entry = std::size_t{1} << 20;
    const Read out = read(bytes, limits);
    CHECK(out.entries.size() <= 1000);
  };
  for (std::size_t cut = 0; cut < whole.size(); cut += cut < 200 ? 1 : cut % 512 == 511 || cut % 512 == 0 ? 1 : 511 - cut % 512)
    try_one(std::string_view(whole).substr(0, cut));
  std::uint32_t random = 12345;
  const auto next = [&] { return random = random * 1664525U + 1013904223U; };
  for (int round = 0; round < 600; ++round) {
    std::string broken = whole;
    for (int i = 0; i < 1 + round % 8; ++i) {
      const std::size_t at = (next() >> 4U) % broken.size();
      // Most of a page is empty: what is full stands at its beginning and its end.
      const std::size_t page = at / 8192 * 8192;
      broken[round % 2 == 0 ? at : page + at % 64] = static_cast<char>(next() >> 13U);
    }
    try_one(broken);
  }
}

TEST_CASE("databases are found by their content, and others' are not taken for ours") {
  const auto sniff = find_format("sqlite")->sniff;
  CHECK(sniff(std::string_view(database()).substr(0, 4096)) == 100);
  const std::string other = made("CREATE TABLE t (a)");
  CHECK(sniff(other) == 60);
  CHECK(sniff("SQLite format 3") == 0);
  CHECK(sniff("{\"log\":{}}") == 0);
}

TEST_CASE("every cut of a small database is refused, or gives what is whole") {
  const std::string small = made(
      "PRAGMA page_size=512; CREATE TABLE entries (id INTEGER PRIMARY KEY, rest TEXT, parts INTEGER);"
      "INSERT INTO entries VALUES (1,'{}',384), (2,'{\"a\":1}',1);"
      "CREATE TABLE messages (entry, time_ns, direction, opcode, data);"
      "INSERT INTO messages VALUES (1, 1795338934250000000, 'send', 1, 'hi'), (1, NULL, NULL, NULL, NULL), (1, 5, 'receive', 1, "
      "X'ff');"
      "CREATE TABLE headers (entry, message, name, value); INSERT INTO headers VALUES (2, 'request', 'A', 'b')");
  CHECK(small.size() < 8192);
  const Read whole = read(small);
  CHECK(whole.errors == Lines{});
  REQUIRE(whole.entries.size() == 2);
  CHECK(to_json(whole.entries[0]["_webSocketMessages"]) ==
        R"([{"type":"send","time":1795338934.25,"opcode":1,"data":"hi"},{"type":"receive","time":0,"opcode":1,"data":""},)"
        R"({"type":"receive","time":0.000000005,"opcode":1,"data":"/w==","encoding":"base64"}])");
  for (std::size_t cut = 0; cut < small.size(); ++cut) {
    const Read out = read(std::string_view(small).substr(0, cut));
    CHECK(out.entries.size() <= 2);
    if (out.errors.empty()) CHECK(out.entries.size() == 2);
  }
}
