#include "merge/page_names.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stream/text/timestamp.hpp"

namespace har::merging {

using stream::Json;

const Json& pages_of(const LogInfo& info) {
  static const Json kNone;
  for (const stream::JsonMember& member : info.log) {
    if (member.name == "pages") return member.value;
  }
  return kNone;
}

void PageNames::add_input(const Json& pages) {
  Input input;
  if (pages.is_array()) input.pages = pages.as_array();
  inputs_.push_back(std::move(input));
}

std::string PageNames::unique(const std::string& id, std::size_t input) {
  std::string name = fmt::format("{}-{}", id, input + 1);
  for (int i = 2; taken_.contains(name); ++i) name = fmt::format("{}-{}-{}", id, input + 1, i);
  taken_.insert(name);
  return name;
}

void PageNames::settle() {
  for (const Input& input : inputs_) {
    for (const Json& page : input.pages) {
      if (page["id"].is_string()) taken_.insert(page["id"].as_string());
    }
  }
  std::map<std::string, std::string> earlier;  // a page's text, and its id in the output
  for (std::size_t n = 0; n < inputs_.size(); ++n) {
    Input& input = inputs_[n];
    std::set<std::string, std::less<>> own;
    std::map<std::string, std::string> own_pages;
    for (std::size_t i = 0; i < input.pages.size(); ++i) {
      const Json& page = input.pages[i];
      if (!page["id"].is_string()) continue;
      const std::string& id = page["id"].as_string();
      const std::string text = same_ == Same::are_one ? to_json(page) : "";
      const auto same = earlier.find(text);
      if (const auto known = input.names.find(id); known != input.names.end()) {
        if (same != earlier.end() && same->second == known->second) input.doubles.insert(i);
      } else if (same_ == Same::are_one && same != earlier.end()) {
        input.doubles.insert(i);
        input.names[id] = same->second;
      } else {
        input.names[id] = given_.contains(id) ? unique(id, n) : id;
      }
      own.insert(input.names[id]);
      own_pages.emplace(text, input.names[id]);
    }
    given_.merge(own);
    if (same_ == Same::are_one) earlier.merge(own_pages);
  }
  // What entries of an input may refer to without having such a page, and another input has.
  none_.resize(inputs_.size());
  for (std::size_t n = 0; n < inputs_.size(); ++n) {
    for (const std::string& id : given_) {
      if (!inputs_[n].names.contains(id)) none_[n][id] = unique(id, n);
    }
  }
}

std::optional<std::string> PageNames::renamed(std::size_t input, std::string_view pageref) const {
  const auto& names = inputs_[input].names;
  if (const auto own = names.find(pageref); own != names.end()) {
    return own->second == pageref ? std::nullopt : std::optional(own->second);
  }
  if (const auto none = none_[input].find(pageref); none != none_[input].end()) return none->second;
  return std::nullopt;
}

bool PageNames::touches(std::size_t input) const {
  if (!none_[input].empty()) return true;
  const auto& names = inputs_[input].names;
  return std::any_of(names.begin(), names.end(), [](const auto& name) { return name.first != name.second; });
}

Json::Array PageNames::pages() const {
  struct Page {
    Json json{};
    stream::WallTime start = stream::WallTime::min();
  };
  std::vector<Page> all;
  for (const Input& input : inputs_) {
    stream::WallTime last = stream::WallTime::min();
    for (std::size_t i = 0; i < input.pages.size(); ++i) {
      if (input.doubles.contains(i)) continue;
      Json page = input.pages[i];
      if (page["id"].is_string()) page.set("id", input.names.find(page["id"].as_string())->second);
      if (const auto start = stream::parse_iso8601(page["startedDateTime"].string_or(""))) last = start->time;
      all.push_back({std::move(page), last});
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const Page& a, const Page& b) { return a.start < b.start; });
  Json::Array out;
  for (Page& page : all) out.push_back(std::move(page.json));
  return out;
}

}  // namespace har::merging
