#include "formats/sqlite/rows.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "query/fields.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/json.hpp"
#include "stream/text/json_scan.hpp"
#include "stream/text/utf8.hpp"

namespace har::format::sqlite {
namespace {

using query::Kind;
using stream::RawJson;

constexpr int kText = 1;  // the opcode

/// The fields of entry_columns().
const std::vector<const query::Field*>& column_fields() {
  static const std::vector<const query::Field*> fields = [] {
    std::vector<const query::Field*> out;
    for (const EntryColumn& column : entry_columns()) out.push_back(query::find_field(column.field));
    return out;
  }();
  return fields;
}

/// Whether the decoded characters of a string say all that is written: not where half of a surrogate pair stands.
bool is_whole(RawJson string) {
  const std::string_view inner = string.inner();
  for (std::size_t at = inner.find("\\u"); at != std::string_view::npos; at = inner.find("\\u", at + 2)) {
    if (at + 3 >= inner.size() || (inner[at + 2] | 0x20) != 'd') continue;
    const char second = static_cast<char>(inner[at + 3] | 0x20);
    if (second != '8' && second != '9' && (second < 'a' || second > 'f')) continue;
    const auto parsed = stream::parse_json(string.text);
    return parsed && parsed->is_string() && stream::is_utf8(parsed->as_string());
  }
  return true;
}

class EntryRows {
 public:
  EntryRows(std::string& out, std::string_view entry, const stream::Exchange* exchange, const RenderContext& context)
      : rows_(out),
        text_(entry),
        view_(entry),
        subject_{view_, 0, {}, &context.info, context.files, exchange},
        context_{&subject_, &work_, nullptr} {
    view_.reset(entry, context.files);
    work_.begin();
  }

  void append() {
    pairs(EntryPart::request, "headers", Table::headers, "request", kRequestHeaders);
    pairs(EntryPart::response, "headers", Table::headers, "response", kResponseHeaders);
    pairs(EntryPart::request, "queryString", Table::query_parameters, {}, kQueryString);
    pairs(EntryPart::request, "cookies", Table::cookies, "request", kRequestCookies);
    pairs(EntryPart::response, "cookies", Table::cookies, "response", kResponseCookies);
    messages();
    events();
    const query::Field& request = *query::find_field("req.body");
    const query::Field& response = *query::find_field("body");
    body(RowKind::request_body, request, EntryPart::post_data, kPostText);
    body(RowKind::response_body, response, EntryPart::content, kContentText);
    entry();
  }

 private:
  struct Cut {
    std::string_view piece{};
    std::string_view instead{};
  };
  void take_out(Part part, RawJson piece, std::string_view instead) {
    parts_ |= part;
    cuts_.push_back({piece.text, instead});
  }

  /// A list of names and values, and of what cookies say beside it. It is taken out if no element says more than that.
  void pairs(EntryPart of, std::string_view member, Table table, std::string_view message, Part part) {
    const RawJson list = view_.find(of, member);
    if (!list.is_array()) return;
    bool simple = true;
    bool any = false;
    stream::JsonArrayView elements(list);
    while (const RawJson element = elements.next()) {
      any = true;
      pair_.reset(element);
      const auto& members = pair_.members();
      const bool plain = members.size() == 2 && !pair_.broken() && members[0].name == "name" && members[1].name == "value" &&
                         members[0].value.is_string() && members[1].value.is_string();
      simple = simple && plain && is_whole(members[0].value) && is_whole(members[1].value);
      const RawJson name = plain ? members[0].value : pair_.find("name");
      if (!name.is_string()) continue;
      rows_.begin(table);
      if (!message.empty()) rows_.text(message);
      rows_.text(name.string(scratch_));
      text(plain ? members[1].value : pair_.find("value"));
      if (table == Table::cookies) cookie(plain);
    }
    if (any && simple && !elements.broken()) take_out(part, list, "[]");
  }
  void text(RawJson value) {
    if (value.is_string()) {
      rows_.text(value.string(scratch_));
    } else {
      rows_.null();
    }
  }
  void cookie(bool plain) {
    for (const char* const name : {"path", "domain", "expires"}) text(plain ? RawJson{} : pair_.find(name));
    for (const char* const name : {"httpOnly", "secure"}) {
      const RawJson flag = plain ? RawJson{} : pair_.find(name);
      if (flag.is_true() || flag.is_false()) {
        rows_.integer(flag.is_true() ? 1 : 0);
      } else {
        rows_.null();
      }
    }
    text(plain ? RawJson{} : pair_.find("sameSite"));
  }

