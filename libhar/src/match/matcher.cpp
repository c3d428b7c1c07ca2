#include "har/match/matcher.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "check/http_text.hpp"
#include "check/url_parts.hpp"
#include "match/explain.hpp"
#include "match/turns.hpp"

namespace har::match {
namespace {

bool is_redirect(int status) { return status == 301 || status == 302 || status == 303 || status == 307 || status == 308; }

constexpr int kWhole = 1000;

}  // namespace

Recorded recorded_of(const stream::Exchange& exchange) {
  Recorded out;
  out.request = request_of(exchange);
  out.status = exchange.status();
  if (!exchange.response) return out;
  const stream::Json& headers = exchange.response->object["headers"];
  if (headers.is_array()) {
    for (const stream::Json& field : headers.as_array()) {
      if (check::equal_ignoring_case(field["name"].string_or(""), "location")) out.location = field["value"].string_or("");
    }
  }
  // Chrome's HARs of redirects may have nothing else.
  if (out.location.empty()) out.location = exchange.response->object["redirectURL"].string_or("");
  return out;
}

struct Prepared::Parts {
  IndexEntry entry{};
  std::size_t body_size = 0;
  int redirect = 0;  ///< its status, where it is one
  std::string location{};
};
Prepared::Prepared() = default;
Prepared::Prepared(Prepared&& other) noexcept = default;
Prepared& Prepared::operator=(Prepared&& other) noexcept = default;
Prepared::~Prepared() = default;

struct Preparer::Impl {
  MatchOptions options;
  std::unique_ptr<Bodies> bodies;
};
Preparer::Preparer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Preparer::~Preparer() = default;

stream::Result<std::unique_ptr<Preparer>> Preparer::make(const MatchOptions& options) {
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  STREAM_ASSIGN(impl->bodies, Bodies::make(impl->options));
  return std::unique_ptr<Preparer>(new Preparer(std::move(impl)));
}

Prepared Preparer::prepare(const Recorded& recorded) {
  Prepared out;
  out.parts_ = std::make_unique<Prepared::Parts>();
  const Request& request = recorded.request;
  out.parts_->entry = index_entry(request, impl_->options, *impl_->bodies);
  out.parts_->body_size = request.body.size();
  if (!impl_->options.follow_redirects || !is_redirect(recorded.status) || recorded.location.empty()) return out;
  std::string base = request.target();
  if (!request.host.empty()) base = (request.scheme.empty() ? "http" : request.scheme) + "://" + request.authority() + base;
  out.parts_->redirect = recorded.status;
  out.parts_->location = check::resolved_url(base, recorded.location);
  // Nothing was said about the host.
  if (request.host.empty() && out.parts_->location.starts_with(":///")) out.parts_->location.erase(0, 3);
  return out;
}

struct Matcher::Impl {
  Impl(const MatchOptions& wanted, Recall how, std::unique_ptr<Bodies> canonical, std::unique_ptr<Preparer> for_adding)
      : options(wanted),
        recall(std::move(how)),
        bodies(std::move(canonical)),
        preparer(std::move(for_adding)),
        index(options),
        turns(index, options.repeat) {}

  struct Redirect {
    int status = 0;
    std::string location{};  ///< as a whole URL
  };
  /// Variants that answer equally well.
  struct Candidates {
    std::vector<std::uint32_t> variants{};
    bool exhausted = false;  ///< there were some, but all their answers were given
    int score = kWhole;
    std::string note{};
  };

  Found find(const Request& live, std::string_view session);
  Found find_once(const Request& live, std::string_view session);
  Found find_kind(std::string_view kind, const Request& live, const Keys& keys, std::string_view session, bool counts);
  Candidates same(const Place& place, const Request& live, const Keys& keys, std::uint64_t body, std::string_view session);
  Candidates same_bytes(const Place& place, const Request& live, const Keys& keys, std::string_view session);
  Candidates most_similar(const Place& place, const Request& live, const Keys& keys, std::string_view session);
  template <class Visit>
  void each_group(const Place& place, const Request& live, Visit visit) const {
    for (std::uint32_t group = place.first_group; group != kNone; group = index.group(group).next) {
      if (index.same_origin(index.group(group).origin, live)) visit(index.group(group));
    }
  }
  template <class Visit>
  void each_variant(const Group& group, Visit visit) {
    for (std::uint32_t number = group.first_variant; number != kNone; number = index.variant(number).next) visit(number);
  }

