#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "har/entry_checksum.hpp"
#include "har/entry_work.hpp"
#include "har/format.hpp"
#include "har/query/filter.hpp"

/// Several recordings as one, in the order of time (docs/harmerge.md).
namespace har {

struct MergeInput {
  std::string path{};      ///< "-" is standard input
  stream::Nanos shift{0};  ///< added to all its times
};

struct MergeOptions {
  std::vector<MergeInput> inputs{};
  std::optional<std::string> from{};  ///< the format of the inputs; without it, it is found
  stream::InputOptions input{};
  const Format* to = nullptr;  ///< null: har
  WriteOptions::Style style = WriteOptions::Style::as_it_is;
  /// How late an entry may come in its input without the input being sorted. It changes speed and memory, never the result.
  stream::Nanos window{std::chrono::seconds(10)};
  const query::Filter* where = nullptr;  ///< only entries that it wants; the others count as if they were not there
  bool dedupe = false;                   ///< of entries with the same time and content only the first stays
  bool checksum = false;                 ///< of the inputs, and of what is written, which is read again for it
  /// Name and version of who merges, for the comment that lists the sources; empty: none is written.
  std::string provenance{};
  stream::Json creator{};  ///< where no input has one; null: none
  unsigned threads = 1;
  std::string tmp_dir{};                        ///< for what has to be sorted; empty: $TMPDIR, or /tmp
  std::size_t memory = std::size_t{4} << 20;    ///< bytes held for sorting, and as much for entries that wait for others
  std::size_t max_open = 64;                    ///< with more inputs than this they are read one after another, and sorted
  std::function<void(const Message&)> say{};    ///< errors that cost a part of an input, and findings
  std::function<void(std::string_view)> log{};  ///< how it is done, for -v
};

struct MergeOutput {
  /// Opens the output anew; what was opened before, and not finished, is given up.
  std::function<stream::Result<std::unique_ptr<stream::ByteSink>>()> open{};
  /// Whether nothing of an output that is given up is seen by anybody: a file that appears when it is finished.
  bool restartable = false;
};

struct MergeResult {
  struct Source {
    std::uint64_t entries = 0;  ///< that were read
    EntryChecksum checksum{};   ///< of them, if it was asked for
    bool lost = false;          ///< a part of the input could not be read, or written
  };
  std::vector<Source> sources{};
  std::uint64_t written = 0;  ///< entries
  std::uint64_t removed = 0;  ///< duplicates
  EntryChecksum removed_checksum{};
  EntryChecksum output_checksum{};
  bool finished = false;  ///< false: nothing could be read, and there is no output

  bool lost() const;
  /// With checksums: what was read is what was written and removed.
  bool accounted_for() const;
};

/// Merges the inputs by time; entries of the same time stand in the order of the inputs, then in that of the file.
///
/// Inputs that are sorted, or nearly, are merged as they are read. For the others, and for those that can be read only once,
/// entries are sorted in a temporary file. Memory is bounded in any case. If the output can't be begun again, or an input turns
/// out to be other than it seemed, the inputs are read through once before anything is written.
stream::Result<MergeResult> merge(const MergeOptions& options, const MergeOutput& output);

/// The checksums of the inputs alone: `sources` of the result.
stream::Result<MergeResult> checksum_inputs(const MergeOptions& options);

}  // namespace har
