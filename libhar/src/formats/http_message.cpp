#include "formats/http_message.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "body_text.hpp"
#include "check/url_parts.hpp"
#include "har/exchange.hpp"
#include "stream/codec/http_grammar.hpp"
#include "stream/io/byte_sink.hpp"
#include "stream/io/decompressor.hpp"
#include "stream/text/ascii.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/utf8.hpp"

namespace har::format {
namespace {

using stream::Compression;
using stream::Direction;
using stream::Event;
using stream::EventKind;
using stream::Exchange;
using stream::Json;
using stream::Nanos;
using stream::ascii::hex_digit;
using stream::ascii::trimmed;
using stream::http::each_part;

// ---- from an exchange

Fields fields_of(const Json& headers) {
  Fields out;
  if (!headers.is_array()) return out;
  for (const Json& header : headers.as_array()) {
    const std::string_view name = header["name"].string_or("");
    if (name.empty() || name.front() == ':') continue;
    std::string_view value = header["value"].string_or("");
    for (;;) {  // lines are fields that a browser has joined
      const std::size_t end = std::min(value.find('\n'), value.size());
      out.push_back({std::string(name), std::string(value.substr(0, end))});
      if (end == value.size()) break;
      value.remove_prefix(end + 1);
    }
  }
  return out;
}

std::string known_version(std::string_view version) {
  if (version == "unknown" || version.empty()) return {};
  if (version == "h2" || version == "http/2.0" || version == "HTTP/2.0" || version == "http/2") return "HTTP/2";
  if (version == "h3" || version == "http/3.0" || version == "HTTP/3.0" || version == "http/3") return "HTTP/3";
  std::string out(version);
  if (out.starts_with("http/")) std::transform(out.begin(), out.begin() + 4, out.begin(), [](char c) { return c & ~0x20; });
  return out;
}

/// The body as it went: of a form without its text it is made from the params.
std::string sent_body(const Exchange& exchange) {
  std::string body = body_of(exchange, Direction::send);
  if (!body.empty() || !exchange.request) return body;
  const Json& post = exchange.request->object["postData"];
  if (auto octets = post_octets(exchange.request->object)) return std::move(*octets);
  if (!post["params"].is_array() || post["mimeType"].string_or("").find("x-www-form-urlencoded") == std::string_view::npos)
    return {};
  for (const Json& param : post["params"].as_array()) {
    if (!body.empty()) body += '&';
    body += form_encoded(param["name"].string_or(""));
    body += '=';
    body += form_encoded(param["value"].string_or(""));
  }
  return body;
}

// ---- to an exchange

std::string utf8_of(std::string_view octets) {
  if (stream::is_utf8(octets)) return std::string(octets);
  std::string out;
  out.reserve(octets.size() + octets.size() / 8);
  for (const char c : octets) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xC0 | (octet >> 6));
      out += static_cast<char>(0x80 | (octet & 0x3F));
    }
  }
  return out;
}

Json headers_of(const Fields& fields) {
  Json::Array out;
  out.reserve(fields.size());
  for (const Field& field : fields) out.push_back(Json::Object{{"name", utf8_of(field.name)}, {"value", utf8_of(field.value)}});
  return Json(std::move(out));
}

Json query_of_url(std::string_view url) {
  Json::Array out;
  each_part(check::query_of(url).value_or(""), '&', [&](std::string_view pair) {
    const std::size_t equals = std::min(pair.find('='), pair.size());
    out.push_back(Json::Object{{"name", form_decoded(pair.substr(0, equals))},
                               {"value", form_decoded(pair.substr(std::min(equals + 1, pair.size())))}});
  });
  return Json(std::move(out));
}

bool is_form(std::string_view media_type) {
  return same_name(trimmed(media_type.substr(0, media_type.find(';'))), "application/x-www-form-urlencoded");
}

