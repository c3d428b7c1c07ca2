#include <algorithm>
#include <array>

#include "edit.hpp"
#include "fields.hpp"
#include "stream/replay/adapt.hpp"

namespace stream::replay {
namespace {

bool is_host_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

/// The length of "host" or "host:port" or "[::1]:port" at the beginning; 0: there is none.
std::size_t authority_size(std::string_view text) {
  std::size_t size = 0;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return 0;
    size = end + 1;
  } else {
    while (size < text.size() && is_host_char(text[size])) ++size;
    // What ends a sentence, not a name.
    while (size > 0 && text[size - 1] == '.') --size;
  }
  if (size == 0 || size + 1 >= text.size() || text[size] != ':') return size;
  std::size_t port = size + 1;
  while (port < text.size() && text[port] >= '0' && text[port] <= '9') ++port;
  return port > size + 1 ? port : size;
}

/// An address in a text: where it stands, and what stands there instead.
struct Found {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string instead{};
};

/// The scheme in front of the colon at `colon`; empty: none that is known.
std::string_view scheme_before(std::string_view text, std::size_t colon) {
  for (const std::string_view scheme : {"https", "http", "wss", "ws"}) {
    if (colon < scheme.size() || !iequals(text.substr(colon - scheme.size(), scheme.size()), scheme)) continue;
    const std::size_t begin = colon - scheme.size();
    if (begin == 0 || !(is_host_char(text[begin - 1]) || text[begin - 1] == '+')) return text.substr(begin, scheme.size());
  }
  return {};
}

/// Addresses of hosts that have another name, in their order. `loose`: those without a scheme, too.
std::vector<Found> find_addresses(std::string_view text, const Naming& naming, bool loose) {
  std::vector<Found> found;
  for (std::size_t at = text.find('/'); at != std::string_view::npos; at = text.find('/', at + 1)) {
    // "//", or "\/\/" of which this is the first "/".
    const bool escaped = at > 0 && text[at - 1] == '\\' && text.substr(at + 1, 2) == "\\/";
    if (!escaped && text.substr(at + 1, 1) != "/") continue;
    const std::size_t slashes = escaped ? at - 1 : at;
    const std::size_t name = at + (escaped ? 3 : 2);
    const std::size_t size = authority_size(text.substr(name));
    // A name with a user in front of it is none of ours; and what goes on is another name.
    if (size == 0 || (name + size < text.size() && text[name + size] == '@')) continue;
    std::string_view scheme;
    if (slashes > 0 && text[slashes - 1] == ':') {
      scheme = scheme_before(text, slashes - 1);
      if (scheme.empty()) continue;
    } else if (!loose || slashes == 0 || std::string_view("\"'(=<>").find(text[slashes - 1]) == std::string_view::npos) {
      continue;
    }
    const bool socket = iequals(scheme.substr(0, 2), "ws");
    const std::string_view asked = scheme.empty() ? "https" : socket ? (scheme.size() == 3 ? "https" : "http") : scheme;
    const auto origin = naming.origin(asked, text.substr(name, size));
    if (!origin) continue;
    const auto host = origin->find("://");
    std::string instead;
    if (!scheme.empty()) {
      const std::string_view known = std::string_view(*origin).substr(0, host);
      instead.append(socket ? (known == "https" ? "wss" : "ws") : known).append(":");
    }
    instead.append(escaped ? "\\/\\/" : "//").append(*origin, host + 3);
    found.push_back({slashes - (scheme.empty() ? 0 : scheme.size() + 1), name + size, std::move(instead)});
    at = name + size - 1;
  }
  return found;
}

/// A field's value: an address, or a text with addresses in it.
void rewrite_text(std::string& text, const Naming& naming) {
  if (const std::size_t size = text.starts_with("//") ? authority_size(std::string_view(text).substr(2)) : 0; size != 0) {
    if (const auto origin = naming.origin("https", std::string_view(text).substr(2, size)))
      text.replace(0, 2 + size, *origin, origin->find("//"));
    return;
  }
  const auto found = find_addresses(text, naming, true);
  for (auto each = found.rbegin(); each != found.rend(); ++each)
    text.replace(each->begin, each->end - each->begin, each->instead);
}

/// Whether browsers take cookies for it as a domain.
bool is_domain(std::string_view host) {
  return host.find('.') != std::string_view::npos && host.find(':') == std::string_view::npos &&
         host.find_first_not_of("0123456789.") != std::string_view::npos && !host.ends_with(".localhost");
}

std::string_view host_of(std::string_view origin) {
  std::string_view host = origin.substr(origin.find("://") + 3);
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

void rewrite_cookie(std::string& cookie, const Naming& naming) {
  std::string rewritten;
  bool first = true;
  for (std::string_view rest = cookie;;) {
    const auto end = std::min(rest.find(';'), rest.size());
    const std::string_view part = rest.substr(0, end);
    const auto equals = std::min(part.find('='), part.size());
    const std::string_view name = trimmed(part.substr(0, equals));
    const std::string_view value = equals < part.size() ? trimmed(part.substr(equals + 1)) : std::string_view{};
    bool keep = first || naming.secure || !(iequals(name, "secure") || (iequals(name, "samesite") && iequals(value, "none")));
    std::string domain;
    if (!first && iequals(name, "domain")) {
      std::string_view recorded = value;
      while (recorded.starts_with('.')) recorded.remove_prefix(1);
      if (const auto origin = naming.origin("", recorded)) {
        const std::string_view host = host_of(*origin);
        keep = is_domain(host);
        domain = " Domain=" + std::string(host);
      }
    }
    if (keep) rewritten.append(first ? "" : ";").append(domain.empty() ? part : std::string_view(domain));
    first = false;
    if (end == rest.size()) break;
    rest.remove_prefix(end + 1);
  }
  cookie = std::move(rewritten);
}

bool is_text(std::string_view media_type) {
  std::string type(trimmed(media_type.substr(0, media_type.find(';'))));
  std::transform(type.begin(), type.end(), type.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  const auto has = [&](std::string_view part) { return type.find(part) != std::string::npos; };
  return type.starts_with("text/") || has("json") || has("xml") || has("javascript") || has("ecmascript") ||
         has("x-www-form-urlencoded");
}

void rewrite_body(Edit& edit, const Naming& naming) {
  const std::string body = edit.body();
  const auto found = find_addresses(body, naming, true);
  if (found.empty()) return;
  std::vector<Step> steps;
  std::size_t begin = 0;  // of the step
  std::size_t from = 0;   // what is not yet written
  auto next = found.begin();
  for (Step step : edit.steps()) {
    if (step.kind != StepKind::data) {
      steps.push_back(step);
      continue;
    }
    const std::size_t end = begin + step.bytes.size();
    std::string bytes;
    for (; next != found.end() && next->end <= end; ++next) {
      bytes.append(body, from, next->begin - from).append(next->instead);
      from = next->end;
    }
    const std::size_t upto = next != found.end() ? std::min(end, next->begin) : end;
    if (upto > from) {
      bytes.append(body, from, upto - from);
      from = upto;
    }
    begin = end;
    if (bytes.empty()) continue;
    step.bytes = edit.keep(std::move(bytes));
    steps.push_back(step);
  }
  edit.steps() = std::move(steps);
}

}  // namespace

std::shared_ptr<const Answer> rewrite_names(std::shared_ptr<const Answer> answer, const Naming& naming) {
  if (!naming.origin) return answer;
  constexpr std::array<std::string_view, 5> kAddresses{"location", "content-location", "refresh", "link",
                                                       "access-control-allow-origin"};
  Edit edit(answer);
  Answer& made = edit.answer();
  for (HeaderField& field : made.headers) {
    if (iequals(field.name, "set-cookie")) rewrite_cookie(field.value, naming);
    const auto is_it = [&](std::string_view name) { return iequals(field.name, name); };
    if (std::any_of(kAddresses.begin(), kAddresses.end(), is_it)) rewrite_text(field.value, naming);
  }
  const bool whole = made.complete && !made.websocket && made.rounds == 1 && made.status != 206 && made.body_size != 0;
  if (naming.bodies && whole && is_plain(made) && is_text(find_header(made.headers, "content-type"))) rewrite_body(edit, naming);
  return edit.take({});
}

}  // namespace stream::replay
