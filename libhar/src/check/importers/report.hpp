#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "check/marks.hpp"
#include "har/entry_reader.hpp"
#include "stream/text/json.hpp"

/// What the importers share.
namespace har::check::importers {

/// Where a value stands: a link to where what contains it stands. Chains live on the stack, outermost link first, and become a
/// JSON Pointer only when there is something to say.
class At {
 public:
  At() = default;  ///< the piece itself
  At(const At& up, std::string_view name) : up_(&up), name_(name) {}
  At(const At& up, std::size_t index) : up_(&up), index_(index), element_(true) {}
  At(const At&& up, std::string_view name) = delete;  // it would be gone before this is
  At(const At&& up, std::size_t index) = delete;

  std::string pointer() const;

 private:
  const At* up_ = nullptr;
  std::string_view name_{};
  std::size_t index_ = 0;
  bool element_ = false;
};

/// Collects what one program does.
class Report {
 public:
  Report(RuleId rule, Marks& marks) : rule_(rule), marks_(marks) {}
  /// The program takes nothing of the file, or nothing from here on.
  void refuse(const At& at, std::string message);
  /// It takes the file, but drops or misreads this.
  void misread(const At& at, std::string message);

 private:
  RuleId rule_;
  Marks& marks_;
};

/// A value for a message: "nothing" for null pointers, scalars as they are (shortened), "an array", "an object".
std::string found(const stream::Json* value);

/// The last member of that name, or null.
const stream::Json* find(const stream::Json::Object& object, std::string_view name);

/// Code points that are halves of surrogate pairs, which JSON can escape and UTF-8 cannot hold.
bool has_lone_surrogate(std::string_view text);

// One program a file.
void chrome_document(const LogInfo& info, Report& report);
void chrome_entry(const stream::Json& entry, Report& report);
void firefox_document(const LogInfo& info, Report& report);
void firefox_entry(const stream::Json& entry, Report& report);
void playwright_entry(const stream::Json& entry, Report& report);
void mitmproxy_entry(const stream::Json& entry, Report& report);
void har_schema_document(const LogInfo& info, Report& report);
void har_schema_entry(const stream::Json& entry, Report& report);

}  // namespace har::check::importers