  const MatchOptions options;
  const Recall recall;
  const std::unique_ptr<Bodies> bodies;
  const std::unique_ptr<Preparer> preparer;
  Index index;
  Turns turns;
  std::unordered_map<std::uint32_t, Redirect> redirects;
  std::size_t largest_body = 0;
};

namespace {

/// Keeps the best of what it is offered, and everything that is as good.
template <class Score>
class Best {
 public:
  void offer(std::uint32_t variant, const Score& score) {
    if (variants_.empty() || score > best_) {
      best_ = score;
      variants_.assign(1, variant);
    } else if (score == best_) {
      variants_.push_back(variant);
    }
  }
  const Score& score() const { return best_; }
  std::vector<std::uint32_t>& variants() { return variants_; }

 private:
  Score best_{};
  std::vector<std::uint32_t> variants_{};
};

/// How many headers agree, and then how few there are beside.
std::pair<std::size_t, std::ptrdiff_t> header_score(std::span<const std::uint32_t> recorded, const Keys& live) {
  const std::size_t equal = common(recorded, live.fields);
  return {equal, static_cast<std::ptrdiff_t>(equal) - static_cast<std::ptrdiff_t>(recorded.size())};
}

}  // namespace

Matcher::Impl::Candidates Matcher::Impl::same(const Place& place, const Request& live, const Keys& keys, std::uint64_t body,
                                              std::string_view session) {
  Candidates out;
  Best<std::tuple<bool, std::pair<std::size_t, std::ptrdiff_t>>> best;
  index.each_origin(place, [&](std::uint32_t origin) {
    if (!index.same_origin(origin, live)) return;
    const std::uint32_t group = index.find_group(index.number_of(place), origin, keys.query, keys.headers, body);
    if (group == kNone) return;
    each_variant(index.group(group), [&](std::uint32_t number) {
      const Variant& variant = index.variant(number);
      if (!turns.left(number, session)) {
        out.exhausted = true;
        return;
      }
      best.offer(number, {variant.raw == keys.body.raw, header_score(index.numbers(variant.headers), keys)});
    });
  });
  out.variants = std::move(best.variants());
  return out;
}

/// Where one side names no type, or another one, a body is still the same if its bytes are.
Matcher::Impl::Candidates Matcher::Impl::same_bytes(const Place& place, const Request& live, const Keys& keys,
                                                    std::string_view session) {
  Candidates out;
  Best<std::pair<std::size_t, std::ptrdiff_t>> best;
  each_group(place, live, [&](const Group& group) {
    if (group.query != keys.query || index.headers_of(group) != keys.headers || group.kind() == BodyKind::none ||
        group.kind() == keys.body.kind)
      return;
    each_variant(group, [&](std::uint32_t number) {
      const Variant& variant = index.variant(number);
      if (variant.raw != keys.body.raw) return;
      if (!turns.left(number, session)) {
        out.exhausted = true;
        return;
      }
      best.offer(number, header_score(index.numbers(variant.headers), keys));
    });
  });
  out.variants = std::move(best.variants());
  return out;
}

Matcher::Impl::Candidates Matcher::Impl::most_similar(const Place& place, const Request& live, const Keys& keys,
                                                      std::string_view session) {
  Candidates out;
  // Query; body: the same (3), recorded without (2), another (1); how similar that is; headers.
  using Score = std::tuple<int, int, int, std::pair<std::size_t, std::ptrdiff_t>>;
  Best<Score> best;
  std::uint32_t of = kNone;
  each_group(place, live, [&](const Group& group) {
    if (index.headers_of(group) != keys.headers) return;
    const auto pairs = index.numbers(group.pairs);
    const std::size_t all = pairs.size() + keys.pairs.size();
    const int query =
        group.query == keys.query ? kWhole : static_cast<int>(2000 * common(pairs, keys.pairs) / std::max<std::size_t>(1, all));
    each_variant(group, [&](std::uint32_t number) {
      const Variant& variant = index.variant(number);
      const bool equal = group.body == keys.body.same || variant.raw == keys.body.raw;
      const int rank = equal ? 3 : group.kind() == BodyKind::none ? 2 : 1;
      int likeness = equal ? kWhole : 0;
      if (rank == 1) likeness = std::min(kWhole - 1, stream::likeness(index.features_of(number), keys.features));
      const bool no_query = all == 0;
      const bool no_body = group.kind() == BodyKind::none && keys.body.kind == BodyKind::none;
      const int score = no_query ? (no_body ? kWhole : likeness) : no_body ? query : (query + likeness) / 2;
      if (score < options.min_score) return;
      if (!turns.left(number, session)) {
        out.exhausted = true;
        return;
      }
      const Score offered{query, rank, likeness, header_score(index.numbers(variant.headers), keys)};
      if (best.variants().empty() || offered > best.score()) {
        out.score = score;
        of = variant.group;
      }
      best.offer(number, offered);
    });
  });
  out.variants = std::move(best.variants());
  if (of == kNone) return out;
  const Group& group = index.group(of);
  const bool query = group.query != keys.query;
  const bool body = std::get<1>(best.score()) != 3;
  out.note = fmt::format("it was recorded with another {} ({} % alike)",
                         query && body ? "query and body"
                         : query       ? "query"
                                       : "body",
                         out.score / 10);
  return out;
}

Found Matcher::Impl::find_kind(std::string_view kind, const Request& live, const Keys& keys, std::string_view session,
                               bool counts) {
  Found found;
  const Place* const place = index.find_place(kind, live.path);
  if (place == nullptr) return found;
  Candidates candidates = same(*place, live, keys, keys.body.same, session);
  const auto none = [&] { return candidates.variants.empty() && !candidates.exhausted; };
  if (none() && keys.body.kind != BodyKind::none) candidates = same_bytes(*place, live, keys, session);
  if (none() && options.strictness != Strictness::strict && keys.body.kind != BodyKind::none) {
    candidates = same(*place, live, keys, 0, session);
    if (!candidates.variants.empty()) {
      candidates.note = "it was recorded without a body";
      candidates.score = keys.pairs.empty() ? 0 : kWhole / 2;
    }
  }
  if (none() && options.strictness == Strictness::loose) candidates = most_similar(*place, live, keys, session);
  if (candidates.variants.empty()) {
    if (candidates.exhausted) found.why = Why::exhausted;
    return found;
  }
  const auto taken = turns.take(candidates.variants, session, counts);
  if (!taken) {
    found.why = Why::exhausted;
    return found;
  }
  found.why = Why::found;
  found.index = *taken;
  found.score = candidates.score;
  found.note = std::move(candidates.note);
  return found;
}

Found Matcher::Impl::find_once(const Request& live, std::string_view session) {
  const Keys keys = keys_of(live, options, *bodies, options.strictness == Strictness::loose);
  Found found;
  if (live.websocket) {
    found = find_kind(kWebSocket, live, keys, session, true);
    if (found.why != Why::not_recorded) return found;
  }
  found = find_kind(live.method, live, keys, session, true);
  if (found.why != Why::not_recorded) return found;
  if (live.method == "HEAD") return find_kind("GET", live, keys, session, false);
  if (!live.websocket && live.method == "GET") return find_kind(kWebSocket, live, keys, session, false);
  return found;
}

Found Matcher::Impl::find(const Request& live, std::string_view session) {
  index.settle();
  Found found = find_once(live, session);
  if (!options.follow_redirects || !found) return found;
  std::vector<std::size_t> visited;
  Request next = live;
  Found first = found;
  for (auto redirect = redirects.find(static_cast<std::uint32_t>(found.index)); redirect != redirects.end();
       redirect = redirects.find(static_cast<std::uint32_t>(found.index))) {
    if (std::find(visited.begin(), visited.end(), found.index) != visited.end()) {
      found.why = Why::cycle;
      found.note = fmt::format("the recorded redirect to {} leads back to itself", redirect->second.location);
      return found;
    }
    visited.push_back(found.index);
    const int status = redirect->second.status;
    // Fetch standard §4.4: what a redirect makes of the method.
    if (((status == 301 || status == 302) && next.method == "POST") ||
        (status == 303 && next.method != "GET" && next.method != "HEAD")) {
      next.method = "GET";
      next.body.clear();
      next.media_type.clear();
    }
    const std::string_view location = redirect->second.location;
    set_url(next, location);
    Found target = find_once(next, session);
    if (!target && live.scheme.empty()) {
      next.scheme.clear();
      target = find_once(next, session);
    }
    if (!target) {
      found.note = fmt::format("the redirect to {} is not followed: that was not recorded", location);
      return found;
    }
    target.note = fmt::format("the redirect to {} was followed", location);
    found = std::move(target);
    found.score = std::min(found.score, first.score);
  }
  return found;
}

Matcher::Matcher(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Matcher::~Matcher() = default;

stream::Result<std::unique_ptr<Matcher>> Matcher::make(const MatchOptions& options, Recall recall) {
  STREAM_ASSIGN(auto bodies, Bodies::make(options));
  STREAM_ASSIGN(auto preparer, Preparer::make(options));
  return std::unique_ptr<Matcher>(
      new Matcher(std::make_unique<Impl>(options, std::move(recall), std::move(bodies), std::move(preparer))));
}

void Matcher::add(const Recorded& recorded) { add(impl_->preparer->prepare(recorded)); }

void Matcher::add(Prepared prepared) {
  const auto number = static_cast<std::uint32_t>(impl_->index.size());
  Prepared::Parts& parts = *prepared.parts_;
  impl_->index.add(parts.entry);
  impl_->largest_body = std::max(impl_->largest_body, parts.body_size);
  if (parts.redirect != 0) impl_->redirects.emplace(number, Impl::Redirect{parts.redirect, std::move(parts.location)});
}

void Matcher::settle() { impl_->index.settle(); }
const MatchOptions& Matcher::options() const { return impl_->options; }
std::size_t Matcher::largest_body() const { return impl_->largest_body; }

std::size_t Matcher::size() const { return impl_->index.size(); }

std::size_t Matcher::hosts() const {
  std::vector<std::pair<std::string_view, std::uint16_t>> seen;
  for (std::uint32_t number = 0; number < impl_->index.origins(); ++number) {
    const Request& origin = impl_->index.origin(number);
    if (!origin.host.empty()) seen.emplace_back(origin.host, origin.port);
  }
  std::sort(seen.begin(), seen.end());
  return static_cast<std::size_t>(std::unique(seen.begin(), seen.end()) - seen.begin());
}

bool Matcher::knows_host(const Request& live) const {
  for (std::uint32_t number = 0; number < impl_->index.origins(); ++number) {
    const Request& origin = impl_->index.origin(number);
    if (!origin.host.empty() && impl_->index.same_origin(number, live)) return true;
  }
  return false;
}

Found Matcher::find(const Request& live, std::string_view session) { return impl_->find(live, session); }

std::optional<Nearest> Matcher::explain(const Request& live) {
  return nearest(live, impl_->options, impl_->index, *impl_->bodies, impl_->recall);
}

std::size_t Matcher::memory() const {
  std::size_t bytes = impl_->index.memory();
  for (const auto& [number, redirect] : impl_->redirects) bytes += sizeof redirect + redirect.location.capacity();
  return bytes;
}

}  // namespace har::match
