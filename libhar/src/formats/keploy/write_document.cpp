#include "formats/keploy/write_document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "check/url_parts.hpp"
#include "stream/codec/http_grammar.hpp"
#include "stream/codec/sse.hpp"
#include "stream/text/ascii.hpp"
#include "stream/text/utf8.hpp"

namespace har::format::keploy {
namespace {

using stream::Json;
using stream::StreamKind;
using stream::WallTime;
using stream::ascii::equal_ignoring_case;
using stream::ascii::hex_digit;
using stream::ascii::lower_case;
using stream::ascii::to_lower;
using stream::ascii::to_upper;
using stream::ascii::trimmed;
using stream::http::is_token;

constexpr std::size_t kLargestInCurl = std::size_t{1} << 20;

std::string_view value_of(const Fields& fields, std::string_view name) {
  std::string_view value;
  for (const auto& field : fields) {
    if (equal_ignoring_case(field.first, name)) value = field.second;
  }
  return value;
}
bool has(const Fields& fields, std::string_view name) {
  return std::any_of(fields.begin(), fields.end(), [&](const auto& field) { return equal_ignoring_case(field.first, name); });
}

/// One value a name: several are joined.
Members header_map(const Fields& fields) {
  Members out;
  for (const auto& [field, value] : fields) {
    if (equal_ignoring_case(field, "transfer-encoding")) continue;  // Go takes it away
    const std::string name = canonical(field);
    const auto known = std::find_if(out.begin(), out.end(), [&](const auto& each) { return each.first == name; });
    if (known == out.end()) {
      out.emplace_back(name, value);
    } else {
      known->second.append(name == "Cookie" ? "; " : ",").append(value);
    }
  }
  return out;
}

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

Members parameters(std::string_view url) {
  Members out;
  for (std::string_view rest = check::query_of(url).value_or(""); !rest.empty();) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string name = decoded(pair.substr(0, equals));
    const std::string value = decoded(pair.substr(std::min(equals + 1, pair.size())));
    const auto known = std::find_if(out.begin(), out.end(), [&](const auto& each) { return each.first == name; });
    if (known == out.end()) {
      out.emplace_back(name, value);
    } else {
      known->second.append(",").append(value);
    }
  }
  return out;
}

/// Where the path of an absolute URL begins.
std::size_t path_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return 0;
  return std::min(url.find_first_of("/?#", scheme + 3), url.size());
}

std::string url_text(const Document& document) {
  const std::string& url = document.request.url;
  if (document.form == Document::Form::test) return url;
  const std::string path = url.substr(path_of(url));
  return path.starts_with('/') ? path : "/" + path;
}

/// The port that an address names, or its scheme.
int port_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return 0;
  std::string_view authority = url.substr(scheme + 3, path_of(url) - scheme - 3);
  const std::size_t colon = authority.rfind(':');
  int port = url.starts_with("https:") ? 443 : 80;
  if (colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos) {
    authority.remove_prefix(colon + 1);
    std::from_chars(authority.data(), authority.data() + authority.size(), port);
  }
  return port;
}

/// A word of a shell's command, where it has to be quoted.
std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string curl_of(const Document::Request& request, const Members& headers) {
  // Keploy does not quote a URL; a shell would take "&" for its own.
  const bool plain = request.url.find_first_of(" '\"\\`$&;|<>()*[]{}~!#\t\n") == std::string::npos;
  std::string out =
      fmt::format("curl --request {} \\\n  --url {} \\\n", request.method, plain ? request.url : quoted(request.url));
  Members sorted = headers;
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return key_less(a.first, b.first); });
  for (const auto& [name, value] : sorted) out += fmt::format("  --header {} \\\n", quoted(fmt::format("{}: {}", name, value)));
  if (request.body.empty() || request.body.size() > kLargestInCurl || !stream::is_utf8(request.body)) return out;
  return out + fmt::format("  --data {}", quoted(request.body));
}

/// All bytes, and the times at which those of a piece came.
class Text {
 public:
  explicit Text(std::span<const TimedBytes> body) : body_(body) {
    for (const TimedBytes& piece : body) bytes_ += piece.bytes;
  }
  const std::string& bytes() const { return bytes_; }
  /// When the byte before `end` came. Ends do not go back.
  std::optional<WallTime> at(std::size_t end) {
    while (piece_ < body_.size() && seen_ + body_[piece_].bytes.size() < end) seen_ += body_[piece_++].bytes.size();
    return piece_ < body_.size() ? body_[piece_].at : std::nullopt;
  }

 private:
  std::span<const TimedBytes> body_;
  std::string bytes_;
  std::size_t piece_ = 0;
  std::size_t seen_ = 0;  ///< bytes in the pieces before
};