Json post_data(const std::string& body, const std::string& type, bool coded) {
  Json::Object out{{"mimeType", utf8_of(type)}, {"params", Json::array()}};
  if (is_form(type)) {
    Json::Array params;
    each_part(body, '&', [&](std::string_view pair) {
      const std::size_t equals = std::min(pair.find('='), pair.size());
      params.push_back(Json::Object{{"name", form_decoded(pair.substr(0, equals))},
                                    {"value", form_decoded(pair.substr(std::min(equals + 1, pair.size())))}});
    });
    out[1].value = Json(std::move(params));
  }
  append_post_text(out, body, {text_charset(type), coded ? -1 : static_cast<std::int64_t>(body.size())});
  return Json(std::move(out));
}

// ---- content coding

struct Coding {
  bool named = false;
  std::optional<Compression> known{};
};

/// What Content-Encoding says; several codings, one over the other, are taken for one that we do not know.
Coding coding_of(const Fields& fields) {
  const std::string value = joined_field(fields, "content-encoding");
  const std::string_view name = trimmed(value);
  if (name.empty() || same_name(name, "identity")) return {};
  if (same_name(name, "gzip") || same_name(name, "x-gzip")) return {true, Compression::gzip};
  if (same_name(name, "deflate")) return {true, Compression::zlib};
  if (same_name(name, "br")) return {true, Compression::brotli};
  if (same_name(name, "zstd")) return {true, Compression::zstd};
  return {true, std::nullopt};
}

std::optional<std::string> undone(std::string_view body, Compression compression, const stream::Limits& limits) {
  const auto source = stream::decompress(stream::memory_source(body, "body"), {limits, compression});
  if (!source) return std::nullopt;
  auto out = stream::read_all(**source, limits.max_entry);
  if (!out) return std::nullopt;
  return std::move(*out);
}

}  // namespace

Json request_cookies(const Fields& fields) {
  Json::Array out;
  for (const Field& field : fields) {
    if (!same_name(field.name, "cookie")) continue;
    each_part(field.value, ';', [&](std::string_view pair) {
      const std::size_t equals = std::min(pair.find('='), pair.size());
      out.push_back(Json::Object{{"name", utf8_of(trimmed(pair.substr(0, equals)))},
                                 {"value", utf8_of(trimmed(pair.substr(std::min(equals + 1, pair.size()))))}});
    });
  }
  return Json(std::move(out));
}

Json response_cookies(const Fields& fields) {
  Json::Array out;
  for (const Field& field : fields) {
    if (!same_name(field.name, "set-cookie")) continue;
    Json cookie = Json::object();
    bool first = true;
    each_part(field.value, ';', [&](std::string_view pair) {
      const std::size_t equals = std::min(pair.find('='), pair.size());
      const std::string name = utf8_of(trimmed(pair.substr(0, equals)));
      const std::string value = utf8_of(trimmed(pair.substr(std::min(equals + 1, pair.size()))));
      if (std::exchange(first, false)) {
        cookie.set("name", name);
        cookie.set("value", value);
      } else if (same_name(name, "path") || same_name(name, "domain")) {
        cookie.set(same_name(name, "path") ? "path" : "domain", value);
      } else if (same_name(name, "httponly")) {
        cookie.set("httpOnly", true);
      } else if (same_name(name, "secure")) {
        cookie.set("secure", true);
      } else if (same_name(name, "samesite")) {
        cookie.set("sameSite", value);
      }
    });
    if (!first) out.push_back(std::move(cookie));
  }
  return Json(std::move(out));
}

bool same_name(std::string_view a, std::string_view b) { return stream::ascii::equal_ignoring_case(a, b); }

const std::string* find_field(const Fields& fields, std::string_view name) {
  const std::string* found = nullptr;
  for (const Field& field : fields) {
    if (same_name(field.name, name)) found = &field.value;
  }
  return found;
}

std::string joined_field(const Fields& fields, std::string_view name) {
  std::string out;
  for (const Field& field : fields) {
    if (!same_name(field.name, name)) continue;
    if (!out.empty()) out += ", ";
    out += field.value;
  }
  return out;
}

void remove_field(Fields& fields, std::string_view name) {
  std::erase_if(fields, [&](const Field& field) { return same_name(field.name, name); });
}

