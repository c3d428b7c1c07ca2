// What of a HAR each format keeps: real conversions, there and back. The table that docs/formats/held.md shows is made here
// (HARTAPE_BLESS=1 writes it), and nothing may get lost in silence.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "conversion.hpp"
#include "har/exchange.hpp"

using namespace har;
using stream::Json;

namespace {

// ---- the entries that are converted

Json parsed(std::string_view text) {
  auto json = stream::parse_json(text);
  INFO(text);
  REQUIRE(json);
  return std::move(*json);
}

/// An ordinary exchange in which everything agrees with everything.
Json http_entry() {
  return parsed(R"({
    "pageref": "page_1",
    "startedDateTime": "2026-11-22T09:15:30.250Z",
    "time": 40,
    "request": {
      "method": "POST", "url": "https://api.example.org:8443/orders?a=1&b=%C3%A9", "httpVersion": "HTTP/1.1",
      "cookies": [{"name": "sid", "value": "x1"}],
      "headers": [{"name": "Host", "value": "api.example.org:8443"}, {"name": "Content-Type", "value": "application/x-www-form-urlencoded"},
        {"name": "Cookie", "value": "sid=x1"}, {"name": "X-Twice", "value": "one"}, {"name": "x-twice", "value": "two"},
        {"name": "Content-Length", "value": "7"}],
      "queryString": [{"name": "a", "value": "1"}, {"name": "b", "value": "\u00e9"}],
      "postData": {"mimeType": "application/x-www-form-urlencoded", "params": [{"name": "k", "value": "v w"}], "text": "k=v%20w"},
      "headersSize": -1, "bodySize": 7
    },
    "response": {
      "status": 201, "statusText": "Created", "httpVersion": "HTTP/1.1",
      "cookies": [{"name": "t", "value": "2", "path": "/", "httpOnly": true}],
      "headers": [{"name": "Content-Type", "value": "application/json"}, {"name": "Set-Cookie", "value": "t=2; Path=/; HttpOnly"},
        {"name": "Location", "value": "/orders/7"}, {"name": "Content-Length", "value": "14"}],
      "content": {"size": 14, "mimeType": "application/json", "text": "{\"id\": \"\u00e9 7\"}"},
      "redirectURL": "/orders/7", "headersSize": -1, "bodySize": 14
    },
    "cache": {},
    "timings": {"blocked": -1, "dns": -1, "connect": -1, "send": 0, "wait": 30, "receive": 10, "ssl": -1}
  })");
}

Json stream_entry() {
  return parsed(R"({
    "startedDateTime": "2026-11-22T09:15:31.000Z", "time": 300,
    "request": {"method": "GET", "url": "https://api.example.org/events", "httpVersion": "HTTP/1.1", "cookies": [],
      "headers": [{"name": "Host", "value": "api.example.org"}, {"name": "Accept", "value": "text/event-stream"}],
      "queryString": [], "headersSize": -1, "bodySize": 0},
    "response": {"status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "cookies": [],
      "headers": [{"name": "Content-Type", "value": "text/event-stream"}, {"name": "Transfer-Encoding", "value": "chunked"}],
      "content": {"size": 34, "mimeType": "text/event-stream", "text": "data: {\"a\":1}\n\nid: 2\ndata: [DONE]\n\n"},
      "redirectURL": "", "headersSize": -1, "bodySize": 34},
    "cache": {}, "timings": {"send": 0, "wait": 100, "receive": 200},
    "_chunks": [{"time": 1795684531.1, "offset": 0, "size": 15}, {"time": 1795684531.3, "offset": 15, "size": 20}]
  })");
}

