#include <algorithm>

#include "har/streams.hpp"

namespace har {
namespace {

// `*` in the pattern is any run of characters. Linear but for the last `*`, which is tried at every place.
bool matches_glob(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace

bool RequestPattern::matches(std::string_view request_method, std::string_view request_url) const {
  if (!method.empty() && method != request_method) return false;
  if (url.empty()) return true;
  request_url = request_url.substr(0, request_url.find('#'));
  std::string with_path;  // of a URL that has a query, but no path
  if (url.find("://") == std::string::npos) {
    if (const auto scheme = request_url.find("://"); scheme != std::string_view::npos) {
      const auto path = request_url.find_first_of("/?", scheme + 3);
      request_url = path == std::string_view::npos ? "/" : request_url.substr(path);
      if (request_url.front() == '?') request_url = with_path.append("/").append(request_url);
    }
    if (url.find('?') == std::string::npos) request_url = request_url.substr(0, request_url.find('?'));
  }
  return matches_glob(url, request_url);
}

stream::Result<RequestPattern> parse_request_pattern(std::string_view text) {
  RequestPattern out;
  const auto space = text.find(' ');
  const std::string_view first = text.substr(0, space);
  const bool is_method = !first.empty() && std::all_of(first.begin(), first.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (is_method) {
    out.method = first;
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  }
  out.url = text;
  if (out.url.find(' ') != std::string::npos || (out.url.empty() && out.method.empty())) {
    return stream::fail({stream::ErrorCode::usage,
                         "expected a method, a URL pattern, or both with a space between, found '" + std::string(text) + "'",
                         {},
                         "such as 'GET /chat', '/v1/*' or 'https://api.example/*'"});
  }
  if (!out.url.empty() && out.url.find("://") == std::string::npos && out.url.front() != '/' && out.url.front() != '*')
    out.url.insert(0, "*");
  return out;
}

}  // namespace har
