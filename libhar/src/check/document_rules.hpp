#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "check/facts.hpp"
#include "check/marks.hpp"
#include "har/entry_reader.hpp"
#include "stream/text/timestamp.hpp"

/// The rules about entries and pages together. What is kept is bounded, however many entries there are.
namespace har::check {

/// What an entry is to the others; made on any thread.
struct EntrySummary {
  std::optional<stream::WallTime> started{};
  std::optional<stream::Nanos> duration{};  ///< time
  std::optional<std::string> pageref{};
  std::size_t started_at = 0;  ///< where /startedDateTime stands in the entry's text
  std::size_t pageref_at = 0;
  /// Of its text: equal for equal entries, and (but for one in 2^64) for no others.
  std::uint64_t fingerprint = 0;
  std::size_t index = 0;
};
EntrySummary summarize(const Facts& facts, std::size_t index);

/// Sees the summaries of all entries in their order, then what the file says of its pages (which may stand behind them).
class DocumentRules {
 public:
  /// Marks are about the entry: entries-order (the first one that is out of order only), entry-duplicate. True: finish() may
  /// have something to say about it.
  bool entry(const EntrySummary& summary, Marks& marks);

  /// Something about the file as a whole, with its JSON Pointer in the document.
  struct Said {
    RuleId rule = RuleId::count_;
    std::string pointer{};
    std::string message{};
    std::optional<std::size_t> entry{};  ///< it is about this one

    bool operator==(const Said&) const = default;
  };
  /// page-id-duplicate, pageref-unknown, page-unused, entry-before-page, entry-outside-page, har-version, and how many
  /// entries were out of order, if more than the one that was marked. Of entries that say the same the first is named, with
  /// how many there are. `info` without any members says nothing of pages or versions: HAR lines.
  std::vector<Said> finish(const LogInfo& info) const;

 private:
  /// Page references that are remembered; entries with others beyond them are not looked at.
  static constexpr std::size_t kPages = 100'000;
  /// Fingerprints that are remembered: at least half as many, of the latest entries.
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

  /// An open-addressed set of fingerprints with the entries they are of. Two of them take turns: when one is full, the other
  /// is emptied and filled.
  class Fingerprints {
   public:
    const std::size_t* find(std::uint64_t fingerprint) const;
    void insert(std::uint64_t fingerprint, std::size_t index);
    std::size_t size() const { return size_; }
    void clear();

   private:
    struct Slot {
      std::uint64_t fingerprint = 0;  ///< 0: free
      std::size_t index = 0;
    };
    void grow();
    std::vector<Slot> slots_;
    std::size_t size_ = 0;
  };

  void pages(const stream::Json& list, std::vector<Said>& out) const;

  std::map<std::string, Page, std::less<>> pages_;
  bool pages_forgotten_ = false;
  std::optional<stream::WallTime> latest_;
  std::size_t latest_entry_ = 0;
  std::size_t out_of_order_ = 0;
  std::array<Fingerprints, 2> fingerprints_;
  std::size_t current_ = 0;
};

}  // namespace har::check
