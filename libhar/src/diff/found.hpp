#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "diff/fields.hpp"
#include "har/diff/diff.hpp"

namespace har::diff {

/// Gathers differences: the first of them, and how many there are.
class Found {
 public:
  Found(EntryDifferences& out, std::size_t limit) : out_(out), limit_(limit) {}

  void add(FieldDifference difference) {
    ++out_.total;
    if (out_.differences.size() < limit_) out_.differences.push_back(std::move(difference));
  }
  std::size_t total() const { return out_.total; }
  /// How many more are of interest.
  std::size_t room() const { return limit_ - std::min(limit_, out_.differences.size()); }
  /// So many that are not kept.
  void count(std::size_t more) { out_.total += more; }
  void bounded() { out_.bounded = true; }

 private:
  EntryDifferences& out_;
  std::size_t limit_;
};

/// A difference of a field that is not a body.
inline FieldDifference difference_of(Half half, Field field, std::string_view name, stream::ValueChange change) {
  FieldDifference out;
  out.half = half;
  out.field = field;
  out.name = name;
  out.place = place_of(half, field, name);
  out.change = change;
  return out;
}

inline stream::ShownValue text_value(std::string_view text) { return {stream::ShownValue::Form::text, std::string(text), 0}; }
inline stream::ShownValue json_value(std::string_view text) { return {stream::ShownValue::Form::json, std::string(text), 0}; }

}  // namespace har::diff
