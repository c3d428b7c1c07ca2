#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "har/diff/timing.hpp"
#include "har/entry_pass.hpp"
#include "har/entry_view.hpp"
#include "har/match/request.hpp"
#include "har/side_files.hpp"
#include "stream/compare/compare.hpp"
#include "stream/io/error.hpp"

/// What is different between two sessions: entries are paired, and pairs are compared field by field.
namespace har::diff {

/// What an entry says, as one compares it. docs/hardiff.md has the table of their names.
enum class Field : std::uint8_t {
  method,
  url,           ///< scheme, host, path
  query,         ///< a parameter
  http_version,  ///< of the request, of the answer
  header,
  cookie,
  body,
  status,
  status_text,
  redirect_url,
  media_type,  ///< content.mimeType, postData.mimeType
  size,        ///< bodySize, headersSize, content.size, content.compression: `name` says which
  message,     ///< WebSocket messages and closes
  event,       ///< events, records, lines and parts of a streamed answer
  ending,      ///< how the exchange ended, what kind of stream it is
  start,       ///< startedDateTime
  time,        ///< how long it took
  timing,      ///< a phase
  page,        ///< pageref
  connection,
  server_ip,
  cache,
  comment,
  custom,  ///< any other member: `name` says which
};
inline constexpr std::size_t kFields = 24;
std::string_view to_string(Field field);  ///< "method", "url", "query", "http-version", "header" …

/// The half of an entry that a field belongs to.
enum class Half : std::uint8_t { entry, request, response };
std::string_view to_string(Half half);

/// One place at which two entries differ.
struct FieldDifference {
  Half half = Half::entry;
  Field field = Field::body;
  std::string name{};  ///< header (lower case), cookie, query, timing, size, custom; form fields: see `pointer`
  /// The place as --ignore takes it: "response.header.content-type", "response.body/items/0/id", "message/user".
  std::string place{};
  stream::ValueChange change = stream::ValueChange::changed;
  stream::ShownValue expected{};
  stream::ShownValue actual{};
  /// Where the values stand in their entries: RFC 6901 in the entry's JSON. Empty where there is none, or not one.
  std::string expected_pointer{};
  std::string actual_pointer{};
  /// Of a body of JSON, or a form (/name, /name/1): RFC 6901 in the body. A whole body: "" and `whole`.
  std::string pointer{};
  std::string actual_body_pointer{};
  bool whole = false;
  std::optional<std::uint64_t> offset{};  ///< of bytes and texts: the first that differs
  std::uint64_t expected_line = 0;        ///< of texts that are compared by lines, from 1; 0: no line
  std::uint64_t actual_line = 0;
  bool duplicate = false;  ///< it is on both sides, but not as often
  /// Of Field::message, event and ending: which message or event, and what of it, as streams are compared.
  std::optional<stream::Difference> item{};
};

/// How two entries that belong together differ.
struct EntryDifferences {
  std::vector<FieldDifference> differences{};  ///< in the order of the entry: request, response, messages, the rest
  std::size_t total = 0;                       ///< with those beyond DiffOptions::max_fields
  bool bounded = false;                        ///< a limit was met: the list may be longer than need be
  std::vector<PhasePair> phases{};             ///< with DiffOptions::timing.compare: those that either has

  bool equal() const { return total == 0; }
};

enum class Profile : std::uint8_t {
  standard,  ///< what is another each time is hidden, see volatile_fields()
  exact,     ///< everything is compared but how the JSON is written; headers in their order and case
};

/// What the standard profile hides, and why: the one table, which docs/hardiff.md shows.
struct VolatileField {
  std::string_view place;  ///< as --ignore takes it
  std::string_view why;
};
std::span<const VolatileField> volatile_fields();

struct DiffOptions {
  Profile profile = Profile::standard;
  /// How values are compared, and what is noise. See rule_at() for rules about places of an entry. The profile's own
  /// rules come to these by add_profile().
  stream::ValueRules values{};
  /// Only these places are compared; empty: all. Built by rule_at().
  std::vector<stream::NoiseRule> only{};

  // What entries are paired by.
  match::HostMap hosts{};                    ///< applied to the expected side's addresses
  std::vector<std::string> ignored_query{};  ///< names of parameters, in any case
  std::vector<std::string> path_templates{};  ///< "/users/{id}/posts": what {…} stands for does not count in pairing or comparing
  bool order = true;                          ///< an entry that moved is a difference

  TimingOptions timing{};
  std::size_t max_fields = 200;  ///< differences of one pair that are kept; others are counted
  /// Of texts and streams: enough for what people compare, and few enough that many bad pairs end.
  stream::AlignLimits align{std::size_t{1} << 23, std::size_t{1} << 21, std::size_t{1} << 20, 512};
  stream::Limits limits{};
  stream::FindingSink findings{};
};

/// A rule for a place of entries: "status", "header.date", "request.header.x-*", "query.t", "cookie.sid", "body/items/*/id",
/// "message/user", "event/id". "request." and "response." narrow it to a half. "/**/created" and "..created" mean JSON data in
/// bodies, messages and events, and "@header/date" is "header.date": what noise files and streamdiff have. The rule's action is
/// `ignore`, for the caller to change. Errors: `usage`, with the near name.
stream::Result<stream::NoiseRule> rule_at(std::string_view place);

/// Adds the rules of the profile to the options' own. Once, and last.
stream::Status add_profile(DiffOptions& options);

/// Compares two entries, whatever paired them. One comparer belongs to one thread; the options outlive it.
class EntryComparer {
 public:
  explicit EntryComparer(const DiffOptions& options);
  EntryComparer(const EntryComparer&) = delete;
  EntryComparer& operator=(const EntryComparer&) = delete;
  ~EntryComparer();

