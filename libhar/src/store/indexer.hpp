#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "har/entry_work.hpp"
#include "har/match/matcher.hpp"
#include "har/side_files.hpp"
#include "pass/entry_file.hpp"
#include "store/entry_head.hpp"
#include "stream/io/error.hpp"
#include "stream/record/event.hpp"

/// What the store makes of an entry: where it stands, and what it is found by.
namespace har::store {

/// Where an entry stands, or which exchange it is.
struct Slot {
  std::uint64_t offset = 0;
  std::uint32_t size = 0;
  std::uint32_t number : 28 = 0;  ///< in its input
  std::uint32_t kind : 4 = 0;
};
inline constexpr std::uint32_t kUnknownKind = 15;
inline constexpr std::size_t kMostEntries = std::size_t{1} << 28;

/// What an input's entries are read with.
struct Reading {
  std::string path{};
  std::unique_ptr<pass::EntryFile> file{};
  std::unique_ptr<SideFiles> files{};
  stream::WallTime start{};
  std::string creator{};
  stream::Limits limits{};
  stream::FindingSink report{};
  std::vector<std::shared_ptr<const stream::Exchange>> held{};  ///< of an input whose exchanges do not stay in a file
  std::size_t first = 0;                                        ///< slot
  bool har = false;

  std::string pointer(std::size_t number) const { return har ? fmt::format("/log/entries/{}", number) : std::string(); }
};

std::string creator_of(const LogInfo& info);
stream::WallTime start_of(std::string_view entry);
stream::Result<stream::Exchange> read_whole(const Reading& of, std::string_view text, std::size_t number,
                                            const stream::Place& place, const stream::FindingSink& report);

/// An entry on its way into the store.
struct Piece {
  std::string_view text{};
  std::size_t number = 0;
  std::uint64_t offset = 0;
};

/// What a thread has made of entries.
struct Made {
  struct Entry {
    match::Prepared prepared{};
    Slot slot{};
    std::vector<Message> messages{};
    bool good = false;
  };
  std::vector<Entry> entries{};
};

/// Makes of entries what the index needs. Its work is done on several threads at once.
class Indexer {
 public:
  Indexer(const Reading& of, const match::MatchOptions& options, bool whole) : of_(of), options_(options), whole_(whole) {}

  /// What a thread works with.
  struct Tools {
    std::unique_ptr<match::Preparer> preparer{};
    EntryHead head{};
  };
  void work(const Piece& piece, Tools& tools, const std::function<stream::Place()>& place_of, Made& out) const;

  /// Tools are lent out for one batch.
  std::unique_ptr<Tools> lend();
  void give_back(std::unique_ptr<Tools> tools);

 private:
  const Reading& of_;
  const match::MatchOptions& options_;
  const bool whole_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Tools>> free_;
};

}  // namespace har::store
