#include "har/stat/totals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "stat/url_host.hpp"
#include "stream/text/near.hpp"
#include "stream/text/utf8.hpp"

namespace har::stat {
namespace {

using stream::ErrorCode;
using stream::fail;
using stream::Result;

constexpr std::size_t kPartKept = 256;  // of a group's name, for each dimension
constexpr std::array<std::string_view, kDimensions> kNames = {
    "host", "type", "status", "status-class", "method", "protocol", "page", "mime", "url", "path", "input", "address", "cache"};

bool by_page(const Section& section) { return std::find(section.begin(), section.end(), Dimension::page) != section.end(); }

/// Appends a value as a part of a group's name: one line, not too long, and never empty.
void append_part(std::string& key, std::string_view value) {
  if (value.empty()) {
    key += "(none)";
    return;
  }
  const bool whole = value.size() <= kPartKept;
  const std::string_view kept = cut_text(value, kPartKept);
  for (const char c : kept) key += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  if (!whole) key += fmt::format("…{:016x}", stable_hash(value));
}

}  // namespace

std::string_view to_string(Dimension dimension) { return kNames[static_cast<std::size_t>(dimension)]; }

std::optional<Dimension> dimension_from_name(std::string_view name) {
  const auto* const found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Dimension>(found - kNames.begin());
}

std::string to_string(const Section& section) {
  std::string text;
  for (const Dimension dimension : section) {
    if (!text.empty()) text += ',';
    text += to_string(dimension);
  }
  return text;
}

Result<Section> parse_section(std::string_view text) {
  Section section;
  for (std::string_view rest = text;;) {
    const std::size_t comma = rest.find(',');
    const std::string_view name = rest.substr(0, comma);
    const auto dimension = dimension_from_name(name);
    if (!dimension) {
      const auto near = stream::near_word(name, kNames);
      return fail({ErrorCode::usage,
                   fmt::format("there is nothing called '{}' to group by", name),
                   {},
                   near ? fmt::format("did you mean '{}'?", *near) : fmt::format("there are {}", fmt::join(kNames, ", "))});
    }
    if (std::find(section.begin(), section.end(), *dimension) != section.end()) {
      return fail({ErrorCode::usage, fmt::format("'{}' stands twice in '{}'", name, text), {}, ""});
    }
    section.push_back(*dimension);
    if (comma == std::string_view::npos) return section;
    rest.remove_prefix(comma + 1);
  }
}

Totals::Totals(Settings settings)
    : settings_(std::move(settings)),
      all_(settings_.exact_up_to),
      slowest_(settings_.top),
      largest_(settings_.top),
      repeats_(settings_.max_requests) {
  for (std::size_t i = 0; i < settings_.sections.size(); ++i) sections_.emplace_back(settings_.max_groups, settings_.exact_up_to);
}

void Totals::begin_input(std::string_view name) {
  ++inputs_;
  input_ = {};
  input_.name = stream::replace_invalid_utf8(name);  // a partial summary holds nothing else
  for (std::size_t i = 0; i < settings_.sections.size(); ++i) {
    input_.pages.emplace_back(settings_.max_groups, settings_.exact_up_to);
  }
}

std::string_view Totals::value_of(Dimension dimension, const EntryFacts& facts, const EntryFactsList& list) {
  switch (dimension) {
    case Dimension::host:
      return list[facts.host];
    case Dimension::type:
      return list[facts.type];
    case Dimension::status:
      value_ = std::to_string(facts.status);
      return value_;
    case Dimension::status_class: {
      constexpr std::array<std::string_view, 5> kClasses = {"1xx", "2xx", "3xx", "4xx", "5xx"};
      if (facts.status >= 100 && facts.status < 600) return kClasses[static_cast<std::size_t>(facts.status / 100 - 1)];
      return facts.status == 0 ? "0" : "other";
    }
    case Dimension::method:
      return list[facts.method];
    case Dimension::protocol:
      return facts.protocol;
    case Dimension::page:
      return list[facts.page];
    case Dimension::mime:
      return list[facts.mime];
    case Dimension::url:
      return list[facts.url];
    case Dimension::path:
      return list[facts.path];
    case Dimension::input:
      return input_.name;
    case Dimension::address:
      return list[facts.address];
    case Dimension::cache:
      return to_string(facts.cache);
  }
  return {};
}

std::string_view Totals::key_of(const Section& section, const EntryFacts& facts, const EntryFactsList& list) {
  key_.clear();
  for (const Dimension dimension : section) {
    if (!key_.empty()) key_ += '\x1F';
    append_part(key_, value_of(dimension, facts, list));
  }
  return key_;
}

void Totals::add(const EntryFactsList& facts, std::size_t first, const std::vector<std::size_t>& skipped) {
  auto skip = skipped.begin();
  std::size_t number = 0;
  for (std::size_t i = 0; i < facts.entries.size(); ++i, ++number) {
    for (; skip != skipped.end() && *skip == number; ++skip) ++number;
    const EntryFacts& entry = facts.entries[i];
    all_.add(entry, facts);
    for (std::size_t s = 0; s < sections_.size(); ++s) {
      Groups& groups = by_page(settings_.sections[s]) ? input_.pages[s] : sections_[s];
      groups[key_of(settings_.sections[s], entry, facts)].add(entry, facts);
    }
    const auto top = [&](TopList& list, std::uint64_t value) {
      if (!list.wants(value)) return;
      list.add({value, input_.name, first + number, std::string(facts[entry.method]), std::string(facts[entry.url]),
                std::string(facts[entry.type]), entry.status});
    };
    const std::int64_t time = entry.phases[static_cast<std::size_t>(Phase::time)];
    if (time > 0) top(slowest_, static_cast<std::uint64_t>(time));
    if (entry.response_bytes > 0) top(largest_, entry.response_bytes);
    // A conversation is not the same for beginning the same way.
    if (entry.status >= 200 && entry.socket < 0 && entry.url.size != 0) {
      constexpr std::size_t kKept = 256;
      repeats_.add({entry.request_high, entry.request_low}, entry.transferred, facts[entry.method],
                   cut_text(facts[entry.url], kKept));
    }
    if (entry.started) {
      first_ = std::min(first_.value_or(*entry.started), *entry.started);
      std::int64_t end = 0;
      if (__builtin_add_overflow(*entry.started, std::max<std::int64_t>(0, time), &end)) end = INT64_MAX;
      last_ = std::max(last_.value_or(end), end);
    }
  }
}

void Totals::end_input(const LogInfo& info) {
  std::vector<std::pair<std::string, std::string>> titles;  // by id
  for (const stream::JsonMember& member : info.log) {
    if (member.name != "pages" || !member.value.is_array()) continue;
    for (const stream::Json& page : member.value.as_array()) {
      std::string id;
      std::string title;
      append_part(id, page["id"].string_or(""));
      append_part(title, page["title"].string_or(""));
      if (!page["title"].string_or("").empty()) titles.emplace_back(std::move(id), std::move(title));
    }
  }
  std::sort(titles.begin(), titles.end());
  for (std::size_t s = 0; s < sections_.size(); ++s) {
    const Section& section = settings_.sections[s];
    if (!by_page(section)) continue;
    for (const auto& [key, group] : input_.pages[s].groups()) {
      std::string named;
      const auto parts = parts_of(key);
      for (std::size_t i = 0; i < parts.size(); ++i) {
        if (i != 0) named += '\x1F';
        const auto title = section[i] != Dimension::page
                               ? titles.end()
                               : std::lower_bound(titles.begin(), titles.end(), parts[i],
                                                  [](const auto& pair, std::string_view id) { return pair.first < id; });
        named += title != titles.end() && title->first == parts[i] ? std::string_view(title->second) : parts[i];
      }
      sections_[s].add(named, group.summary);
    }
    if (const Summary* other = input_.pages[s].other()) sections_[s].add_other(*other);
  }
  input_ = {};
}

void Totals::add(const Totals& other) {
  inputs_ += other.inputs_;
  all_.add(other.all_);
  for (std::size_t s = 0; s < sections_.size(); ++s) sections_[s].add(other.sections_[s]);
  slowest_.add(other.slowest_);
  largest_.add(other.largest_);
  repeats_.add(other.repeats_);
  if (other.first_) first_ = std::min(first_.value_or(*other.first_), *other.first_);
  if (other.last_) last_ = std::max(last_.value_or(*other.last_), *other.last_);
}

}  // namespace har::stat
