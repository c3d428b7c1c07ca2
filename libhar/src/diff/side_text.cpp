#include "diff/side_text.hpp"

#include <fmt/format.h>

#include <limits>
#include <optional>

namespace har::diff {

/// What a thread makes of some entries.
struct SideText::Made {
  std::unique_ptr<Indexer> indexer{};
  EntryView view{};
  std::vector<Record> records{};
  std::vector<Phases> phases{};
  std::vector<std::uint32_t> indexes{};  ///< in the piece, of those that were chosen
  std::string texts{};                   ///< to be spooled
  std::size_t too_large = 0;
};

SideText::SideText(SideInputs& inputs, SideOf side, const DiffOptions& options, const DiffRun& run, std::uint64_t seed)
    : inputs_(inputs),
      side_(side),
      options_(options),
      run_(run),
      seed_(seed),
      spool_(run.temp_folder, "name a folder with more room with --tmp-dir") {
  for (const Input& input : inputs.inputs) count_.inputs.push_back(input.path);
}

stream::Status SideText::read() {
  for (std::size_t i = 0; i < inputs_.inputs.size(); ++i) STREAM_TRY(read(i));
  count_.entries = records_.size();
  if (records_.size() >= std::numeric_limits<std::uint32_t>::max())
    return stream::fail({stream::ErrorCode::limit, "more entries than can be compared", {}, {}});
  return {};
}

stream::Status SideText::read(std::size_t number) {
  Input& input = inputs_.inputs[number];
  first_.push_back(records_.size());
  std::unique_ptr<pass::EntryFile> file;
  if (input.format->name == "har" && input.path != "-" && input.source->size_hint()) {
    STREAM_ASSIGN(file, pass::EntryFile::open(input.path));
  }
  const bool spooled = file == nullptr;
  files_.push_back(std::move(file));

  EntryPassOptions options;
  options.read = run_.read;
  options.threads = run_.threads;
  options.numbered = run_.choose != nullptr;
  options.say = run_.say;
  EntryPass<Made> pass;
  pass.work = [&](const EntryPiece& piece, Made& made) {
    if (!made.indexer) made.indexer = std::make_unique<Indexer>(options_, side_, seed_);
    made.records.clear();
    made.phases.clear();
    made.indexes.clear();
    made.texts.clear();
    made.too_large = 0;
    for (std::size_t i = 0; i < piece.entries.size(); ++i) {
      const PassEntry& entry = piece.entries[i];
      if (run_.choose) {
        made.view.reset(entry.text, piece.files);
        if (!run_.choose(made.view, piece.first + i, input, piece.info)) continue;
        made.indexes.push_back(static_cast<std::uint32_t>(i));
      }
      Record record = made.indexer->record(entry.text, piece.files);
      if (entry.text.size() > std::numeric_limits<std::uint32_t>::max()) ++made.too_large;
      record.size = static_cast<std::uint32_t>(entry.text.size());
      record.input = static_cast<std::uint32_t>(number);
      record.offset = spooled ? made.texts.size() : entry.offset;
      if (spooled) made.texts += entry.text;
      made.records.push_back(record);
      if (options_.timing.compare) made.phases.push_back(made.indexer->phases(entry.text));
    }
    return true;
  };
  pass.take = [&](const TakenPiece& piece, Made& made) -> stream::Result<bool> {
    if (made.too_large != 0)
      return stream::fail({stream::ErrorCode::limit, "an entry of more than 4 GiB cannot be compared", {input.path}, {}});
    if (spooled) {
      const std::uint64_t begin = spool_.size();
      STREAM_TRY(spool_.append(made.texts));
      for (Record& record : made.records) record.offset += begin;
    }
    records_.insert(records_.end(), made.records.begin(), made.records.end());
    phases_.insert(phases_.end(), made.phases.begin(), made.phases.end());
    for (const std::uint32_t index : made.indexes) indexes_.push_back(static_cast<std::uint32_t>(piece.first) + index);
    return true;
  };
  STREAM_ASSIGN(const auto result, each_entry(input, options, pass));
  count_.broken = count_.broken || result.errors != 0;
  return {};
}

stream::Status SideText::text(const Record& record, std::string& buffer) const {
  buffer.resize(record.size);
  const auto& file = files_[record.input];
  if (!file) return spool_.read(record.offset, buffer);
  STREAM_ASSIGN(const std::size_t count, file->read_at(record.offset, buffer));
  if (count != buffer.size())
    return stream::fail(
        {stream::ErrorCode::io, "the file has been cut since it was opened", {inputs_.inputs[record.input].path}, {}});
  return {};
}

stream::Status SideText::check() const {
  for (const auto& file : files_) {
    if (file) STREAM_TRY(file->check());
  }
  return {};
}

std::size_t SideText::number_of(std::size_t entry) const {
  // Of several inputs nobody could tell which one a number of its own is of.
  return (inputs_.inputs.size() == 1 ? index_of(entry) : entry) + 1;
}

std::size_t SideText::index_of(std::size_t entry) const {
  return indexes_.empty() ? entry - first_[records_[entry].input] : indexes_[entry];
}

}  // namespace har::diff
