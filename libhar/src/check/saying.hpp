#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "check/facts.hpp"
#include "check/marks.hpp"

/// How a rule marks what it looked at: pointers and offsets of facts.
namespace har::check {

/// A number as messages show it: up to three decimals.
std::string in_words(double number);

/// Where a value stands in an entry, as a JSON Pointer.
std::string_view pointer_of(Slot slot);
std::string_view pointer_of(List list);
/// A record's own: "/request/headers/3", or with a member "/request/headers/3/value".
std::string pointer_of(List list, const Record& record, std::string_view member = {});

/// Appends a mark on a single value.
void mark(Marks& marks, RuleId rule, const Facts& facts, Slot slot, std::string message, std::optional<Severity> regular = {});
/// Appends a mark on a member of a record, `field`, or on the record itself if that is not there.
void mark(Marks& marks, RuleId rule, const Facts& facts, List list, const Record& record, const Field& field,
          std::string_view member, std::string message, std::optional<Severity> regular = {});

/// Marks of one rule on the records of a list: beyond kMost they are counted, and said in one mark.
class RecordMarks {
 public:
  static constexpr std::size_t kMost = 100;

  RecordMarks(RuleId rule, const Facts& facts, List list, Marks& marks)
      : rule_(rule), facts_(facts), list_(list), marks_(marks) {}
  /// Whether the next one is to be put into words.
  bool next() { return ++count_ <= kMost; }
  /// Behind the last record.
  void finish();

 private:
  RuleId rule_;
  const Facts& facts_;
  List list_;
  Marks& marks_;
  std::size_t count_ = 0;
};

}  // namespace har::check
