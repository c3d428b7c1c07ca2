#include "check/url_parts.hpp"

#include <algorithm>
#include <vector>

#include "check/http_text.hpp"
#include "check/pairs.hpp"
#include "stream/text/ascii.hpp"

namespace har::check {
namespace {

using stream::ascii::is_digit;
using stream::ascii::is_letter;
using stream::ascii::lower_case;

/// The length of the scheme that `url` begins with; 0: none.
std::size_t scheme_length(std::string_view url) {
  if (url.empty() || !is_letter(url.front())) return 0;
  std::size_t length = 1;
  while (length < url.size() &&
         (is_letter(url[length]) || is_digit(url[length]) || url[length] == '+' || url[length] == '-' || url[length] == '.')) {
    ++length;
  }
  if (length == url.size() || url[length] != ':') return 0;
  // host:port
  std::size_t port = length + 1;
  while (port < url.size() && is_digit(url[port])) ++port;
  if (port > length + 1 && (port == url.size() || url[port] == '/')) return 0;
  return length;
}

/// RFC 3986 §5.2.4: "." and ".." taken out.
std::string without_dots(std::string_view path) {
  std::vector<std::string_view> segments;
  bool open = false;  // the path ends in a segment that was taken out
  const bool absolute = path.starts_with('/');
  if (absolute) path.remove_prefix(1);
  for (bool more = true; more;) {
    const std::size_t slash = path.find('/');
    const std::string_view segment = path.substr(0, slash);
    more = slash != std::string_view::npos;
    if (more) path.remove_prefix(slash + 1);
    open = segment == "." || segment == "..";
    if (segment == ".." && !segments.empty()) segments.pop_back();
    if (!open) segments.push_back(segment);
  }
  std::string out;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (i > 0 || absolute) out += '/';
    out += segments[i];
  }
  if (open) out += '/';
  return out;
}

std::string_view default_port(std::string_view scheme) {
  if (scheme == "http" || scheme == "ws") return ":80";
  if (scheme == "https" || scheme == "wss") return ":443";
  return {};
}

}  // namespace

std::string_view UrlParts::host() const {
  std::string_view host = authority;
  if (const std::size_t at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
  if (const std::size_t colon = host.rfind(':'); colon != std::string_view::npos && !host.ends_with(']')) {
    host = host.substr(0, colon);
  }
  return host;
}

UrlParts split_url(std::string_view url) {
  UrlParts parts;
  if (const std::size_t length = scheme_length(url); length != 0) {
    parts.has_scheme = true;
    parts.scheme = url.substr(0, length);
    url.remove_prefix(length + 1);
  }
  if (const std::size_t hash = url.find('#'); hash != std::string_view::npos) {
    parts.has_fragment = true;
    parts.fragment = url.substr(hash + 1);
    url = url.substr(0, hash);
  }
  if (const std::size_t question = url.find('?'); question != std::string_view::npos) {
    parts.has_query = true;
    parts.query = url.substr(question + 1);
    url = url.substr(0, question);
  }
  if (url.starts_with("//")) {
    parts.has_authority = true;
    url.remove_prefix(2);
    const std::size_t slash = url.find('/');
    parts.authority = url.substr(0, slash);
    url = slash == std::string_view::npos ? std::string_view{} : url.substr(slash);
  }
  parts.path = url;
  return parts;
}

std::optional<std::string_view> query_of(std::string_view url) {
  url = url.substr(0, url.find('#'));
  const std::size_t question = url.find('?');
  if (question == std::string_view::npos) return std::nullopt;
  return url.substr(question + 1);
}

std::string resolved_url(std::string_view base, std::string_view reference) {
  const UrlParts from = split_url(base);
  const UrlParts to = split_url(reference);
  const std::string scheme = lower_case(to.has_scheme ? to.scheme : from.scheme);
  const bool own = to.has_scheme || to.has_authority;
  std::string authority = lower_case(own ? to.authority : from.authority);
  if (const std::string_view port = default_port(scheme); !port.empty() && authority.ends_with(port)) {
    authority.resize(authority.size() - port.size());
  }
  std::string path;
  std::string_view query = to.query;
  if (own || to.path.starts_with('/')) {
    path = without_dots(to.path);
  } else if (to.path.empty()) {
    path = without_dots(from.path);
    if (!to.has_query) query = from.query;
  } else {
    const std::size_t slash = from.path.rfind('/');
    path = without_dots(std::string(slash == std::string_view::npos ? "/" : from.path.substr(0, slash + 1)).append(to.path));
  }
  if (path.empty()) path = "/";
  std::string text = scheme + "://" + authority + path;
  if (!query.empty()) text.append("?").append(query);
  return text;
}

std::string comparable_url(std::string_view base, std::string_view reference) {
  std::string result;
  canonical(resolved_url(base, reference), result);
  return result;
}

}  // namespace har::check
