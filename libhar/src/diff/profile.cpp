#include "diff/profile.hpp"

#include <algorithm>
#include <array>

#include "diff/fields.hpp"
#include "har/diff/diff.hpp"
#include "stream/text/ascii.hpp"

namespace har::diff {
namespace {

using stream::ascii::is_digit;
using stream::ascii::is_letter;

// What is another each time, whoever records it. docs/hardiff.md shows this table; a test holds them together.
constexpr auto kVolatile = std::to_array<VolatileField>({
    {"start", "when the entry was recorded"},
    {"time", "how long it took; see --timing"},
    {"timing.*", "the same by phase"},
    {"connection", "a number of a socket"},
    {"server-ip", "which of a service's addresses answered"},
    {"page", "ids of pages are the recorder's"},
    {"cache", "what the recorder's cache held"},
    {"size.*", "follows from the rest, and from compression; of a body that was not recorded its size is compared"},
    {"custom.*", "members of the recorder's own: initiators, priorities, ids, transferred sizes"},
    {"header.:*", "HTTP/2's pseudo-headers say again what method, URL and status say"},
    {"header.content-length", "the body is compared"},
    {"header.transfer-encoding", "how the body was framed"},
    {"header.connection", "of one connection"},
    {"header.keep-alive", "of one connection"},
    {"header.date", "a time"},
    {"header.age", "how long a cache had it"},
    {"header.expires", "a time"},
    {"header.last-modified", "a time"},
    {"header.if-modified-since", "a time"},
    {"header.etag", "another at each server for the same content"},
    {"header.if-none-match", "an etag"},
    {"header.server-timing", "times"},
    {"header.x-runtime", "a time"},
    {"header.x-response-time", "a time"},
    {"header.x-timer", "times"},
    {"header.x-served-by", "which machine of a cache"},
    {"header.x-cache*", "what a cache held"},
    {"header.x-request-id", "an id of one request"},
    {"header.request-id", "an id of one request"},
    {"header.x-correlation-id", "an id of one request"},
    {"header.x-github-request-id", "an id of one request"},
    {"header.x-amz-request-id", "an id of one request"},
    {"header.x-amz-id-2", "an id of one request"},
    {"header.x-amz-cf-id", "an id of one request"},
    {"header.x-amz-cf-pop", "which machine of a cache"},
    {"header.x-amzn-requestid", "an id of one request"},
    {"header.x-amzn-trace-id", "an id of one trace"},
    {"header.x-azure-ref", "an id of one request"},
    {"header.x-ms-request-id", "an id of one request"},
    {"header.x-goog-request-id", "an id of one request"},
    {"header.x-guploader-uploadid", "an id of one request"},
    {"header.x-vercel-id", "an id of one request"},
    {"header.x-trace-id", "an id of one trace"},
    {"header.x-b3-*", "ids of one trace"},
    {"header.b3", "ids of one trace"},
    {"header.traceparent", "ids of one trace"},
    {"header.tracestate", "ids of one trace"},
    {"header.baggage", "ids of one trace"},
    {"header.sentry-trace", "ids of one trace"},
    {"header.x-datadog-*", "ids of one trace"},
    {"header.x-cloud-trace-context", "ids of one trace"},
    {"header.cf-ray", "an id of one request"},
    {"header.cf-cache-status", "what a cache held"},
    {"header.cf-request-id", "an id of one request"},
    {"header.fly-request-id", "an id of one request"},
    {"header.report-to", "addresses with ids of one request"},
    {"header.nel", "goes with report-to"},
    {"header.sec-websocket-key", "a number of one connection"},
    {"header.sec-websocket-accept", "follows from the key"},
    {"query._", "keeps caches away; if both are numbers or ids, as of all these parameters"},
    {"query._t", "keeps caches away"},
    {"query.ts", "a time"},
    {"query.timestamp", "a time"},
    {"query.cb", "keeps caches away"},
    {"query.cachebuster", "keeps caches away"},
    {"query.nocache", "keeps caches away"},
    {"query.nonce", "an id of one request"},
    {"query.rnd", "keeps caches away"},
    {"query.rand", "keeps caches away"},
    {"query.random", "keeps caches away"},
    {"header.content-security-policy*", "nonces in it; all else is compared"},
    {"cookie.*", "the value, if both are ids or tokens, and until when it is kept; that it is set, and how, is compared"},
});

/// Hidden by what the values are, and not by a rule.
bool by_value(const VolatileField& field) {
  return field.place.starts_with("query.") || field.place.starts_with("cookie.") ||
         field.place.starts_with("header.content-security-policy");
}

}  // namespace

std::span<const VolatileField> volatile_fields() { return kVolatile; }

std::size_t profile_rules() {
  return kVolatile.size() - static_cast<std::size_t>(std::count_if(kVolatile.begin(), kVolatile.end(), by_value));
}

bool is_opaque(std::string_view value) {
  std::size_t digits = 0;
  std::size_t letters = 0;
  for (const char c : value) {
    digits += is_digit(c) ? 1U : 0U;
    letters += is_letter(c) ? 1U : 0U;
    if (!is_digit(c) && !is_letter(c) && std::string_view("-_.~+/=%:|").find(c) == std::string_view::npos) return false;
  }
  if (digits == value.size()) return value.size() >= 6;  // a time, a counter
  return value.size() >= 12 && digits > 0 && digits + letters >= value.size() * 3 / 4;
}

std::string without_nonces(std::string_view policy) {
  constexpr std::string_view kNonce = "'nonce-";
  std::string out;
  for (;;) {
    const std::size_t at = policy.find(kNonce);
    out += policy.substr(0, at);
    if (at == std::string_view::npos) return out;
    out += kNonce;
    policy.remove_prefix(at + kNonce.size());
    policy.remove_prefix(std::min(policy.find('\''), policy.size()));
  }
}

bool is_volatile_query(std::string_view name) {
  const std::string lower = lower_case(name);
  return std::any_of(kVolatile.begin(), kVolatile.end(), [&](const VolatileField& field) {
    return field.place.starts_with("query.") && field.place.substr(6) == lower;
  });
}

stream::Status add_profile(DiffOptions& options) {
  if (options.profile == Profile::exact) return {};
  for (const VolatileField& field : kVolatile) {
    if (by_value(field)) continue;
    STREAM_ASSIGN(auto rule, rule_at(field.place));
    rule.optional = true;
    STREAM_TRY(options.values.noise.add(std::move(rule)));
  }
  return {};
}

}  // namespace har::diff
