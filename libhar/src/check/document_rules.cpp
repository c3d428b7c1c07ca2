#include "check/document_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "check/words.hpp"

namespace har::check {
namespace {

using stream::Json;
using stream::Nanos;
using stream::WallTime;

// A hash of 64 bits by folded multiplication, as wyhash has it: four times sixteen bytes a step.
constexpr std::uint64_t kA = 0xa0761d6478bd642fULL;
constexpr std::uint64_t kB = 0xe7037ed1a0b428dbULL;

std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

std::uint64_t load(const char* at) {
  std::uint64_t value = 0;
  std::memcpy(&value, at, sizeof value);
  return value;
}

std::uint64_t hash(std::string_view bytes, std::uint64_t seed) {
  std::uint64_t state = fold(seed ^ kA, bytes.size() ^ kB);
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  if (left >= 64) {
    std::array<std::uint64_t, 4> states = {state, ~state, state ^ kA, state ^ kB};
    for (; left >= 64; at += 64, left -= 64) {  // no product waits for another
      for (std::size_t i = 0; i < 4; ++i) states[i] = fold(load(at + 16 * i) ^ kA ^ states[i], load(at + 16 * i + 8) ^ kB);
    }
    state = fold(fold(states[0], states[1] ^ kA), fold(states[2], states[3] ^ kB) ^ kA);
  }
  for (; left >= 16; at += 16, left -= 16) state = fold(load(at) ^ kA ^ state, load(at + 8) ^ kB);
  std::array<char, 16> rest{};
  if (left != 0) std::memcpy(rest.data(), at, left);
  return fold(fold(load(rest.data()) ^ kA ^ state, load(rest.data() + 8) ^ kB), kA);
}

std::uint64_t fingerprint(const Facts& facts) {
  const std::uint64_t out = hash(facts.entry, 0);
  return out == 0 ? 1 : out;  // 0 is a free slot
}

/// The last member of that name.
const Json* member(const Json::Object& object, std::string_view name) {
  const auto found = std::find_if(object.rbegin(), object.rend(), [&](const auto& member) { return member.name == name; });
  return found == object.rend() ? nullptr : &found->value;
}

/// ", and 3 other entries", of `count` entries in all.
std::string others(std::size_t count) {
  return count < 2 ? std::string() : fmt::format(", and of {}", counted(count - 1, "other entry", "other entries"));
}

}  // namespace

EntrySummary summarize(const Facts& facts, std::size_t index) {
  EntrySummary out;
  out.index = index;
  std::string scratch;
  if (const Field& started = facts[Slot::started]; started.is_string()) {
    if (const auto time = stream::parse_iso8601(text_of(started, scratch))) {
      out.started = time->time;
      out.started_at = facts.offset(started);
    }
  }
  if (const Field& time = facts[Slot::time]; time.is_number()) {
    const auto duration = stream::parse_decimal_millis(time.raw);
    if (duration && duration->count() >= 0) out.duration = duration;
  }
  if (const Field& pageref = facts[Slot::pageref]; pageref.is_string()) {
    out.pageref = text_of(pageref);
    out.pageref_at = facts.offset(pageref);
  }
  out.fingerprint = fingerprint(facts);
  return out;
}

const std::size_t* DocumentRules::Fingerprints::find(std::uint64_t fingerprint) const {
  if (slots_.empty()) return nullptr;
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = fingerprint & mask; slots_[at].fingerprint != 0; at = (at + 1) & mask) {
    if (slots_[at].fingerprint == fingerprint) return &slots_[at].index;
  }
  return nullptr;
}

void DocumentRules::Fingerprints::insert(std::uint64_t fingerprint, std::size_t index) {
  if (size_ * 2 >= slots_.size()) grow();
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = fingerprint & mask;
  while (slots_[at].fingerprint != 0) at = (at + 1) & mask;
  slots_[at] = {fingerprint, index};
  ++size_;
}

void DocumentRules::Fingerprints::grow() {
  std::vector<Slot> old(std::max<std::size_t>(slots_.size() * 2, 256));
  old.swap(slots_);
  size_ = 0;
  for (const Slot& slot : old) {
    if (slot.fingerprint != 0) insert(slot.fingerprint, slot.index);
  }
}

void DocumentRules::Fingerprints::clear() {
  std::fill(slots_.begin(), slots_.end(), Slot{});
  size_ = 0;
}

