#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "diff/address.hpp"
#include "diff/judge.hpp"
#include "har/diff/diff.hpp"
#include "har/diff/phases.hpp"
#include "har/entry_view.hpp"

namespace har::diff {

/// What is held of each entry while two sides are compared.
struct Record {
  std::uint64_t offset = 0;   ///< in its file, or in what was spooled
  std::uint64_t all = 0;      ///< of all that is compared, as written: the same in entries that are equal anyway
  std::uint64_t content = 0;  ///< of request, status and bodies: entries with the same are partners
  std::uint32_t size = 0;     ///< see SideFile for larger ones
  std::uint32_t input = 0;
};

/// What is looked at of entries that found no partner by their content.
struct Detail {
  static constexpr std::size_t kFeatures = 24;
  std::uint64_t key = 0;    ///< method, URL, query
  std::uint64_t place = 0;  ///< method, URL without its query
  std::uint64_t shape = 0;  ///< the same with ids in the path left out
  std::uint64_t path = 0;   ///< that without the host
  std::uint64_t bodies = 0;
  std::uint32_t features[kFeatures]{};  // NOLINT(modernize-avoid-c-arrays): sorted; of the bodies and the query
  std::uint32_t count = 0;
};

/// Reduces entries to numbers. One belongs to one thread; the options outlive it.
class Indexer {
 public:
  Indexer(const DiffOptions& options, SideOf side, std::uint64_t seed);

  /// Without `offset`, `size` and `input`.
  Record record(std::string_view entry, const SideFiles* files);
  Detail detail(std::string_view entry, const SideFiles* files);
  Phases phases(std::string_view entry);

 private:
  std::uint64_t content_by_rules(const SideFiles* files);
  struct Keys {
    std::uint64_t key = 0;
    std::uint64_t place = 0;
    std::uint64_t shape = 0;
    std::uint64_t path = 0;
    std::vector<std::uint32_t> query{};
  };
  Keys keys();
  void name_fields();

  const DiffOptions& options_;
  SideOf side_;
  std::uint64_t seed_;
  Judge judge_;
  Addresses addresses_;
  EntryView view_{};
  std::size_t named_ = 0;
  bool by_rules_ = false;  ///< there are rules that entries may be equal by though they are written otherwise
};

/// Whether the user's own rules say what is the same.
bool has_rules(const DiffOptions& options);

}  // namespace har::diff