/// Calls with each line, without its end, and with where it ends.
template <class Call>
void each_line(const std::string& text, Call&& call) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of("\r\n", at), text.size());
    const std::size_t next = std::min(end + (text.compare(end, 2, "\r\n") == 0 ? 2 : 1), text.size());
    call(std::string_view(text).substr(at, end - at), next);
    at = next;
  }
}

/// What a client sees of it, wherever it stands.
std::vector<stream::SseItem> seen(std::string_view text) {
  stream::SseDecoder decoder;
  std::vector<stream::SseItem> items;
  if (!decoder.feed(text, items) || !decoder.finish(items)) return {};
  for (stream::SseItem& item : items) item.begin = item.end = item.line = 0;
  return items;
}

/// Whether the chunks are read as the stream that they were made of.
bool says_the_same(const std::vector<Chunk>& chunks, std::string_view text) {
  std::string again;
  for (const Chunk& chunk : chunks) {
    for (const auto& [name, value] : chunk.fields) {
      if (name == "raw") return false;  // no field, to who reads it
      append_field(again, name, value);
    }
    again += '\n';
  }
  return seen(again) == seen(text);
}

/// The time of an exchange that has none.
constexpr std::string_view kNoTime = "0001-01-01T00:00:00Z";

/// What stands in `_keploy` of a document's head, not of its spec.
bool is_of_head(std::string_view name) {
  constexpr std::string_view kNames[] = {"name", "noise", "last_updated", "curl", "connectionId", "async"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

class Writer {
 public:
  explicit Writer(const Document& document)
      : document_(document), step_(document.kept[kLayout]["indent"].int_or(2) == 4 ? 4 : 2) {}

  std::string write() {
    put("spec:\n");
    put_map(out_, step_, "metadata", metadata(), step_);
    request();
    response();
    if (recorded()) {
      rest_as_it_was();
    } else {
      rest();
    }
    return std::move(out_);
  }

 private:
  bool mock() const { return document_.form == Document::Form::mock; }
  bool recorded() const { return document_.kept.is_object(); }
  const Json& kept(std::string_view part) const { return document_.kept[part]; }

  void put(std::string_view text) { out_ += text; }
  void line(std::size_t level, std::string_view key, std::string_view text) {
    out_.append(level * step_, ' ').append(key).append(":");
    if (!text.empty()) out_.append(" ").append(text);
    out_ += '\n';
  }
  void member(std::size_t level, std::string_view key, std::string_view value) {
    put_member(out_, level * step_, key, value, step_);
  }
  void value(std::size_t level, std::string_view key, const Json& value) { put_value(out_, level * step_, key, value, step_); }

  /// As it stood, if it is still that time.
  static std::string time(const Json& stood, WallTime at, std::string_view otherwise = {}) {
    const std::string_view text = stood.string_or("");
    const auto was = time_of(text);
    if (stream::parse_iso8601(text) && (!was || *was == at)) return std::string(text);
    if (!otherwise.empty()) return std::string(otherwise);
    return at == WallTime{} ? std::string(kNoTime) : go_time(at);
  }

  Members metadata() const {
    Members out;
    if (kept("metadata").is_object()) {
      for (const stream::JsonMember& member : kept("metadata").as_object())
        out.emplace_back(member.name, member.value.is_string() ? member.value.as_string() : to_json(member.value));
    } else if (mock()) {
      out = {
          {"name", "Http"}, {"type", "HTTP_CLIENT"}, {"operation", document_.request.method}, {"connID", document_.connection}};
    }
    const auto add = [&](std::string_view name, std::string value) {
      const auto known = std::find_if(out.begin(), out.end(), [&](const auto& each) { return each.first == name; });
      if (known == out.end()) out.emplace_back(name, std::move(value));
    };
    // A mock's URL is a path: this is of ours.
    if (mock() && document_.request.url.starts_with("https:")) add("scheme", "https");
    if (!document_.response.complete) add("incomplete", "true");
    if (document_.request.whole) add("requestBodySize", std::to_string(*document_.request.whole));
    return out;
  }

  void version(const Version& version) {
    line(2, "proto_major", std::to_string(version.major));
    line(2, "proto_minor", std::to_string(version.minor));
  }

  /// Members of a part that we have no other place for.
  void others(const Json& part, std::initializer_list<std::string_view> without) {
    if (!part.is_object()) return;
    for (const stream::JsonMember& member : part.as_object()) {
      if (std::find(without.begin(), without.end(), member.name) == without.end()) value(2, member.name, member.value);
    }
  }

  void request() {
    const Document::Request& request = document_.request;
    headers_ = header_map(request.headers);
    line(1, "req", "");
    member(2, "method", request.method);
    version(request.version);
    member(2, "url", url_text(document_));
    if (const Members query = parameters(request.url); !query.empty()) put_map(out_, 2 * step_, "url_params", query, step_);
    put_map(out_, 2 * step_, "header", headers_, step_);
    member(2, "body", request.body);
    others(kept("req"), {"body_ref", "timestamp"});  // the body is here
    line(2, "timestamp", time(kept("req")["timestamp"], request.at, mock() ? kNoTime : std::string_view()));
  }

  void response() {
    const Document::Response& response = document_.response;
    line(1, "resp", "");
    line(2, "status_code", std::to_string(response.status));
    Members headers = header_map(response.headers);
    if (response.stream && response.decoded) {
      // It is played as it is in its file.
      std::erase_if(headers, [](const auto& each) { return each.first == "Content-Encoding"; });
    } else if (mock() && response.decoded) {
      std::size_t size = 0;
      for (const TimedBytes& piece : response.body) size += piece.bytes.size();
      for (auto& [name, value] : headers) {
        if (name == "Content-Length") value = std::to_string(size);
      }
    }
    put_map(out_, 2 * step_, "header", std::move(headers), step_);
    body(response);
    if (response.whole && !response.stream) {
      line(2, "body_skipped", "true");
      line(2, "body_size", std::to_string(*response.whole));
    }
    member(2, "status_message", response.reason);
    // Keploy does not say it; it is that of the request then.
    version(response.version == document_.request.version ? Version() : response.version);
    others(kept("resp"), {"body_skipped", "body_size", "timestamp", "stream_ref", "stream_type"});
    line(2, "timestamp", time(kept("resp")["timestamp"], response.at, mock() ? kNoTime : std::string_view()));
    if (!response.stream) return;
    line(2, "stream_ref", "");
    member(3, "path", response.stream->path);
    line(3, "created", time(kept("resp")["stream_ref"]["created"], response.stream->created));
    line(3, "chunk_count", std::to_string(response.stream->records));
  }

  void body(const Document::Response& response) {
    if (response.stream) return line(2, "body", "\"\"");
    if (!mock() || response.structured) {
      const bool flat = response.flat || kept(kLayout)["flat"].bool_or(false);
      if (const auto chunks = flat ? std::vector<Chunk>() : chunks_of(response); !chunks.empty())
        return put_chunks(out_, 2 * step_, chunks, step_);
    }
    member(2, "body", Text(response.body).bytes());
  }

  std::string created() const {
    return std::to_string(std::chrono::floor<std::chrono::seconds>(document_.response.end).time_since_epoch().count());
  }

  void rest() {
    line(1, "objects", "[]");
    if (!mock()) {
      // What differs each time, as Keploy sees by itself.
      put(has(document_.response.headers, "date") ? "  assertions:\n    noise:\n      header.Date: []\n"
                                                  : "  assertions:\n    noise: {}\n");
    }
    line(1, "created", created());
    if (mock()) {
      line(1, "reqTimestampMock", time({}, document_.request.at));
      line(1, "resTimestampMock", time({}, document_.response.at));
      member(0, "connectionId", document_.connection);
      return;
    }
    if (const int port = port_of(document_.request.url); port != 0) line(1, "app_port", std::to_string(port));
    member(0, "curl", curl_of(document_.request, headers_));
  }

  /// What Keploy said there: no more and no less.
  void rest_as_it_was() {
    if (kept("objects").is_null()) line(1, "objects", "[]");
    for (const stream::JsonMember& member : document_.kept.as_object()) {
      const std::string& name = member.name;
      if (name == "metadata" || name == "req" || name == "resp" || name == kLayout || name == kMappings || is_of_head(name))
        continue;
      if (name == "reqTimestampMock") {
        line(1, name, time(member.value, document_.request.at));
      } else if (name == "resTimestampMock") {
        line(1, name, time(member.value, document_.response.at));
      } else {
        value(1, name, member.value);
      }
    }
    for (const stream::JsonMember& member : document_.kept.as_object()) {
      if (is_of_head(member.name) && member.name != "name") value(0, member.name, member.value);
    }
  }

  const Document& document_;
  std::size_t step_;
  Members headers_;
  std::string out_;
};

}  // namespace

std::string canonical(std::string_view name) {
  std::string out(name);
  if (!is_token(name)) return out;
  bool begins = true;
  for (char& c : out) {
    c = begins ? to_upper(c) : to_lower(c);
    begins = c == '-';
  }
  return out;
}

Version version_of(std::string_view text) {
  Version out;
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return out;
  text.remove_prefix(slash + 1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out.major);
  if (error != std::errc()) return {};
  if (end != text.data() + text.size() && *end == '.') std::from_chars(end + 1, text.data() + text.size(), out.minor);
  return out;
}

std::string go_time(WallTime time) {
  std::string out = stream::format_iso8601(time);
  const std::size_t dot = out.find('.');
  if (dot == std::string::npos) return out;
  std::size_t end = std::min(out.find_first_not_of("0123456789", dot + 1), out.size());
  const std::size_t zone = end;
  while (out[end - 1] == '0') --end;
  if (end == dot + 1) --end;
  return out.erase(end, zone - end);
}

std::vector<Chunk> sse_chunks(std::span<const TimedBytes> body) {
  Text text(body);
  std::vector<Chunk> out;
  Chunk chunk;
  const auto end_frame = [&](std::size_t end) {
    if (chunk.fields.empty()) return;
    chunk.at = text.at(end);
    out.push_back(std::exchange(chunk, {}));
  };
  each_line(text.bytes(), [&](std::string_view line, std::size_t end) {
    if (line.empty()) return end_frame(end);
    if (trimmed(line).empty()) return;
    const std::size_t colon = line.find(':');
    if (colon == 0) {
      chunk.fields.emplace_back("comment", line.substr(1));
      return;
    }
    const std::string name = lower_case(trimmed(line.substr(0, colon)));
    std::string_view value = line.substr(std::min(colon, line.size() - 1) + 1);
    if (colon == std::string_view::npos) value = {};
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (name.empty()) return;
    if (name == "data" && !chunk.fields.empty() && chunk.fields.back().first == "data") {
      chunk.fields.back().second.append("\n").append(value);
    } else {
      chunk.fields.emplace_back(name, value);
    }
  });
  end_frame(text.bytes().size());
  return out;
}

std::vector<Chunk> line_chunks(std::span<const TimedBytes> body, bool blank) {
  Text text(body);
  std::vector<Chunk> out;
  each_line(text.bytes(), [&](std::string_view line, std::size_t end) {
    if (blank || !trimmed(line).empty()) out.push_back({text.at(end), {{"raw", std::string(line)}}});
  });
  return out;
}

void put_chunks(std::string& out, std::size_t indent, std::span<const Chunk> chunks, std::size_t step) {
  out.append(indent, ' ').append("body:\n");
  const std::size_t item = indent + step + 2;               // behind "- "
  const std::size_t below = step * ((item + step) / step);  // as go-yaml goes on there
  for (const Chunk& chunk : chunks) {
    out.append(item - 2, ' ').append("- ");
    if (chunk.at) {
      out.append("ts: \"").append(go_time(*chunk.at)).append("\"\n").append(item, ' ');
    }
    out += "data:\n";
    for (const auto& [name, value] : chunk.fields) put_member(out, below, name, value, step);
  }
}

std::vector<Chunk> chunks_of(const Document::Response& response) {
  const std::string type = lower_case(value_of(response.headers, "content-type"));
  const auto names = [&](std::string_view media) { return type.find(media) != std::string::npos; };
  const Text text(response.body);
  if (text.bytes().empty() || !stream::is_utf8(text.bytes())) return {};
  if (names("text/event-stream")) {
    auto chunks = sse_chunks(response.body);
    if (!says_the_same(chunks, text.bytes())) chunks.clear();
    return chunks;
  }
  const bool whole_lines = text.bytes().ends_with('\n');
  if (names("application/x-ndjson") || names("application/ndjson")) {
    // A line that was cut off would be one that was not.
    const bool cut = !response.complete || response.whole.has_value();
    return whole_lines || !cut ? line_chunks(response.body, false) : std::vector<Chunk>();
  }
  if (names("text/plain")) {
    const bool streamed = has(response.headers, "transfer-encoding") || !has(response.headers, "content-length");
    // How lines end is lost, and whether the last one does.
    const bool exact = whole_lines && text.bytes().find('\r') == std::string::npos;
    return streamed && exact ? line_chunks(response.body, true) : std::vector<Chunk>();
  }
  if (names("application/octet-stream") && text.bytes().find_first_not_of(" \t\r\n") != std::string::npos) {
    std::optional<WallTime> at;
    for (const TimedBytes& piece : response.body) at = piece.at ? piece.at : at;
    return {{at, {{"raw", text.bytes()}}}};
  }
  return {};
}

bool wants_stream_file(const Document::Response& response) {
  const StreamKind kind = stream::stream_kind_of_media_type(value_of(response.headers, "content-type"));
  if (kind == StreamKind::http || kind == StreamKind::websocket || has(response.headers, "content-length")) return false;
  const Text text(response.body);
  return !text.bytes().empty() && stream::is_utf8(text.bytes());
}

std::string document_head(std::string_view name) {
  std::string out = "version: api.keploy.io/v1beta1\nkind: Http\n";
  put_member(out, 0, "name", name);
  return out;
}
std::string document_rest(const Document& document) { return Writer(document).write(); }
std::string write_document(const Document& document) { return document_head(document.name) + document_rest(document); }

}  // namespace har::format::keploy
