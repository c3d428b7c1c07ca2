// Flows of all versions, as mitmproxy/io/compat.py makes the newest of them. Members are found by all the names they have had, so
// that no version is made into the next.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "formats/mitmproxy/flow.hpp"

namespace har::format::mitm {
namespace {

std::string_view kind_of(const Value& value) {
  switch (value.tag) {
    case tag::kBytes:
      return "octets";
    case tag::kText:
      return "text";
    case tag::kInteger:
      return "an integer";
    case tag::kFloat:
      return "a number";
    case tag::kBoolean:
      return "a boolean";
    case tag::kNull:
      return "null";
    case tag::kList:
      return "a list";
    case tag::kDict:
      return "a dict";
    default:
      return "nothing";
  }
}

class Parser {
 public:
  Parser(std::string_view payload, Flow& flow) : payload_(payload), flow_(flow) {}

  std::optional<Malformed> run() {
    if (!read()) return std::move(malformed_);
    return std::nullopt;
  }

 private:
  bool fail(const char* at, std::string message, std::string_view member) {
    if (!malformed_) malformed_ = Malformed{std::move(message), static_cast<std::size_t>(at - payload_.data()), pointer_};
    if (!member.empty()) malformed_->pointer.append("/").append(member);
    return false;
  }
  bool expected(std::string_view what, const Value& found, std::string_view member) {
    const char* const at = found.tag != 0 ? found.payload.data() : payload_.data();
    return fail(at, fmt::format("expected {}, found {}", what, kind_of(found)), member);
  }

  // Members of this type, or null. The name is for the message.
  bool text(const Value& value, std::string_view member, std::string_view& to) {
    to = {};
    if (!value.exists()) return true;
    if (!value.is_string()) return expected("text", value, member);
    to = value.payload;
    return true;
  }
  bool integer(const Value& value, std::string_view member, std::int64_t& to) {
    to = 0;
    if (!value.exists()) return true;
    const auto number = value.integer();
    if (!number) return expected("an integer", value, member);
    to = *number;
    return true;
  }
  bool boolean(const Value& value, std::string_view member, bool& to) {
    to = value.is_true();
    return !value.exists() || value.tag == tag::kBoolean || expected("a boolean", value, member);
  }
  /// Seconds since 1970. What is out of range, or no number at all (inf, nan), is not known.
  bool time(const Value& value, std::string_view member, std::optional<Time>& to) {
    to.reset();
    if (!value.exists()) return true;
    if (!value.is_number()) return expected("a time in seconds", value, member);
    // With these limits no difference of two times overflows; the year 2223 is far enough.
    constexpr stream::Nanos kLatest{8'000'000'000'000'000'000};
    const auto seconds = stream::parse_decimal_seconds(value.payload);
    if (seconds && *seconds >= stream::Nanos{} && *seconds <= kLatest) to = Time{*seconds, value};
    return true;
  }
  template <class Call>
  bool dict(const Value& value, std::string_view member, Call&& call) {
    if (value.tag != tag::kDict) return expected("a dict", value, member);
    return below(member, [&] {
      std::string_view rest = value.payload;
      return each_member(rest, call) || broken(rest);
    });
  }
  template <class Call>
  bool list(const Value& value, std::string_view member, Call&& call) {
    if (value.tag != tag::kList) return expected("a list", value, member);
    return below(member, [&] {
      std::string_view rest = value.payload;
      return each_element(rest, call) || broken(rest);
    });
  }
  template <class Call>
  bool below(std::string_view member, Call&& call) {
    const std::size_t size = pointer_.size();
    if (!member.empty()) pointer_.append("/").append(member);
    const bool good = call();
    pointer_.resize(size);
    return good;
  }
  bool broken(std::string_view rest) {
    if (malformed_) return false;
    return fail(rest.data(), "expected a value, LENGTH:PAYLOAD and its type, that ends inside the one around it", "");
  }

  bool read();
  bool version(const Value& value);
  bool error(const Value& value);
  bool fields(const Value& value, std::string_view member, Fields& to);
  bool message_member(std::string_view key, const Value& value, Message& to, bool& taken);
  bool http_version(const Value& value, Message& to);
  bool request(const Value& value);
  bool response(const Value& value);
  bool websocket(const Value& value);
  bool websocket_messages(const Value& value, WebSocket& to);
  bool separate_websocket();
  bool address(const Value& value, std::string_view member, std::string_view& host, std::int64_t& port);
  bool connection(const Value& value, std::string_view member, Connection& to);
  bool metadata(const Value& value);

