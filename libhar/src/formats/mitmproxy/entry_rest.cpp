// What HAR has no place for: the member `_mitmproxy` of an entry.
#include <algorithm>
#include <utility>

#include "capture/fields.hpp"
#include "formats/http_message.hpp"
#include "formats/mitmproxy/entry_of_flow.hpp"
#include "stream/text/utf8.hpp"

namespace har::format::mitm {
namespace {

using capture::put_base64;
using capture::put_string;
using stream::Nanos;

constexpr std::size_t kDeepest = 64;  ///< lists and dicts in what a flow's metadata hold

/// RFC 8259 §6.
bool is_json_number(std::string_view text) {
  const auto digits = [&] {
    const std::size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(count);
    return count;
  };
  const auto skip = [&](std::string_view any) {
    const bool there = !text.empty() && any.find(text.front()) != std::string_view::npos;
    text.remove_prefix(there ? 1 : 0);
    return there;
  };
  skip("-");
  const bool zero = !text.empty() && text.front() == '0';
  const std::size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (skip(".") && digits() == 0) return false;
  if (skip("eE")) {
    skip("+-");
    if (digits() == 0) return false;
  }
  return text.empty();
}

/// What says nothing in a connection: not known, an empty list, false, 0. (Empty text does: TLS without a protocol.)
bool says_nothing(const Value& value) {
  return !value.exists() || (value.payload.empty() && !value.is_string()) || (value.tag == tag::kBoolean && !value.is_true()) ||
         (value.is_number() && value.payload == "0");
}

}  // namespace

void EntryText::member(std::string_view name) {
  if (!std::exchange(first_, false)) out_ << ',';
  put_string(out_, name);
  out_ << ':';
}

void EntryText::string_member(std::string_view name, std::string_view value) {
  member(name);
  put_plain(value);
}

void EntryText::null_member(std::string_view name) {
  member(name);
  out_ << "null";
}

void EntryText::value_member(std::string_view name, const Value& value) {
  member(name);
  put_value(value, true, 0);
}

template <class Call>
void EntryText::object_member(std::string_view name, Call&& call) {
  const std::size_t before = out_.size();
  const bool first = first_;
  member(name);
  out_ << '{';
  first_ = true;
  call();
  const bool empty = std::exchange(first_, false);
  if (empty) {
    out_.cut(before);
    first_ = first;
  } else {
    out_ << '}';
  }
}

void EntryText::put_plain(std::string_view octets) {
  if (stream::is_utf8(octets)) return put_string(out_, octets);
  put_string(out_, latin_as_utf8(octets));
}

/// `plain`: octets stand as text, since the member says which of them it is. False: the value is broken or too deep, and the text
/// is not whole.
bool EntryText::put_value(const Value& value, bool plain, std::size_t depth) {
  const auto octets = [&] {
    if (plain) return put_plain(value.payload);
    out_ << R"({"base64":")";
    put_base64(out_, value.payload);
    out_ << "\"}";
  };
  bool first = true;
  const auto separate = [&] {
    if (!std::exchange(first, false)) out_ << ',';
  };
  std::string_view rest = value.payload;
  switch (value.tag) {
    case tag::kBytes:
      octets();
      return true;
    case tag::kText:
      put_plain(value.payload);
      return true;
    case tag::kInteger:
    case tag::kFloat:
      out_ << (is_json_number(value.payload) ? value.payload : "null");  // Python has inf and nan
      return true;
    case tag::kBoolean:
      out_ << (value.is_true() ? "true" : "false");
      return true;
    case tag::kList: {
      if (depth == kDeepest) return false;
      out_ << '[';
      const bool whole = each_element(rest, [&](const Value& element) {
        separate();
        return put_value(element, plain, depth + 1);
      });
      out_ << ']';
      return whole;
    }
    case tag::kDict: {
      if (depth == kDeepest) return false;
      out_ << '{';
      const bool whole = each_member(rest, [&](std::string_view key, const Value& inner) {
        separate();
        put_plain(key);
        out_ << ':';
        return put_value(inner, plain, depth + 1);
      });
      out_ << '}';
      return whole;
    }
    default:
      out_ << "null";
      return true;
  }
}

