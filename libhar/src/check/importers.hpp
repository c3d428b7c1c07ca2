#pragma once

#include <optional>
#include <string_view>

#include "check/marks.hpp"
#include "har/check/check.hpp"
#include "har/entry_reader.hpp"
#include "stream/text/json.hpp"

/// Would a program load the file? What each of five programs does with a HAR, value by value, as it was found by trying.
///
/// A mark as it is: the program refuses the whole file, or stops in the middle of it. Mark::regular (a warning): it loads the
/// file, and drops or misreads what stands there. What a program takes without harm is not mentioned, however wrong it is.
/// Marks have pointers, but no offsets (0). Profiles that stand for no program have nothing to say. Safe on several threads.
namespace har::check {

/// The rule of the program that a profile stands for; none for the others.
std::optional<RuleId> importer_rule(Profile profile);

/// What stands before the document's first bracket.
struct DocumentStart {
  bool bom = false;    ///< a byte order mark
  bool jsonp = false;  ///< a call around the document
  bool space = false;  ///< white space in front of the document's '{' (behind the byte order mark, if there is one)
};
/// `head`: the text from the file's beginning (EntryReader::head()).
DocumentStart document_start(std::string_view head);

/// The document as a whole; pointers from its root.
void import_document(Profile profile, const LogInfo& info, const DocumentStart& start, Marks& marks);

/// One entry; pointers within it.
void import_entry(Profile profile, const stream::Json& entry, Marks& marks);

}  // namespace har::check
