#include "diff/judge.hpp"

#include "diff/fields.hpp"

namespace har::diff {
namespace {

stream::ValueRules only_rules(const std::vector<stream::NoiseRule>& only) {
  stream::ValueRules values;
  for (stream::NoiseRule rule : only) {
    rule.action = stream::NoiseAction::ignore;
    (void)values.noise.add(std::move(rule));  // rule_at() has checked it
  }
  return values;
}

}  // namespace

Judge::Judge(const DiffOptions& options)
    : options_(options),
      json_(options.values),
      all_(options.only.empty()),
      only_values_(only_rules(options.only)),
      only_(only_values_) {
  request_.kind = response_.kind = stream::ItemKind::body;
  request_.direction = stream::Direction::send;
}

Judge::Spot Judge::spot(Half half, Field field, std::string_view name) {
  const stream::Item& item = half == Half::request ? request_ : response_;
  const std::string rule = rule_name(field, name);
  Spot spot{json_.field(item, rule), true, false};
  spot.ignored = json_.ignored(spot.state);
  spot.compared = !spot.ignored && (all_ || only_.ignored(only_.field(item, rule)));
  if (field == Field::media_type) {
    const std::string_view also = "mime-type";
    if (json_.ignored(json_.field(item, also))) spot.compared = false;
    if (!all_ && only_.ignored(only_.field(item, also))) spot.compared = !json_.ignored(spot.state);
  }
  // Who ignores the type ignores the header that says it.
  if (spot.compared && field == Field::header && name == "content-type") spot.compared = !json_.ignored(json_.field(item, name));
  return spot;
}

bool Judge::same(const Spot& spot, std::string_view expected, std::string_view actual) {
  if (expected == actual) return true;
  if (json_.plain(spot.state)) return false;
  return json_.equal(stream::Json(std::string(expected)), spot.state, stream::Json(std::string(actual)), spot.state);
}

std::string Judge::masked(const Spot& spot, std::string_view text) {
  return json_.plain(spot.state) ? std::string(text) : json_.apply_masks(spot.state, text);
}

bool Judge::shown(Half half, std::string_view pointer) {
  if (all_) return true;
  return only_.ignored(only_.below(only_.data(half == Half::request ? request_ : response_), pointer));
}

bool Judge::shown(const stream::Item& item, std::string_view pointer, std::string_view name) {
  if (all_) return true;
  if (!name.empty()) return only_.ignored(only_.field(item, name)) || only_.ignored(only_.data(item));
  return only_.ignored(only_.below(only_.data(item), pointer));
}

}  // namespace har::diff
