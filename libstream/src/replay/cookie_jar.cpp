#include "stream/replay/cookie_jar.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "stream/replay/answer.hpp"
#include "stream/text/ascii.hpp"

namespace stream::replay {
namespace {

using ascii::is_digit;
using ascii::lower_case;
using ascii::to_lower;
using ascii::trimmed;

constexpr std::size_t kMostOfHost = 180;  // what browsers keep
constexpr std::size_t kMost = 3000;
constexpr std::size_t kLongestPair = 4096;  // RFC 6265 §6.1
constexpr std::size_t kLongestAttribute = 1024;

/// Takes what stands before `mark` off the front.
std::string_view take_until(std::string_view& rest, char mark) {
  const auto end = std::min(rest.find(mark), rest.size());
  const std::string_view piece = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return piece;
}

bool is_address(std::string_view host) {
  return host.find(':') != std::string_view::npos ||
         (!host.empty() && std::all_of(host.begin(), host.end(), [](char c) { return is_digit(c) || c == '.'; }));
}

/// §5.1.3
bool domain_matches(std::string_view host, std::string_view domain) {
  if (host == domain) return true;
  return host.size() > domain.size() && host.ends_with(domain) && host[host.size() - domain.size() - 1] == '.' &&
         !is_address(host);
}

/// §5.1.4
std::string_view path_of(std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  return path.starts_with('/') ? path : std::string_view("/");
}

std::string_view default_path(std::string_view target) {
  const std::string_view path = path_of(target);
  const auto slash = path.rfind('/');
  return slash == 0 ? std::string_view("/") : path.substr(0, slash);
}

bool path_matches(std::string_view request, std::string_view cookie) {
  if (request == cookie) return true;
  return request.starts_with(cookie) && (cookie.ends_with('/') || request[cookie.size()] == '/');
}

/// A run of `least` to `most` digits at the front, which no other digit follows.
std::optional<int> take_number(std::string_view& text, std::size_t least, std::size_t most) {
  std::size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  if (digits < least || digits > most) return std::nullopt;
  int value = 0;
  std::from_chars(text.data(), text.data() + digits, value);
  text.remove_prefix(digits);
  return value;
}

struct DateParts {
  std::optional<int> hour{}, minute{}, second{}, day{}, month{}, year{};
};

bool take_time(std::string_view token, DateParts& parts) {
  const auto hour = take_number(token, 1, 2);
  if (!hour || !token.starts_with(':')) return false;
  token.remove_prefix(1);
  const auto minute = take_number(token, 1, 2);
  if (!minute || !token.starts_with(':')) return false;
  token.remove_prefix(1);
  const auto second = take_number(token, 1, 2);
  if (!second) return false;
  parts.hour = hour;
  parts.minute = minute;
  parts.second = second;
  return true;
}

std::optional<int> month_of(std::string_view token) {
  constexpr std::array<std::string_view, 12> kMonths{"jan", "feb", "mar", "apr", "may", "jun",
                                                     "jul", "aug", "sep", "oct", "nov", "dec"};
  if (token.size() < 3) return std::nullopt;
  const std::string name = lower_case(token.substr(0, 3));
  const auto found = std::find(kMonths.begin(), kMonths.end(), name);
  return found == kMonths.end() ? std::nullopt : std::optional<int>(static_cast<int>(found - kMonths.begin()) + 1);
}

void take_date_token(std::string_view token, DateParts& parts) {
  if (!parts.hour && take_time(token, parts)) return;
  if (!parts.day) {
    std::string_view rest = token;
    if ((parts.day = take_number(rest, 1, 2))) return;
  }
  if (!parts.month && (parts.month = month_of(token))) return;
  if (!parts.year) {
    std::string_view rest = token;
    parts.year = take_number(rest, 2, 4);
  }
}

struct SetCookie {
  std::string_view name{};
  std::string_view value{};
  std::optional<HttpTime> expires{};
  std::optional<std::int64_t> max_age{};
  std::string domain{};
  std::string_view path{};
  bool has_domain = false;
  bool secure = false;
};

std::optional<std::int64_t> parse_max_age(std::string_view text) {
  const bool minus = text.starts_with('-');
  const std::string_view digits = text.substr(minus ? 1 : 0);
  if (digits.empty() || !std::all_of(digits.begin(), digits.end(), is_digit)) return std::nullopt;
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  if (error != std::errc()) seconds = std::int64_t{1} << 40;  // more than any date that there is
  return minus ? -seconds : seconds;
}

/// §5.2
std::optional<SetCookie> parse_set_cookie(std::string_view field) {
  const auto is_control = [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; };
  if (std::any_of(field.begin(), field.end(), is_control)) return std::nullopt;
  SetCookie cookie;
  std::string_view pair = take_until(field, ';');
  if (pair.find('=') == std::string_view::npos) return std::nullopt;
  cookie.name = trimmed(take_until(pair, '='));
  cookie.value = trimmed(pair);
  if (cookie.name.empty() || cookie.name.size() + cookie.value.size() > kLongestPair) return std::nullopt;
  while (!field.empty()) {
    std::string_view value = take_until(field, ';');
    const std::string_view name = trimmed(take_until(value, '='));
    value = trimmed(value);
    if (value.size() > kLongestAttribute) continue;
    if (iequals(name, "Expires")) {
      if (const auto date = parse_cookie_date(value)) cookie.expires = date;
    } else if (iequals(name, "Max-Age")) {
      if (const auto seconds = parse_max_age(value)) cookie.max_age = seconds;
    } else if (iequals(name, "Domain")) {
      if (value.starts_with('.')) value.remove_prefix(1);
      cookie.domain = lower_case(value);
      cookie.has_domain = !value.empty();
    } else if (iequals(name, "Path")) {
      cookie.path = value.starts_with('/') ? value : std::string_view{};
    } else if (iequals(name, "Secure")) {
      cookie.secure = true;
    }
  }
  return cookie;
}

HttpTime expiry(const SetCookie& cookie, HttpTime now) {
  if (cookie.max_age) {
    if (*cookie.max_age <= 0) return HttpTime::min();
    return now + std::chrono::seconds(std::min<std::int64_t>(*cookie.max_age, std::int64_t{1} << 40));
  }
  return cookie.expires.value_or(HttpTime::max());
}

}  // namespace

std::optional<HttpTime> parse_cookie_date(std::string_view text) {
  const auto is_delimiter = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == 0x09 || (byte >= 0x20 && byte <= 0x2f) || (byte >= 0x3b && byte <= 0x40) || (byte >= 0x5b && byte <= 0x60) ||
           (byte >= 0x7b && byte <= 0x7e);
  };
  DateParts parts;
  for (std::size_t at = 0; at < text.size();) {
    while (at < text.size() && is_delimiter(text[at])) ++at;
    std::size_t end = at;
    while (end < text.size() && !is_delimiter(text[end])) ++end;
    if (end > at) take_date_token(text.substr(at, end - at), parts);
    at = end;
  }
  if (!parts.hour || !parts.day || !parts.month || !parts.year) return std::nullopt;
  int year = *parts.year;
  if (year >= 70 && year <= 99) year += 1900;
  if (year >= 0 && year <= 69) year += 2000;
  const std::chrono::year_month_day date(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(*parts.month)),
                                         std::chrono::day(static_cast<unsigned>(*parts.day)));
  if (year < 1601 || *parts.hour > 23 || *parts.minute > 59 || *parts.second > 59 || !date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*parts.hour) + std::chrono::minutes(*parts.minute) +
         std::chrono::seconds(*parts.second);
}

