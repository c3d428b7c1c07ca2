#include "formats/mitmproxy/entry_of_flow.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "capture/captured.hpp"
#include "capture/coding.hpp"
#include "capture/fields.hpp"
#include "capture/head_text.hpp"
#include "formats/http_message.hpp"
#include "stream/io/byte_source.hpp"
#include "stream/text/utf8.hpp"

namespace har::format::mitm {
namespace {

using capture::field_value;
using capture::put_base64;
using capture::put_escaped;
using capture::put_millis;
using capture::put_number;
using capture::put_seconds;
using capture::put_string;
using stream::Nanos;

/// Whether this can stand in a URL as its authority.
bool is_authority(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80 ||
           std::string_view("-._~:[]%").find(c) != std::string_view::npos;
  });
}

/// As HAR names it; mitmproxy has HTTP/2.0 for what it has recorded.
std::string_view version_of(std::string_view version) {
  if (version.empty()) return "unknown";
  return version == "HTTP/2.0" ? "HTTP/2" : version;
}

void put_pair(capture::Text& out, bool& first, std::string_view name, std::string_view value) {
  out << (std::exchange(first, false) ? R"({"name":)" : R"(,{"name":)");
  put_string(out, name);
  out << R"(,"value":)";
  put_string(out, value);
  out << '}';
}

void put_cookies(capture::Text& out, const Fields& fields) {
  bool first = true;
  out << '[';
  for (const stream::TapField& field : fields) {
    if (!capture::same_name(field.name, "cookie")) continue;
    capture::each_part(field.value, ';', [&](std::string_view part) {
      const capture::Pair pair = capture::pair_of(part);
      put_pair(out, first, capture::trimmed(pair.name), capture::trimmed(pair.value));
    });
  }
  out << ']';
}

/// Decoded, as HAR 1.2 §4.2.8 shows it.
void put_query(capture::Text& out, std::string_view url) {
  bool first = true;
  out << '[';
  capture::each_part(capture::query_of(url), '&', [&](std::string_view part) {
    const capture::Pair pair = capture::pair_of(part);
    if (part.find_first_of("%+") == std::string_view::npos) {
      put_pair(out, first, pair.name, pair.value);
    } else {
      put_pair(out, first, form_decoded(pair.name), form_decoded(pair.value));
    }
  });
  out << ']';
}

std::size_t head_size(std::size_t line, const Fields& fields) {
  std::size_t size = line + 4;  // two line ends
  for (const stream::TapField& field : fields) size += field.name.size() + field.value.size() + 4;
  return size;
}

/// How long a head was is known of HTTP/1; `headersSize` stands last.
void unknown_size(capture::Text& out) {
  while (out.view().back() != ':') out.cut(out.size() - 1);
  out << "-1";
}

}  // namespace

std::string latin_as_utf8(std::string_view octets) {
  std::string out;
  for (const char c : octets) stream::append_utf8(out, static_cast<unsigned char>(c));
  return out;
}

HostPort host_port(std::string_view authority, bool tls) {
  HostPort out{authority, tls ? 443 : 80};
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    const std::string_view digits = authority.substr(colon + 1);
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error == std::errc() && end == digits.data() + digits.size()) out = {authority.substr(0, colon), port};
  }
  if (out.host.size() > 1 && out.host.front() == '[' && out.host.back() == ']')
    out.host = out.host.substr(1, out.host.size() - 2);
  return out;
}

bool is_ip(std::string_view host) {
  const bool v6 = host.find(':') != std::string_view::npos;
  return !host.empty() && host.find_first_not_of(v6 ? "0123456789abcdefABCDEF.:" : "0123456789.") == std::string_view::npos;
}

bool has_authority(std::string_view method, std::string_view version, bool has_host) {
  return method == "CONNECT" || (!has_host && !version.empty() && !version.starts_with("HTTP/1") && version != "unknown");
}

void EntryText::note(std::string rule, std::string message) const {
  if (report_) report_({stream::Level::warning, std::move(rule), std::move(message), place_});
}

