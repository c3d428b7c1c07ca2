#include "check/importers/url_form.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

namespace har::check::importers {
namespace {

bool is_digits(std::string_view text) { return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos; }

/// URL Standard, "IPv4 parser": if the last label is a number, the host is an address; other spellings than four decimal numbers
/// without leading zeros are respelled or refused.
bool is_odd_address(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  const std::string_view last = host.substr(host.rfind('.') + 1);  // npos + 1: the whole of it
  const bool hex = last.size() >= 2 && last[0] == '0' && last[1] == 'x' &&
                   last.find_first_not_of("0123456789abcdef", 2) == std::string_view::npos;
  if (!hex && !is_digits(last)) return false;
  int labels = 0;
  for (std::string_view rest = host; !rest.empty();) {
    const std::string_view label = rest.substr(0, rest.find('.'));
    rest.remove_prefix(std::min(label.size() + 1, rest.size()));
    ++labels;
    if (!is_digits(label) || label.size() > 3 || (label.size() > 1 && label[0] == '0') || std::stoi(std::string(label)) > 255) {
      return true;
    }
  }
  return labels != 4;
}

std::string_view respelled_authority(std::string_view authority, bool tls) {
  // A user's name and password are sent for by pages that are opened, though not by requests of pages.
  if (const std::size_t user = authority.rfind('@'); user != std::string_view::npos) authority.remove_prefix(user + 1);
  std::string_view host = authority;
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    host = authority.substr(0, colon);
    const std::string_view port = authority.substr(colon + 1);
    if (port == (tls ? "443" : "80")) return "the scheme's own port";
    if (!is_digits(port) || (port.size() > 1 && port[0] == '0') || port.size() > 5 || std::stoi(std::string(port)) > 65535) {
      return "a port that is not a plain number";
    }
  }
  if (host.empty()) return "no host";
  for (const char c : host) {
    if (c >= 'A' && c <= 'Z') return "a host in capitals";
    if (static_cast<unsigned char>(c) >= 0x7F) return "a host that is not ASCII";
    if (static_cast<unsigned char>(c) <= ' ' || c == '%' || c == '\\' || c == '<' || c == '>' || c == '^' || c == '|') {
      return "a host with characters that it cannot have";
    }
  }
  if (host.front() == '[') return {};
  if (is_odd_address(host)) return "an address in an unusual form";
  return {};
}

/// "." and "..", where the dots may be escaped.
bool is_dots(std::string_view segment) {
  int dots = 0;
  while (!segment.empty()) {
    if (segment.front() == '.') {
      segment.remove_prefix(1);
    } else if (segment.starts_with("%2e") || segment.starts_with("%2E")) {
      segment.remove_prefix(3);
    } else {
      return false;
    }
    ++dots;
  }
  return dots == 1 || dots == 2;
}

std::string_view respelled_path(std::string_view path) {
  if (path.empty()) return "an empty path";
  for (std::string_view rest = path.substr(1);;) {
    const std::size_t slash = rest.find('/');
    if (is_dots(rest.substr(0, slash))) return "a path with \".\" or \"..\"";
    if (slash == std::string_view::npos) return {};
    rest.remove_prefix(slash + 1);
  }
}

/// URL Standard, "percent-encode sets": what is written as %XX.
std::string_view respelled_characters(std::string_view text, std::string_view escaped) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x7F) return "characters that are not ASCII";
    if (static_cast<unsigned char>(c) <= ' ') return "white space or a control character";
    if (c == '\\' && escaped.find(c) != std::string_view::npos) return "a backslash";
    if (escaped.find(c) != std::string_view::npos) return "characters that are written as %XX";
  }
  return {};
}

}  // namespace

bool is_no_url(std::string_view url) {
  while (!url.empty() && static_cast<unsigned char>(url.front()) <= ' ') url.remove_prefix(1);
  const std::size_t colon = url.find(':');
  if (colon == std::string_view::npos || colon == 0) return true;
  std::string scheme;
  for (const char c : url.substr(0, colon)) {
    if (c == '\t' || c == '\n' || c == '\r') continue;  // these are taken out of a URL first
    scheme += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  }
  if (scheme.empty() || scheme.front() < 'a' || scheme.front() > 'z') return true;
  if (scheme.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789+-.") != std::string::npos) return true;
  if (scheme != "http" && scheme != "https" && scheme != "ws" && scheme != "wss" && scheme != "ftp") return false;
  // Any number of slashes stands before the host.
  const std::size_t host = url.find_first_not_of("/\\\t\r\n", colon + 1);
  return host == std::string_view::npos || url[host] == '?' || url[host] == '#' || url[host] == ':';
}

std::string_view respelled(std::string_view url) {
  const bool tls = url.starts_with("https://");
  if (!tls && !url.starts_with("http://")) return "a scheme in capitals, or without \"//\"";
  url.remove_prefix(tls ? 8 : 7);
  if (url.find('#') != std::string_view::npos) return "a fragment";
  const std::size_t begin = std::min(url.find_first_of("/?\\"), url.size());
  if (const std::string_view why = respelled_authority(url.substr(0, begin), tls); !why.empty()) return why;
  url.remove_prefix(begin);
  const std::size_t question = std::min(url.find('?'), url.size());
  const std::string_view path = url.substr(0, question);
  if (const std::string_view why = respelled_characters(path, "\\\"<>`{}^"); !why.empty()) return why;
  if (const std::string_view why = respelled_path(path); !why.empty()) return why;
  return respelled_characters(url.substr(question), "\"<>'");
}

}  // namespace har::check::importers
