#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/compare/compare.hpp"
#include "stream/compare/excerpt.hpp"

/// What reports say in words, the same in every form.
namespace stream {

std::string plural(ItemKind kind, std::size_t count);  ///< "event", "events"
std::string counted(std::size_t count, std::string_view one, std::string_view many);

/// "event 7 (t=1.234 s)", "message 3 (sent, t=0.200 s)"
std::string name_of(const ItemRef& item, std::string_view more = {});
/// Both sides of a pair: their numbers are said twice only if they differ.
std::string name_of_pair(const ItemRef& expected, const ItemRef& actual);
ItemRef ref_of(const Item& item);

/// The data of an item as it is compared and shown: JSON in its shortest spelling, text, or bytes.
ShownValue shown_data(const Item& item);
/// The same with the focus where it begins to differ from the one before, which `last` keeps.
ShownValue shown_data(const Item& item, std::string& last);
/// "type delta, id 7, {"a":1}" in about `width` columns.
std::string whole_item(const std::vector<ItemField>& fields, const ShownValue& value, std::size_t width);
/// "type delta, id 7"
std::string shown_fields(const std::vector<ItemField>& fields);

/// What a difference says of the place it is at: "/a/b is missing", "@id changed", "/n changed from a number to a string".
std::string what_changed(const Difference& difference, std::string_view where = {});
/// The name of that place: "/a/b (actual /a/c)", "@id", "data".
std::string place_in_item(const Difference& difference);

/// A difference in lines: a title, and what stood and stands there; either may be empty.
struct Sentence {
  std::string title{};
  ShownLine expected{};
  ShownLine actual{};
  ShownLine same{};    ///< moved: what it is
  std::string note{};  ///< a line behind the title
};
/// Subject::ending without the errors of the ends, which are known only in Comparison; see ending_title().
Sentence sentence_of(const Difference& difference, std::size_t width);
std::string ending_title(const SideSummary& expected, const SideSummary& actual);

/// "2 differences in 2 events: 1 changed, 1 missing"; `shown`: how many of them were shown.
std::string count_of_differences(const Comparison& comparison, std::size_t shown);
/// "40 events expected in 2.443 s, 39 came in 2.400 s, then cut off"
std::string sides_in_words(const Comparison& comparison);
/// "equal: 40 events in 2.443 s"
std::string equal_in_words(const Comparison& comparison);
/// Sentences about how the comparison was done: "2 items are behind the cut; not compared".
std::vector<std::string> notes_of(const Comparison& comparison);
/// "3 events, 1 comment"; empty if there is nothing.
std::string contents_of(const SideSummary& side);
/// "1 of 3 exchanges differs, 1 was not compared"
std::string verdict_of_all(std::size_t compared, std::size_t differing, std::size_t failed);

std::string seconds_of(Nanos t);  ///< "1.234 s"

}  // namespace stream