void EntryText::make_url(const Flow& flow) {
  const Request& request = flow.request;
  const bool tls = is_tls(flow);
  url_ = is_websocket(flow) ? (tls ? "wss" : "ws") : tls ? "https" : "http";
  url_ += "://";
  std::string_view named = request.authority.empty() ? field_value(request.fields, "host") : request.authority;
  if (is_connect(request)) named = request.authority;
  if (is_authority(named)) {
    url_ += named;
  } else {
    const bool v6 = request.host.find(':') != std::string_view::npos && !request.host.starts_with('[');
    url_ += v6 ? fmt::format("[{}]", request.host) : std::string(request.host);
    if (request.port != (tls ? 443 : 80) || is_connect(request)) url_ += fmt::format(":{}", request.port);
  }
  if (!request.path.starts_with('/')) url_ += '/';
  url_ += request.path;
}

/// HAR is UTF-8. A head that is none is taken for ISO 8859-1, all of it, so that it can be written again.
void EntryText::make_legible(const Message& message, std::initializer_list<std::string_view*> strings, Fields& fields,
                             bool& latin) {
  fields.assign(message.fields.begin(), message.fields.end());
  latin = !std::all_of(strings.begin(), strings.end(), [](const std::string_view* text) { return stream::is_utf8(*text); }) ||
          !std::all_of(fields.begin(), fields.end(),
                       [](const stream::TapField& field) { return stream::is_utf8(field.name) && stream::is_utf8(field.value); });
  if (!latin) return;
  const auto make = [&](std::string_view& text) { text = made_.emplace_back(latin_as_utf8(text)); };
  for (std::string_view* text : strings) make(*text);
  for (stream::TapField& field : fields) {
    make(field.name);
    make(field.value);
  }
}

/// The body as the program saw it. What can't be undone stays.
std::string_view EntryText::body_of(const Message& message, std::string_view which, bool& decoded) {
  decoded = false;
  const std::string_view octets = message.content.octets;
  const capture::Coding coding = capture::coding_of(message.fields);
  if (!coding.compression || octets.empty() || !stream::may_be_in(*coding.compression, octets)) return octets;
  decoded_.clear();
  const auto source = stream::decompress(stream::memory_source(octets, "body"), {limits_, coding.compression});
  auto whole = source ? stream::read_all(**source, limits_.max_entry) : stream::Result<std::string>(stream::fail(source.error()));
  if (!whole) {
    // Brotli has no signature: what can't be undone was not in it.
    if (coding.compression != stream::Compression::brotli) {
      note("mitmproxy-coding", fmt::format("the {}'s body is not the {} that its head says ({}); it stays as it is", which,
                                           coding.name, whole.error().message));
    }
    return octets;
  }
  decoded_ = std::move(*whole);
  decoded = true;
  return decoded_;
}

void EntryText::put_text(std::string_view bytes, const BodyFacts& facts, std::string_view encoding_member) {
  out_ << R"("text":")";
  const auto text = facts.charset ? text_of_octets(bytes, facts) : std::nullopt;
  if (text || (!facts.charset && stream::is_utf8(bytes))) {
    put_escaped(out_, text ? *text : bytes);
    out_ << '"';
    return;
  }
  put_base64(out_, bytes);
  out_ << R"(",")" << encoding_member << R"(":"base64")";
}

void EntryText::put_trailers(const Message& message) {
  if (message.trailers.empty()) return;
  out_ << R"(,"_trailers":)";
  capture::put_headers(out_, message.trailers);
}

void EntryText::put_request(const Flow& flow) {
  const Request& message = flow.request;
  std::string_view url = url_;
  std::string_view method = message.method;
  std::string_view version = message.version;
  make_legible(message, {&url, &method, &version}, fields_, latin_request_);
  out_ << R"({"method":)";
  put_string(out_, method);
  out_ << R"(,"url":)";
  put_string(out_, url);
  out_ << R"(,"httpVersion":)";
  put_string(out_, version_of(version));
  out_ << R"(,"cookies":)";
  put_cookies(out_, fields_);
  out_ << R"(,"headers":)";
  capture::put_headers(out_, fields_);
  out_ << R"(,"queryString":)";
  put_query(out_, url);
  out_ << R"(,"headersSize":)";
  if (message.version.starts_with("HTTP/1")) {
    put_number(out_, head_size(message.method.size() + message.path.size() + message.version.size() + 2, message.fields));
  } else {
    out_ << "-1";
  }
  out_ << R"(,"bodySize":)";
  if (!message.content.known) {
    out_ << "-1";
  } else {
    put_number(out_, message.content.octets.size());
  }
  if (!message.content.octets.empty()) {
    bool decoded = false;
    const std::string_view body = body_of(message, "request", decoded);
    const std::string_view type = field_value(fields_, "content-type");
    out_ << R"(,"postData":{"mimeType":)";
    put_string(out_, type);
    out_ << ',';
    if (capture::is_form(type) && stream::is_utf8(body)) {
      capture::put_params(out_, body);
    } else {
      out_ << R"("params":[])";
    }
    out_ << ',';
    const bool known = message.content.known && field_value(fields_, "content-encoding").empty();
    put_text(body, {text_charset(type), known ? static_cast<std::int64_t>(message.content.octets.size()) : -1}, "_encoding");
    out_ << '}';
  }
  put_trailers(message);
  out_ << '}';
}

