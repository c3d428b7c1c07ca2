#include "match/index.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "check/http_text.hpp"

namespace har::match {
namespace {

using stream::hash_bytes;
using stream::hash_combine;

std::uint32_t low(std::uint64_t hash) { return static_cast<std::uint32_t>(hash ^ (hash >> 32)); }

/// Headers that differ between two same requests, or that belong to a connection. A name that ends in '*' is a beginning.
constexpr std::array kVolatile = std::to_array<std::string_view>({
    ":*",
    "accept-encoding",
    "age",
    "authorization",
    "baggage",
    "cache-control",
    "connection",
    "content-length",
    "cookie",
    "date",
    "dnt",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "idempotency-key",
    "if-*",
    "keep-alive",
    "pragma",
    "priority",
    "proxy-*",
    "purpose",
    "request-id",
    "sec-*",
    "sentry-trace",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "upgrade-insecure-requests",
    "user-agent",
    "via",
    "x-amz-date",
    "x-amzn-trace-id",
    "x-b3-*",
    "x-correlation-id",
    "x-forwarded-*",
    "x-real-ip",
    "x-request-id",
});

bool is_volatile(std::string_view name) {
  return std::any_of(kVolatile.begin(), kVolatile.end(), [&](std::string_view known) {
    return known.ends_with('*') ? name.starts_with(known.substr(0, known.size() - 1)) : name == known;
  });
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), check::to_lower);
  return out;
}

std::uint64_t hash_numbers(std::span<const std::uint32_t> numbers, std::uint64_t seed) {
  for (const std::uint32_t number : numbers) seed = hash_combine(seed, number);
  return seed;
}

std::uint64_t hash_of(const Group& group) {
  const std::uint64_t where = (std::uint64_t{group.place} << 32) | group.origin;
  return hash_combine(hash_combine(where, group.query), hash_combine(group.headers, group.body));
}

std::string place_key(std::string_view kind, const std::string& path) {
  std::string key(kind);
  key += ' ';
  return key += path;
}

}  // namespace

std::size_t common(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b) {
  std::size_t count = 0;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    if (a[i] == b[j]) {
      ++count, ++i, ++j;
    } else {
      a[i] < b[j] ? ++i : ++j;
    }
  }
  return count;
}

Keys Index::keys_of(const Request& request, bool with_features) const {
  Keys keys;
  std::vector<std::uint64_t> pairs;
  for (const auto& [name, value] : request.query) {
    const auto& ignored = options_.ignore_query;
    if (std::find(ignored.begin(), ignored.end(), name) != ignored.end()) continue;
    pairs.push_back(hash_combine(hash_bytes(name, 11), hash_bytes(value, 12)));
  }
  std::sort(pairs.begin(), pairs.end());
  for (const std::uint64_t pair : pairs) {
    keys.query = hash_combine(keys.query, pair);
    keys.pairs.push_back(low(pair));
  }
  std::sort(keys.pairs.begin(), keys.pairs.end());

  for (const std::string& name : options_.headers) {
    for (const Header& header : request.headers) {
      if (check::equal_ignoring_case(header.name, name))
        keys.headers = hash_combine(keys.headers, hash_bytes(check::trimmed(header.value), 13));
    }
    keys.headers = hash_combine(keys.headers, 14);
  }
  for (const Header& header : request.headers) {
    const std::string name = lower(header.name);
    if (is_volatile(name)) continue;
    keys.fields.push_back(low(hash_combine(hash_bytes(name, 15), hash_bytes(check::trimmed(header.value), 16))));
  }
  std::sort(keys.fields.begin(), keys.fields.end());
  keys.body = bodies_.read(request);
  if (with_features) keys.features = bodies_.features(keys.body, request.body);
  return keys;
}

bool Index::same_origin(std::uint32_t number, const Request& live) const {
  const Request& origin = origins_[number];
  if (!options_.ignore_scheme && !origin.scheme.empty() && !live.scheme.empty() && origin.scheme != live.scheme) return false;
  if (options_.ignore_host || origin.host.empty() || live.host.empty()) return true;
  return origin.host == live.host && (options_.ignore_port || origin.port == live.port);
}

std::uint32_t Index::add_origin(const Request& request) {
  // There are few, and neighbours are of one host.
  for (std::size_t i = origins_.size(); i-- > 0;) {
    const Request& origin = origins_[i];
    if (origin.host == request.host && origin.port == request.port && origin.scheme == request.scheme)
      return static_cast<std::uint32_t>(i);
  }
  Request origin;
  origin.scheme = request.scheme;
  origin.host = request.host;
  origin.port = request.port;
  origins_.push_back(std::move(origin));
  return static_cast<std::uint32_t>(origins_.size() - 1);
}

const Place* Index::find_place(std::string_view kind, const std::string& path) const {
  const std::string key = place_key(kind, path);
  const std::uint32_t found =
      place_table_.find(hash_bytes(key, 17), [&](std::uint32_t number) { return places_[number].key == key; });
  return found == kNone ? nullptr : &places_[found];
}

