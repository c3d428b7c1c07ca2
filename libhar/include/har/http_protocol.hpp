#pragma once

#include <string_view>

namespace har {

/// One spelling for what writers call a version of HTTP: "http/0.9", "http/1.0", "http/1.1", "h2" (also "HTTP/2", "http/2.0",
/// "2.0", "h2c"), "h3" (also "HTTP/3", and drafts as "h3-29"), "quic" (HTTP/2 over Google's QUIC: "http/2.0+quic/46"), "spdy",
/// and the schemes "blob", "data", "file" and "about" that browsers write there. Anything else is "unknown". The result is a
/// literal.
std::string_view http_protocol(std::string_view http_version);

}  // namespace har