void set_field(Fields& fields, std::string_view name, std::string value) {
  const auto same = [&](const Field& field) { return same_name(field.name, name); };
  const auto first = std::find_if(fields.begin(), fields.end(), same);
  if (first == fields.end()) {
    fields.push_back({std::string(name), std::move(value)});
    return;
  }
  first->value = std::move(value);
  fields.erase(std::remove_if(first + 1, fields.end(), same), fields.end());
}

std::string form_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return stream::is_utf8(out) ? out : utf8_of(text);
}

std::string form_encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (stream::ascii::is_alnum(c) || std::string_view("-._*").find(c) != std::string_view::npos) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      out += '%';
      out += kDigits[octet >> 4];
      out += kDigits[octet & 15];
    }
  }
  return out;
}

RequestMessage request_message(const Exchange& exchange) {
  RequestMessage out;
  if (!exchange.method().empty()) out.method = exchange.method();
  out.url = exchange.url();
  if (exchange.request) {
    out.version = known_version(exchange.request->object["httpVersion"].string_or(""));
    out.fields = fields_of(exchange.request->object["headers"]);
  }
  out.body = sent_body(exchange);
  return out;
}

std::optional<ResponseMessage> response_message(const Exchange& exchange) {
  const bool came = std::any_of(exchange.timeline.begin(), exchange.timeline.end(), [](const Event& event) {
    return event.direction == Direction::receive && (event.kind == EventKind::data || event.kind == EventKind::message);
  });
  if (!exchange.response || (exchange.status() <= 0 && !came)) return std::nullopt;
  const Json& object = exchange.response->object;
  ResponseMessage out;
  out.status = exchange.status();
  if (out.status <= 0) out.status = exchange.kind() == stream::StreamKind::websocket ? 101 : 200;
  out.reason = object["statusText"].string_or("");
  out.version = known_version(object["httpVersion"].string_or(""));
  out.fields = fields_of(object["headers"]);
  const Nanos begin = exchange.begin();
  for (const Event& event : exchange.timeline) {
    if (event.kind == EventKind::data && event.direction == Direction::receive)
      out.pieces.push_back({event.t - begin, event.data});
  }
  if (out.pieces.size() == 1) {
    out.body = std::move(out.pieces.front().bytes);
    out.pieces.clear();
  }
  if (exchange.end) out.trailers = fields_of(exchange.end->trailers);
  out.complete = exchange.end.has_value() && (exchange.end->reason.empty() || exchange.end->reason == "eof");
  return out;
}

MessageTimes message_times(const Exchange& exchange) {
  MessageTimes out;
  const Nanos begin = exchange.begin();
  if (exchange.start) out.start = *exchange.start + begin;
  if (exchange.response) out.responded = exchange.response->t - begin;
  Nanos last = exchange.response ? exchange.response->t : begin;
  for (const Event& event : exchange.timeline) last = std::max(last, event.t);
  if (exchange.end) last = std::max(last, exchange.end->t);
  out.ended = last - begin;
  return out;
}