void EntryText::put_response(const Flow& flow) {
  if (!flow.response) {
    out_ << R"({"status":0,"statusText":"","httpVersion":"unknown","cookies":[],"headers":[],)"
         << R"("content":{"size":0,"mimeType":"x-unknown"},"redirectURL":"","headersSize":-1,"bodySize":-1})";
    return;
  }
  const Response& message = *flow.response;
  std::string_view reason = message.reason;
  std::string_view version = message.version;
  make_legible(message, {&reason, &version}, response_fields_, latin_response_);
  capture::Captured captured;
  captured.response.status = message.status;
  captured.response.reason = reason;
  captured.response.version = version_of(version);
  captured.response.fields = response_fields_;
  captured.response.head_size = head_size(message.version.size() + 5 + message.reason.size(), message.fields);
  capture::put_response(out_, captured);
  if (!message.version.starts_with("HTTP/1")) unknown_size(out_);
  bool decoded = false;
  const std::string_view body = body_of(message, "response", decoded);
  const std::size_t coded_size = message.content.octets.size();
  out_ << R"(,"bodySize":)";
  if (message.content.known) {
    put_number(out_, coded_size);
    out_ << R"(,"content":{"size":)";
    put_number(out_, body.size());
  } else {
    out_ << R"(-1,"content":{"size":-1)";
  }
  if (decoded) {
    out_ << R"(,"compression":)";
    if (body.size() < coded_size) out_ << '-';
    put_number(out_, body.size() < coded_size ? coded_size - body.size() : body.size() - coded_size);
  }
  out_ << R"(,"mimeType":)";
  const std::string_view type = field_value(response_fields_, "content-type");
  put_string(out_, type.empty() ? "x-unknown" : type);
  if (!body.empty()) {
    out_ << ',';
    put_text(body, {text_charset(type), message.content.known ? static_cast<std::int64_t>(body.size()) : -1}, "encoding");
  }
  out_ << '}';
  put_trailers(message);
  out_ << '}';
}

EntryText::Times EntryText::times_of(const Flow& flow) {
  const auto or_else = [](const std::optional<Time>& time, Nanos otherwise) { return time ? time->since_epoch : otherwise; };
  Times out;
  const Request& request = flow.request;
  out.start = or_else(request.start, or_else(flow.created, or_else(flow.client.start, Nanos{})));
  out.requested = std::max(out.start, or_else(request.end, out.start));
  out.answer = out.requested;
  if (flow.response) {
    out.answer = std::max(out.requested, or_else(flow.response->start, out.requested));
    out.end = std::max(out.answer, or_else(flow.response->end, out.answer));
  } else {
    out.end = out.requested;
  }
  if (flow.failed) out.end = std::max(out.end, or_else(flow.error_at, out.end));
  if (!flow.response) out.answer = out.end;
  if (is_websocket(flow)) {
    for (const WebSocketMessage& message : flow.websocket->messages) out.end = std::max(out.end, or_else(message.time, out.end));
    out.end = std::max(out.end, or_else(flow.websocket->end, out.end));
  }

  stream::TapTimings& timings = out.timings;
  timings.send = out.requested - out.start;
  timings.wait = out.answer - out.requested;
  // A connection that was made for this request is a phase of it, wherever it lies: mitmproxy may connect when it has read the
  // request. One that was there before is none.
  const Connection& server = flow.server;
  const Nanos began = or_else(server.start, Nanos{});
  const Nanos done = std::max(or_else(server.tcp, began), or_else(server.tls, began));
  if (server.start && began >= out.start && done > began && done <= out.answer) {
    timings.connect = done - began;
    if (server.tls && server.tcp && server.tls->since_epoch > server.tcp->since_epoch)
      timings.ssl = std::min(server.tls->since_epoch - server.tcp->since_epoch, *timings.connect);
    if (began >= out.requested) {
      timings.wait -= *timings.connect;
    } else {
      if (began > out.start) timings.blocked = began - out.start;
      timings.send = std::max(out.requested - done, Nanos{});
      timings.wait = out.answer - std::max(out.requested, done);
    }
  }
  out.derived_requested = out.start + timings.blocked.value_or(Nanos{}) + timings.connect.value_or(Nanos{}) + timings.send;
  return out;
}

