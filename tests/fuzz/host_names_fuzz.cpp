// What a client calls a host, in CONNECT and in TLS: what is accepted has one spelling, is accepted in it again, and holds
// nothing that could mean something else in a certificate or a log.
#include <algorithm>

#include "certificate.hpp"
#include "http1_message.hpp"
#include "wire_cuts.hpp"

namespace {

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
         c == ':';
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto target = stream::net::parse_connect_target(bytes)) {
    require(target->port != 0 && !target->host.empty(), "a host and a port");
    require(std::all_of(target->host.begin(), target->host.end(), is_plain), "plain characters");
    const bool brackets = target->host.find(':') != std::string::npos;
    const std::string again = (brackets ? "[" + target->host + "]" : target->host) + ":" + std::to_string(target->port);
    require(stream::net::parse_connect_target(again) == target, "the same again");
  }
  if (const auto name = stream::net::parse_host_name(bytes)) {
    require(std::all_of(name->text.begin(), name->text.end(), is_plain), "plain characters");
    require(name->text.size() <= 253 && (name->bytes.empty() || name->bytes.size() == 4 || name->bytes.size() == 16), "sizes");
    const auto again = stream::net::parse_host_name(name->text);
    require(again && again->text == name->text && again->bytes == name->bytes, "the same again");
  }
  return 0;
}