Json socket_entry() {
  return parsed(R"({
    "startedDateTime": "2026-11-22T09:15:32.000Z", "time": 500,
    "request": {"method": "GET", "url": "wss://api.example.org/chat", "httpVersion": "HTTP/1.1", "cookies": [],
      "headers": [{"name": "Host", "value": "api.example.org"}, {"name": "Upgrade", "value": "websocket"},
        {"name": "Connection", "value": "Upgrade"}, {"name": "Sec-WebSocket-Version", "value": "13"},
        {"name": "Sec-WebSocket-Key", "value": "dGhlIHNhbXBsZSBub25jZQ=="}],
      "queryString": [], "headersSize": -1, "bodySize": 0},
    "response": {"status": 101, "statusText": "Switching Protocols", "httpVersion": "HTTP/1.1", "cookies": [],
      "headers": [{"name": "Upgrade", "value": "websocket"}, {"name": "Connection", "value": "Upgrade"},
        {"name": "Sec-WebSocket-Accept", "value": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}],
      "content": {"size": 0, "mimeType": "x-unknown"}, "redirectURL": "", "headersSize": -1, "bodySize": 0},
    "cache": {}, "timings": {"send": 0, "wait": 100, "receive": 400},
    "_resourceType": "websocket",
    "_webSocketMessages": [
      {"type": "send", "time": 1795684532.125, "opcode": 1, "data": "h\u00e9llo"},
      {"type": "receive", "time": 1795684532.25, "opcode": 2, "data": "AP/+"},
      {"type": "receive", "time": 1795684532.375, "opcode": 1, "data": ""}],
    "_webSocketClose": {"code": 4001, "reason": "bye", "timestamp": 1795684532.5}
  })");
}

// ---- the fields that are looked at

using Edit = void (*)(Json& entry);

struct Field {
  std::string_view name;  ///< as the table shows it
  std::string_view path;  ///< what is compared
  Json (*entry)() = nullptr;
  /// Gives it a value that nothing else in the entry says; null: it is no consequence of anything as it is.
  Edit odd = nullptr;
  /// Gives it a value at all, where the entry has none.
  Edit usual = nullptr;
};

Json& at(Json& entry, std::initializer_list<std::string_view> path) {
  Json* json = &entry;
  for (const std::string_view name : path) {
    Json* const below = json->find(name);
    json = below != nullptr ? below : &json->set(name, Json::object());
  }
  return *json;
}

const Field kFields[] = {
    {"start, to the millisecond", "startedDateTime", http_entry},
    {"time", "time", http_entry, [](Json& e) { e.set("time", 41); }},
    {"timings: send, wait, receive", "timings", http_entry, [](Json& e) { at(e, {"timings"}).set("wait", 20); }},
    {"timings: blocked, dns, connect, ssl", "timings", http_entry, nullptr,
     [](Json& e) {
       e.set("time", 47);
       Json& timings = at(e, {"timings"});
       timings.set("blocked", 1);
       timings.set("dns", 2);
       timings.set("connect", 4);
       timings.set("ssl", 3);
     }},
    {"request: method, URL", "request.url", http_entry},
    {"request: HTTP version", "request.httpVersion", http_entry,
     [](Json& e) { at(e, {"request"}).set("httpVersion", "HTTP/2"); }},
    {"request: headers", "request.headers", http_entry},
    {"request: cookies", "request.cookies", http_entry,
     [](Json& e) {
       at(e, {"request"}).set("cookies", Json::Array{Json::Object{{"name", "other"}, {"value", "y"}}});
     }},
    {"request: query string", "request.queryString", http_entry,
     [](Json& e) {
       at(e, {"request"}).set("queryString", Json::Array{Json::Object{{"name", "z"}, {"value", "0"}}});
     }},
    {"request: body, text", "request.postData.text", http_entry},
    {"request: body, binary", "request.postData", http_entry, nullptr,
     [](Json& e) {
       at(e, {"request"})
           .set("postData", Json::Object{{"mimeType", "application/octet-stream"},
                                         {"params", Json::array()},
                                         {"text", "AP/+gAo="},
                                         {"_encoding", "base64"}});
       Json& headers = at(e, {"request", "headers"});
       headers.as_array()[1].set("value", "application/octet-stream");
       headers.as_array()[5].set("value", "5");
       at(e, {"request"}).set("bodySize", 5);
     }},
    {"request: form parameters", "request.postData.params", http_entry,
     [](Json& e) {
       at(e, {"request", "postData"}).set("params", Json::Array{Json::Object{{"name", "q"}, {"value", "r"}}});
     }},
    {"request: sizes", "request.bodySize", http_entry, [](Json& e) { at(e, {"request"}).set("bodySize", 700); }},
    {"response: status, status text", "response.statusText", http_entry, nullptr,
     [](Json& e) { at(e, {"response"}).set("statusText", "Made"); }},
    {"response: HTTP version", "response.httpVersion", http_entry,
     [](Json& e) { at(e, {"response"}).set("httpVersion", "HTTP/2"); }},
    {"response: headers", "response.headers", http_entry},
    {"response: cookies", "response.cookies", http_entry, [](Json& e) { at(e, {"response"}).set("cookies", Json::array()); }},
    {"response: body, text", "response.content.text", http_entry},
    {"response: body, binary", "response.content", http_entry, nullptr,
     [](Json& e) {
       at(e, {"response"})
           .set("content", Json::Object{{"size", 5}, {"mimeType", "image/png"}, {"text", "AP/+gAo="}, {"encoding", "base64"}});
       at(e, {"response", "headers"}).as_array()[0].set("value", "image/png");
       at(e, {"response", "headers"}).as_array()[3].set("value", "5");
       at(e, {"response"}).set("bodySize", 5);
     }},
    {"response: media type", "response.content.mimeType", http_entry,
     [](Json& e) {
       at(e, {"response", "content"}).set("mimeType", "text/odd");
     }},
    {"response: redirect URL", "response.redirectURL", http_entry,
     [](Json& e) { at(e, {"response"}).set("redirectURL", "/odd"); }},
    {"response: sizes", "response.bodySize", http_entry, [](Json& e) { at(e, {"response"}).set("bodySize", 900); }},
    {"server address", "serverIPAddress", http_entry, nullptr, [](Json& e) { e.set("serverIPAddress", "192.0.2.7"); }},
    {"connection", "connection", http_entry, nullptr, [](Json& e) { e.set("connection", "443"); }},
    {"page", "pageref", http_entry},
    {"comment", "comment", http_entry, nullptr, [](Json& e) { e.set("comment", "looks right"); }},
    {"cache", "cache", http_entry, nullptr,
     [](Json& e) {
       e.set("cache", parsed(R"({"afterRequest": {"lastAccess": "2026-11-22T09:15:30.000Z", "eTag": "x", "hitCount": 1}})"));
     }},
    {"extensions (`_…`) that we do not know", "_odd", http_entry, nullptr,
     [](Json& e) {
       e.set("_odd", Json::Object{{"a", 1}});
     }},
    {"stream: body", "response.content.text", stream_entry},
    {"stream: time of each chunk", "_chunks", stream_entry},
    {"WebSocket: messages", "_webSocketMessages", socket_entry},
    {"WebSocket: close", "_webSocketClose", socket_entry},
};

