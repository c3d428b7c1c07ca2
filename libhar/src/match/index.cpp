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

/// Where the names stand that begin with a byte.
constexpr auto kVolatileFrom = [] {
  std::array<std::uint8_t, 257> from{};
  for (std::size_t byte = 0, i = 0; byte < from.size(); ++byte) {
    while (i < kVolatile.size() && static_cast<unsigned char>(kVolatile[i].front()) < byte) ++i;
    from[byte] = static_cast<std::uint8_t>(i);
  }
  return from;
}();
static_assert(std::is_sorted(kVolatile.begin(), kVolatile.end()));

bool is_volatile(std::string_view name) {
  if (name.empty()) return false;
  const auto first = static_cast<unsigned char>(name.front());
  return std::any_of(kVolatile.begin() + kVolatileFrom[first], kVolatile.begin() + kVolatileFrom[first + 1U],
                     [&](std::string_view known) {
                       return known.ends_with('*') ? name.starts_with(known.substr(0, known.size() - 1)) : name == known;
                     });
}

std::uint64_t hash_numbers(std::span<const std::uint32_t> numbers, std::uint64_t seed) {
  for (const std::uint32_t number : numbers) seed = hash_combine(seed, number);
  return seed;
}

std::uint64_t hash_group(const Group& group, std::uint64_t headers) {
  const std::uint64_t where = (std::uint64_t{group.place} << 32) | group.origin;
  return hash_combine(hash_combine(where, group.query), hash_combine(headers, group.body));
}

std::uint64_t hash_variant(std::uint32_t group, std::uint64_t raw, List headers) {
  return hash_combine(raw, (std::uint64_t{group} << 32) | headers);
}