Exchange make_exchange(RequestMessage request, std::optional<ResponseMessage> response, const MessageTimes& times,
                       std::string_view error) {
  Exchange exchange;
  exchange.start = times.start;
  Event asked;
  asked.kind = EventKind::request;
  asked.entry = Json::object();
  asked.object = Json::Object{{"method", utf8_of(request.method)},
                              {"url", utf8_of(request.url)},
                              {"httpVersion", request.version.empty() ? "unknown" : utf8_of(request.version)},
                              {"cookies", request_cookies(request.fields)},
                              {"headers", headers_of(request.fields)},
                              {"queryString", query_of_url(utf8_of(request.url))}};
  if (!request.body.empty()) {
    const std::string* const type = find_field(request.fields, "content-type");
    asked.object.set("postData", post_data(request.body, type != nullptr ? *type : "",
                                           !joined_field(request.fields, "content-encoding").empty()));
  }
  asked.object.set("headersSize", -1);
  asked.object.set("bodySize", static_cast<std::uint64_t>(request.body.size()));
  exchange.request = std::move(asked);

  Nanos last{};
  if (response) {
    Event answered;
    answered.kind = EventKind::response;
    answered.t = std::max(times.responded.value_or(Nanos{}), Nanos{});
    const std::string* const type = find_field(response->fields, "content-type");
    const std::string* const location = find_field(response->fields, "location");
    std::size_t size = response->body.size();
    for (const ResponseMessage::Piece& piece : response->pieces) size += piece.bytes.size();
    answered.object = Json::Object{{"status", response->status},
                                   {"statusText", utf8_of(response->reason)},
                                   {"httpVersion", response->version.empty() ? "unknown" : utf8_of(response->version)},
                                   {"cookies", response_cookies(response->fields)},
                                   {"headers", headers_of(response->fields)},
                                   {"content", Json::object()},
                                   {"redirectURL", location != nullptr ? utf8_of(*location) : ""},
                                   {"headersSize", -1},
                                   {"bodySize", static_cast<std::uint64_t>(size)}};
    if (type != nullptr) answered.object.set("content", Json::Object{{"mimeType", utf8_of(*type)}});
    last = answered.t;
    const Nanos ended = std::max(times.ended.value_or(answered.t), answered.t);
    const auto add = [&](Nanos t, std::string bytes) {
      last = std::max(last, t);
      if (bytes.empty()) return;
      Event data;
      data.kind = EventKind::data;
      data.t = last;
      data.data = std::move(bytes);
      exchange.timeline.push_back(std::move(data));
    };
    exchange.response = std::move(answered);
    for (ResponseMessage::Piece& piece : response->pieces) add(piece.t, std::move(piece.bytes));
    if (!response->body.empty()) add(ended, std::move(response->body));
    last = std::max(last, ended);
  } else {
    last = std::max(times.ended.value_or(Nanos{}), Nanos{});
  }
  const bool whole = response && response->complete && error.empty();
  if (whole || !error.empty()) {
    Event end;
    end.kind = EventKind::end;
    end.t = last;
    end.reason = whole ? "eof" : "error";
    end.data = utf8_of(error);
    if (response && !response->trailers.empty()) end.trailers = headers_of(response->trailers);
    exchange.end = std::move(end);
  }
  return exchange;
}

std::string_view request_target(std::string_view url) {
  if (const std::size_t fragment = url.find('#'); fragment != std::string_view::npos) url = url.substr(0, fragment);
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return url.empty() ? "/" : url;
  const std::size_t path = url.find_first_of("/?", scheme + 3);
  return path == std::string_view::npos ? "/" : url.substr(path);
}

std::string_view url_authority(std::string_view url) {
  const check::UrlParts parts = check::split_url(url);
  const std::size_t user = parts.authority.rfind('@');
  return user == std::string_view::npos ? parts.authority : parts.authority.substr(user + 1);
}

std::string_view url_scheme(std::string_view url) {
  const std::string_view scheme = check::split_url(url).scheme;
  if (same_name(scheme, "http") || same_name(scheme, "ws")) return "http";
  if (same_name(scheme, "https") || same_name(scheme, "wss")) return "https";
  return {};
}

std::optional<std::string> decoded_body(const Message& message, const stream::Limits& limits) {
  const Coding coding = coding_of(message.fields);
  if (!coding.known || message.body.empty() || !stream::may_be_in(*coding.known, message.body)) return message.body;
  auto out = undone(message.body, *coding.known, limits);
  // Brotli has no signature: what cannot be undone was not in it.
  if (!out && *coding.known == Compression::brotli) return message.body;
  return out;
}

std::string coded_body(const Message& message) {
  const Coding coding = coding_of(message.fields);
  if (!coding.known || message.body.empty()) return message.body;
  if (*coding.known != Compression::brotli && stream::may_be_in(*coding.known, message.body)) return message.body;
  if (*coding.known == Compression::brotli && !stream::is_utf8(message.body) && undone(message.body, *coding.known, {}))
    return message.body;
  std::string out;
  auto sink = stream::compress(stream::string_sink(out), *coding.known);
  if (!sink || !(*sink)->write(message.body) || !(*sink)->finish()) return message.body;
  return out;
}

}  // namespace har::format