std::vector<CookiePair> parse_cookies(std::string_view header) {
  std::vector<CookiePair> out;
  while (!header.empty()) {
    std::string_view pair = trimmed(take_until(header, ';'));
    if (pair.empty()) continue;
    const bool named = pair.find('=') != std::string_view::npos;
    const std::string_view name = named ? trimmed(take_until(pair, '=')) : std::string_view{};
    out.emplace_back(name, trimmed(pair));
  }
  return out;
}

std::string to_cookie_header(const std::vector<CookiePair>& cookies) {
  std::string out;
  for (const auto& [name, value] : cookies) {
    if (!out.empty()) out += "; ";
    if (!name.empty()) out.append(name).append("=");
    out += value;
  }
  return out;
}

bool CookieJar::set(std::string_view field, const CookiePlace& place, HttpTime now) {
  const auto parsed = parse_set_cookie(field);
  if (!parsed) return false;
  Cookie cookie;
  cookie.name = parsed->name;
  cookie.value = parsed->value;
  cookie.domain = place.host;
  if (parsed->has_domain && parsed->domain != place.host) {
    if (domain_matches(place.host, parsed->domain)) {
      if (parsed->domain.find('.') == std::string::npos) return false;  // all of a top-level domain
      cookie.domain = parsed->domain;
      cookie.host_only = false;
    } else if (place.alias.empty() || !domain_matches(place.alias, parsed->domain)) {
      return false;
    }
  } else if (parsed->has_domain) {
    cookie.host_only = is_address(place.host);
  }
  cookie.path = parsed->path.empty() ? default_path(place.path) : parsed->path;
  cookie.secure = parsed->secure;
  if (cookie.secure && !place.secure) return false;
  if (iequals(parsed->name.substr(0, 9), "__Secure-") && !cookie.secure) return false;
  if (iequals(parsed->name.substr(0, 7), "__Host-") && (!cookie.secure || parsed->has_domain || cookie.path != "/")) return false;
  cookie.expires = expiry(*parsed, now);
  cookie.gone = cookie.expires <= now;
  const auto same = std::find_if(cookies_.begin(), cookies_.end(), [&](const Cookie& other) {
    return other.name == cookie.name && other.domain == cookie.domain && other.path == cookie.path &&
           other.host_only == cookie.host_only;
  });
  if (same != cookies_.end()) {
    cookie.order = same->order;
    *same = std::move(cookie);
    return true;
  }
  cookie.order = next_order_++;
  make_room(cookie.domain);
  cookies_.push_back(std::move(cookie));
  return true;
}

