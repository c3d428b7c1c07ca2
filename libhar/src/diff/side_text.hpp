#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "diff/index.hpp"
#include "har/diff/diff.hpp"
#include "pass/entry_file.hpp"
#include "stream/io/temporary_file.hpp"

namespace har::diff {

/// The index of one side, and where its entries are read again: in the file, where it is a HAR in a regular file that is not
/// compressed, else in a temporary file.
class SideText {
 public:
  SideText(SideInputs& inputs, SideOf side, const DiffOptions& options, const DiffRun& run, std::uint64_t seed);

  /// Goes once through all inputs. Errors: `io`.
  stream::Status read();

  const std::vector<Record>& records() const { return records_; }
  /// With timing: of each entry.
  const std::vector<Phases>& phases() const { return phases_; }
  const SideCount& count() const { return count_; }
  const SideFiles* files(const Record& record) const { return inputs_.inputs[record.input].files.get(); }

  /// The entry's JSON, into `buffer`. May be called on several threads at once. Errors: `io`.
  stream::Status text(const Record& record, std::string& buffer) const;
  /// Errors: `io`, where a file was written to meanwhile.
  stream::Status check() const;
  /// What an entry is called in reports, from 1: its number in its input, of several inputs among all that are compared.
  std::size_t number_of(std::size_t entry) const;
  /// The number of the entry in its input, from 0.
  std::size_t index_of(std::size_t entry) const;

 private:
  struct Made;
  stream::Status read(std::size_t number);

  SideInputs& inputs_;
  SideOf side_;
  const DiffOptions& options_;
  const DiffRun& run_;
  std::uint64_t seed_;
  SideCount count_{};
  std::vector<Record> records_{};
  std::vector<Phases> phases_{};
  std::vector<std::uint32_t> indexes_{};                   // where some were left out: in their input
  std::vector<std::size_t> first_{};                       // of each input
  std::vector<std::unique_ptr<pass::EntryFile>> files_{};  // by input; null: spooled
  stream::TemporaryFile spool_;
};

}  // namespace har::diff
