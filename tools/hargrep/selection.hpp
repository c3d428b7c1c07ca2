#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "har/entry_pass.hpp"
#include "har/query/query.hpp"
#include "hargrep/hargrep.hpp"

namespace tools::hargrep {

/// What a thread looks at entries with.
struct Looker {
  har::EntryView view{};
  har::query::Query::Scratch scratch{};
  std::string edited{};
};

/// Which entries are asked for.
class Selection {
 public:
  Selection(const Options& options, std::optional<har::query::Query> query);

  /// Whether it must know the numbers of entries, or see them in order.
  bool numbered() const { return ordered() || !ranges_.empty() || (query_ && query_->uses_index()); }
  bool ordered() const { return (since_ && since_->after_first) || (until_ && until_->after_first); }
  /// Nothing from this number on is meant.
  bool past(std::size_t index) const { return !ranges_.empty() && index > ranges_.back().second; }
  /// Before each input.
  void begin_input() { first_.reset(); }

  bool wants(const har::EntryPiece& piece, std::size_t number, std::string_view source, Looker& looker);

 private:
  bool in_time(har::EntryView& entry);

  std::optional<har::query::Query> query_;
  bool invert_;
  std::vector<std::pair<std::size_t, std::size_t>> ranges_;  ///< sorted by their ends
  std::optional<Moment> since_;
  std::optional<Moment> until_;
  std::optional<stream::WallTime> first_{};  ///< when the first entry that says so began; only if ordered()
};

/// Lookers that are lent to threads.
class Lookers {
 public:
  std::unique_ptr<Looker> lend();
  void give_back(std::unique_ptr<Looker> looker);

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Looker>> free_;
};

}  // namespace tools::hargrep