// They stand in the order in which they came.
void CookieJar::make_room(const std::string& domain) {
  const auto of_host = [&](const Cookie& cookie) { return cookie.domain == domain; };
  if (static_cast<std::size_t>(std::count_if(cookies_.begin(), cookies_.end(), of_host)) >= kMostOfHost) {
    cookies_.erase(std::find_if(cookies_.begin(), cookies_.end(), of_host));
  }
  if (cookies_.size() >= kMost) cookies_.erase(cookies_.begin());
}

std::vector<const CookieJar::Cookie*> CookieJar::matching(const CookiePlace& place) const {
  std::vector<const Cookie*> out;
  const std::string_view path = path_of(place.path);
  for (const Cookie& cookie : cookies_) {
    const bool host = cookie.host_only ? cookie.domain == place.host : domain_matches(place.host, cookie.domain);
    if (host && path_matches(path, cookie.path) && (!cookie.secure || place.secure)) out.push_back(&cookie);
  }
  std::stable_sort(out.begin(), out.end(), [](const Cookie* a, const Cookie* b) {
    return a->path.size() != b->path.size() ? a->path.size() > b->path.size() : a->order < b->order;
  });
  return out;
}

std::vector<CookiePair> CookieJar::cookies(const CookiePlace& place, HttpTime now) const {
  std::vector<CookiePair> out;
  for (const Cookie* cookie : matching(place)) {
    if (!cookie->gone && cookie->expires > now) out.emplace_back(cookie->name, cookie->value);
  }
  return out;
}

std::vector<CookiePair> CookieJar::over_recorded(const std::vector<CookiePair>& recorded, const CookiePlace& place,
                                                 HttpTime now) const {
  std::vector<const Cookie*> known = matching(place);
  std::vector<CookiePair> out;
  for (const CookiePair& pair : recorded) {
    const auto is_it = [&](const Cookie* cookie) { return cookie != nullptr && cookie->name == pair.first; };
    const auto found = std::find_if(known.begin(), known.end(), is_it);
    if (found == known.end()) {
      out.push_back(pair);
      continue;
    }
    const Cookie& cookie = **found;
    *found = nullptr;
    if (!cookie.gone && cookie.expires > now) out.emplace_back(cookie.name, cookie.value);
  }
  for (const Cookie* cookie : known) {
    if (cookie != nullptr && !cookie->gone && cookie->expires > now) out.emplace_back(cookie->name, cookie->value);
  }
  return out;
}

}  // namespace stream::replay