std::uint32_t Index::find_group(std::uint32_t place, std::uint32_t origin, std::uint64_t query, std::uint64_t headers,
                                std::uint64_t body) const {
  Group wanted;
  wanted.place = place;
  wanted.origin = origin;
  wanted.query = query;
  wanted.headers = headers;
  wanted.body = body;
  return group_table_.find(hash_of(wanted), [&](std::uint32_t number) {
    const Group& group = groups_[number];
    return group.place == place && group.origin == origin && group.query == query && group.headers == headers &&
           group.body == body;
  });
}

Range Index::keep(const std::vector<std::uint32_t>& numbers) {
  const Range range{static_cast<std::uint32_t>(pool_.size()), static_cast<std::uint32_t>(numbers.size())};
  pool_.insert(pool_.end(), numbers.begin(), numbers.end());
  return range;
}

void Index::add(const Request& request) {
  settled_ = false;
  const Keys keys = keys_of(request, options_.strictness == Strictness::loose);
  const std::string_view kind = request.websocket ? kWebSocket : std::string_view(request.method);
  Group group;
  group.origin = add_origin(request);
  if (const Place* const known = find_place(kind, request.path)) {
    group.place = number_of(*known);
  } else {
    group.place = static_cast<std::uint32_t>(places_.size());
    places_.push_back({place_key(kind, request.path), kNone, kNone, {}});
    place_table_.add(group.place, [this](std::uint32_t number) { return hash_bytes(places_[number].key, 17); });
  }
  group.query = keys.query;
  group.headers = keys.headers;
  group.body = keys.body.same;
  group.kind = keys.body.kind;

  std::uint32_t number = find_group(group.place, group.origin, group.query, group.headers, group.body);
  if (number == kNone) number = add_group(group, keys);
  const std::uint32_t variant = add_variant(number, keys);
  const auto exchange = static_cast<std::uint32_t>(next_.size());
  next_.push_back(kNone);
  Variant& same = variants_[variant];
  if (same.first == kNone) {
    same.first = same.turn = exchange;
  } else {
    next_[same.last] = exchange;
  }
  same.last = exchange;
}

std::uint32_t Index::add_group(const Group& group, const Keys& keys) {
  const auto number = static_cast<std::uint32_t>(groups_.size());
  groups_.push_back(group);
  groups_.back().pairs = keep(keys.pairs);
  Place& place = places_[group.place];
  (place.first_group == kNone ? place.first_group : groups_[place.last_group].next) = number;
  place.last_group = number;
  if (std::find(place.origins.begin(), place.origins.end(), group.origin) == place.origins.end())
    place.origins.push_back(group.origin);
  group_table_.add(number, [this](std::uint32_t each) { return hash_of(groups_[each]); });
  return number;
}

std::uint32_t Index::add_variant(std::uint32_t group, const Keys& keys) {
  const auto hash = [](std::uint32_t of_group, std::uint64_t raw, std::span<const std::uint32_t> fields) {
    return hash_numbers(fields, hash_combine(raw, of_group));
  };
  const std::uint32_t known = variant_table_.find(hash(group, keys.body.raw, keys.fields), [&](std::uint32_t number) {
    const Variant& variant = variants_[number];
    const auto fields = numbers(variant.headers);
    return variant.group == group && variant.raw == keys.body.raw &&
           std::equal(fields.begin(), fields.end(), keys.fields.begin(), keys.fields.end());
  });
  if (known != kNone) return known;
  const auto number = static_cast<std::uint32_t>(variants_.size());
  Variant variant;
  variant.raw = keys.body.raw;
  variant.group = group;
  variant.headers = keep(keys.fields);
  variant.features = keep(keys.features);
  variants_.push_back(variant);
  Group& of = groups_[group];
  (of.first_variant == kNone ? of.first_variant : variants_[of.last_variant].next) = number;
  of.last_variant = number;
  variant_table_.add(number, [&](std::uint32_t each) {
    return hash(variants_[each].group, variants_[each].raw, numbers(variants_[each].headers));
  });
  return number;
}

void Index::settle() {
  if (std::exchange(settled_, true)) return;
  places_.shrink_to_fit();
  groups_.shrink_to_fit();
  variants_.shrink_to_fit();
  next_.shrink_to_fit();
  pool_.shrink_to_fit();
}

std::size_t Index::memory() const {
  std::size_t bytes = places_.capacity() * sizeof(Place) + groups_.capacity() * sizeof(Group) +
                      variants_.capacity() * sizeof(Variant) + (next_.capacity() + pool_.capacity()) * sizeof(std::uint32_t) +
                      origins_.capacity() * sizeof(Request);
  for (const Place& place : places_) bytes += place.key.capacity() + place.origins.capacity() * sizeof(std::uint32_t);
  return bytes + place_table_.memory() + group_table_.memory() + variant_table_.memory();
}

}  // namespace har::match
