#include "formats/sqlite/schema.hpp"

#include <fmt/format.h>

#include <array>

namespace har::format::sqlite {
namespace {

constexpr EntryColumn kColumns[] = {
    {"started_ns", "INTEGER", "start", "the same in nanoseconds since 1970, for sums and comparisons"},
    {"time", "REAL", "time", "milliseconds, all in all"},
    {"ttfb", "REAL", "ttfb", "milliseconds to the first octet of the response"},
    {"method", "TEXT", "method", ""},
    {"url", "TEXT", "url", ""},
    {"scheme", "TEXT", "scheme", ""},
    {"host", "TEXT", "host", "in lower case, without the port"},
    {"port", "INTEGER", "port", ""},
    {"path", "TEXT", "path", ""},
    {"query", "TEXT", "query", "all behind the ?, see query_parameters"},
    {"http", "TEXT", "http", "version of HTTP, as written"},
    {"status", "INTEGER", "status", "0 (of some writers -1) without an answer"},
    {"status_text", "TEXT", "statusText", ""},
    {"redirect", "TEXT", "redirect", "where the response redirects to"},
    {"mime", "TEXT", "mime", "media type of the response, in lower case, without parameters"},
    {"type", "TEXT", "type", "what it is for a browser: document, script, xhr, websocket …"},
    {"request_mime", "TEXT", "req.mime", ""},
    {"request_size", "INTEGER", "req.size", "octets of the body, as sent"},
    {"response_size", "INTEGER", "resp.size", "octets of the body, as transferred"},
    {"body_size", "INTEGER", "body.size", "octets of the response's body, unpacked"},
    {"transferred", "INTEGER", "transferred", "octets of the whole response on the wire"},
    {"blocked", "REAL", "timings.blocked", "milliseconds, as all timings; NULL: does not apply"},
    {"dns", "REAL", "timings.dns", ""},
    {"connect", "REAL", "timings.connect", "TLS included"},
    {"ssl", "REAL", "timings.ssl", ""},
    {"send", "REAL", "timings.send", ""},
    {"wait", "REAL", "timings.wait", ""},
    {"receive", "REAL", "timings.receive", ""},
    {"ip", "TEXT", "ip", "the server's address"},
    {"connection", "TEXT", "connection", ""},
    {"page", "TEXT", "page", "id of its page, see pages"},
    {"initiator", "TEXT", "initiator", ""},
    {"initiator_url", "TEXT", "initiator.url", ""},
    {"comment", "TEXT", "comment", ""},
    {"cached", "INTEGER", "cached", "1: out of the browser's cache"},
    {"error", "TEXT", "error", "why there is no whole response"},
    {"incomplete", "INTEGER", "incomplete", "1: still open when recording stopped"},
    {"mocked", "INTEGER", "mocked", "1: answered by a mock"},
    {"messages", "INTEGER", "ws.count", "how many WebSocket messages there are"},
    {"close_code", "INTEGER", "ws.close", "what closed the WebSocket"},
    {"events", "INTEGER", "sse.count", "how many server-sent events there are"},
};

constexpr std::array<TableInfo, kTables> kInfos{{
    {"headers", "message, name, value", 3},
    {"query_parameters", "name, value", 2},
    {"cookies", "message, name, value, path, domain, expires, http_only, secure, same_site", 9},
    {"messages", "time_ns, direction, opcode, size, data, mocked", 6},
    {"events", "time_ns, event, event_id, data", 4},
}};

constexpr std::string_view kTables1 =
    R"sql(-- A recording of HTTP as tables, version 1: PRAGMA user_version. Written by hartape's harconv, which reads it too.
CREATE TABLE log (
  -- What the recording says of itself: the members of a HAR's "log", and those beside it.
  place TEXT NOT NULL,   -- 'log' or 'root'
  member TEXT NOT NULL,
  value TEXT NOT NULL    -- JSON
);
CREATE TABLE pages (
  -- The pages of a browser, from log's "pages".
  id TEXT,
  title TEXT,
  started TEXT,
  on_content_load REAL,  -- milliseconds since it started
  on_load REAL
);
CREATE TABLE bodies (
  -- What was sent and received, unpacked; each once.
  id INTEGER PRIMARY KEY,
  sha256 TEXT NOT NULL,  -- of the octets
  size INTEGER NOT NULL, -- octets
  is_text INTEGER NOT NULL,
  data                   -- TEXT where it is that (UTF-8 without NUL), else BLOB
);
CREATE TABLE entries (
  -- A request and its answer each.
  id INTEGER PRIMARY KEY, -- the number of the entry, from 0
  started TEXT,           -- ISO 8601, as written
)sql";

constexpr std::string_view kTables2 = R"sql(  request_body INTEGER REFERENCES bodies(id),
  response_body INTEGER REFERENCES bodies(id),
  parts INTEGER,          -- what was taken out of rest, since other tables say it (bits)
  rest TEXT               -- the entry as JSON, as a HAR has it; NULL: it is made of the columns
);
CREATE TABLE headers (
  -- In their order.
  entry INTEGER NOT NULL REFERENCES entries(id),
  message TEXT NOT NULL, -- 'request' or 'response'
  name TEXT COLLATE NOCASE,
  value TEXT
);
CREATE TABLE query_parameters (
  entry INTEGER NOT NULL REFERENCES entries(id),
  name TEXT,
  value TEXT
);
CREATE TABLE cookies (
  entry INTEGER NOT NULL REFERENCES entries(id),
  message TEXT NOT NULL, -- 'request': sent, 'response': set
  name TEXT,
  value TEXT,
  path TEXT,
  domain TEXT,
  expires TEXT,
  http_only INTEGER,
  secure INTEGER,
  same_site TEXT
);
CREATE TABLE messages (
  -- Of WebSockets, in the order of time.
  entry INTEGER NOT NULL REFERENCES entries(id),
  time_ns INTEGER,       -- nanoseconds since 1970
  direction TEXT NOT NULL, -- 'send' or 'receive'
  opcode INTEGER,        -- 1 text, 2 binary, 9 ping, 10 pong
  size INTEGER,          -- octets
  data,                  -- TEXT where it is that (UTF-8 without NUL), else BLOB
  mocked INTEGER
);
CREATE TABLE events (
  -- Server-sent ones, in their order.
  entry INTEGER NOT NULL REFERENCES entries(id),
  time_ns INTEGER,       -- nanoseconds since 1970
  event TEXT,            -- its type: 'message' if it says none
  event_id TEXT,
  data TEXT
);
CREATE VIEW slowest AS
  SELECT id, time, ttfb, status, method, url FROM entries ORDER BY time DESC;
CREATE VIEW by_host AS
  SELECT host, count(*) AS entries, sum(status >= 400 OR status <= 0 OR error IS NOT NULL) AS errors,
         sum(body_size) AS body_size, avg(time) AS mean_time, max(time) AS max_time
  FROM entries GROUP BY host ORDER BY entries DESC;
CREATE VIEW errors AS
  SELECT id, started, status, error, method, url FROM entries
  WHERE status >= 400 OR status <= 0 OR status IS NULL OR error IS NOT NULL ORDER BY id;
CREATE VIEW with_bodies AS
  SELECT e.id, e.method, e.url, e.status, e.mime, q.data AS request, r.data AS response
  FROM entries e LEFT JOIN bodies q ON q.id = e.request_body LEFT JOIN bodies r ON r.id = e.response_body;
CREATE VIEW conversation AS
  SELECT entry, time_ns, direction, opcode, NULL AS event, data FROM messages
  UNION ALL SELECT entry, time_ns, 'receive', NULL, event, data FROM events ORDER BY time_ns;
)sql";