bool DocumentRules::entry(const EntrySummary& summary, Marks& marks) {
  if (summary.started) {
    if (latest_ && *summary.started < *latest_) {
      if (out_of_order_++ == 0) {
        marks.push_back({RuleId::entries_order, summary.started_at, "/startedDateTime",
                         fmt::format("expected a start not before {}, that of entry {}, found {}",
                                     stream::format_iso8601(*latest_), latest_entry_, stream::format_iso8601(*summary.started))});
      }
    } else {
      latest_ = summary.started;
      latest_entry_ = summary.index;
    }
  }

  const std::size_t* same = nullptr;
  for (const Fingerprints& remembered : fingerprints_) {
    if (same == nullptr) same = remembered.find(summary.fingerprint);
  }
  if (same != nullptr) {
    marks.push_back(
        {RuleId::entry_duplicate, 0, "", fmt::format("expected an entry of its own, found the same as entry {}", *same)});
  } else {
    if (fingerprints_[current_].size() >= kFingerprints / 2) {
      current_ = 1 - current_;
      fingerprints_[current_].clear();
    }
    fingerprints_[current_].insert(summary.fingerprint, summary.index);
  }

  if (!summary.pageref) return false;
  auto found = pages_.find(*summary.pageref);
  bool told = false;
  if (found == pages_.end()) {
    if (pages_.size() >= kPages) {
      pages_forgotten_ = true;
      return false;
    }
    told = true;
    found = pages_.emplace(*summary.pageref, Page{}).first;
    found->second.first = summary.index;
  }
  Page& page = found->second;
  ++page.count;
  if (!summary.started) return told;
  if (!page.earliest || *summary.started < *page.earliest) {
    told = true;
    page.earliest = summary.started;
    page.earliest_entry = summary.index;
  }
  if (!summary.duration) return told;
  const WallTime end = *summary.started + *summary.duration;
  if (!page.first_end || end < *page.first_end) {
    told = true;
    page.first_end = end;
    page.first_end_entry = summary.index;
  }
  return told;
}

void DocumentRules::pages(const Json& list, std::vector<Said>& out) const {
  std::map<std::string_view, std::size_t> ids;  // of the first page that has it
  if (list.is_array()) {
    for (std::size_t i = 0; i < list.as_array().size(); ++i) {
      const Json& page = list.as_array()[i];
      const Json& id = page["id"];
      if (!id.is_string()) continue;
      std::string pointer = fmt::format("/log/pages/{}", i);
      const auto [first, inserted] = ids.emplace(id.as_string(), i);
      if (!inserted) {
        out.push_back(
            {RuleId::page_id_duplicate,
             pointer + "/id",
             fmt::format("expected an id of its own, found {}, the id of page {}", quoted(id.as_string()), first->second),
             {}});
        continue;
      }
      const auto used = pages_.find(id.as_string());
      if (used == pages_.end()) {
        if (!pages_forgotten_) {
          out.push_back(
              {RuleId::page_unused, pointer, fmt::format("no entry refers to the page {}", quoted(id.as_string())), {}});
        }
        continue;
      }
      const auto started = stream::parse_iso8601(page["startedDateTime"].string_or(""));
      if (!started) continue;
      const Page& entries = used->second;
      // Chrome begins a page up to a few milliseconds behind its first request.
      const WallTime begin = started->time - std::chrono::milliseconds(10);
      const bool ended_before = entries.first_end && *entries.first_end < begin;
      if (ended_before) {
        out.push_back({RuleId::entry_before_page, fmt::format("/log/entries/{}", entries.first_end_entry),
                       fmt::format("expected an end not before the page {} began, {}, found {}", quoted(id.as_string()),
                                   stream::format_iso8601(started->time), stream::format_iso8601(*entries.first_end)),
                       entries.first_end_entry});
      }
      if (entries.earliest && *entries.earliest < begin && !(ended_before && entries.earliest_entry == entries.first_end_entry)) {
        out.push_back({RuleId::entry_outside_page, fmt::format("/log/entries/{}/startedDateTime", entries.earliest_entry),
                       fmt::format("expected a start not before the page {} began, {}, found {}", quoted(id.as_string()),
                                   stream::format_iso8601(started->time), stream::format_iso8601(*entries.earliest)),
                       entries.earliest_entry});
      }
    }
  }
  for (const auto& [id, entries] : pages_) {
    if (ids.contains(id)) continue;
    out.push_back({RuleId::pageref_unknown, fmt::format("/log/entries/{}/pageref", entries.first),
                   fmt::format("expected the id of a page, found {}{}", quoted(id), others(entries.count)), entries.first});
  }
}

std::vector<DocumentRules::Said> DocumentRules::finish(const LogInfo& info) const {
  std::vector<Said> out;
  if (!info.log.empty() || !info.root.empty()) {
    if (const Json* version = member(info.log, "version");
        version != nullptr && version->is_string() && version->as_string() != "1.2") {
      out.push_back({RuleId::har_version,
                     "/log/version",
                     fmt::format("expected \"1.2\", found {}{}", quoted(version->as_string()),
                                 version->as_string().empty() ? ", which stands for 1.1" : ""),
                     {}});
    }
    const Json* list = member(info.log, "pages");
    pages(list != nullptr ? *list : Json(), out);
  }
  if (out_of_order_ > 1) {
    out.push_back(
        {RuleId::entries_order,
         "/log/entries",
         fmt::format("expected entries sorted by their start, found {} that begin before one in front of them", out_of_order_),
         {}});
  }
  return out;
}

}  // namespace har::check
