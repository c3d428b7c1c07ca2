#pragma once

#include <string>
#include <string_view>

#include "check/fix_text.hpp"
#include "har/entry_reader.hpp"

/// What is repaired, object by object. Each asks for one round of repairs; what depends on a value that is repaired in the
/// round waits for the next one, so that rounds are done until there is nothing left to do.
namespace har::check::edit {

void repair_entry(Text& text);
/// The log's members but its entries.
void repair_log(Text& text, Node log);

// What they share.

/// Whether a member is not there, or null.
inline bool lacks(const Text& text, Node object, std::string_view name) {
  const Node member = text.find(object, name);
  return member == kNone || text.is_null(member);
}
/// null where the member could be left out: leaves it out.
void drop_null(Text& text, Node object, std::string_view name);
/// A member that is required: in place of null, or where it is missing, `json`.
void require(Text& text, Node object, std::string_view name, std::string_view json, std::string_view why = {});
/// A number or a boolean where a string should be: puts it in quotes.
void make_string(Text& text, Node node);
/// A string that says a number: takes its quotes off.
void make_number(Text& text, Node node, bool integer = false);
/// A date: as HAR wants it, if it can be understood.
void make_date(Text& text, Node node);

}  // namespace har::check::edit