constexpr std::string_view kIndexes = R"sql(
CREATE INDEX entries_host ON entries(host);
CREATE INDEX entries_status ON entries(status);
CREATE INDEX entries_time ON entries(time);
CREATE INDEX headers_entry ON headers(entry);
CREATE INDEX headers_name ON headers(name);
CREATE INDEX query_parameters_entry ON query_parameters(entry);
CREATE INDEX cookies_entry ON cookies(entry);
CREATE INDEX messages_entry ON messages(entry);
CREATE INDEX events_entry ON events(entry);
)sql";

std::string parameters(std::size_t count) {
  std::string out = "?";
  for (std::size_t i = 1; i < count; ++i) out += ",?";
  return out;
}

}  // namespace

std::span<const EntryColumn> entry_columns() { return kColumns; }
const TableInfo& table(Table table) { return kInfos[static_cast<std::size_t>(table)]; }

std::string create_tables() {
  std::string out(kTables1);
  for (const EntryColumn& column : kColumns) {
    out += fmt::format("  {} {},{}{}\n", column.name, column.type, column.what.empty() ? "" : " -- ", column.what);
  }
  return out.append(kTables2);
}

std::string_view create_indexes() { return kIndexes; }
std::string_view create_body_index() { return "CREATE UNIQUE INDEX IF NOT EXISTS bodies_sha256 ON bodies(sha256);"; }

std::string insert_entry() {
  constexpr std::size_t kOthers = 6;
  return fmt::format("INSERT INTO entries VALUES ({})", parameters(std::size(kColumns) + kOthers));
}
std::string insert_row(Table which) {
  const TableInfo& info = table(which);
  return fmt::format("INSERT INTO {} VALUES ({})", info.name, parameters(static_cast<std::size_t>(info.count) + 1));
}

}  // namespace har::format::sqlite
