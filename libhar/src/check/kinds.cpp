#include "check/kinds.hpp"

#include <algorithm>

namespace har::check {
namespace {

/// Appends a pointer with '*' for the numbers in it.
void append_without_numbers(std::string& out, std::string_view pointer) {
  while (!pointer.empty()) {
    const std::size_t end = std::min(pointer.find('/', 1), pointer.size());
    const std::string_view name = pointer.substr(1, end - 1);
    const bool number = !name.empty() && name.front() <= '9' && name.find_first_not_of("0123456789") == std::string_view::npos;
    out += '/';
    out += number ? "*" : name;
    pointer.remove_prefix(end);
  }
}

void set_key(std::string& key, RuleId rule, Severity severity, std::string_view piece, std::string_view pointer) {
  key.clear();
  key += static_cast<char>(rule);
  key += static_cast<char>(severity);
  append_without_numbers(key, piece);
  append_without_numbers(key, pointer);
}

/// What is missing is told by the message alone.
bool has_kind(RuleId rule) { return rule != RuleId::count_ && rule != RuleId::har_required; }

}  // namespace

void Kinds::said(RuleId rule, Severity severity, std::string_view pointer) {
  if (enough_ == kNone || !has_kind(rule) || said_.size() >= kMost) return;
  set_key(scratch_, rule, severity, {}, pointer);
  if (++said_[scratch_] != std::max<std::size_t>(enough_, 1)) return;
  auto table = tables_.empty() ? std::make_unique<Numbers>() : std::make_unique<Numbers>(*tables_.back());
  table->emplace(scratch_, kinds_.size());
  kinds_.push_back({rule, severity, scratch_.substr(2)});
  known_.store(table.get(), std::memory_order_release);
  tables_.push_back(std::move(table));
}

bool Kinds::count(RuleId rule, Severity severity, std::string_view piece, std::string_view pointer, Counts& counts) const {
  const Numbers* const known = known_.load(std::memory_order_acquire);
  if (known == nullptr || !has_kind(rule)) return false;
  set_key(counts.scratch, rule, severity, piece, pointer);
  const auto kind = known->find(counts.scratch);
  if (kind == known->end()) return false;
  if (counts.of.size() <= kind->second) counts.of.resize(kind->second + 1);
  ++counts.of[kind->second];
  return true;
}

}  // namespace har::check
