#include <algorithm>
#include <string>
#include <utility>

#include "stream/codec/multipart.hpp"
#include "stream/text/ascii.hpp"

namespace stream {

// RFC 9110 §5.6.6: parameters, with spaces around "=" and an unclosed quotation tolerated.
std::optional<std::string> boundary_of(std::string_view content_type) {
  std::string_view rest = content_type.substr(std::min(content_type.find(';'), content_type.size()));
  while (!rest.empty()) {
    rest.remove_prefix(std::min(rest.find_first_not_of("; \t"), rest.size()));
    const std::size_t name_end = rest.find_first_of("=;");
    const std::string_view name = ascii::trimmed(rest.substr(0, name_end));
    rest.remove_prefix(std::min(name_end, rest.size()));
    if (!rest.starts_with('=')) continue;
    rest.remove_prefix(1);
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    std::string value;
    if (rest.starts_with('"')) {
      std::size_t at = 1;
      for (; at < rest.size() && rest[at] != '"'; ++at) {
        if (rest[at] == '\\' && at + 1 < rest.size()) ++at;
        value += rest[at];
      }
      rest.remove_prefix(std::min(at + 1, rest.size()));
      rest.remove_prefix(std::min(rest.find(';'), rest.size()));
    } else {
      const std::size_t value_end = rest.find(';');
      value = ascii::trimmed(rest.substr(0, value_end));
      rest.remove_prefix(std::min(value_end, rest.size()));
    }
    if (ascii::equal_ignoring_case(name, "boundary")) return value.empty() ? std::nullopt : std::optional(std::move(value));
  }
  return std::nullopt;
}

namespace {

void append_header(std::string& out, std::string_view name, std::string_view value) {
  const std::size_t begin = out.size();
  out.append(name).append(": ").append(value);
  std::replace_if(
      out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
  out += "\r\n";
}

}  // namespace

void MultipartEncoder::part(std::string& out, const std::vector<MultipartHeader>& headers, std::string_view body, Next next) {
  if (!std::exchange(begun_, true)) out.append("--").append(boundary_).append("\r\n");
  for (const MultipartHeader& header : headers) {
    if (!ascii::equal_ignoring_case(header.name, "Content-Length")) append_header(out, header.name, header.value);
  }
  append_header(out, "Content-Length", std::to_string(body.size()));
  out.append("\r\n").append(body).append("\r\n--").append(boundary_);
  closed_ = next == Next::close;
  out += closed_ ? "--\r\n" : "\r\n";
}

void MultipartEncoder::close(std::string& out) {
  if (std::exchange(closed_, true)) return;
  out.append("--").append(boundary_).append("--\r\n");
}

}  // namespace stream
