#include "har/check/fix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "check/fix_rules.hpp"
#include "check/fix_text.hpp"
#include "stream/text/ascii.hpp"
#include "stream/text/json.hpp"
#include "stream/text/utf8.hpp"

namespace har::check {
namespace {

using stream::ascii::is_space;

/// Repairs that wait for others are done in later rounds. There are a handful of such steps.
constexpr int kMostRounds = 12;

/// What may stand between entries.
constexpr std::string_view kFiller = " \n\r\t,";
constexpr std::string_view kBom = "\xEF\xBB\xBF";
constexpr std::string_view kOpening = "{\"log\":{\"entries\":[";
constexpr std::string_view kClosing = "]}}";

/// What is wrong with a text that can't be edited.
Repair refusal(std::string_view text, const stream::Limits& limits) {
  Repair repair{RuleId::json_syntax, 0, "", "this is no JSON", false};
  const auto json = stream::parse_json(text, limits);
  if (!json) {
    if (json.error().code == stream::ErrorCode::limit) repair.rule = RuleId::json_limit;
    if (json.error().code == stream::ErrorCode::encoding) repair.rule = RuleId::json_utf8;
    repair.offset = static_cast<std::size_t>(json.error().place.offset.value_or(0));
    repair.message = json.error().message;
  }
  return repair;
}

}  // namespace

struct Fixer::Impl {
  explicit Impl(const stream::Limits& given) : limits(given), text(given) {}

  /// Does rounds of repairs until there is nothing left to do. `now` is the text, and becomes the repaired one; repairs have
  /// offsets in the text as it was. False if it can't be read (any more): why is the last of the repairs.
  bool rounds(std::string& now, Repairs& repairs, const std::function<void(edit::Text&)>& repair);

