#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Flows for tests, as mitmproxy's versions have written them.
namespace har::test::flows {

inline std::string value(char tag, std::string_view payload) {
  return std::to_string(payload.size()) + ":" + std::string(payload) + tag;
}
inline std::string text(std::string_view payload) { return value(';', payload); }
inline std::string octets(std::string_view payload) { return value(',', payload); }
inline std::string integer(long number) { return value('#', std::to_string(number)); }
inline std::string real(std::string_view number) { return value('^', number); }
inline std::string boolean(bool truth) { return value('!', truth ? "true" : "false"); }
inline std::string null() { return "0:~"; }
inline std::string list(const std::vector<std::string>& elements) {
  std::string payload;
  for (const std::string& element : elements) payload += element;
  return value(']', payload);
}
using Members = std::vector<std::pair<std::string, std::string>>;
inline std::string dict(const Members& members, char key_tag = ';') {
  std::string payload;
  for (const auto& [key, member] : members) payload += value(key_tag, key) + member;
  return value('}', payload);
}
inline std::string pair(std::string_view name, std::string_view content) { return list({octets(name), octets(content)}); }

/// What may be different in a flow.
struct Options {
  int version = 17;
  std::string id = "f1";
  std::string scheme = "https";
  std::string path = "/ws?x=1";
  std::string request_headers = list({pair("Host", "example.com"), pair("X-A", "1"), pair("x-a", "2")});
  std::string response_headers =
      list({pair("Content-Type", "text/plain"), pair("Set-Cookie", "a=1; Path=/"), pair("Set-Cookie", "b=2")});
  std::string request_content = octets("");
  std::string response_content = octets("hello");
  int status = 200;
  bool response = true;
  std::string websocket = null();
  std::string error = null();
  std::string metadata = dict({});
};

inline std::string message(bool client, int opcode, std::string_view content, std::string_view time, bool dropped = false,
                           bool injected = false, int version = 17) {
  std::vector<std::string> parts{integer(opcode), boolean(client), octets(content), real(time), boolean(dropped)};
  if (version >= 15) parts.push_back(boolean(injected));
  return list(parts);
}

inline std::string websocket(const std::vector<std::string>& messages) {
  return dict({{"messages", list(messages)},
               {"closed_by_client", boolean(true)},
               {"close_code", integer(4001)},
               {"close_reason", text("bye \xC3\xA9")},
               {"timestamp_end", real("1700000003.25")}});
}

inline std::string connection(const Options& options, bool client) {
  const int v = options.version;
  const std::string peer = client ? list({text("127.0.0.1"), integer(50000)}) : list({text("93.184.216.34"), integer(443)});
  Members out{{v >= 19  ? "peername"
               : client ? "address"
                        : "ip_address",
               peer},
              {client || v >= 19 ? "sockname" : "source_address", list({text("127.0.0.2"), integer(8080)})},
              {v >= 6 ? "timestamp_tls_setup" : "timestamp_ssl_setup", real(client ? "1699999999.5" : "1699999999.75")},
              {"timestamp_start", real("1699999999.25")},
              {"timestamp_end", null()},
              {"sni", v >= 11 ? text("example.com") : octets("example.com")},
              {v >= 11 ? "alpn" : "alpn_proto_negotiated", octets("http/1.1")},
              {v >= 19 ? "cipher" : "cipher_name", client ? text("TLS_AES_256_GCM_SHA384") : null()},
              {"tls_version", text("TLSv1.3")}};
  if (v < 19) out.emplace_back(v >= 6 ? "tls_established" : "ssl_established", boolean(true));
  if (v >= 5) out.emplace_back("id", text(client ? "c1" : "s1"));
  if (v >= 10) {
    out.emplace_back("tls", boolean(true));
    out.emplace_back("error", null());
    out.emplace_back("alpn_offers", list({}));
    out.emplace_back("cipher_list", list({}));
    out.emplace_back("certificate_list", client ? list({}) : list({octets("PEM")}));
    if (v < 20) out.emplace_back("state", integer(0));
  } else {
    out.emplace_back(client ? "clientcert" : "cert", client ? null() : octets("PEM"));
  }
  if (client) {
    out.emplace_back("mitmcert", null());
    if (v < 19) out.emplace_back("tls_extensions", v >= 10 ? list({}) : null());
    if (v >= 18) out.emplace_back("proxy_mode", text("regular"));
  } else {
    out.emplace_back("timestamp_tcp_setup", real("1699999999.5"));
    out.emplace_back("address", list({text("example.com"), integer(443)}));
    out.emplace_back("via", null());
    if (v >= 10 && v < 19) out.emplace_back("via2", null());
  }
  if (v >= 19) out.emplace_back("transport_protocol", text("tcp"));
  return dict(out);
}

inline std::string flow(const Options& options = {}) {
  const int v = options.version;
  Members request{{"host", v >= 9 ? text("example.com") : octets("example.com")},
                  {"port", integer(443)},
                  {"method", octets("GET")},
                  {"scheme", octets(options.scheme)},
                  {"path", octets(options.path)},
                  {"http_version", octets("HTTP/1.1")},
                  {"headers", options.request_headers},
                  {"content", options.request_content},
                  {"timestamp_start", real("1700000000.0")},
                  {"timestamp_end", real("1700000000.1")}};
  Members response{
      {"http_version", octets("HTTP/1.1")},   {"status_code", integer(options.status)}, {"reason", octets("OK")},
      {"headers", options.response_headers},  {"content", options.response_content},    {"timestamp_start", real("1700000000.2")},
      {"timestamp_end", real("1700000000.3")}};
  for (Members* half : {&request, &response}) {
    if (v >= 8) half->emplace_back("trailers", null());
    if (v < 9) half->emplace_back("is_replay", boolean(false));
  }
  if (v < 9) {
    request.emplace_back("first_line_format", text("relative"));
  } else {
    request.emplace_back("authority", octets(""));
  }
  Members out{{"type", text("http")},
              {"version", integer(v)},
              {"id", text(options.id)},
              {"error", options.error},
              {"client_conn", connection(options, true)},
              {"server_conn", connection(options, false)},
              {"intercepted", boolean(false)},
              {"marked", v >= 13 ? text(":default:") : boolean(true)},
              {"metadata", options.metadata},
              {"request", dict(request)},
              {"response", options.response ? dict(response) : null()}};
  if (v >= 9) out.emplace_back("is_replay", null());
  if (v < 17) out.emplace_back("mode", text("regular"));
  if (v >= 12) out.emplace_back("websocket", options.websocket);
  if (v >= 14) out.emplace_back("comment", text("seen"));
  if (v >= 16) out.emplace_back("timestamp_created", real("1700000000.0"));
  return dict(out);
}

/// The messages of a WebSocket as they stood until version 11.
inline std::string old_websocket(const Options& options, const std::string& handshake, const std::vector<std::string>& messages) {
  return dict({{"type", text("websocket")},
               {"version", integer(options.version)},
               {"id", text("w1")},
               {"error", null()},
               {"client_conn", connection(options, true)},
               {"server_conn", connection(options, false)},
               {"intercepted", boolean(false)},
               {"marked", boolean(false)},
               {"metadata", dict({{"websocket_handshake", text(handshake)}})},
               {"messages", list(messages)},
               {"close_sender", text("client")},
               {"close_code", integer(4001)},
               {"close_message", text("(message missing)")},
               {"close_reason", text("bye \xC3\xA9")}});
}

}  // namespace har::test::flows
