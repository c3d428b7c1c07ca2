#include "stream/net/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

#include "stream/replay/answer.hpp"
#include "stream/text/ascii.hpp"

namespace stream::net {
namespace {

using ascii::hex_digit;
using ascii::is_digit;
using ascii::is_letter;

struct Scheme {
  std::string_view name;
  std::uint16_t port;
};
constexpr std::array kSchemes{Scheme{"http", 80}, Scheme{"https", 443}, Scheme{"ws", 80}, Scheme{"wss", 443}};

std::uint16_t usual_port(std::string_view scheme) {
  for (const Scheme& known : kSchemes) {
    if (known.name == scheme) return known.port;
  }
  return 0;
}

/// The scheme in front of "://", or nothing where there is none.
std::string_view scheme_of(std::string_view text) {
  const auto mark = text.find("://");
  if (mark == std::string_view::npos || mark == 0 || !is_letter(text[0])) return {};
  const std::string_view scheme = text.substr(0, mark);
  const bool valid = std::all_of(scheme.begin(), scheme.end(),
                                 [](char c) { return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.'; });
  return valid ? scheme : std::string_view{};
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const auto high = hex_digit(text[i + 1]);
      const auto low = hex_digit(text[i + 2]);
      if (high >= 0 && low >= 0) {
        out += static_cast<char>(high * 16 + low);
        i += 2;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

std::string request_target(std::string_view text) {
  std::string out;
  if (text.empty() || text.front() != '/') out += '/';
  for (const char c : text.substr(0, text.find('#'))) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f || c == '"' || c == '<' || c == '>') {
      out += fmt::format("%{:02X}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

tl::unexpected<Error> bad(std::string_view text, std::string_view why, std::string_view hint = {}) {
  return fail({ErrorCode::usage, fmt::format("\"{}\" is no address: {}", text, why), {}, std::string(hint)});
}

/// RFC 3986 §5.2.4.
std::string without_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  bool directory = false;
  std::string_view rest = path;
  while (!rest.empty()) {
    rest.remove_prefix(1);  // the slash
    const auto end = std::min(rest.find('/'), rest.size());
    const std::string_view segment = rest.substr(0, end);
    rest.remove_prefix(end);
    directory = segment == "." || segment == "..";
    if (segment == ".." && !kept.empty()) kept.pop_back();
    if (!directory) kept.push_back(segment);
  }
  std::string out;
  for (const std::string_view segment : kept) out.append("/").append(segment);
  if (directory || out.empty()) out += '/';
  return out;
}

}  // namespace

std::string Url::authority() const {
  const bool v6 = host.find(':') != std::string::npos;
  std::string text = v6 ? "[" + host + "]" : host;
  if (port != usual_port(scheme)) text += ":" + std::to_string(port);
  return text;
}

std::string Url::text() const { return scheme + "://" + authority() + target; }

bool Url::same_origin(const Url& other) const {
  return secure() == other.secure() && port == other.port && replay::iequals(host, other.host);
}

Result<Url> parse_url(std::string_view text) {
  Url url;
  std::string_view rest = text;
  const std::string_view scheme = scheme_of(text);
  url.scheme = scheme.empty() ? "http" : std::string(scheme);
  for (char& c : url.scheme) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (!scheme.empty()) rest.remove_prefix(scheme.size() + 3);
  url.port = usual_port(url.scheme);
  if (url.port == 0) return bad(text, fmt::format("the scheme {} is not known", url.scheme), "http, https, ws and wss are");

  const auto path = std::min(rest.find_first_of("/?#"), rest.size());
  std::string_view authority = rest.substr(0, path);
  url.target = request_target(rest.substr(path));
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    url.user = percent_decoded(authority.substr(0, at));
    authority.remove_prefix(at + 1);
  }
  std::string_view port;
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return bad(text, "a \"]\" is missing");
    url.host = authority.substr(1, end - 1);
    authority.remove_prefix(end + 1);
    if (!authority.empty() && authority.front() != ':') return bad(text, "expected a port behind the \"]\"");
    if (!authority.empty()) port = authority.substr(1);
  } else {
    const auto colon = authority.find(':');
    url.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) port = authority.substr(colon + 1);
  }
  if (url.host.empty()) return bad(text, "it names no host");
  for (const char c : url.host) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) return bad(text, "the host is not ASCII", "write it in its ASCII form (xn--…)");
    if (byte <= 0x20 || byte == 0x7f || c == '"' || c == '<' || c == '>' || c == '\\' || c == '@') {
      return bad(text, "the host has a character that no host has");
    }
  }
  if (!port.empty()) {
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    if (error != std::errc() || end != port.data() + port.size() || url.port == 0) {
      return bad(text, "expected a port from 1 to 65535");
    }
  }
  return url;
}

Result<Url> resolve_url(const Url& base, std::string_view reference) {
  if (!scheme_of(reference).empty()) return parse_url(reference);
  if (reference.starts_with("//")) return parse_url(base.scheme + ":" + std::string(reference));
  Url url = base;
  url.user.clear();
  const std::string_view base_path = std::string_view(base.target).substr(0, base.target.find('?'));
  reference = reference.substr(0, reference.find('#'));
  if (reference.empty()) return url;
  const auto query = std::min(reference.find('?'), reference.size());
  std::string_view path = reference.substr(0, query);
  std::string joined;
  if (path.empty()) {
    joined = base_path;
  } else if (path.front() == '/') {
    joined = without_dots(path);
  } else {
    joined = without_dots(std::string(base_path.substr(0, base_path.rfind('/') + 1)).append(path));
  }
  url.target = request_target(joined.append(reference.substr(query)));
  return url;
}

}  // namespace stream::net
