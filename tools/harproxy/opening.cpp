#include "harproxy/opening.hpp"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <utility>

namespace tools::harproxy {
namespace {

using har::capture::WatchGlob;

bool same_letter(char a, char b) {
  return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
}

/// Whether the glob matches some text that begins so.
bool may_match(std::string_view glob, std::string_view beginning) {
  // The places in the glob that can be reached with what was read; a star stays where it is.
  std::vector<bool> at(glob.size() + 1, false);
  const auto reach = [&](std::vector<bool>& places, std::size_t place) {
    places[place] = true;
    while (place < glob.size() && glob[place] == '*') places[++place] = true;
  };
  reach(at, 0);
  for (const char c : beginning) {
    std::vector<bool> next(glob.size() + 1, false);
    for (std::size_t i = 0; i < glob.size(); ++i) {
      if (!at[i]) continue;
      if (glob[i] == '*')
        reach(next, i);
      else if (same_letter(glob[i], c))
        reach(next, i + 1);
    }
    at = std::move(next);
  }
  for (const bool reached : at) {
    if (reached) return true;
  }
  return false;
}

/// Whether it matches every text that begins so: what a star at its end has matched it matches with more behind it, too.
bool matches_all(std::string_view glob, std::string_view beginning) {
  return glob.ends_with('*') && har::capture::matches_glob(glob, beginning);
}

/// Whether a URL that begins with one of the texts, which are the same URL twice, can be wanted.
bool may_be_wanted(const std::vector<WatchGlob>& globs, std::initializer_list<std::string_view> beginnings) {
  bool wanted = false;
  for (const WatchGlob& rule : globs) {
    for (const std::string_view beginning : beginnings) {
      if (!rule.negated && may_match(rule.glob, beginning)) return true;
      if (rule.negated && matches_all(rule.glob, beginning)) return false;
    }
    wanted = wanted || !rule.negated;
  }
  return !wanted;
}

std::string beginning(std::string_view scheme, std::string_view host, std::uint16_t port, std::uint16_t usual) {
  const bool v6 = host.find(':') != std::string_view::npos && !host.starts_with('[');
  const std::string name = v6 ? fmt::format("[{}]", host) : std::string(host);
  return port == usual ? fmt::format("{}://{}/", scheme, name) : fmt::format("{}://{}:{}/", scheme, name, port);
}

}  // namespace

std::vector<WatchGlob> watch_globs(std::string_view text) {
  const WatchGlob one = har::capture::watch_glob(text);
  const std::string& glob = one.glob;
  const auto scheme = glob.find("://");
  if (scheme != std::string::npos) {
    // "https://a.example" is no URL: that has a path.
    const bool path = glob.find('/', scheme + 3) != std::string::npos || glob.ends_with('*');
    return {{path ? glob : glob + "/*", one.negated}};
  }
  if (glob.starts_with('*') && !glob.starts_with("*.")) return {one};
  const auto slash = glob.find('/');
  const std::string host = glob.substr(0, slash);
  const std::string path = slash == std::string::npos ? "/*" : glob.substr(slash);
  const bool port = !host.ends_with(']') && host.find(':') != std::string::npos;
  std::vector<WatchGlob> globs;
  for (const std::string_view start : {"http://", "https://"}) {
    globs.push_back({fmt::format("{}{}{}", start, host, path), one.negated});
    if (!port) globs.push_back({fmt::format("{}{}:*{}", start, host, path), one.negated});
  }
  return globs;
}

bool may_be_watched(const std::vector<WatchGlob>& globs, std::string_view host, std::uint16_t port) {
  for (const auto& [http, ws, usual] :
       {std::tuple("https", "wss", std::uint16_t{443}), std::tuple("http", "ws", std::uint16_t{80})}) {
    // What stands at the other's usual port is hardly this.
    if (port == (usual == 443 ? 80 : 443)) continue;
    const std::string as_http = beginning(http, host, port, usual);
    if (may_be_wanted(globs, {as_http}) || may_be_wanted(globs, {beginning(ws, host, port, usual), as_http})) return true;
  }
  return false;
}

}  // namespace tools::harproxy
