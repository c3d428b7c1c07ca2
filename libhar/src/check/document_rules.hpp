#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "check/facts.hpp"
#include "check/marks.hpp"
#include "har/entry_reader.hpp"
#include "stream/io/finding.hpp"
#include "stream/text/timestamp.hpp"

/// The rules about entries and pages together. What is kept is bounded, however many entries there are.
namespace har::check {

/// What an entry is to the others; made on any thread.
struct EntrySummary {
  std::optional<stream::WallTime> started{};
  std::optional<stream::Nanos> duration{};  ///< time
  std::optional<std::string> pageref{};
  std::uint64_t fingerprint = 0;  ///< of its text: equal for equal entries, and (but for one in 2^64) for no others
  std::size_t index = 0;
};
EntrySummary summarize(const Facts& facts, std::size_t index);

/// Sees the summaries of all entries in their order, then what the file says of its pages (which may stand behind them).
class DocumentRules {
 public:
  /// Marks are about the entry: entries-order (the first one that is out of order only), entry-duplicate.
  void entry(const EntrySummary& summary, Marks& marks);

  /// Something about the file as a whole, with its JSON Pointer in the document.
  struct Said {
    RuleId rule = RuleId::count_;
    std::string pointer{};
    std::string message{};
    std::optional<std::size_t> entry{};  ///< it is about this one
  };
  /// page-id-duplicate, pageref-unknown, page-unused, entry-before-page, entry-outside-page, har-version, and how many
  /// entries were out of order in all. Of entries that say the same the first is named, with how many there are.
  std::vector<Said> finish(const LogInfo& info) const;

 private:
  /// Page references that are remembered; beyond them, entries with others are only counted.
  static constexpr std::size_t kPages = 100'000;
  /// Fingerprints that are remembered: of the latest entries, if there are more.
  static constexpr std::size_t kFingerprints = std::size_t{1} << 18;

  /// The entries of one page.
  struct Page {
    std::size_t first = 0;  ///< the first entry's index
    std::size_t count = 0;
    std::optional<stream::WallTime> earliest{};  ///< start
    std::size_t earliest_entry = 0;
    std::optional<stream::WallTime> first_end{};  ///< the earliest end of an entry
    std::size_t first_end_entry = 0;
  };
  std::map<std::string, Page, std::less<>> pages_;
  std::optional<stream::WallTime> latest_;
  std::size_t out_of_order_ = 0;
  std::vector<std::uint64_t> fingerprints_;  ///< an open-addressed table of two generations
  std::size_t remembered_ = 0;
};

}  // namespace har::check