std::string place_key(std::string_view kind, std::string_view path) {
  std::string key;
  key.reserve(kind.size() + 1 + path.size());
  key += kind;
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

Keys keys_of(const Request& request, const MatchOptions& options, Bodies& bodies, bool with_features) {
  Keys keys;
  std::vector<std::uint64_t> pairs;
  pairs.reserve(request.query.size());
  for (const auto& [name, value] : request.query) {
    const auto& ignored = options.ignore_query;
    if (std::find(ignored.begin(), ignored.end(), name) != ignored.end()) continue;
    pairs.push_back(hash_combine(hash_bytes(name, 11), hash_bytes(value, 12)));
  }
  std::sort(pairs.begin(), pairs.end());
  keys.pairs.reserve(pairs.size());
  for (const std::uint64_t pair : pairs) {
    keys.query = hash_combine(keys.query, pair);
    keys.pairs.push_back(low(pair));
  }
  std::sort(keys.pairs.begin(), keys.pairs.end());

  for (const std::string& name : options.headers) {
    for (const Header& header : request.headers) {
      if (check::equal_ignoring_case(header.name, name))
        keys.headers = hash_combine(keys.headers, hash_bytes(check::trimmed(header.value), 13));
    }
    keys.headers = hash_combine(keys.headers, 14);
  }
  std::string name;
  keys.fields.reserve(request.headers.size());
  for (const Header& header : request.headers) {
    name = header.name;
    std::transform(name.begin(), name.end(), name.begin(), check::to_lower);
    if (is_volatile(name)) continue;
    keys.fields.push_back(low(hash_combine(hash_bytes(name, 15), hash_bytes(check::trimmed(header.value), 16))));
  }
  std::sort(keys.fields.begin(), keys.fields.end());
  keys.body = bodies.read(request);
  if (with_features) keys.features = bodies.features(keys.body, request.body);
  return keys;
}

IndexEntry index_entry(const Request& request, const MatchOptions& options, Bodies& bodies) {
  IndexEntry out;
  out.origin.scheme = request.scheme;
  out.origin.host = request.host;
  out.origin.port = request.port;
  out.place = place_key(request.websocket ? kWebSocket : std::string_view(request.method), request.path);
  out.keys = keys_of(request, options, bodies, options.strictness == Strictness::loose);
  out.keys.body.json.reset();
  out.keys.body.fields.clear();
  return out;
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
  origins_.push_back(request);
  return static_cast<std::uint32_t>(origins_.size() - 1);
}

std::uint64_t Index::hash_of_place(std::uint32_t number) const { return hash_bytes(key(places_[number]), 17); }
std::uint64_t Index::hash_of_group(std::uint32_t number) const {
  return hash_group(groups_[number], headers_of(groups_[number]));
}
std::uint64_t Index::hash_of_variant(std::uint32_t number) const {
  const Variant& variant = variants_[number];
  return hash_variant(variant.group, variant.raw, variant.headers);
}
std::uint64_t Index::hash_of_list(List list) const { return hash_numbers(numbers(list), 18); }

const Place* Index::find_place(std::string_view kind, const std::string& path) const {
  const std::string wanted = place_key(kind, path);
  const std::uint32_t found =
      place_table_.find(hash_bytes(wanted, 17), [&](std::uint32_t number) { return key(places_[number]) == wanted; });
  return found == kNone ? nullptr : &places_[found];
}

std::uint32_t Index::find_group(std::uint32_t place, std::uint32_t origin, std::uint64_t query, std::uint64_t headers,
                                std::uint64_t body) const {
  Group wanted;
  wanted.place = place;
  wanted.origin = origin & 0xfffffffU;
  wanted.query = query;
  wanted.body = body;
  return group_table_.find(hash_group(wanted, headers), [&](std::uint32_t number) {
    const Group& group = groups_[number];
    return group.place == place && group.origin == origin && group.query == query && headers_of(group) == headers &&
           group.body == body;
  });
}

List Index::keep(const std::vector<std::uint32_t>& wanted) {
  if (wanted.empty()) return kEmptyList;
  const std::uint32_t known = list_table_.find(hash_numbers(wanted, 18), [&](List list) {
    const auto there = numbers(list);
    return std::equal(there.begin(), there.end(), wanted.begin(), wanted.end());
  });
  if (known != kNone) return known;
  const auto list = static_cast<List>(pool_.size());
  pool_.push_back(static_cast<std::uint32_t>(wanted.size()));
  pool_.insert(pool_.end(), wanted.begin(), wanted.end());
  list_table_.add(list, [this](List each) { return hash_of_list(each); });
  return list;
}

std::uint32_t Index::add_place(const std::string& key, std::uint32_t origin) {
  const auto number = static_cast<std::uint32_t>(places_.size());
  texts_.resize((texts_.size() + kTextUnit - 1) / kTextUnit * kTextUnit);
  Place place;
  place.key = static_cast<std::uint32_t>(texts_.size() / kTextUnit);
  place.key_size = static_cast<std::uint32_t>(key.size());
  place.origin = origin;
  texts_ += key;
  places_.push_back(place);
  place_table_.add(number, [this](std::uint32_t each) { return hash_of_place(each); });
  return number;
}

void Index::add(const IndexEntry& request) {
  if (settled_) unsettle();
  const Keys& keys = request.keys;
  Group group;
  const std::uint32_t origin = add_origin(request.origin);
  group.origin = origin & 0xfffffffU;
  const std::uint32_t known =
      place_table_.find(hash_bytes(request.place, 17), [&](std::uint32_t each) { return key(places_[each]) == request.place; });
  group.place = known != kNone ? known : add_place(request.place, origin);
  group.query = keys.query;
  group.body = keys.body.same;
  group.body_kind = static_cast<std::uint32_t>(keys.body.kind) & 0xfU;

  std::uint32_t number = find_group(group.place, origin, group.query, keys.headers, group.body);
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
  if (!options_.headers.empty()) headers_.push_back(keys.headers);
  Place& place = places_[group.place];
  (place.first_group == kNone ? place.first_group : groups_[place.last_group].next) = number;
  place.last_group = number;
  bool known = false;
  each_origin(place, [&](std::uint32_t origin) { known = known || origin == group.origin; });
  if (!known) more_origins_[group.place].push_back(group.origin);
  group_table_.add(number, [this](std::uint32_t each) { return hash_of_group(each); });
  return number;
}

std::uint32_t Index::add_variant(std::uint32_t group, const Keys& keys) {
  const List headers = keep(keys.fields);
  const std::uint32_t known = variant_table_.find(hash_variant(group, keys.body.raw, headers), [&](std::uint32_t number) {
    const Variant& variant = variants_[number];
    return variant.group == group && variant.raw == keys.body.raw && variant.headers == headers;
  });
  if (known != kNone) return known;
  const auto number = static_cast<std::uint32_t>(variants_.size());
  Variant variant;
  variant.raw = keys.body.raw;
  variant.group = group;
  variant.headers = headers;
  variants_.push_back(variant);
  if (options_.strictness == Strictness::loose) features_.push_back(keep(keys.features));
  Group& of = groups_[group];
  (of.first_variant == kNone ? of.first_variant : variants_[of.last_variant].next) = number;
  of.last_variant = number;
  variant_table_.add(number, [this](std::uint32_t each) { return hash_of_variant(each); });
  return number;
}

void Index::settle() {
  if (std::exchange(settled_, true)) return;
  texts_.shrink_to_fit();
  places_.shrink_to_fit();
  groups_.shrink_to_fit();
  headers_.shrink_to_fit();
  variants_.shrink_to_fit();
  features_.shrink_to_fit();
  next_.shrink_to_fit();
  pool_.shrink_to_fit();
  place_table_.fit([this](std::uint32_t each) { return hash_of_place(each); });
  group_table_.fit([this](std::uint32_t each) { return hash_of_group(each); });
  variant_table_.clear();
  list_table_.clear();
}

void Index::unsettle() {
  settled_ = false;
  for (std::uint32_t number = 0; number < variants_.size(); ++number)
    variant_table_.add(number, [this](std::uint32_t each) { return hash_of_variant(each); });
  for (List list = 1; list < pool_.size(); list += 1 + pool_[list])
    list_table_.add(list, [this](List each) { return hash_of_list(each); });
}

std::size_t Index::memory() const {
  const auto of = [](const auto& list) { return list.capacity() * sizeof list[0]; };
  std::size_t bytes = of(texts_) + of(places_) + of(groups_) + of(headers_) + of(variants_) + of(features_) + of(next_) +
                      of(pool_) + of(origins_);
  for (const auto& [place, origins] : more_origins_) bytes += sizeof place + sizeof origins + 2 * sizeof(void*) + of(origins);
  return bytes + place_table_.memory() + group_table_.memory() + variant_table_.memory() + list_table_.memory();
}

}  // namespace har::match
