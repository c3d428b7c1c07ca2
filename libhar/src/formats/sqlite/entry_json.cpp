#include "formats/sqlite/entry_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "formats/sqlite/rows.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/timestamp.hpp"
#include "stream/text/utf8.hpp"

namespace har::format::sqlite {
namespace {

using stream::ErrorCode;
using stream::fail;
using stream::Json;
using stream::JsonMember;
using stream::Result;

const std::vector<std::string_view>& row_columns() {
  static const std::vector<std::string_view> columns = [] {
    std::vector<std::string_view> out{"rest", "parts", "request_body", "response_body", "started"};
    for (const EntryColumn& column : entry_columns()) out.push_back(column.name);
    return out;
  }();
  return columns;
}

int column_of(std::string_view name) {
  const auto& columns = row_columns();
  return static_cast<int>(std::find(columns.begin(), columns.end(), name) - columns.begin());
}

std::string text_of(const Statement& row, int column) { return stream::replace_invalid_utf8(row.bytes(column)); }

/// A number as JSON; null for what is none.
Json number_of(const Statement& row, int column) {
  if (row.is_integer(column)) return row.integer(column);
  return row.is_number(column) ? Json(row.number(column)) : Json();
}

void set_text(Json& object, std::string_view name, const Statement& row, int column) {
  if (!row.is_null(column)) object.set(name, text_of(row, column));
}
void set_flag(Json& object, std::string_view name, const Statement& row, int column) {
  if (row.is_integer(column)) object.set(name, row.integer(column) != 0);
}

Json pair(const Statement& row, int first) {
  return Json::Object{{"name", text_of(row, first)}, {"value", text_of(row, first + 1)}};
}

/// The first member of that name, which is the one that it was taken out of; made if there is none.
Json& member(Json& object, std::string_view name) {
  if (!object.is_object()) object = Json::object();
  for (JsonMember& member : object.as_object()) {
    if (member.name == name) return member.value;
  }
  object.as_object().push_back({std::string(name), {}});
  return object.as_object().back().value;
}

/// Puts a body back as the text that it was; of one that was none, `made` says that it is for us to choose.
void set_body(Json& holder, std::string_view encoding_name, std::string body, bool made) {
  bool base64 = false;
  for (const JsonMember& member : holder.as_object()) {
    if (member.name == encoding_name || (encoding_name == "_encoding" && member.name == "encoding")) {
      base64 = member.value.string_or("") == "base64";
      if (member.name == encoding_name) break;
    }
  }
  const bool is_text = made ? is_sql_text(body) : stream::is_utf8(body);
  Json& text = member(holder, "text");
  text = base64 || !is_text ? stream::base64_encode(body) : std::move(body);
  if (!base64 && !is_text) member(holder, encoding_name) = "base64";
}

class Columns {
 public:
  explicit Columns(const Statement& row) : row_(row) {}

  std::string text(std::string_view name) const { return text_of(row_, column_of(name)); }
  Json number(std::string_view name, Json otherwise) const {
    Json out = number_of(row_, column_of(name));
    return out.is_null() ? std::move(otherwise) : out;
  }
  bool is_null(std::string_view name) const { return row_.is_null(column_of(name)); }
  bool flag(std::string_view name) const { return row_.is_integer(column_of(name)) && row_.integer(column_of(name)) != 0; }

  /// An entry of columns only.
  Json entry(const SayRule& say) const {
    Json out = Json::Object{{"startedDateTime", started(say)}, {"time", number("time", 0)}};
    const std::string version = is_null("http") ? "HTTP/1.1" : text("http");
    Json request = Json::Object{{"method", is_null("method") ? "GET" : text("method")},
                                {"url", text("url")},
                                {"httpVersion", version},
                                {"cookies", Json::array()},
                                {"headers", Json::array()},
                                {"queryString", Json::array()}};
    if (!is_null("request_body")) request.set("postData", Json::Object{{"mimeType", text("request_mime")}, {"text", ""}});
    request.set("headersSize", -1);
    request.set("bodySize", number("request_size", is_null("request_body") ? 0 : -1));
    Json content = Json::Object{{"size", number("body_size", 0)}, {"mimeType", text("mime")}};
    Json response = Json::Object{{"status", number("status", 0)},
                                 {"statusText", text("status_text")},
                                 {"httpVersion", version},
                                 {"cookies", Json::array()},
                                 {"headers", Json::array()},
                                 {"content", std::move(content)},
                                 {"redirectURL", text("redirect")},
                                 {"headersSize", -1},
                                 {"bodySize", number("response_size", -1)}};
    out.set("request", std::move(request));
    out.set("response", std::move(response));
    out.set("cache", Json::object());
    Json timings = Json::object();
    for (const char* const name : {"blocked", "dns", "connect", "ssl", "send", "wait", "receive"}) {
      const bool needed =
          std::string_view(name) == "send" || std::string_view(name) == "wait" || std::string_view(name) == "receive";
      Json value = number(name, needed ? Json(0) : Json());
      if (!value.is_null()) timings.set(name, std::move(value));
    }
    out.set("timings", std::move(timings));
    for (const auto& [column, name] :
         {std::pair{"ip", "serverIPAddress"}, std::pair{"connection", "connection"}, std::pair{"page", "pageref"},
          std::pair{"comment", "comment"}, std::pair{"type", "_resourceType"}, std::pair{"error", "_error"}}) {
      if (!is_null(column)) out.set(name, text(column));
    }
    if (flag("cached")) out.set("_fromCache", "disk");
    if (flag("incomplete")) out.set("_incomplete", true);
    if (flag("mocked")) out.set("_mocked", true);
    return out;
  }