// ---- what becomes of them

const Json* find(const Json& entry, std::string_view path) {
  const Json* json = &entry;
  while (!path.empty()) {
    const std::string_view name = path.substr(0, path.find('.'));
    path.remove_prefix(std::min(name.size() + 1, path.size()));
    json = json->find(name);
    if (json == nullptr) return nullptr;
  }
  return json;
}

bool says_nothing(const Json* json) {
  return json == nullptr || json->is_null() || (json->is_array() && json->as_array().empty()) ||
         (json->is_object() && json->as_object().empty()) || (json->is_number() && json->int_or(0) == -1);
}

/// As documents: members in any order, numbers by value, "not known" as if it were not there.
bool same(const Json* a, const Json* b) {
  if (says_nothing(a) || says_nothing(b)) return says_nothing(a) && says_nothing(b);
  if (a->is_object() && b->is_object()) {
    std::set<std::string> names;
    for (const Json* side : {a, b}) {
      for (const stream::JsonMember& member : side->as_object()) names.insert(member.name);
    }
    return std::all_of(names.begin(), names.end(), [&](const std::string& name) { return same(a->find(name), b->find(name)); });
  }
  if (a->is_array() && b->is_array()) {
    return std::equal(a->as_array().begin(), a->as_array().end(), b->as_array().begin(), b->as_array().end(),
                      [](const Json& x, const Json& y) { return same(&x, &y); });
  }
  if (a->is_number() && b->is_number()) return std::abs(a->number_or(0) - b->number_or(1)) < 1e-6;
  return *a == *b;
}

struct Trip {
  std::optional<Json> entry{};  ///< as it came back
  std::set<std::string> lost{};
  std::vector<std::string> trouble{};
};

Trip round_trip(const Json& entry, const Format& format) {
  Trip trip;
  const std::string har = to_json(Json::Object{{"log", Json::Object{{"version", "1.2"}, {"entries", Json::Array{entry}}}}});
  auto there = test::convert(har, "har", format.name);
  trip.trouble = there.errors;
  for (const std::string& finding : there.findings) {
    const std::size_t rule = finding.rfind("[lost-");
    if (rule != std::string::npos) trip.lost.insert(finding.substr(rule + 6, finding.size() - rule - 7));
  }
  if (format.open_reader == nullptr || !there.errors.empty()) return trip;
  const auto back = test::convert(there.text, format.name, "har");
  trip.trouble.insert(trip.trouble.end(), back.errors.begin(), back.errors.end());
  auto entries = test::entries_of(back.text);
  if (!entries.empty()) trip.entry = std::move(entries.front());
  return trip;
}