  stream::Limits limits;
  edit::Text text;
  std::string current;
  std::vector<std::vector<edit::Edit>> history;
};

bool Fixer::Impl::rounds(std::string& now, Repairs& repairs, const std::function<void(edit::Text&)>& repair) {
  history.clear();
  const auto original = [&](std::size_t at) {
    for (auto edits = history.rbegin(); edits != history.rend(); ++edits) at = edit::before(*edits, at);
    return at;
  };
  for (int round = 0; round < kMostRounds; ++round) {
    if (!text.read(now)) {
      Repair refused = refusal(now, limits);
      refused.offset = original(refused.offset);
      repairs.push_back(std::move(refused));
      return false;
    }
    if (!text.repair_words()) repair(text);
    if (!text.changed()) break;
    const std::size_t first = repairs.size();
    std::vector<edit::Edit> edits;
    now = text.apply(edits, repairs);
    for (std::size_t i = first; i < repairs.size(); ++i) repairs[i].offset = original(repairs[i].offset);
    history.push_back(std::move(edits));
  }
  return true;
}

Fixer::Fixer(const stream::Limits& limits) : impl_(std::make_unique<Impl>(limits)) {}
Fixer::~Fixer() = default;
Fixer::Fixer(Fixer&&) noexcept = default;
Fixer& Fixer::operator=(Fixer&&) noexcept = default;

bool Fixer::entry(std::string_view text, std::string& out, Repairs& repairs) {
  if (const std::size_t bad = stream::find_invalid_utf8(text); bad != std::string_view::npos) {
    repairs.push_back({RuleId::json_utf8, bad, "",
                       fmt::format("the byte 0x{:02x} is not UTF-8", static_cast<unsigned char>(text[bad])), false});
    return false;
  }
  // The first round is over the text itself: most entries need no other, and no copy.
  edit::Text& first = impl_->text;
  if (first.read(text)) {
    if (!first.repair_words()) edit::repair_entry(first);
    if (!first.changed()) return false;
  }
  impl_->current = text;
  impl_->rounds(impl_->current, repairs, edit::repair_entry);
  if (impl_->current == text) return false;
  out += impl_->current;
  return true;
}

std::string Fixer::head(std::string_view text, Repairs& repairs) {
  const auto skip_space = [&](std::size_t at) {
    while (at < text.size() && is_space(text[at])) ++at;
    return at;
  };
  std::size_t from = 0;
  if (text.starts_with(kBom)) {
    repairs.push_back({RuleId::har_bom, 0, "", "was there, dropped", true});
    from = kBom.size();
  }
  const std::size_t name = skip_space(from);
  const std::size_t brace = std::min(text.find('{', name), text.size());
  const std::size_t call = std::min(text.find('(', name), text.size());
  if (call < brace) {
    repairs.push_back(
        {RuleId::har_jsonp, name, "", fmt::format("the call {}(…), dropped", edit::shown(text.substr(name, call - name))), true});
    from = skip_space(call + 1);
  }
  std::string now(text.substr(from));
  now += kClosing;
  const std::size_t first = repairs.size();
  impl_->rounds(now, repairs, [](edit::Text& tree) { edit::repair_log(tree, tree.find(tree.root(), "log")); });
  for (std::size_t i = first; i < repairs.size(); ++i) repairs[i].offset += from;
  now.resize(now.size() - kClosing.size());
  return now;
}

std::string Fixer::tail(std::string_view text, std::string_view members, const LogInfo& info, Repairs& repairs) {
  const std::size_t bracket = std::min(text.find_first_not_of(kFiller), text.size());
  const std::size_t end = text.rfind('}');
  if (!text.substr(bracket).starts_with(']') || end == std::string_view::npos) {
    repairs.push_back({RuleId::json_syntax, bracket, "/log/entries", "the array of entries is not closed by ']'", false});
    return std::string(text);
  }
  std::string behind;  // what stands behind the document, without what closes the call of a JSONP
  for (const char c : text.substr(end + 1)) {
    if (is_space(c)) behind += c;
  }
  const auto said = [&](std::string_view name) {
    return std::any_of(info.log.begin(), info.log.end(), [&](const stream::JsonMember& member) { return member.name == name; });
  };
  std::string now(kOpening);
  std::string before(text.substr(0, bracket + 1));
  if (const std::size_t comma = before.find(','); comma != std::string::npos) {
    repairs.push_back({RuleId::json_syntax, comma, "/log/entries", "a comma behind the last entry, dropped", true});
    std::erase(before, ',');
  }
  const std::size_t commas = bracket + 1 - before.size();
  now.append(before).append(members).append(text.substr(bracket + 1, end - bracket));
  const std::size_t first = repairs.size();
  impl_->rounds(now, repairs, [&](edit::Text& tree) {
    const edit::Node log = tree.first(tree.root());
    for (edit::Node member = tree.next(tree.first(log)); member != edit::kNone; member = tree.next(member)) {
      if (tree.name(member) == "entries" && tree.is(member, edit::Kind::array) && tree.first(member) == edit::kNone) {
        tree.drop(member, RuleId::har_second_entries);
      }
    }
    edit::repair_log(tree, log);
    const auto add = [&](std::string_view name, std::string_view json) {
      if (!said(name) && tree.find(log, name) == edit::kNone) edit::require(tree, log, name, json);
    };
    add("version", "\"1.2\"");
    add("creator", R"({"name":"unknown","version":""})");
  });
  for (std::size_t i = first; i < repairs.size(); ++i) {
    std::size_t& offset = repairs[i].offset;
    offset = offset - std::min(offset, kOpening.size()) + commas;
    if (offset > bracket) offset = std::max(bracket + 1, offset - std::min(offset, members.size()));
    offset = std::min(offset, text.size());
  }
  return now.substr(kOpening.size()) + behind;
}

std::optional<std::string> Fixer::between(std::string_view lead) {
  lead.remove_prefix(std::min(lead.find_first_not_of(kFiller), lead.size()));  // without commas behind the array's last entry
  if (!lead.starts_with(']')) return std::nullopt;
  std::string document = fmt::format("{}{}", kOpening, lead);
  document.resize(document.rfind('[') + 1);  // and before the first of the other one
  document += kClosing;
  edit::Text& tree = impl_->text;
  if (!tree.read(document)) return std::nullopt;
  const edit::Node log = tree.first(tree.root());
  if (tree.next(log) != edit::kNone) return std::nullopt;
  std::string members;
  for (edit::Node member = tree.first(log); member != edit::kNone; member = tree.next(member)) {
    if (tree.name(member) != "entries") members.append(",").append(tree.member_text(member));
  }
  return members;
}

}  // namespace har::check
