#include "har/stat/cacheability.hpp"

#include <algorithm>
#include <array>

#include "check/http_text.hpp"
#include "stream/replay/http_date.hpp"

namespace har::stat {
namespace {

using check::equal_ignoring_case;

// RFC 9110 §15.1, without 206, which needs a cache that can put parts together.
constexpr std::array kCacheable = {200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501};

/// RFC 9111 §1.2.2: what is too large counts as very large. Nothing if it is no number.
std::optional<std::int64_t> delta_seconds(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  if (text.empty()) return std::nullopt;
  std::int64_t seconds = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    seconds = std::min<std::int64_t>(seconds * 10 + (c - '0'), std::int64_t{1} << 31);
  }
  return seconds;
}

std::optional<std::int64_t> date_of(std::string_view text) {
  const auto date = stream::replay::parse_http_date(text);
  return date ? std::optional(static_cast<std::int64_t>(date->time_since_epoch().count())) : std::nullopt;
}

}  // namespace

std::string_view to_string(CacheClass kind) {
  constexpr std::array<std::string_view, kCacheClasses> kNames = {"fresh",    "heuristic",    "revalidate", "unusable",
                                                                  "no-store", "not-modified", "not-cached", "no-answer"};
  return kNames[static_cast<std::size_t>(kind)];
}

/// Of directives that stand twice the first counts; a cache that sees two may take either (RFC 9111 §4.2.1).
void CacheFields::cache_control(std::string_view value) {
  while (!value.empty()) {
    std::size_t comma = 0;
    for (bool quoted = false; comma < value.size() && (quoted || value[comma] != ','); ++comma) {
      if (value[comma] == '"') quoted = !quoted;
    }
    const std::string_view directive = check::trimmed(value.substr(0, comma));
    value.remove_prefix(std::min(comma + 1, value.size()));
    const std::size_t equals = directive.find('=');
    const std::string_view name = check::trimmed(directive.substr(0, equals));
    const std::string_view argument =
        equals == std::string_view::npos ? std::string_view() : check::trimmed(directive.substr(equals + 1));
    if (equal_ignoring_case(name, "no-store")) {
      no_store_ = true;
    } else if (equal_ignoring_case(name, "no-cache")) {
      no_cache_ = no_cache_ || argument.empty();  // with names of fields it is about those alone (§5.2.2.4)
    } else if (equal_ignoring_case(name, "max-age")) {
      // What is no number is as good as 0 (§4.2.1).
      if (!max_age_) max_age_ = delta_seconds(argument).value_or(0);
      says_cacheable_ = true;
    } else if (equal_ignoring_case(name, "public") || equal_ignoring_case(name, "private")) {
      says_cacheable_ = true;
    }
  }
}

void CacheFields::add(std::string_view name, std::string_view value) {
  switch (name.size()) {
    case 4:
      if (equal_ignoring_case(name, "etag")) etag_ = etag_ || !check::trimmed(value).empty();
      if (equal_ignoring_case(name, "date") && !date_) date_ = date_of(value);
      if (equal_ignoring_case(name, "vary")) vary_all_ = vary_all_ || check::trimmed(value) == "*";
      break;
    case 6:
      if (equal_ignoring_case(name, "pragma")) {
        pragma_no_cache_ = pragma_no_cache_ || equal_ignoring_case(check::trimmed(value), "no-cache");
      }
      break;
    case 7:
      if (equal_ignoring_case(name, "expires") && !expires_known_) {
        expires_known_ = true;
        expires_ = date_of(value);
      }
      break;
    case 13:
      if (equal_ignoring_case(name, "cache-control")) cache_control(value);
      if (equal_ignoring_case(name, "last-modified")) modified_ = modified_ || date_of(value).has_value();
      break;
    default:
      break;
  }
}

CacheClass CacheFields::classify(std::string_view method, int status) const {
  if (status <= 0) return CacheClass::no_answer;
  if (method != "GET" && method != "HEAD") return CacheClass::not_cached;
  if (status == 304) return CacheClass::not_modified;
  const bool by_itself = std::find(kCacheable.begin(), kCacheable.end(), status) != kCacheable.end();
  // Of the others those that say how they may be kept are cached too, if a final answer is whole (RFC 9111 §3).
  if (status < 200 || status == 206 || (!by_itself && !says_cacheable_ && !expires_known_)) return CacheClass::not_cached;
  if (no_store_) return CacheClass::no_store;
  const CacheClass stale = has_validator() ? CacheClass::revalidate : CacheClass::unusable;
  if (vary_all_) return stale;  // matches no later request (§4.1)
  if (no_cache_ || (pragma_no_cache_ && !max_age_ && !says_cacheable_)) return stale;
  if (max_age_) return *max_age_ > 0 ? CacheClass::fresh : stale;
  if (expires_known_) return expires_ && date_ && *expires_ > *date_ ? CacheClass::fresh : stale;
  return modified_ ? CacheClass::heuristic : stale;
}

}  // namespace har::stat
