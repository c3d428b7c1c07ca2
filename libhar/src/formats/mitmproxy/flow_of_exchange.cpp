// Flows of version 17, as mitmproxy 8.1 loads them: each member there, of its type, and no others (mitmproxy/stateobject.py
// refuses them).
#include "formats/mitmproxy/flow_of_exchange.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "check/url_parts.hpp"
#include "formats/http_message.hpp"
#include "formats/losses.hpp"
#include "formats/mitmproxy/entry_of_flow.hpp"
#include "formats/mitmproxy/tnetstring.hpp"
#include "stream/text/utf8.hpp"

namespace har::format::mitm {
namespace {

using stream::Direction;
using stream::Event;
using stream::EventKind;
using stream::Exchange;
using stream::Json;
using stream::JsonMember;
using stream::Nanos;

/// A member of the entry that the exchange is or becomes; null without one.
const Json& entry_member(const Exchange& exchange, std::string_view name) {
  static const Json kNone;
  const Json* found = &kNone;
  const auto look = [&](const Json& entry) {
    if (const Json* value = entry.find(name)) found = value;
  };
  const auto look_in = [&](const std::optional<Event>& event) {
    if (!event) return;
    for (const JsonMember& member : event->other) {
      if (member.name == "entry") look(member.value);
    }
  };
  if (exchange.request) look(exchange.request->entry);
  look_in(exchange.response);
  look_in(exchange.end);
  return *found;
}

/// Phases that lie before the request was sent whole.
Nanos phase(const Json& timings, std::string_view name) {
  const Json& value = timings[name];
  if (!value.is_number()) return Nanos{};
  return std::max(Nanos{}, stream::parse_decimal_millis(value.number_text()).value_or(Nanos{}));
}

/// What was ISO 8859-1 becomes that again.
std::string latin_of(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto octet = static_cast<unsigned char>(text[i]);
    if ((octet == 0xC2 || octet == 0xC3) && i + 1 < text.size()) {
      out += static_cast<char>(((octet & 3U) << 6) | (static_cast<unsigned char>(text[++i]) & 0x3FU));
    } else {
      out += text[i];
    }
  }
  return out;
}

std::uint64_t mix(std::uint64_t value) {  // the finalizer of SplitMix64
  value ^= value >> 30;
  value *= 0xBF58476D1CE4E5B9U;
  value ^= value >> 27;
  value *= 0x94D049BB133111EBU;
  return value ^ (value >> 31);
}

std::uint64_t hash(std::string_view text, std::uint64_t seed) {
  std::uint64_t value = seed ^ 0xCBF29CE484222325U;  // FNV-1a
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return mix(value);
}

/// A UUID (RFC 9562 §5.8) that is the same for the same words: mitmproxy tells flows and connections apart by them.
std::string uuid(std::string_view words) {
  const std::uint64_t high = hash(words, 1);
  const std::uint64_t low = hash(words, 2);
  return fmt::format("{:08x}-{:04x}-8{:03x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xFFFF, high & 0xFFF,
                     0x8000 | ((low >> 48) & 0x3FFF), low & 0xFFFFFFFFFFFF);
}

std::string wire_version(const std::string& version) {
  if (version == "HTTP/2") return "HTTP/2.0";  // as mitmproxy has it
  return version.empty() ? "HTTP/1.1" : version;
}

class FlowText {
 public:
  FlowText(const Exchange& exchange, std::size_t index, const stream::Place& place, const stream::FindingSink& report)
      : exchange_(exchange),
        index_(index),
        place_(place),
        report_(report),
        kept_(entry_member(exchange, kMember)),
        request_(request_message(exchange)),
        response_(response_message(exchange)) {}

  void write(std::string& out);

 private:
  void times();
  void losses() const;
  Nanos since_epoch(Nanos t) const { return exchange_.start.value_or(stream::WallTime{}).time_since_epoch() + t; }
  bool is_websocket() const { return exchange_.kind() == stream::StreamKind::websocket; }
  /// A body in its coding; where it had to be coded again a Content-Length becomes true.
  std::string content(format::Message& message, std::string_view which) const;