  /// The JSON texts of two entries. `files` are where `_file` members of each side point to; may be null. What is no JSON object
  /// is compared as text.
  EntryDifferences compare(std::string_view expected, std::string_view actual, const SideFiles* expected_files = nullptr,
                           const SideFiles* actual_files = nullptr);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// An entry as a report names it. Texts are valid during the call that it is given in.
struct EntryRef {
  std::size_t number = 0;     ///< in its input, of several inputs among all of its side, from 1; 0: there is none
  std::size_t input = 0;      ///< which of the side's inputs, from 0
  std::size_t index = 0;      ///< in that input, from 0
  std::string_view text{};    ///< its JSON
  std::string_view method{};  ///< empty: it says none
  std::string_view url{};
  int status = 0;
};

/// Two entries that were paired, or one that was not.
struct DiffStep {
  enum class Kind : std::uint8_t { equal, changed, missing, extra };
  Kind kind = Kind::equal;
  bool moved = false;  ///< it stands at another place among those that are on both sides
  bool alike = false;  ///< paired only because the addresses are alike: /users/1 and /users/2
  const EntryRef* expected = nullptr;
  const EntryRef* actual = nullptr;
  const EntryDifferences* differences = nullptr;  ///< equal and changed; equal ones have phases at most
};

struct SideCount {
  std::vector<std::string> inputs{};  ///< as the user named them
  std::size_t entries = 0;
  bool live = false;    ///< how many there are is known only at the end
  bool broken = false;  ///< an input could not be read to its end, or an entry was lost
};

struct DiffResult {
  SideCount expected{};
  SideCount actual{};
  std::size_t equal = 0;  ///< pairs; of these and of `changed` so many `moved`
  std::size_t changed = 0;
  std::size_t missing = 0;
  std::size_t extra = 0;
  std::size_t moved = 0;
  std::size_t differences = 0;                ///< in all fields of all pairs
  std::array<std::size_t, kFields> fields{};  ///< how many of them by Field
  bool bounded = false;                       ///< pairing met a limit: other pairs might have been more alike
  std::vector<PhaseTotals> phases{};          ///< with timing
  std::vector<ThresholdResult> thresholds{};  ///< of TimingOptions::fail_on, in their order
  bool stopped = false;                       ///< the sink wanted no more

  bool failed() const;  ///< a threshold was exceeded
  /// Without a difference. Moves count if `order`.
  bool same(bool order) const { return changed + missing + extra == 0 && !(order && moved > 0) && !failed(); }
};

/// Hears a comparison, in the order of the expected side; what is extra stands behind what it came after. An error it returns
/// ends the comparison, and is returned.
class DiffSink {
 public:
  DiffSink() = default;
  DiffSink(const DiffSink&) = delete;
  DiffSink& operator=(const DiffSink&) = delete;
  virtual ~DiffSink() = default;

  /// Before anything else; the counts of the sides are known.
  virtual stream::Status begin(const SideCount& expected, const SideCount& actual) = 0;
  virtual stream::Status step(const DiffStep& step) = 0;
  /// So many equal pairs in a row that were not moved, if wants_equal() is false.
  virtual stream::Status skip(std::size_t count) = 0;
  virtual stream::Status end(const DiffResult& result) = 0;
  /// Whether step() is called for equal pairs too. They are read again for that.
  virtual bool wants_equal() const { return false; }
};

/// One side: inputs, one behind the other.
struct SideInputs {
  std::vector<Input> inputs{};  ///< that open_source() has opened
};

struct DiffRun {
  unsigned threads = 1;
  ReadOptions read{};
  MessageSink say{};  ///< errors that cost an entry, and findings
  std::string temp_folder{};
  /// Entries for which this is false are left out, of both sides; may be empty. Called on several threads at once. `index` is in
  /// the input.
  std::function<bool(EntryView& entry, std::size_t index, const Input& input, const LogInfo* info)> choose{};
  /// After so many steps that are not equal nothing more is looked at.
  std::size_t max_steps = SIZE_MAX;
  std::uint64_t seed = 0;  ///< of fingerprints: one that nobody else knows, where inputs may be hostile
};

/// Compares two sides, in memory bounded by an index of some hundred bytes an entry. Errors: `io`, and those of the sink.
stream::Result<DiffResult> diff(SideInputs& expected, SideInputs& actual, const DiffOptions& options, const DiffRun& run,
                                DiffSink& sink);

}  // namespace har::diff