 private:
  std::string started(const SayRule& say) const {
    if (!is_null("started")) return text("started");
    const int column = column_of("started_ns");
    if (!row_.is_integer(column)) say("sqlite-no-time", "there is neither started nor started_ns: it begins in 1970");
    return stream::format_iso8601(stream::WallTime(stream::Nanos(row_.integer(column))));
  }

  const Statement& row_;
};

}  // namespace

std::span<const std::string_view> entry_row_columns() { return row_columns(); }

void EntryParts::add(Table table, const Statement& row) {
  constexpr std::size_t kRow = 256;  // what a small one takes as JSON
  size += kRow;
  for (int i = 1; i <= sqlite::table(table).count; ++i) size += row.bytes(i).size();
  switch (table) {
    case Table::headers:
      (row.bytes(1) == "request" ? request_headers : response_headers).push_back(pair(row, 2));
      break;
    case Table::query_parameters:
      query.push_back(pair(row, 1));
      break;
    case Table::cookies: {
      Json cookie = pair(row, 2);
      set_text(cookie, "path", row, 4);
      set_text(cookie, "domain", row, 5);
      set_text(cookie, "expires", row, 6);
      set_flag(cookie, "httpOnly", row, 7);
      set_flag(cookie, "secure", row, 8);
      set_text(cookie, "sameSite", row, 9);
      (row.bytes(1) == "request" ? request_cookies : response_cookies).push_back(std::move(cookie));
      break;
    }
    case Table::messages: {
      if (!messages.empty()) messages += ',';
      const std::int64_t said = row.is_integer(3) ? row.integer(3) : 0;
      const bool is_text = !row.is_blob(5) && stream::is_utf8(row.bytes(5));
      const std::int64_t opcode = said >= 1 && said <= 15 ? said : is_text ? 1 : 2;
      const std::string_view direction = row.bytes(2) == "send" ? "send" : "receive";
      if (opcode == 1 && !stream::is_utf8(row.bytes(5))) {  // RFC 6455 §5.6 does not allow it
        append_message(messages, direction, row.integer(1), 2, row.bytes(5));
        const std::size_t at = messages.rfind(R"("opcode":2)");
        messages.replace(at, std::string_view(R"("opcode":2)").size(), R"("opcode":1)");
        messages.insert(messages.size() - 1, R"(,"encoding":"base64")");
      } else {
        append_message(messages, direction, row.integer(1), opcode, row.bytes(5));
      }
      break;
    }
    case Table::events:
      if (!events.empty()) events += ',';
      append_event(events, row.integer(1), row.bytes(2), row.bytes(3), row.bytes(4));
      break;
  }
}

Result<Json> entry_json(const Statement& row, EntryParts& parts, const stream::Limits& limits, const FindBody& body,
                        const SayRule& say) {
  const bool made = row.is_null(column_of("rest"));
  Json entry;
  auto taken = static_cast<std::uint64_t>(row.integer(column_of("parts")));
  const auto has_body = [&](std::string_view column) { return row.is_integer(column_of(column)); };
  if (made) {
    entry = Columns(row).entry(say);
    taken = kRequestHeaders | kRequestCookies | kQueryString | kResponseHeaders | kResponseCookies;
    if (has_body("request_body")) taken |= kPostText;
    if (has_body("response_body")) taken |= kContentText;
    if (!parts.messages.empty()) taken |= kWebSocketMessages;
    if (!parts.events.empty()) taken |= kEventSourceMessages;
  } else {
    auto parsed = stream::parse_json(row.bytes(column_of("rest")), limits);
    if (!parsed && parsed.error().code == ErrorCode::limit) return fail(std::move(parsed).error());
    if (!parsed || !parsed->is_object()) {
      return fail({ErrorCode::syntax, fmt::format("rest is no JSON object{}", parsed ? "" : ": " + parsed.error().message)});
    }
    entry = std::move(*parsed);
  }
  const auto put = [&](Part part, std::string_view side, std::string_view name, Json::Array& list) {
    if ((taken & part) != 0) member(member(entry, side), name) = std::move(list);
  };
  put(kRequestHeaders, "request", "headers", parts.request_headers);
  put(kRequestCookies, "request", "cookies", parts.request_cookies);
  put(kQueryString, "request", "queryString", parts.query);
  put(kResponseHeaders, "response", "headers", parts.response_headers);
  put(kResponseCookies, "response", "cookies", parts.response_cookies);
  const auto put_text = [&](Part part, std::string_view name, const std::string& list) -> stream::Status {
    if ((taken & part) == 0) return {};
    STREAM_ASSIGN(Json value, stream::parse_json("[" + list + "]"));
    member(entry, name) = std::move(value);
    return {};
  };
  STREAM_TRY(put_text(kWebSocketMessages, "_webSocketMessages", parts.messages));
  STREAM_TRY(put_text(kEventSourceMessages, "_eventSourceMessages", parts.events));
  const auto put_body = [&](std::string_view column, Json& holder, std::string_view encoding) -> stream::Status {
    std::optional<std::string> octets;
    if (has_body(column)) {
      STREAM_ASSIGN(octets, body(row.integer(column_of(column))));
    }
    if (!octets) {
      say("sqlite-no-body", fmt::format("its {} is not in bodies; it is left out", column));
      if (holder.is_object()) holder.erase("text");
      return {};
    }
    if (!holder.is_object()) holder = Json::object();
    set_body(holder, encoding, std::move(*octets), made);
    return {};
  };
  if ((taken & kPostText) != 0) STREAM_TRY(put_body("request_body", member(member(entry, "request"), "postData"), "_encoding"));
  if ((taken & kContentText) != 0)
    STREAM_TRY(put_body("response_body", member(member(entry, "response"), "content"), "encoding"));
  return entry;
}

}  // namespace har::format::sqlite