  void put_kept_time(std::string& out, const Json& kept, std::string_view name, std::optional<Nanos> otherwise) const;
  static void put_fields(std::string& out, const format::Fields& fields, bool latin);
  void put_message(Container& dict, format::Message& message, const Json& kept, const format::Fields& trailers,
                   std::string_view which) const;
  void put_error(std::string& out) const;
  void put_client(std::string& out) const;
  void put_server(std::string& out) const;
  void put_connection(Container& dict, const Json& kept, bool tls) const;
  void put_request(std::string& out);
  void put_response(std::string& out);
  void put_websocket(std::string& out) const;

  const Exchange& exchange_;
  std::size_t index_;
  const stream::Place& place_;
  const stream::FindingSink& report_;
  const Json& kept_;  ///< what only flows have
  RequestMessage request_;
  std::optional<ResponseMessage> response_;
  bool tls_ = false;
  HostPort target_;
  std::string_view authority_;

  // Since 1970.
  Nanos start_{};
  Nanos connected_from_{};
  Nanos connected_tcp_{};
  Nanos connected_{};
  Nanos requested_{};
  Nanos answer_{};
  Nanos end_{};
};

/// The connection lies before the request's octets, as HAR has its phases.
void FlowText::times() {
  static const Json kNone;
  const Json& timings = exchange_.response ? exchange_.response->timings : kNone;
  const MessageTimes times = message_times(exchange_);
  start_ = since_epoch(exchange_.begin());
  end_ = start_ + times.ended.value_or(Nanos{});
  answer_ = response_ ? start_ + std::max(times.responded.value_or(Nanos{}), Nanos{}) : end_;
  end_ = std::max(end_, answer_);
  const auto until_answer = [&](Nanos t) { return std::min(t, answer_); };
  connected_from_ = until_answer(start_ + phase(timings, "blocked") + phase(timings, "dns"));
  connected_ = until_answer(connected_from_ + phase(timings, "connect"));
  connected_tcp_ = std::max(connected_from_, connected_ - phase(timings, "ssl"));
  requested_ = until_answer(connected_ + phase(timings, "send"));
}

void FlowText::losses() const {
  std::size_t chunks = 0;
  std::size_t pings = 0;
  std::size_t marks = 0;
  for (const Event& event : exchange_.timeline) {
    if (event.kind == EventKind::data && event.direction == Direction::receive) ++chunks;
    if (event.kind == EventKind::message && event.opcode != 1 && event.opcode != 2) ++pings;
    if (event.kind == EventKind::mark && !event.other.empty() && event.other[0].name == "error") ++marks;
  }
  const auto lost = [&](std::string_view what, std::string message) { report_loss(what, std::move(message), place_, report_); };
  if (chunks > 1)
    lost("_streamChunks", fmt::format("the times of {} pieces of the body are left out: a flow has no place for them", chunks));
  if (pings > 0)
    lost("_webSocketMessages-control", fmt::format("{} messages that are neither text nor binary are left out", pings));
  const check::UrlParts url = check::split_url(request_.url);
  if (url.has_fragment) lost("request-url-fragment", "the fragment of the URL is left out: it is not sent");
  if (url.authority.find('@') != std::string_view::npos)
    lost("request-url-user", "the user in the URL is left out: a flow has no place for it");
  if (marks > 0) lost("_webSocketMessages-error", fmt::format("{} messages of type error are left out", marks));
}

void FlowText::put_kept_time(std::string& out, const Json& kept, std::string_view name, std::optional<Nanos> otherwise) const {
  const Json* value = kept.find(name);
  if (value != nullptr && value->is_number()) return put_float(out, value->number_or(0));
  if (value != nullptr || !otherwise) return put_null(out);
  put_time(out, *otherwise);
}

void FlowText::put_fields(std::string& out, const format::Fields& fields, bool latin) {
  Container list;
  for (const Field& field : fields) {
    Container pair;
    put_value(pair.element(), tag::kBytes, latin ? latin_of(field.name) : field.name);
    put_value(pair.element(), tag::kBytes, latin ? latin_of(field.value) : field.value);
    pair.write(list.element(), tag::kList);
  }
  list.write(out, tag::kList);
}

std::string FlowText::content(format::Message& message, std::string_view which) const {
  std::string body = coded_body(message);
  const std::string* const length = find_field(message.fields, "content-length");
  if (length != nullptr && body != message.body && *length != std::to_string(body.size())) {
    if (report_) {
      report_({stream::Level::note, "mitmproxy-recoded",
               fmt::format("the {}'s body was coded again as its head says; its Content-Length was {} and is {}", which, *length,
                           body.size()),
               place_});
    }
    set_field(message.fields, "Content-Length", std::to_string(body.size()));
  }
  return body;
}

void FlowText::put_message(Container& dict, format::Message& message, const Json& kept, const format::Fields& trailers,
                           std::string_view which) const {
  const bool latin = kept["encoding"].string_or("") == "latin1";
  const std::string body = content(message, which);
  put_value(dict.member("http_version"), tag::kBytes, wire_version(message.version));
  put_fields(dict.member("headers"), message.fields, latin);
  std::string& out = dict.member("content");
  if (kept.find("content") != nullptr && body.empty()) {
    put_null(out);
  } else {
    put_value(out, tag::kBytes, body);
  }
  std::string& behind = dict.member("trailers");
  if (trailers.empty()) {
    put_null(behind);
  } else {
    put_fields(behind, trailers, latin);
  }
}

void FlowText::put_request(std::string& out) {
  const Json& kept = kept_["request"];
  const bool latin = kept["encoding"].string_or("") == "latin1";
  const auto octets = [&](std::string_view text) { return latin ? latin_of(text) : std::string(text); };
  const bool connect = request_.method == "CONNECT";
  const bool has_host = find_field(request_.fields, "host") != nullptr;
  const std::string version = wire_version(request_.version);
  const auto or_kept = [&](std::string_view name, std::string_view otherwise) { return kept[name].string_or(otherwise); };

  format::Fields trailers;
  if (const Json& list = exchange_.request ? exchange_.request->object["_trailers"] : kept["_trailers"]; list.is_array()) {
    for (const Json& field : list.as_array())
      trailers.push_back({std::string(field["name"].string_or("")), std::string(field["value"].string_or(""))});
  }
  Container dict;
  put_text(dict.member("host"), target_.host);
  put_integer(dict.member("port"), target_.port);
  put_value(dict.member("method"), tag::kBytes, octets(request_.method));
  put_value(dict.member("scheme"), tag::kBytes, connect ? "" : tls_ ? "https" : "http");
  put_value(dict.member("authority"), tag::kBytes,
            octets(or_kept("authority", has_authority(request_.method, version, has_host) ? authority_ : "")));
  put_value(dict.member("path"), tag::kBytes, octets(or_kept("path", connect ? "" : request_target(request_.url))));
  put_message(dict, request_, kept, trailers, "request");
  put_time(dict.member("timestamp_start"), start_);
  put_kept_time(dict.member("timestamp_end"), kept, "timestamp_end", requested_);
  dict.write(out, tag::kDict);
}

void FlowText::put_response(std::string& out) {
  if (!response_) return put_null(out);
  const Json& kept = kept_["response"];
  const bool latin = kept["encoding"].string_or("") == "latin1";
  if (response_->body.empty()) {
    for (ResponseMessage::Piece& piece : response_->pieces) response_->body += piece.bytes;
  }
  Json marked = kept.is_object() ? kept : Json::object();
  // A size without octets: whoever recorded it has not kept them.
  const Json& object = exchange_.response->object;
  if (response_->body.empty() && object["content"]["size"].int_or(0) > 0) marked.set("content", nullptr);
  Container dict;
  put_integer(dict.member("status_code"), response_->status);
  put_value(dict.member("reason"), tag::kBytes, latin ? latin_of(response_->reason) : response_->reason);
  put_message(dict, *response_, marked, response_->trailers, "response");
  put_kept_time(dict.member("timestamp_start"), kept, "timestamp_start", answer_);
  // Without an end the answer was cut off, or still on its way.
  const std::optional<Nanos> end = is_websocket() ? answer_ : end_;
  put_kept_time(dict.member("timestamp_end"), kept, "timestamp_end", exchange_.end ? end : std::nullopt);
  dict.write(out, tag::kDict);
}

void FlowText::put_websocket(std::string& out) const {
  if (!is_websocket() || !response_) return put_null(out);
  const Json& kept = kept_["websocket"];
  Container messages;
  const Event* close = nullptr;
  for (const Event& event : exchange_.timeline) {
    if (event.kind == EventKind::close && close == nullptr) close = &event;
    if (event.kind != EventKind::message || (event.opcode != 1 && event.opcode != 2)) continue;
    const bool dropped = std::any_of(event.other.begin(), event.other.end(), [](const JsonMember& member) {
      return member.name == "_dropped" && member.value.bool_or(false);
    });
    Container message;
    put_integer(message.element(), event.opcode);
    put_boolean(message.element(), event.direction == Direction::send);
    put_value(message.element(), tag::kBytes, event.data);
    put_time(message.element(), since_epoch(event.t));
    put_boolean(message.element(), dropped);
    put_boolean(message.element(), event.mocked);
    message.write(messages.element(), tag::kList);
  }
  Container dict;
  messages.write(dict.member("messages"), tag::kList);
  std::string& by_client = dict.member("closed_by_client");
  if (close == nullptr || kept.find("closed_by_client") != nullptr) {
    put_null(by_client);
  } else {
    put_boolean(by_client, close->direction == Direction::send);
  }
  std::string& code = dict.member("close_code");
  if (close == nullptr || !close->code) {
    put_null(code);
  } else {
    put_integer(code, *close->code);
  }
  std::string& reason = dict.member("close_reason");
  if (close == nullptr) {
    put_null(reason);
  } else {
    put_text(reason, close->reason);
  }
  std::optional<Nanos> end;
  if (close != nullptr) {
    end = since_epoch(close->t);
  } else if (exchange_.end) {
    end = end_;
  }
  put_kept_time(dict.member("timestamp_end"), kept, "timestamp_end", end);
  dict.write(out, tag::kDict);
}

void FlowText::put_error(std::string& out) const {
  std::string message;
  if (exchange_.end && !exchange_.end->reason.empty() && exchange_.end->reason != "eof") {
    message = exchange_.end->data.empty() ? exchange_.end->reason : exchange_.end->data;
  } else if (exchange_.end && !response_) {
    message = "no response";
    if (exchange_.response) {  // where Firefox and mitmproxy, and Playwright, say why
      for (const std::string_view name : {"_error", "_failureText"}) {
        if (const std::string_view text = exchange_.response->object[name].string_or(""); !text.empty()) message = text;
      }
    }
  }
  if (message.empty()) return put_null(out);
  Container dict;
  put_text(dict.member("msg"), message);
  put_kept_time(dict.member("timestamp"), kept_["error"], "timestamp", end_);
  dict.write(out, tag::kDict);
}

/// [host, port].
void put_address(std::string& out, std::string_view host, std::int64_t port) {
  Container list;
  put_text(list.element(), host);
  put_integer(list.element(), port);
  list.write(out, tag::kList);
}

/// Members of both sides, as they were kept.
void FlowText::put_connection(Container& dict, const Json& kept, bool tls) const {
  const auto text = [&](std::string_view name, char type) {
    std::string& out = dict.member(name);
    const Json& value = kept[name];
    if (!value.is_string()) return put_null(out);
    if (type == tag::kText) return put_text(out, value.as_string());
    put_value(out, type, value.as_string());
  };
  const auto list = [&](std::string_view name, char type) {
    std::string& out = dict.member(name);
    Container elements;
    if (kept[name].is_array()) {
      for (const Json& element : kept[name].as_array()) {
        if (element.is_string()) put_value(elements.element(), type, element.as_string());
      }
    }
    elements.write(out, tag::kList);
  };
  put_integer(dict.member("state"), std::clamp<std::int64_t>(kept["state"].int_or(0), 0, 3));
  put_boolean(dict.member("tls"), kept.find("tls") != nullptr ? kept["tls"].bool_or(false) : tls);
  text("tls_version", tag::kText);
  text("cipher_name", tag::kText);
  list("cipher_list", tag::kText);
  text("alpn", tag::kBytes);
  list("alpn_offers", tag::kBytes);
  list("certificate_list", tag::kBytes);
  text("error", tag::kText);
}

void FlowText::put_client(std::string& out) const {
  const Json& kept = kept_["client_conn"];
  const bool known = kept.is_object();
  const std::string_view address = entry_member(exchange_, "_clientAddress").string_or("");
  const HostPort peer = host_port(address, false);
  Container dict;
  if (const Json& id = kept["id"]; id.is_string()) {
    put_text(dict.member("id"), id.as_string());
  } else {
    put_text(dict.member("id"), uuid(fmt::format("client {} {}", address, address.empty() ? start_.count() : 0)));
  }
  if (kept["address"].is_array()) {
    put_json(dict.member("address"), kept["address"]);
  } else {
    put_address(dict.member("address"), peer.host, address.empty() ? 0 : peer.port);
  }
  if (kept["sockname"].is_array()) {
    put_json(dict.member("sockname"), kept["sockname"]);
  } else {
    put_address(dict.member("sockname"), "", 0);
  }
  const bool tls = !known && tls_;
  put_connection(dict, kept, tls);
  put_boolean(dict.member("tls_established"), tls || kept["timestamp_tls_setup"].is_number());
  Container().write(dict.member("tls_extensions"), tag::kList);
  if (const Json& certificate = kept["mitmcert"]; certificate.is_string()) {
    put_value(dict.member("mitmcert"), tag::kBytes, certificate.as_string());
  } else {
    put_null(dict.member("mitmcert"));
  }
  std::string& sni = dict.member("sni");
  if (const Json& name = kept["sni"]; name.is_string()) {
    put_text(sni, name.as_string());
  } else if (tls && !is_ip(target_.host)) {
    put_text(sni, target_.host);
  } else {
    put_null(sni);
  }
  const auto or_start = [&](bool there) { return there ? std::optional(start_) : std::nullopt; };
  put_kept_time(dict.member("timestamp_start"), kept, "timestamp_start", or_start(!known));
  put_kept_time(dict.member("timestamp_tls_setup"), kept, "timestamp_tls_setup", or_start(tls));
  put_kept_time(dict.member("timestamp_end"), kept, "timestamp_end", std::nullopt);
  dict.write(out, tag::kDict);
}

void FlowText::put_server(std::string& out) const {
  const Json& kept = kept_["server_conn"];
  const bool known = kept_.is_object();
  const std::string_view connection = entry_member(exchange_, "connection").string_or("");
  const std::string_view ip = entry_member(exchange_, "serverIPAddress").string_or("");
  Container dict;
  if (!connection.empty()) {
    put_text(dict.member("id"), connection);
  } else {
    put_text(dict.member("id"), uuid(fmt::format("server {} {} {}", authority_, ip, start_.count())));
  }
  if (kept["address"].is_array()) {
    put_json(dict.member("address"), kept["address"]);
  } else if (known && ip.empty()) {
    put_null(dict.member("address"));
  } else {
    put_address(dict.member("address"), target_.host, target_.port);
  }
  std::string& peer = dict.member("ip_address");
  if (kept["ip_address"].is_array()) {
    put_json(peer, kept["ip_address"]);
  } else if (const HostPort bare = host_port(ip, tls_); is_ip(bare.host)) {  // Chrome has brackets around IPv6
    put_address(peer, is_ip(ip) ? ip : bare.host, entry_member(exchange_, "_serverPort").int_or(target_.port));
  } else {
    put_null(peer);
  }
  if (kept["source_address"].is_array()) {
    put_json(dict.member("source_address"), kept["source_address"]);
  } else {
    put_null(dict.member("source_address"));
  }
  const bool tls = !known && tls_;
  put_connection(dict, kept, tls);
  put_boolean(dict.member("tls_established"), tls || kept["timestamp_tls_setup"].is_number());
  std::string& sni = dict.member("sni");
  if (const Json& name = kept["sni"]; name.is_string()) {
    put_text(sni, name.as_string());
  } else if (tls && !is_ip(target_.host)) {
    put_text(sni, target_.host);
  } else {
    put_null(sni);
  }
  const auto unless_known = [&](Nanos t, bool there) { return there && !known ? std::optional(t) : std::nullopt; };
  put_kept_time(dict.member("timestamp_start"), kept, "timestamp_start", unless_known(connected_from_, true));
  put_kept_time(dict.member("timestamp_tcp_setup"), kept, "timestamp_tcp_setup",
                unless_known(tls ? connected_tcp_ : connected_, true));
  put_kept_time(dict.member("timestamp_tls_setup"), kept, "timestamp_tls_setup", unless_known(connected_, tls));
  put_kept_time(dict.member("timestamp_end"), kept, "timestamp_end", std::nullopt);
  put_null(dict.member("via"));
  put_json(dict.member("via2"), kept["via2"]);
  dict.write(out, tag::kDict);
}

void FlowText::write(std::string& out) {
  losses();
  times();
  tls_ = url_scheme(request_.url) == "https";
  authority_ = url_authority(request_.url);
  if (const std::string* host = find_field(request_.fields, "host"); host != nullptr && authority_.empty()) authority_ = *host;
  target_ = host_port(authority_, tls_);
  const Json& kept = kept_["request"];
  if (const Json& host = kept["host"]; host.is_string()) target_.host = host.as_string();
  target_.port = kept["port"].int_or(target_.port);

  Container flow;
  put_integer(flow.member("version"), kWritten);
  put_text(flow.member("type"), "http");
  const Json& id = kept_["id"];
  put_text(flow.member("id"), id.is_string()
                                  ? id.as_string()
                                  : uuid(fmt::format("flow {} {} {} {}", index_, start_.count(), request_.method, request_.url)));
  put_error(flow.member("error"));
  put_client(flow.member("client_conn"));
  put_server(flow.member("server_conn"));
  put_boolean(flow.member("intercepted"), kept_["intercepted"].bool_or(false));
  std::string& replay = flow.member("is_replay");
  const bool mocked = entry_member(exchange_, "_mocked").bool_or(false);
  if (const std::string_view which = kept_["is_replay"].string_or(mocked ? "response" : ""); !which.empty()) {
    put_text(replay, which);
  } else {
    put_null(replay);
  }
  put_text(flow.member("marked"), kept_["marked"].string_or(""));
  put_json(flow.member("metadata"), kept_["metadata"].is_object() ? kept_["metadata"] : Json::object());
  put_text(flow.member("comment"), entry_member(exchange_, "comment").string_or(""));
  put_kept_time(flow.member("timestamp_created"), kept_, "timestamp_created", start_);
  put_request(flow.member("request"));
  put_response(flow.member("response"));
  put_websocket(flow.member("websocket"));
  flow.write(out, tag::kDict);
}

}  // namespace

void write_flow(std::string& out, const Exchange& exchange, std::size_t index, const stream::Place& place,
                const stream::FindingSink& report) {
  FlowText(exchange, index, place, report).write(out);
}

}  // namespace har::format::mitm