  void message(std::int64_t time_ns, std::string_view direction, std::int64_t opcode, std::string_view data, bool mocked) {
    rows_.begin(Table::messages);
    rows_.integer(time_ns);
    rows_.text(direction);
    rows_.integer(opcode);
    rows_.integer(static_cast<std::int64_t>(data.size()));
    rows_.data(data);
    rows_.integer(mocked ? 1 : 0);
  }

  void messages() {
    const RawJson list = view_.find(EntryPart::entry, "_webSocketMessages");
    const std::size_t before = rows_.out().size();
    if (list.is_array() && canonical_messages(list)) {
      take_out(kWebSocketMessages, list, "[]");
      return;
    }
    rows_.out().resize(before);
    const std::size_t mark = work_.mark();
    for (const query::FoundMessage& found : work_.messages(subject_, query::Work::Which::websocket)) {
      const query::Message& m = found.message;
      message(m.time.time_since_epoch().count(), stream::to_string(m.direction), m.opcode, query::data_of(found, work_),
              m.mocked);
      work_.release(mark);
    }
  }

  /// Messages in the form that append_message() gives them, in the order of time. False: they are others.
  bool canonical_messages(RawJson list) {
    stream::JsonArrayView elements(list);
    std::int64_t last = 0;
    bool any = false;
    while (const RawJson element = elements.next()) {
      any = true;
      pair_.reset(element);
      const auto& members = pair_.members();
      if (members.size() != 4 || pair_.broken() || members[0].name != "type" || members[1].name != "time" ||
          members[2].name != "opcode" || members[3].name != "data" || !members[3].value.is_string()) {
        return false;
      }
      const std::string_view direction = members[0].value.text;
      const bool send = direction == "\"send\"";
      if (!send && direction != "\"receive\"") return false;
      const std::string_view time = members[1].value.text;
      const auto nanos = stream::parse_decimal_seconds(time);
      // Seconds since the epoch, as of 2001 or later, and before 2286: others are milliseconds or no clock's.
      constexpr std::int64_t kFirst = 1'000'000'000LL * 1'000'000'000LL;
      if (!nanos || nanos->count() < std::max(last, kFirst) || stream::format_decimal_seconds(*nanos) != time) return false;
      last = nanos->count();
      const std::string_view opcode = members[2].value.text;
      if (opcode.size() != 1 || opcode[0] < '1' || opcode[0] > '9') return false;
      const int code = opcode[0] - '0';
      if (!is_whole(members[3].value)) return false;
      std::string_view data = members[3].value.string(scratch_);
      if (code != kText) {
        const auto octets = stream::base64_decode(data);
        if (!octets || stream::base64_encode(*octets) != data) return false;
        message(last, send ? "send" : "receive", code, *octets, false);
      } else {
        message(last, send ? "send" : "receive", code, data, false);
      }
    }
    return any && !elements.broken();
  }

  void events() {
    std::string written;
    stream::JsonArrayView elements(view_.find(EntryPart::entry, "_eventSourceMessages"));
    bool same = true;
    bool any = false;
    for (const query::FoundMessage& found : work_.messages(subject_, query::Work::Which::events)) {
      const query::Message& m = found.message;
      const std::int64_t time = m.time.time_since_epoch().count();
      rows_.begin(Table::events);
      rows_.integer(time);
      rows_.text(m.name);
      rows_.text(m.id);
      rows_.text(m.data);
      any = true;
      if (!same) continue;
      written.clear();
      append_event(written, time, m.name, m.id, m.data);
      minified_.clear();
      const RawJson element = elements.next();
      same = element && stream::append_minified(minified_, element.text) && minified_ == written;
    }
    if (any && same && !elements.next() && !elements.broken())
      take_out(kEventSourceMessages, view_.find(EntryPart::entry, "_eventSourceMessages"), "[]");
  }

  void body(RowKind kind, const query::Field& field, EntryPart of, Part part) {
    const query::Value octets = field.value(context_);
    if (octets.kind != Kind::string) return;
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
    unsigned size = 0;
    EVP_Digest(octets.text.data(), octets.text.size(), hash.data(), &size, EVP_sha256(), nullptr);
    rows_.begin(kind);
    rows_.blob({reinterpret_cast<const char*>(hash.data()), size});
    const bool is_text = is_sql_text(octets.text);
    rows_.integer(is_text ? 1 : 0);
    if (is_text) {
      rows_.text(octets.text);
    } else {
      rows_.blob(octets.text);
    }
    // The text is taken out if the octets say all of it.
    const RawJson text = view_.find(of, "text");
    if (!text.is_string() || text.text.size() <= 2 || !is_whole(text)) return;
    const bool base64 = encoding_of(of).string(scratch_) == "base64";
    if (!base64 || stream::base64_encode(octets.text) == text.string(scratch_)) take_out(part, text, "null");
  }
  RawJson encoding_of(EntryPart of) {
    RawJson encoding = view_.find(of, of == EntryPart::content ? "encoding" : "_encoding");
    if (!encoding && of == EntryPart::post_data) encoding = view_.find(of, "encoding");
    return encoding;
  }