/// Whether the findings say that this is lost, or something that it is a part of.
bool told(const Trip& trip, std::string_view path) {
  std::string dashed(path);
  std::replace(dashed.begin(), dashed.end(), '.', '-');
  return std::any_of(trip.lost.begin(), trip.lost.end(), [&](const std::string& lost) {
    return dashed == lost || dashed.starts_with(lost + "-") || lost.starts_with(dashed + "-");
  });
}

bool is_payload(const Format& format) {
  // What an exchange carries, or what was asked for: to leave out the rest is what they are for.
  constexpr std::string_view kNames[] = {"sse", "ndjson", "json-seq", "text", "raw", "csv", "tsv", "markdown"};
  return std::find(std::begin(kNames), std::end(kNames), format.name) != std::end(kNames);
}

struct Verdict {
  std::string word{};
  bool silent = false;  ///< it is lost, and nobody said so
};

Verdict verdict_of(const Field& field, const Format& format) {
  Json entry = field.entry();
  if (field.usual != nullptr) field.usual(entry);
  const Trip usual = round_trip(entry, format);
  if (format.open_reader == nullptr) {
    if (!usual.trouble.empty()) return {"lost"};
    return {told(usual, field.path) ? "lost" : "written"};
  }
  const bool came = usual.entry && same(find(*usual.entry, field.path), find(entry, field.path));
  if (!came) return {"lost", usual.trouble.empty() && !told(usual, field.path)};
  if (field.odd == nullptr) return {"kept"};
  Json odd = field.entry();
  field.odd(odd);
  const Trip trip = round_trip(odd, format);
  return {trip.entry && same(find(*trip.entry, field.path), find(odd, field.path)) ? "kept" : "derived"};
}

}  // namespace

TEST_CASE("the table of what each format keeps is what conversions give, and what they lose they say") {
  std::ostringstream table;
  table << "# What each format keeps\n\n"
           "A HAR is written in each format and read again; this table is made from what comes back (`har_formats_test`), not by "
           "hand.\n\n"
           "- **kept**: comes back as it was.\n"
           "- derived: not stored; it is made again from what is, and comes back the same where it agreed with that.\n"
           "- written: the format is only written, and has a place for it.\n"
           "- lost: `harconv` says so (rules that begin with `lost-`; `--strict` makes it an error).\n\n";
  std::vector<std::string> silent;
  const auto write = [&](bool read) {
    std::vector<const Format*> columns;
    for (const Format& format : formats()) {
      if (format.open_writer != nullptr && !is_payload(format) && (format.open_reader != nullptr) == read)
        columns.push_back(&format);
    }
    // A table for a few formats each: more would not fit on a page.
    constexpr std::size_t kWide = 7;
    for (std::size_t from = 0; from < columns.size(); from += kWide) {
      const std::size_t to = std::min(columns.size(), from + kWide);
      table << "| |";
      for (std::size_t i = from; i < to; ++i) table << " `" << columns[i]->name << "` |";
      table << "\n|---|";
      for (std::size_t i = from; i < to; ++i) table << "---|";
      table << "\n";
      for (const Field& field : kFields) {
        table << "| " << field.name << " |";
        for (std::size_t i = from; i < to; ++i) {
          const Verdict verdict = verdict_of(field, *columns[i]);
          if (verdict.silent) silent.push_back(std::string(columns[i]->name) + ": " + std::string(field.name));
          table << (verdict.word == "kept" ? " **kept** |" : " " + verdict.word + " |");
        }
        table << "\n";
      }
      table << "\n";
    }
  };
  table << "## Read and written\n\n";
  write(true);
  table << "## Only written\n\n";
  write(false);

  std::string text = table.str();
  text.pop_back();
  const std::string path = std::string(HARTAPE_SOURCE_DIR) + "/docs/formats/held.md";
  if (std::getenv("HARTAPE_BLESS") != nullptr) std::ofstream(path, std::ios::binary) << text;
  std::ifstream in(path, std::ios::binary);
  const std::string documented{std::istreambuf_iterator<char>(in), {}};
  CHECK(silent == std::vector<std::string>());
  INFO("HARTAPE_BLESS=1 writes the table");
  CHECK(documented == text);
}
