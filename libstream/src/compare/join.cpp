#include "join.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "json_walk.hpp"
#include "teller.hpp"

namespace stream {
namespace {

// What is shown of a text around the place where it differs.
constexpr std::size_t kBefore = 60;
constexpr std::size_t kBehind = std::size_t{16} << 10;

bool is_inside(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !is_inside(c); }));
}

using Level = PathPattern::Level;

/// The value at a place that tells interleaved texts apart: where the pattern has a wildcard, it is taken from where the text
/// is, as far as both go the same way.
std::string key_at(const Json& value, const PathPattern& by, const PathPattern& path, const Levels& levels) {
  const Json* at = &value;
  bool together = true;
  for (std::size_t i = 0; i < by.levels.size(); ++i) {
    const Level& level = by.levels[i];
    std::string name = level.name;
    together = together && i < levels.size() && i < path.levels.size() && level == path.levels[i];
    if (level.kind != Level::Kind::name) {
      if (!together) return "?";
      name = levels[i];
    }
    if (at->is_object()) {
      at = at->find(name);
    } else if (at->is_array()) {
      const auto index = element_index(name, at->as_array().size());
      at = index ? &at->as_array()[*index] : nullptr;
    } else {
      at = nullptr;
    }
    if (at == nullptr) return "-";
  }
  return to_json(*at);
}

}  // namespace

void JoinedTexts::append(Which which, const std::string& name, std::string_view piece, const Item& item) {
  auto found = index_.find(name);
  if (found == index_.end()) {
    found = index_.emplace(name, pairs_.size()).first;
    pairs_.emplace_back().name = name;
  }
  Pair& pair = pairs_[found->second];
  Text& text = pair.sides[which == Which::expected ? 0 : 1];
  text.size += piece.size();
  if (pair.differs && text.waiting.size() + piece.size() > kBehind) {
    text.more = true;
    return;
  }
  text.waiting += piece;
  text.pieces.push_back({text.size, ref(item)});
  if (!pair.differs) advance(pair);
}

void JoinedTexts::advance(Pair& pair) {
  Text& e = pair.sides[0];
  Text& a = pair.sides[1];
  const std::size_t shorter = std::min(e.waiting.size(), a.waiting.size());
  std::size_t same =
      first_difference(std::string_view(e.waiting).substr(0, shorter), std::string_view(a.waiting).substr(0, shorter));
  pair.differs = same < shorter;
  if (pair.differs) {
    while (same > 0 && is_inside(e.waiting[same])) --same;  // whole characters
  }
  if (same == 0) return;
  pair.before.append(e.waiting, 0, same);
  if (pair.before.size() > kBefore) {
    std::size_t from = pair.before.size() - kBefore;
    while (from < pair.before.size() && is_inside(pair.before[from])) ++from;
    pair.before.erase(0, from);
  }
  pair.same += same;
  pair.characters += count_characters(std::string_view(e.waiting).substr(0, same));
  for (Text* text : {&e, &a}) {
    text->waiting.erase(0, same);
    // The last piece stays: where a text ends is where its last piece came.
    while (text->pieces.size() > 1 && text->pieces.front().end <= pair.same) text->pieces.pop_front();
  }
}

Difference JoinedTexts::difference(const Pair& pair) {
  Difference out;
  out.subject = Subject::text;
  out.field = pair.name;
  out.offset = pair.characters;
  const auto side = [&](const Text& text, ItemRef& item, ShownValue& value) {
    for (const Piece& piece : text.pieces) {
      item = piece.item;
      if (piece.end > pair.same) break;
    }
    value.form = ShownValue::Form::text;
    value.text = pair.before + text.waiting.substr(0, kBehind);
    if (text.more || text.waiting.size() > kBehind) value.text += "…";
    value.focus = pair.before.size();
  };
  side(pair.sides[0], out.expected, out.expected_value);
  side(pair.sides[1], out.actual, out.actual_value);
  if (pair.sides[1].size == 0) {
    out.change = ValueChange::missing;
    out.actual_value = {};
  } else if (pair.sides[0].size == 0) {
    out.change = ValueChange::extra;
    out.expected_value = {};
  }
  return out;
}

std::vector<Difference> JoinedTexts::found() {
  std::vector<Difference> out;
  for (Pair& pair : pairs_) {
    if (pair.differs && !std::exchange(pair.said, true)) out.push_back(difference(pair));
  }
  return out;
}

std::vector<Difference> JoinedTexts::finish(bool cut_e, bool cut_a) {
  std::vector<Difference> out;
  for (Pair& pair : pairs_) {
    if (pair.said) continue;
    const bool behind_cut = (pair.sides[0].waiting.empty() && cut_e) || (pair.sides[1].waiting.empty() && cut_a);
    const bool longer = pair.sides[0].waiting.size() != pair.sides[1].waiting.size();
    if (!pair.differs && (!longer || behind_cut)) continue;
    pair.said = true;
    out.push_back(difference(pair));
  }
  return out;
}

Joiner::Joiner(const std::vector<JoinRule>& rules, ItemComparer& comparer, JoinedTexts& texts, JoinedTexts::Which which,
               const Limits& limits)
    : rules_(rules), comparer_(comparer), texts_(texts), which_(which), limits_(limits) {}

struct Joiner::Found {
  Levels levels{};
  std::string name{};
  std::string text{};
};

bool Joiner::take(Item& item) {
  const bool may_be = item.form == DataForm::value && !item.data.empty() &&
                      (item.data.front() == '{' || item.data.front() == '[' || item.data.front() == ' ');
  bool joined = false;
  if (may_be) {
    if (auto value = parse_json(item.data, limits_)) {
      joined = take_out(*value, item);
      if (joined) item.data = to_json(*value);
    }
  }
  if (!joined) {
    rests_.clear();
    return true;
  }
  return rests_.insert(comparer_.fingerprint(item)).second;
}

bool Joiner::take_out(Json& value, Item& item) {
  std::vector<Found> found;
  for (const JoinRule& rule : rules_) {
    walk_places(value, rule.path, [&](const Json& at, const Levels& where) {
      if (!at.is_string() && !at.is_null()) return;
      Found& one = found.emplace_back();
      one.levels = where;
      if (at.is_null()) return;
      one.text = at.as_string();
      one.name = rule.spelling;
      if (rule.by.empty()) {
        one.name.clear();
        for (const std::string& level : where) append_pointer(one.name, level);
      } else {
        std::string keys;
        for (const PathPattern& by : rule.by) (keys += keys.empty() ? "" : ", ") += key_at(value, by, rule.path, where);
        one.name += " [" + keys + "]";
      }
    });
  }
  for (auto one = found.rbegin(); one != found.rend(); ++one) remove_place(value, one->levels);
  bool joined = false;
  for (const Found& one : found) {
    if (one.name.empty()) continue;
    joined = true;
    if (item.direction == Direction::send) {
      texts_.append(which_, one.name + " (sent)", one.text, item);
    } else {
      texts_.append(which_, one.name, one.text, item);
    }
  }
  return joined || !found.empty();
}

}  // namespace stream
