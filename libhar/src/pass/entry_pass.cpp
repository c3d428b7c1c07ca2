#include "har/entry_pass.hpp"

#include <optional>
#include <utility>
#include <vector>

#include "pass/entry_file.hpp"
#include "pass/har_pass.hpp"
#include "pass/item_pass.hpp"

namespace har::detail {
namespace {

using stream::Result;
using stream::Status;

/// What is common to both ways through an input.
class Taker {
 public:
  Taker(Input& input, const EntryPassOptions& options, const ErasedPass& pass)
      : input_(input), options_(options), pass_(pass), threads_(options.threads == 0 ? 0 : options.threads - 1) {}

  Result<EntryPassResult> run() {
    if (input_.format->name == "har") {
      STREAM_TRY(run_har());
    } else {
      STREAM_TRY(run_items());
    }
    return std::move(result_);
  }

 private:
  void hear(const Message& message) {
    if (std::holds_alternative<stream::Error>(message)) ++result_.errors;
    if (options_.say) options_.say(message);
  }
  Result<bool> take(const TakenPiece& piece, void* out) {
    STREAM_ASSIGN(const bool more, pass_.take(piece, out));
    result_.entries += piece.count;
    result_.stopped = !more;
    return more;
  }

  Status run_har();
  Status run_items();

  Input& input_;
  const EntryPassOptions& options_;
  const ErasedPass& pass_;
  const unsigned threads_;
  LogInfo first_{};  ///< what the log had said when the first entry came; it does not change under the threads
  EntryPassResult result_{};
};

Status Taker::run_har() {
  std::unique_ptr<pass::EntryFile> file;
  if (input_.path != "-" && input_.source->size_hint()) {  // its size is known where nothing was decompressed
    STREAM_ASSIGN(file, pass::EntryFile::open(input_.path));
    if (file && !file->is_at(input_.path)) file.reset();
  }
  pass::HarPass pass;
  pass.file = file.get();
  pass.source = input_.source.get();
  pass.path = input_.path;
  pass.limits = options_.read.limits;
  pass.part_size = options_.part_size;
  pass.threads = threads_;
  pass.in_parts = file != nullptr && threads_ != 0 && !options_.numbered && file->size() > 4 * options_.part_size;
  pass.begin = [&](const EntryReader& reader, const EntrySlice&) { first_ = reader.info(); };
  pass.make = pass_.make;
  pass.work = [&](const pass::Run& run, void* out) {
    thread_local std::vector<PassEntry> entries;
    entries.clear();
    for (const EntrySlice& slice : run.entries) entries.push_back({slice.text, slice.offset, nullptr});
    EntryPiece piece;
    piece.entries = entries;
    piece.first = run.in_parts ? 0 : run.entries.front().index;
    piece.info = &first_;
    piece.files = input_.files.get();
    piece.place = [&](std::size_t index) { return run.place_of(run.entries[index]); };
    return pass_.work(piece, out);
  };
  pass.take = [&](const TakenPiece& piece, void* out) { return take(piece, out); };
  pass.hear = [&](const Message& message) -> Status {
    hear(message);
    return {};
  };
  STREAM_ASSIGN(auto read, pass::run(pass));
  result_.info = std::move(read.info);
  if (file && !result_.stopped) {
    if (auto unchanged = file->check(); !unchanged) hear(unchanged.error());
  }
  return {};
}

Status Taker::run_items() {
  std::vector<Message> found;
  ReadOptions read = options_.read;
  read.report = [&found](const stream::Finding& finding) { found.emplace_back(finding); };
  input_.reader = input_.format->open_reader(*input_.source, read);
  pass::ItemPass pass{*input_.reader};
  pass.threads = threads_;
  pass.part_size = options_.part_size;
  pass.begin = [&](const LogInfo& info) { first_ = info; };
  pass.make = pass_.make;
  pass.work = [&](const pass::ItemRun& run, void* out) {
    EntryPiece piece;
    piece.entries = run.entries;
    piece.first = run.first;
    piece.info = &first_;
    piece.files = input_.files.get();
    piece.place = run.place_of;
    (void)pass_.work(piece, out);
  };
  pass.take = [&](const TakenPiece& piece, void* out) { return take(piece, out); };
  pass.hear = [&](const Message& message) { hear(message); };
  pass.findings = [&] { return std::exchange(found, {}); };
  const Status status = pass::run(pass);
  result_.info = input_.reader->info();
  return status;
}

}  // namespace

Result<EntryPassResult> run_pass(Input& input, const EntryPassOptions& options, const ErasedPass& pass) {
  return Taker(input, options, pass).run();
}

}  // namespace har::detail