void EntryText::put_websocket(const WebSocket& websocket, const Times& times) {
  out_ << R"(,"_resourceType":"websocket","_webSocketMessages":[)";
  bool first = true;
  Nanos last = times.answer;
  for (const WebSocketMessage& message : websocket.messages) {
    if (message.time) last = message.time->since_epoch;
    if (!std::exchange(first, false)) out_ << ',';
    out_ << (message.from_client ? R"({"type":"send","time":)" : R"({"type":"receive","time":)");
    put_seconds(out_, last);
    out_ << R"(,"opcode":)";
    put_number(out_, static_cast<std::uint64_t>(message.opcode));
    out_ << R"(,"data":")";
    const bool text = message.opcode == 1;
    if (text && stream::is_utf8(message.content)) {
      put_escaped(out_, message.content);
      out_ << '"';
    } else {
      put_base64(out_, message.content);
      out_ << (text ? R"(","encoding":"base64")" : "\"");
    }
    if (message.injected) out_ << R"(,"_mocked":true)";
    if (message.dropped) out_ << R"(,"_dropped":true)";
    out_ << '}';
  }
  out_ << ']';
  if (!websocket.code && !websocket.closed_by_client) return;
  out_ << R"(,"_webSocketClose":{)";
  if (websocket.code) {
    out_ << R"("code":)";
    put_number(out_, static_cast<std::uint64_t>(*websocket.code));
    out_ << ',';
  }
  out_ << R"("reason":)";
  put_string(out_, websocket.reason);
  out_ << R"(,"timestamp":)";
  put_seconds(out_, websocket.end ? websocket.end->since_epoch : times.end);
  if (websocket.closed_by_client.value_or(false)) out_ << R"(,"dir":"send")";
  out_ << '}';
}

std::string_view EntryText::write(const Flow& flow, const stream::Place& place) {
  place_ = place;
  out_.clear();
  made_.clear();
  latin_request_ = latin_response_ = false;
  const Times times = times_of(flow);
  make_url(flow);
  out_ << R"({"startedDateTime":")" << stream::format_iso8601(stream::WallTime(times.start)) << R"(","time":)";
  put_millis(out_, times.end - times.start);
  out_ << R"(,"request":)";
  put_request(flow);
  out_ << R"(,"response":)";
  put_response(flow);
  out_ << R"(,"cache":{},"timings":)";
  capture::put_timings(out_, times.timings);
  out_ << R"(,"receive":)";
  put_millis(out_, times.end - times.answer);
  out_ << '}';

  const auto address = [&](std::string_view host, std::int64_t port) {
    put_string(out_,
               host.find(':') != std::string_view::npos ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port));
  };
  if (is_ip(flow.server.peer)) {
    out_ << R"(,"serverIPAddress":)";
    put_string(out_, flow.server.peer);
    if (flow.server.peer_port > 0 && flow.server.peer_port <= 65535) {
      out_ << R"(,"_serverPort":)";
      put_number(out_, static_cast<std::uint64_t>(flow.server.peer_port));
    }
  }
  if (!flow.server.id.empty()) {
    out_ << R"(,"connection":)";
    put_plain(flow.server.id);
  }
  if (!flow.comment.empty()) {
    out_ << R"(,"comment":)";
    put_plain(flow.comment);
  }
  if (is_ip(flow.client.peer)) {
    out_ << R"(,"_clientAddress":)";
    address(flow.client.peer, flow.client.peer_port);
  }
  if (is_mocked(flow)) out_ << R"(,"_mocked":true)";
  if (is_websocket(flow)) put_websocket(*flow.websocket, times);
  if (flow.failed) {
    out_ << R"(,"_error":)";
    put_plain(flow.error.empty() ? "error" : flow.error);
  } else {
    const bool open_socket =
        is_websocket(flow) && !flow.websocket->code && !flow.websocket->closed_by_client && !flow.websocket->end;
    if (!flow.response || !flow.response->end || open_socket) out_ << R"(,"_incomplete":true)";
  }
  put_rest(flow, times);
  out_ << '}';
  return out_.view();
}

}  // namespace har::format::mitm