  /// The flow's own members, whichever comes first.
  struct Members {
    Value version{}, type{}, id{}, error{}, client{}, server{}, intercepted{}, is_replay{}, marked{}, metadata{}, comment{},
        created{}, request{}, response{}, websocket{}, backup{};
    // of a WebSocket's own flow
    Value messages{}, close_sender{}, close_code{}, close_reason{};
  };

  std::string_view payload_;
  Flow& flow_;
  Members members_;
  std::optional<Malformed> malformed_;
  std::string pointer_;
};

bool Parser::version(const Value& value) {
  if (value.tag == tag::kList) {
    flow_.version = kBefore4;
    return true;
  }
  const auto number = value.integer();
  if (!number) return expected("the version of the flow", value, "version");
  flow_.version = *number;
  return true;
}

bool Parser::read() {
  const std::array<std::pair<std::string_view, Value*>, 20> table{{
      {"version", &members_.version},
      {"type", &members_.type},
      {"id", &members_.id},
      {"error", &members_.error},
      {"client_conn", &members_.client},
      {"server_conn", &members_.server},
      {"intercepted", &members_.intercepted},
      {"is_replay", &members_.is_replay},
      {"marked", &members_.marked},
      {"metadata", &members_.metadata},
      {"comment", &members_.comment},
      {"timestamp_created", &members_.created},
      {"request", &members_.request},
      {"response", &members_.response},
      {"websocket", &members_.websocket},
      {"backup", &members_.backup},
      {"messages", &members_.messages},
      {"close_sender", &members_.close_sender},
      {"close_code", &members_.close_code},
      {"close_reason", &members_.close_reason},
  }};
  const bool whole = dict({tag::kDict, payload_}, "", [&](std::string_view key, const Value& value) {
    const auto known = std::find_if(table.begin(), table.end(), [&](const auto& entry) { return entry.first == key; });
    if (known != table.end()) *known->second = value;  // of two the last one counts, as in Python
    return true;
  });
  if (!whole || !version(members_.version)) return false;
  if (!text(members_.type, "type", flow_.type)) return false;
  if (flow_.type.empty() && flow_.version == kBefore4 && members_.request.exists()) flow_.type = "http";  // version (0, 10)
  if (flow_.type.empty()) return expected("the type of the flow", members_.type, "type");
  if (!text(members_.id, "id", flow_.id)) return false;
  const bool old_websocket = flow_.type == "websocket" && flow_.version < 12;
  if (flow_.type != "http" && !old_websocket) return true;

  flow_.client.is_client = true;
  flow_.client.version = flow_.server.version = flow_.version;
  if (!connection(members_.client, "client_conn", flow_.client) || !connection(members_.server, "server_conn", flow_.server))
    return false;
  if (!error(members_.error) || !metadata(members_.metadata)) return false;
  if (old_websocket) return separate_websocket();
  flow_.has_backup = members_.backup.exists();
  // Version 13 has made text of what was a boolean.
  if (members_.marked.tag == tag::kBoolean) {
    flow_.marked = members_.marked.is_true() ? ":default:" : "";
  } else if (!text(members_.marked, "marked", flow_.marked)) {
    return false;
  }
  flow_.is_replay = {};  // before version 9 its messages say it
  if (!boolean(members_.intercepted, "intercepted", flow_.intercepted) || !request(members_.request) ||
      !response(members_.response) || !websocket(members_.websocket)) {
    return false;
  }
  if (members_.is_replay.exists() && !text(members_.is_replay, "is_replay", flow_.is_replay)) return false;
  return text(members_.comment, "comment", flow_.comment) && time(members_.created, "timestamp_created", flow_.created);
}

bool Parser::error(const Value& value) {
  flow_.failed = value.exists();
  flow_.error = {};
  flow_.error_at.reset();
  if (!flow_.failed) return true;
  return dict(value, "error", [&](std::string_view key, const Value& member) {
    if (key == "msg") return text(member, key, flow_.error);
    return key != "timestamp" || time(member, key, flow_.error_at);
  });
}

bool Parser::fields(const Value& value, std::string_view member, Fields& to) {
  to.clear();
  if (!value.exists()) return true;
  return list(value, member, [&](const Value& pair) {
    stream::TapField field;
    std::size_t count = 0;
    const bool good = list(pair, "", [&](const Value& part) {
      if (++count > 2) return expected("a name and a value", part, "");
      return text(part, "", count == 1 ? field.name : field.value);
    });
    if (!good) return false;
    if (count != 2) return fail(pair.payload.data(), "expected a name and a value", "");
    to.push_back(field);
    return true;
  });
}

/// Until version 14 numbers, [1, 1].
bool Parser::http_version(const Value& value, Message& to) {
  if (value.tag != tag::kList) return text(value, "http_version", to.version);
  to.version = "HTTP/1.1";
  std::string_view numbers = value.payload;
  Value first;
  Value second;
  if (take_value(numbers, first) && take_value(numbers, second) && second.integer() == 0) to.version = "HTTP/1.0";
  return true;
}

bool Parser::message_member(std::string_view key, const Value& value, Message& to, bool& taken) {
  taken = true;
  if (key == "headers") return fields(value, key, to.fields);
  if (key == "content" || key == "body") {  // "body" in versions 14 and 15
    std::string_view octets;
    if (!text(value, key, octets)) return false;
    to.content = {value.exists(), octets};
    return true;
  }
  if (key == "trailers") return fields(value, key, to.trailers);
  if (key == "timestamp_start") return time(value, key, to.start);
  if (key == "timestamp_end") return time(value, key, to.end);
  if (key == "http_version" || key == "httpversion") return http_version(value, to);
  taken = false;
  return true;
}

bool Parser::request(const Value& value) {
  Request& to = flow_.request;
  Fields fields = std::move(to.fields);
  fields.clear();
  to = {};
  to.fields = std::move(fields);
  return dict(value, "request", [&](std::string_view key, const Value& member) {
    bool taken = false;
    if (!message_member(key, member, to, taken)) return false;
    if (taken) return true;
    if (key == "method") return text(member, key, to.method);
    if (key == "scheme") return text(member, key, to.scheme);
    if (key == "host") return text(member, key, to.host);
    if (key == "port") return integer(member, key, to.port);
    if (key == "authority") return text(member, key, to.authority);
    if (key == "path") return text(member, key, to.path);
    if (key == "is_replay" && member.is_true()) flow_.is_replay = "request";
    return true;
  });
}

bool Parser::response(const Value& value) {
  if (!value.exists()) {
    flow_.response.reset();
    return true;
  }
  Fields fields;
  if (flow_.response) fields = std::move(flow_.response->fields);
  fields.clear();
  Response& to = flow_.response.emplace();
  to.fields = std::move(fields);
  return dict(value, "response", [&](std::string_view key, const Value& member) {
    bool taken = false;
    if (!message_member(key, member, to, taken)) return false;
    if (taken) return true;
    if (key == "status_code" || key == "code") {
      std::int64_t number = 0;
      if (!integer(member, key, number)) return false;
      to.status = static_cast<int>(std::clamp<std::int64_t>(number, 0, 999));
      return true;
    }
    if (key == "reason" || key == "msg") return text(member, key, to.reason);
    if (key == "is_replay" && member.is_true() && flow_.is_replay.empty()) flow_.is_replay = "response";
    return true;
  });
}

bool Parser::websocket_messages(const Value& value, WebSocket& to) {
  return list(value, "messages", [&](const Value& one) {
    WebSocketMessage message;
    std::size_t count = 0;
    const bool good = list(one, "", [&](const Value& part) {
      std::int64_t opcode = 0;
      switch (count++) {
        case 0:
          if (!integer(part, "0", opcode)) return false;
          message.opcode = static_cast<int>(std::clamp<std::int64_t>(opcode, 0, 15));
          return true;
        case 1:
          return boolean(part, "1", message.from_client);
        case 2:
          return text(part, "2", message.content);
        case 3:
          return time(part, "3", message.time);
        case 4:
          return boolean(part, "4", message.dropped);  // "killed" until version 11
        case 5:
          return boolean(part, "5", message.injected);  // since version 15
        default:
          return true;
      }
    });
    if (!good) return false;
    if (count < 4) return fail(one.payload.data(), "expected a message: opcode, direction, content, time", "");
    to.messages.push_back(message);
    return true;
  });
}

bool Parser::websocket(const Value& value) {
  flow_.websocket.reset();
  if (!value.exists()) return true;
  WebSocket& to = flow_.websocket.emplace();
  return dict(value, "websocket", [&](std::string_view key, const Value& member) {
    if (key == "messages") return websocket_messages(member, to);
    if (key == "close_reason") return text(member, key, to.reason);
    if (key == "timestamp_end") return time(member, key, to.end);
    if (key == "closed_by_client" && member.exists()) {
      bool by_client = false;
      if (!boolean(member, key, by_client)) return false;
      to.closed_by_client = by_client;
    } else if (key == "close_code" && member.exists()) {
      std::int64_t code = 0;
      if (!integer(member, key, code)) return false;
      to.code = static_cast<int>(std::clamp<std::int64_t>(code, 0, 65535));
    }
    return true;
  });
}

/// A WebSocket's own flow: what it says becomes a part of the one with the handshake.
bool Parser::separate_websocket() {
  WebSocket& to = flow_.websocket.emplace();
  if (!websocket_messages(members_.messages, to)) return false;
  std::string_view sender;
  if (!text(members_.close_sender, "close_sender", sender)) return false;
  to.closed_by_client = sender == "client";
  std::int64_t code = 0;
  if (!integer(members_.close_code, "close_code", code) || !text(members_.close_reason, "close_reason", to.reason)) return false;
  if (members_.close_code.exists()) to.code = static_cast<int>(std::clamp<std::int64_t>(code, 0, 65535));
  if (members_.server.tag != tag::kDict) return true;
  return dict(members_.server, "server_conn",
              [&](std::string_view key, const Value& member) { return key != "timestamp_end" || time(member, key, to.end); });
}

bool Parser::metadata(const Value& value) {
  flow_.metadata = value;
  flow_.awaits_websocket = false;
  flow_.handshake = {};
  if (!value.exists()) return true;
  return dict(value, "metadata", [&](std::string_view key, const Value& member) {
    if (flow_.version < 12 && key == "websocket") flow_.awaits_websocket = true;
    if (flow_.version < 12 && key == "websocket_handshake") flow_.handshake = member.string_or("");
    return true;
  });
}

/// [host, port], with more behind it for IPv6; before version (2, 0, 0) within a dict.
bool Parser::address(const Value& value, std::string_view member, std::string_view& host, std::int64_t& port) {
  if (!value.exists()) return true;
  if (value.tag == tag::kDict) {
    return dict(value, member, [&](std::string_view key, const Value& inner) {
      return key != "address" || inner.tag == tag::kDict || address(inner, key, host, port);
    });
  }
  std::size_t count = 0;
  return list(value, member, [&](const Value& part) {
    ++count;
    if (count == 1) return text(part, "0", host);
    return count != 2 || integer(part, "1", port);
  });
}

bool Parser::connection(const Value& value, std::string_view member, Connection& to) {
  const bool is_client = to.is_client;
  to = Connection{};
  to.is_client = is_client;
  to.version = flow_.version;
  if (!value.exists()) return true;
  to.dict = value;
  return dict(value, member, [&](std::string_view key, const Value& part) {
    const std::string_view name = connection_member(to, key);
    if (name == "id") return text(part, key, to.id);
    if (name == (to.is_client ? "address" : "ip_address")) return address(part, key, to.peer, to.peer_port);
    if (name == "address") return address(part, key, to.target, to.target_port);
    if (name == "timestamp_start") return time(part, key, to.start);
    if (name == "timestamp_tcp_setup") return time(part, key, to.tcp);
    return name != "timestamp_tls_setup" || time(part, key, to.tls);
  });
}

}  // namespace

std::optional<Malformed> read_flow(std::string_view payload, Flow& flow) { return Parser(payload, flow).run(); }

std::string_view connection_member(const Connection& connection, std::string_view name) {
  struct Renamed {
    std::string_view from;
    std::string_view to;
  };
  // Empty: it says what another member says, or nothing that lasts.
  static constexpr std::array<Renamed, 14> kBoth{{
      {"ssl_established", ""},
      {"tls_established", ""},
      {"tls_extensions", ""},
      {"requestcount", ""},
      {"timestamp_ssl_setup", "timestamp_tls_setup"},
      {"alpn_proto_negotiated", "alpn"},
      {"cipher", "cipher_name"},
      {"clientcert", "certificate_list"},
      {"cert", "certificate_list"},
      {"peer_address", "ip_address"},
      {"wfile", ""},
      {"rfile", ""},
      {"state", "state"},
      {"id", "id"},
  }};
  for (const Renamed& renamed : kBoth) {
    if (renamed.from == name) return renamed.to;
  }
  if (name == "via") return connection.version < 19 ? "" : "via2";
  if (connection.version < 19) return name;
  if (name == "peername") return connection.is_client ? "address" : "ip_address";
  if (name == "sockname") return connection.is_client ? "sockname" : "source_address";
  return name;
}

}  // namespace har::format::mitm
