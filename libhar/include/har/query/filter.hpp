#pragma once

#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "har/query/query.hpp"

namespace har::query {

/// An entry that may be wanted, as it stands in its input: as text, or as an exchange.
struct Candidate {
  std::string_view text{};
  const stream::Exchange* exchange = nullptr;
  std::size_t index = 0;
  std::string_view source{};
  const LogInfo* info = nullptr;
  const SideFiles* files = nullptr;
};

/// A query for those who look at an entry here and there: it may be asked by several threads at once.
class Filter {
 public:
  explicit Filter(Query query) : query_(std::move(query)) {}
  bool wants(const Candidate& candidate) const;
  const Query& query() const { return query_; }

 private:
  struct Looker {
    EntryView view{};
    Query::Scratch scratch{};
  };
  std::unique_ptr<Looker> lend() const;

  Query query_;
  mutable std::mutex mutex_{};
  mutable std::vector<std::unique_ptr<Looker>> free_{};
};

}  // namespace har::query
