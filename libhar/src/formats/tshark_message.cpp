#include "formats/tshark_message.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stream/io/decompressor.hpp"
#include "stream/text/utf8.hpp"

namespace har::format {

void TsharkArrivals::add(stream::WallTime time, std::uint64_t count) {
  if (count == 0) return;
  // Memory is bounded: of very many packets those of one moment are one, and then any.
  constexpr std::size_t kMost = std::size_t{1} << 18;
  size += count;
  if (!parts.empty() && (parts.back().time == time || parts.size() >= kMost)) {
    parts.back() = {time, parts.back().size + count};
  } else {
    parts.push_back({time, count});
  }
}

stream::WallTime TsharkArrivals::time_of(std::uint64_t at, std::uint64_t whole, stream::WallTime otherwise) const {
  if (whole == 0 || whole > size || at >= whole) return otherwise;
  std::uint64_t seen = 0;
  const std::uint64_t wanted = size - whole + at;
  for (const Part& part : parts) {
    seen += part.size;
    if (wanted < seen) return part.time;
  }
  return otherwise;
}

namespace {

Field field_of(std::string_view line) {
  const std::size_t colon = line.find(':', 1);
  if (colon == std::string_view::npos) return {};
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && (value.back() == '\n' || value.back() == '\r' || value.back() == ' ')) value.remove_suffix(1);
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  return {std::string(line.substr(0, colon)), std::string(value)};
}

std::uint64_t hex_digits(std::uint64_t value) {
  std::uint64_t out = 1;
  for (; value > 15; value >>= 4) ++out;
  return out;
}

/// The body, and how its pieces lie on the wire.
void take_body(const TsharkLayer& http, TsharkMessage& out, const Message& head) {
  const std::string length = http.text("content_length_header");
  std::vector<std::string> chunks = http.octets("chunk_data");
  std::uint64_t chunked = 0;
  for (const std::string& chunk : chunks) chunked += chunk.size();
  std::optional<std::uint64_t> coded;
  if (!chunks.empty()) {
    coded = chunked;
  } else if (const auto number = http.number("content_length_header"); number && *number >= 0) {
    coded = static_cast<std::uint64_t>(*number);
  }
  const bool coding = find_field(head.fields, "content-encoding") != nullptr;
  std::uint64_t at = out.head_size;
  if (!chunks.empty()) {
    // As on the wire: their content coding too.
    for (std::string& chunk : chunks) {
      at += hex_digits(chunk.size()) + 2 + chunk.size() + 2;
      out.ends.push_back(at);
      out.pieces.push_back(std::move(chunk));
    }
    out.size = at + 5;
    return;
  }
  std::string body;
  if (auto raw = http.raw("file_data")) {
    body = std::move(*raw);
  } else {
    body = http.text("file_data");
    // Newer versions write octets in hexadecimal; 4.0 wrote text, up to its first NUL.
    auto octets = hex_decoded(body);
    const bool is_hex = octets && !octets->empty() && (body.find(':') != std::string::npos || octets->size() == 1) &&
                        !(coded && !coding && *coded == body.size());
    if (is_hex) {
      body = std::move(*octets);
    } else {
      const bool cut = coded && !coding && *coded != body.size() && (!body.empty() || http.has("file_data") || out.is_request);
      out.damaged = cut || body.find("\xEF\xBF\xBD") != std::string::npos;
    }
  }
  if (coding && !body.empty()) {
    const std::string coded_name = joined_field(head.fields, "content-encoding");
    const auto compression = stream::compression_from_name(coded_name == "deflate" ? "zlib" : coded_name);
    const bool may = compression && *compression != stream::Compression::brotli && stream::may_be_in(*compression, body);
    out.decoded = !may && !(coded && *coded == body.size());
    if (out.decoded) out.coded_size = coded;
  }
  out.size = at + coded.value_or(body.size());
  if (body.empty()) return;
  out.ends.push_back(out.size);
  out.pieces.push_back(std::move(body));
}

}  // namespace

TsharkMessage tshark_message(const TsharkLayer& http, const std::optional<std::string>& octets, bool tls) {
  TsharkMessage out;
  const std::string method = http.text("request_method");
  const std::string code = http.text("response_code");
  out.is_request = !method.empty();
  out.is_response = !out.is_request && !code.empty();
  if (!out.is_request && !out.is_response) return out;
  Message& head = out.is_request ? static_cast<Message&>(out.request) : static_cast<Message&>(out.response);
  const std::size_t end = octets ? octets->find("\r\n\r\n") : std::string::npos;
  if (end != std::string::npos) {
    std::string_view lines = std::string_view(*octets).substr(0, end);
    lines.remove_prefix(std::min(lines.find('\n'), lines.size() - 1) + 1);
    while (!lines.empty()) {
      const std::string_view line = lines.substr(0, lines.find('\n'));
      lines.remove_prefix(std::min(line.size() + 1, lines.size()));
      if (Field field = field_of(line); !field.name.empty()) head.fields.push_back(std::move(field));
    }
    out.head_size = end + 4;
  } else {
    const auto lines = http.texts(out.is_request ? "request_line" : "response_line");
    out.head_size = 4;
    for (const std::string& line : lines) {
      out.head_size += line.size();
      if (Field field = field_of(line); !field.name.empty()) head.fields.push_back(std::move(field));
    }
    out.head_size += out.is_request
                         ? method.size() + http.text("request_uri").size() + http.text("request_version").size() + 2
                         : http.text("response_version").size() + code.size() + http.text("response_phrase").size() + 2;
  }
  if (out.is_request) {
    out.request.method = method;
    out.request.version = http.text("request_version");
    const std::string target = http.text("request_uri");
    const std::string full = http.text("request_full_uri");
    const std::string* const host = find_field(out.request.fields, "host");
    if (target.find("://") != std::string::npos) {
      out.request.url = target;
    } else if (!full.empty()) {
      out.request.url = full;
    } else {
      out.request.url = fmt::format("{}://{}{}", tls ? "https" : "http", host != nullptr ? *host : "", target);
    }
    // Of a packet that holds several, tshark 4.0 has taken the scheme of the first.
    if (tls && out.request.url.starts_with("http://") && target.starts_with('/')) out.request.url.insert(4, "s");
  } else {
    out.response.version = http.text("response_version");
    for (const char c : code.substr(0, 3)) {
      if (c >= '0' && c <= '9') out.response.status = out.response.status * 10 + (c - '0');
    }
    out.response.reason = http.text("response_phrase");
    out.request_in = http.number("request_in");
  }
  take_body(http, out, head);
  return out;
}

}  // namespace har::format