void EntryText::request_rest(const Flow& flow, const Times& times) {
  const Request& request = flow.request;
  const std::string_view authority = url_authority(url_);
  const HostPort derived = host_port(authority, is_tls(flow));
  if (request.host != derived.host) string_member("host", request.host);
  if (request.port != derived.port) {
    member("port");
    out_ << std::to_string(request.port);
  }
  const bool has_host = std::any_of(request.fields.begin(), request.fields.end(),
                                    [](const stream::TapField& field) { return capture::same_name(field.name, "host"); });
  if (request.authority != (has_authority(request.method, request.version, has_host) ? authority : std::string_view()))
    string_member("authority", request.authority);
  if (!is_connect(request) && request.path != request_target(url_)) string_member("path", request.path);
  if (!request.end) {
    null_member("timestamp_end");
  } else if (request.end->since_epoch != times.derived_requested) {
    value_member("timestamp_end", request.end->written);
  }
  if (!request.content.known) null_member("content");
  if (latin_request_) string_member("encoding", "latin1");
}

void EntryText::connection_rest(const Connection& connection) {
  if (connection.dict.tag != tag::kDict) return;
  bool tls = false;
  bool has_tls = false;
  std::string_view rest = connection.dict.payload;
  each_member(rest, [&](std::string_view key, const Value& value) {
    if (key == "tls_established" || key == "ssl_established") tls = value.is_true();
    const std::string_view name = connection_member(connection, key);
    if (name.empty() || says_nothing(value)) return true;
    if (!connection.is_client && name == "id") return true;                                    // `connection`
    if (!connection.is_client && name == "ip_address" && is_ip(connection.peer)) return true;  // `serverIPAddress`
    if (connection.is_client && name == "address" && is_ip(connection.peer)) return true;      // `_clientAddress`
    if (name == "transport_protocol" && value.payload == "tcp") return true;
    if (name == "proxy_mode" && value.payload == "regular") return true;
    has_tls = has_tls || name == "tls";
    member(name);
    // What was one certificate is a list of them; an address was a dict with the list in it.
    const bool single = name == "certificate_list" && value.is_string();
    Value shown = value;
    if (value.tag == tag::kDict && (name == "address" || name == "ip_address" || name == "source_address")) {
      std::string_view inside = value.payload;
      each_member(inside, [&](std::string_view inner, const Value& address) {
        if (inner == "address") shown = address;
        return true;
      });
    }
    const std::size_t before = out_.size();
    if (single) out_ << '[';
    if (!put_value(shown, true, 0)) {
      out_.cut(before);
      out_ << "null";
      return true;
    }
    if (single) out_ << ']';
    return true;
  });
  if (tls && !has_tls) {  // before version 10
    member("tls");
    out_ << "true";
  }
}

void EntryText::put_rest(const Flow& flow, const Times& times) {
  first_ = false;
  object_member(kMember, [&] {
    if (!flow.id.empty()) string_member("id", flow.id);
    if (flow.created && (!flow.request.start || flow.created->since_epoch != flow.request.start->since_epoch))
      value_member("timestamp_created", flow.created->written);
    if (!flow.is_replay.empty() && !is_mocked(flow)) string_member("is_replay", flow.is_replay);
    if (!flow.marked.empty()) string_member("marked", flow.marked);
    if (flow.intercepted) {
      member("intercepted");
      out_ << "true";
    }
    if (flow.metadata.tag == tag::kDict && !flow.metadata.payload.empty()) {
      member("metadata");
      const std::size_t before = out_.size();
      if (!put_value(flow.metadata, false, 0)) {
        out_.cut(before);
        out_ << "{}";
        note("mitmproxy-metadata", "the metadata of the flow is broken, or too deep; it is left out");
      }
    }
    if (flow.failed && flow.error_at && flow.error_at->since_epoch != times.end) {
      object_member("error", [&] { value_member("timestamp", flow.error_at->written); });
    }
    object_member("request", [&] { request_rest(flow, times); });
    if (flow.response) {
      const Response& response = *flow.response;
      object_member("response", [&] {
        const Nanos derived = is_websocket(flow) ? times.answer : times.end;
        if (!response.end && flow.failed) null_member("timestamp_end");
        if (response.end && response.end->since_epoch != derived) value_member("timestamp_end", response.end->written);
        if (response.start && response.start->since_epoch != times.answer)
          value_member("timestamp_start", response.start->written);
        if (!response.content.known) null_member("content");
        if (latin_response_) string_member("encoding", "latin1");
      });
    }
    if (is_websocket(flow)) {
      const WebSocket& websocket = *flow.websocket;
      object_member("websocket", [&] {
        const bool closed = websocket.code || websocket.closed_by_client;
        if (closed && !websocket.closed_by_client) null_member("closed_by_client");
        if (closed && !websocket.end) null_member("timestamp_end");
        if (!closed && websocket.end && websocket.end->since_epoch != times.end)
          value_member("timestamp_end", websocket.end->written);
      });
    }
    object_member("client_conn", [&] { connection_rest(flow.client); });
    object_member("server_conn", [&] { connection_rest(flow.server); });
  });
}

}  // namespace har::format::mitm
