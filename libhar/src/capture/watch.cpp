#include "har/capture/watch.hpp"

#include <algorithm>

#include "capture/fields.hpp"

namespace har::capture {
namespace {

/// What the list says of a text: the first rule that matches, else whether there is none that wants something.
bool decide(const std::vector<WatchGlob>& rules, std::initializer_list<std::string_view> texts) {
  bool wanted = false;
  for (const WatchGlob& rule : rules) {
    for (const std::string_view text : texts) {
      if (matches_glob(rule.glob, text)) return !rule.negated;
    }
    wanted = wanted || !rule.negated;
  }
  return !wanted;
}

bool has_negated(const std::vector<WatchHeader>& rules, std::span<const stream::TapField> fields) {
  return std::any_of(rules.begin(), rules.end(), [&](const WatchHeader& rule) {
    return rule.value.negated && std::any_of(fields.begin(), fields.end(), [&](const stream::TapField& field) {
             return same_name(field.name, rule.name) && matches_glob(rule.value.glob, field.value);
           });
  });
}

bool any_wanted(const std::vector<WatchHeader>& rules) {
  return std::any_of(rules.begin(), rules.end(), [](const WatchHeader& rule) { return !rule.value.negated; });
}

}  // namespace

bool matches_glob(std::string_view glob, std::string_view text) {
  // On a mismatch only the last star need take more: linear in both but for that.
  std::size_t g = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      resume = t;
    } else if (g < glob.size() && stream::ascii::to_lower(glob[g]) == stream::ascii::to_lower(text[t])) {
      ++g;
      ++t;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

WatchGlob watch_glob(std::string_view text) {
  const bool negated = text.starts_with('!');
  return {std::string(text.substr(negated ? 1 : 0)), negated};
}

std::optional<WatchHeader> watch_header(std::string_view text) {
  WatchHeader header;
  header.value.negated = text.starts_with('!');
  if (header.value.negated) text.remove_prefix(1);
  const std::size_t colon = std::min(text.find(':'), text.size());
  header.name = trimmed(text.substr(0, colon));
  header.value.glob = colon == text.size() ? std::string_view("*") : trimmed(text.substr(colon + 1));
  if (header.name.empty()) return std::nullopt;
  return header;
}

std::optional<bool> Watch::of_request(std::string_view method, std::string_view url,
                                      std::span<const stream::TapField> fields) const {
  const bool known = methods.empty() || std::any_of(methods.begin(), methods.end(),
                                                    [&](const std::string& wanted) { return same_name(wanted, method); });
  if (!known || has_negated(headers, fields)) return false;
  if (!urls.empty()) {
    const std::string as_http = url.starts_with("ws") ? "http" + std::string(url.substr(2)) : std::string();
    if (!(as_http.empty() ? decide(urls, {url}) : decide(urls, {url, as_http}))) return false;
  }
  const bool rest = !types.empty() ||
                    std::any_of(headers.begin(), headers.end(), [](const WatchHeader& rule) { return rule.value.negated; }) ||
                    (any_wanted(headers) && !wants(fields));
  return rest ? std::nullopt : std::optional(true);
}

bool Watch::of_response(std::span<const stream::TapField> fields, bool header_matched) const {
  if (has_negated(headers, fields)) return false;
  if (any_wanted(headers) && !header_matched && !wants(fields)) return false;
  if (types.empty()) return true;
  const std::string_view type = field_value(fields, "content-type");
  return decide(types, {trimmed(type.substr(0, type.find(';')))});
}

bool Watch::wants(std::span<const stream::TapField> fields) const {
  return std::any_of(headers.begin(), headers.end(), [&](const WatchHeader& rule) {
    return !rule.value.negated && std::any_of(fields.begin(), fields.end(), [&](const stream::TapField& field) {
      return same_name(field.name, rule.name) && matches_glob(rule.value.glob, field.value);
    });
  });
}

}  // namespace har::capture
