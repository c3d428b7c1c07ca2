#include "diff/index.hpp"

#include <algorithm>

#include "diff/body.hpp"
#include "diff/fast_hash.hpp"
#include "diff/fields.hpp"
#include "diff/profile.hpp"
#include "diff/raw_walk.hpp"
#include "diff/streams.hpp"

namespace har::diff {
namespace {

using stream::hash_bytes;
using stream::hash_combine;

}  // namespace

bool has_rules(const DiffOptions& options) {
  if (!options.hosts.empty() || !options.ignored_query.empty() || !options.path_templates.empty()) return true;
  const std::size_t own = options.profile == Profile::exact ? 0 : profile_rules();
  return options.values.noise.size() > own;
}

Indexer::Indexer(const DiffOptions& options, SideOf side, std::uint64_t seed)
    : options_(options), side_(side), seed_(seed), judge_(options), addresses_(judge_), by_rules_(has_rules(options)) {}

Record Indexer::record(std::string_view entry, const SideFiles* files) {
  Record out;
  const RawPrints prints = raw_prints(entry, seed_);
  out.all = judge_.standard() && prints.good ? prints.all : fast_hash(entry, seed_);
  out.content = prints.good ? prints.content : out.all;
  // What the other file holds is only known when it is read.
  if (prints.side_file) out.all = mixed(out.all, side_ == SideOf::expected ? 1 : 2);
  if (by_rules_) {
    view_.reset(entry, files);
    out.content = content_by_rules(files);
    if (!options_.values.noise.empty()) name_fields();
  }
  return out;
}

/// Says the names of all fields to the rules, so that they know which of them name something.
void Indexer::name_fields() {
  constexpr std::size_t kOthers = 10'000;
  if (named_ >= kOthers) return;
  if (named_++ == 0) {
    for (std::size_t i = 0; i < kFields; ++i) {
      for (const Half half : {Half::request, Half::response}) (void)judge_.spot(half, static_cast<Field>(i));
    }
  }
  stream::JsonObjectView object;
  std::string scratch;
  for (const EntryPart part : {EntryPart::request, EntryPart::response}) {
    const Half half = part == EntryPart::request ? Half::request : Half::response;
    for (const auto& [member, field] : {std::pair{"headers", Field::header}, std::pair{"cookies", Field::cookie}}) {
      stream::JsonArrayView list(view_.find(part, member));
      for (stream::RawJson element = list.next(); element; element = list.next()) {
        object.reset(element);
        (void)judge_.spot(half, field, lower_case(object.find("name").string(scratch)));
      }
    }
  }
  for (const auto& [name, value] : match::make_request("GET", view_.url()).query)
    (void)judge_.spot(Half::request, Field::query, name);
  for (const auto& member : view_.part(EntryPart::timings).members()) (void)judge_.spot(Half::entry, Field::timing, member.name);
  for (const auto& member : view_.part(EntryPart::entry).members()) (void)judge_.spot(Half::entry, Field::custom, member.name);
}

/// The same for entries whose method, address, status, bodies and messages are equal by the rules.
std::uint64_t Indexer::content_by_rules(const SideFiles* files) {
  std::uint64_t out = keys().key;
  const Judge::Spot status = judge_.spot(Half::response, Field::status);
  if (!status.ignored) out = hash_combine(out, hash_bytes(view_.find(EntryPart::response, "status").text));
  const BodyBytes sent = view_.request_body();
  out = hash_combine(out, body_hash(judge_, Half::request, {sent.bytes, sent.media_type, {}}));
  if (is_stream(view_)) return hash_combine(out, stream_hash(judge_, view_, files));
  const BodyBytes received = view_.response_body();
  return hash_combine(out, body_hash(judge_, Half::response, {received.bytes, received.media_type, {}}));
}

Indexer::Keys Indexer::keys() {
  Keys out;
  const Judge::Spot spot = judge_.spot(Half::request, Field::method);
  const std::uint64_t method = !spot.ignored ? hash_bytes(judge_.masked(spot, view_.method())) : 0;
  const Address address = addresses_.read(view_.url(), side_);
  out.place = hash_combine(method, judge_.spot(Half::request, Field::url).ignored ? 0 : hash_bytes(address.base));
  out.path = hash_combine(method, hash_bytes(shape_of(address.path)));
  out.shape = hash_combine(out.path, hash_bytes(address.host));
  std::uint64_t sum = 0;
  for (const auto& [name, value] : address.query) {
    const bool drops = judge_.standard() && is_volatile_query(name) && is_opaque(value);
    const std::string text = drops ? std::string() : judge_.masked(judge_.spot(Half::request, Field::query, name), value);
    const std::uint64_t pair = hash_combine(hash_bytes(name), hash_bytes(text));
    sum += pair;
    out.query.push_back(static_cast<std::uint32_t>(pair));
  }
  out.key = hash_combine(out.place, sum);
  return out;
}

Detail Indexer::detail(std::string_view entry, const SideFiles* files) {
  view_.reset(entry, files);
  Detail out;
  Keys of = keys();
  out.key = of.key;
  out.place = of.place;
  out.shape = of.shape;
  out.path = of.path;
  std::vector<std::uint32_t> features = std::move(of.query);
  const auto add = [&](Half half, const BodyBytes& body, std::size_t limit) {
    if (!body.known || body.bytes.empty()) return;
    const BodyText text{body.bytes, body.media_type, {}};
    out.bodies = hash_combine(out.bodies, body_hash(judge_, half, text));
    const auto more = body_features(judge_, half, text, limit);
    features.insert(features.end(), more.begin(), more.end());
  };
  add(Half::request, view_.request_body(), 64);
  add(Half::response, view_.response_body(), 64);
  std::sort(features.begin(), features.end());
  features.erase(std::unique(features.begin(), features.end()), features.end());
  // The smallest of them: of two bodies that are alike the same ones.
  out.count = static_cast<std::uint32_t>(std::min(features.size(), Detail::kFeatures));
  std::copy_n(features.begin(), out.count, std::begin(out.features));
  return out;
}

Phases Indexer::phases(std::string_view entry) {
  view_.reset(entry);
  return phases_of(view_);
}

}  // namespace har::diff
