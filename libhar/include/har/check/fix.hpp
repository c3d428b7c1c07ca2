#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "har/check/rule.hpp"
#include "har/format.hpp"
#include "stream/io/byte_sink.hpp"
#include "stream/io/error.hpp"
#include "stream/io/limits.hpp"

/// Repairs what can be repaired mechanically: values of which the standard, or the rest of the entry, says what they must be.
/// The text is edited in place: every byte that is not part of a repair stays as it was, its layout and order too, and what
/// needs no repair is copied byte for byte. What was repaired once is not repaired again: a second run changes nothing.
///
/// What is not certain is left alone and is for check() to report: names without an underscore, page ids that stand twice,
/// dates that are no dates, negative times, base64 that is broken. content.size is corrected only
/// where it is smaller than the body that the entry holds, that body is known to be whole and unchanged (base64, or text that
/// says it is UTF-8 and in which no byte was replaced), and it is plain what else was counted: compressed bytes (mitmproxy), or
/// characters. A larger size may be that of a body that was cut off; some writers change line ends: then it stays.
namespace har::check {

/// One thing that was repaired, or that was noticed and could not be.
struct Repair {
  RuleId rule = RuleId::count_;  ///< what is silent now
  std::size_t offset = 0;        ///< in the text that was given
  std::string pointer{};         ///< within that text: "/request/bodySize"
  std::string message{};         ///< "was null, now -1"
  bool done = true;              ///< false: it stays as it was

  bool operator==(const Repair&) const = default;
};
using Repairs = std::vector<Repair>;

/// Repairs pieces of a HAR. Keeps its memory from one to the next; one thread uses it at a time.
class Fixer {
 public:
  explicit Fixer(const stream::Limits& limits = {});
  ~Fixer();
  Fixer(Fixer&&) noexcept;
  Fixer& operator=(Fixer&&) noexcept;

  /// One entry: appends its repaired text to `out` and returns true, or leaves `out` as it is if there was nothing to do.
  bool entry(std::string_view text, std::string& out, Repairs& repairs);

  /// What stands before the entries, up to and including their '[' (EntryReader::head()), without a byte order mark or a
  /// JSONP call when it returns. Pointers are from the root: "/log/pages/0/title".
  std::string head(std::string_view text, Repairs& repairs);

  /// What stands behind the last entry, from before the ']' of entries on (EntryReader::tail()). `members`: those that stood
  /// between several arrays of entries, as between() gives them. `info`: all that the file says besides its entries; what
  /// a log must have and is nowhere in it is added.
  std::string tail(std::string_view text, std::string_view members, const LogInfo& info, Repairs& repairs);

  /// What stands between an entry and the next, if that is in another array of entries (EntrySlice::lead with a ']' in it):
  /// the members of the log between the two arrays, each with a comma before it, which belong behind the entries then.
  /// Nothing if the arrays are of different logs: they can't be joined.
  std::optional<std::string> between(std::string_view lead);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct FixOptions {
  stream::Limits limits{};
  unsigned threads = 1;
};

struct FixSummary {
  std::size_t entries = 0;  ///< in the output
  std::size_t changed = 0;  ///< entries that were repaired
  std::size_t repairs = 0;
  std::array<std::size_t, kRuleCount> count{};  ///< repairs by rule
  std::size_t left = 0;                         ///< what was noticed on the way and could not be repaired
  bool cut = false;   ///< the input ended in the middle; the output is closed behind the last whole entry
  bool lost = false;  ///< something else that stood in the input could not be read, and is not in the output
};

/// Repairs one input to its end, entry by entry, in memory bounded by the largest few. `input` is opened, its reader not
/// (open_source): a HAR, or HAR lines. The output is a HAR, is written to `out` and not finished; without `out` it is only
/// said what would be done.
///
/// `report` hears in the order of the file, on one thread at a time: what was repaired (notes), what was lost (warnings),
/// what can't be repaired and was copied as it is (errors); places are those of the input. Only what a repair needed to know
/// was looked at: whether all is right now is for check() to say.
///
/// Understood besides what EntryReader understands: a log without `log` around it, an array of entries alone.
/// Errors: `io`; `syntax`, `truncated` or `limit` if there is no HAR to be found; `unsupported` for another format.
stream::Result<FixSummary> fix(Input& input, const FixOptions& options, stream::ByteSink* out, const stream::FindingSink& report);

}  // namespace har::check