  void entry() {
    rows_.begin(RowKind::entry);
    text(view_.find(EntryPart::entry, "startedDateTime"));
    for (const query::Field* const field : column_fields()) value(field->value(context_));
    rows_.integer(parts_);
    const std::size_t begun = rows_.begin_text();
    std::sort(cuts_.begin(), cuts_.end(), [](const Cut& a, const Cut& b) { return a.piece.data() < b.piece.data(); });
    const char* at = text_.data();
    for (const Cut& cut : cuts_) {
      stream::append_minified(rows_.out(), {at, static_cast<std::size_t>(cut.piece.data() - at)});
      rows_.out() += cut.instead;
      at = cut.piece.data() + cut.piece.size();
    }
    stream::append_minified(rows_.out(), {at, static_cast<std::size_t>(text_.data() + text_.size() - at)});
    rows_.end_text(begun);
  }

  void value(const query::Value& value) {
    constexpr double kExact = 9007199254740992.0;  // 2⁵³
    switch (value.kind) {
      case Kind::null:
        return rows_.null();
      case Kind::boolean:
        return rows_.integer(value.boolean ? 1 : 0);
      case Kind::number:
        if (std::abs(value.number) < kExact && std::trunc(value.number) == value.number)
          return rows_.integer(static_cast<std::int64_t>(value.number));
        return rows_.number(value.number);
      case Kind::time:
        return rows_.integer(value.time.time_since_epoch().count());
      case Kind::string:
      case Kind::json:
        return rows_.text(value.text);
    }
  }

  RowWriter rows_;
  std::string_view text_;
  EntryView view_;
  query::Work work_;
  query::Subject subject_;
  query::Context context_;
  stream::JsonObjectView pair_;
  std::string scratch_;
  std::string minified_;
  std::uint32_t parts_ = 0;
  std::vector<Cut> cuts_;
};

}  // namespace

void RowWriter::data(std::string_view bytes) {
  if (is_sql_text(bytes)) {
    text(bytes);
  } else {
    blob(bytes);
  }
}

RowReader::Value RowReader::value() {
  Value out;
  out.type = rest_.front();
  rest_.remove_prefix(1);
  switch (out.type) {
    case 'i':
      out.integer = raw<std::int64_t>();
      break;
    case 'd':
      out.number = raw<double>();
      break;
    case 't':
    case 'b': {
      const auto size = static_cast<std::size_t>(raw<std::uint64_t>());
      out.bytes = rest_.substr(0, size);
      rest_.remove_prefix(size);
      break;
    }
    default:
      break;
  }
  return out;
}

void append_message(std::string& out, std::string_view direction, std::int64_t time_ns, std::int64_t opcode,
                    std::string_view data) {
  out += R"({"type":)";
  stream::write_json_string(out, direction);
  out += R"(,"time":)";
  out += stream::format_decimal_seconds(stream::Nanos(time_ns));
  fmt::format_to(std::back_inserter(out), R"(,"opcode":{},"data":)", opcode);
  if (opcode == kText) {
    stream::write_json_string(out, data);
  } else {
    out += '"';
    stream::base64_append(out, data);
    out += '"';
  }
  out += '}';
}

void append_event(std::string& out, std::int64_t time_ns, std::string_view event, std::string_view id, std::string_view data) {
  out += R"({"time":)";
  out += stream::format_decimal_seconds(stream::Nanos(time_ns));
  for (const auto& [name, value] : {std::pair{"eventName", event}, std::pair{"eventId", id}, std::pair{"data", data}}) {
    fmt::format_to(std::back_inserter(out), R"(,"{}":)", name);
    stream::write_json_string(out, value);
  }
  out += '}';
}

void append_entry_rows(std::string& out, std::string_view entry, const stream::Exchange* exchange, const RenderContext& context) {
  EntryRows(out, entry, exchange, context).append();
}

bool is_sql_text(std::string_view bytes) { return bytes.find('\0') == std::string_view::npos && stream::is_utf8(bytes); }

}  // namespace har::format::sqlite
