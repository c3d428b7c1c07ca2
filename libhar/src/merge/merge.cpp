#include "har/merge.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "har/exchange.hpp"
#include "merge/entry_text.hpp"
#include "merge/event_writer.hpp"
#include "merge/merged_log.hpp"
#include "merge/page_names.hpp"
#include "merge/read_back.hpp"
#include "merge/records.hpp"
#include "stream/io/ordered_pipeline.hpp"
#include "stream/text/json_find.hpp"

namespace har {
namespace merging {
namespace {

using stream::Error;
using stream::ErrorCode;
using stream::fail;
using stream::Result;
using stream::Status;

constexpr std::size_t kPieceSize = std::size_t{256} << 10;  ///< less with many threads
constexpr std::size_t kChunksKept = 6;

/// Whether the path can be opened and read a second time.
bool is_rereadable(const std::string& path) {
  if (path == "-" || path.starts_with("/dev/") || path.starts_with("/proc/")) return false;
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 && S_ISREG(facts.st_mode);
}

/// The entry that a record is, as text.
std::string entry_text_of(const Record& record, const stream::Limits& limits) {
  if (record.key.kind == kEntryText) return std::string(record.text);
  auto exchange = parse_exchange(record.text, limits);
  return exchange ? to_json(to_entry(*exchange)) : std::string(record.text);
}

EntryChecksum checksum_of_record(const Record& record, const stream::Limits& limits) {
  return record.key.kind == kEntryText ? entry_checksum(record.text) : entry_checksum(entry_text_of(record, limits));
}

/// Entries of the same moment that have been seen.
class Duplicates {
 public:
  explicit Duplicates(const stream::Limits& limits) : limits_(limits) {}

  /// Whether one like it was there before; records come in the order of time. Nothing is computed for a record that is alone in
  /// its moment.
  bool seen(const Record& record) {
    if (!first_ || first_->key.time != record.key.time) {
      first_ = record;
      hashes_.clear();
      return false;
    }
    if (hashes_.empty()) hashes_.insert(hash(*first_));
    return !hashes_.insert(hash(record)).second;
  }

 private:
  std::pair<std::uint64_t, std::uint64_t> hash(const Record& record) const {
    const EntryChecksum sum = checksum_of_record(record, limits_);
    return {sum.high, sum.low};
  }

  stream::Limits limits_;
  std::optional<Record> first_;
  std::set<std::pair<std::uint64_t, std::uint64_t>> hashes_;
};

/// Records that are rendered together.
struct Piece {
  std::vector<Message> before{};
  std::vector<Record> records{};
  std::size_t size = 0;

  std::string out{};
  std::vector<std::pair<std::size_t, ExchangeLines>> exchanges{};  ///< input and lines, where the output is a recording
  std::vector<Message> messages{};
  std::vector<std::size_t> lost{};  ///< inputs of records that could not be written
  std::vector<std::pair<std::size_t, EntryChecksum>> sums{};
  std::uint64_t written = 0;

  void clear() {
    constexpr std::size_t kUsual = std::size_t{4} << 20;
    if (out.capacity() > kUsual) out = {};
    out.clear();
    before.clear();
    records.clear();
    size = 0;
    exchanges.clear();
    messages.clear();
    lost.clear();
    sums.clear();
    written = 0;
  }
};

class Merge {
 public:
  Merge(const MergeOptions& options, const MergeOutput& output)
      : options_(options),
        output_(output),
        to_(options.to != nullptr ? *options.to : *find_format("har")),
        events_(to_.name == "recording"),
        sources_(options.inputs.size()) {
    settings_.exchanges = events_ ? Exchanges::kept : Exchanges::as_entries;
    for (const MergeInput& input : options.inputs)
      files_.push_back(std::make_unique<SideFiles>(input.path, options.input.limits.max_entry));
  }

  Result<MergeResult> run();

 private:
  enum class Mode { streamed, sorted };
  struct Source {
    Mode mode = Mode::streamed;
    bool known = false;  ///< facts are those of all of the input
    InputFacts facts{};
    StreamLane* lane = nullptr;  ///< where it is streamed, for the time of an attempt
  };

  Status survey();
  Result<bool> attempt();
  Status open_lanes(Sorter& sorter, ChunkPool& pool, std::vector<std::unique_ptr<Lane>>& lanes);
  void name_pages();
  Status merge_lanes(std::vector<std::unique_ptr<Lane>>& lanes, ItemWriter& writer, EventWriter& event_writer);
  void render(Piece& piece, const ItemWriter& writer) const;
  Status take(Piece& piece, ItemWriter& writer, EventWriter& event_writer);
  Status begin(const Record& first, ItemWriter& writer);
  Status end(ItemWriter& writer, EventWriter& event_writer);
  std::string provenance() const;
  bool late_pages() const;
  std::vector<const LogInfo*> logs(const LogInfo InputFacts::*which) const;

  void log(const std::string& text) const {
    if (options_.log) options_.log(text);
  }
  /// Said at once, or when it is sure that this attempt is the last.
  void say(const Message& message) {
    if (sure_) {
      if (options_.say) options_.say(message);
    } else {
      unsaid_.push_back(message);
    }
  }
  void say_unsaid() {
    for (const Message& message : std::exchange(unsaid_, {})) {
      if (options_.say) options_.say(message);
    }
  }
  /// What readers say waits for its place among what is said of the entries before it.
  void say_heard() {
    for (const Message& message : std::exchange(heard_, {})) say(message);
  }
  /// The most messages that an attempt keeps to itself.
  bool says_too_much() const { return unsaid_.size() > 10'000; }

  const MergeOptions& options_;
  const MergeOutput& output_;
  const Format& to_;
  bool events_;
  RecordReader::Settings settings_{};
  std::vector<Source> sources_;
  std::vector<std::unique_ptr<SideFiles>> files_;
  MessageSink hear_ = [this](const Message& message) { heard_.push_back(message); };
  std::vector<Message> heard_;
  std::vector<Message> unsaid_;
  bool sure_ = false;
  bool surveyed_ = false;
  bool begun_ = false;
  std::optional<PageNames> names_;
  std::optional<MergedLog> log_;
  std::vector<LogInfo> render_info_;
  std::vector<EntryChecksum> removed_;  ///< by input: checksums of duplicates
  MergeResult result_;
};

std::vector<const LogInfo*> Merge::logs(const LogInfo InputFacts::*which) const {
  std::vector<const LogInfo*> out;
  for (const Source& source : sources_) {
    out.push_back(source.lane != nullptr && !source.known ? &(source.lane->reader().facts().*which) : &(source.facts.*which));
  }
  return out;
}

/// Reads what can be read again, to learn what is sorted, and all pages.
Status Merge::survey() {
  surveyed_ = true;
  ChunkPool pool(kChunksKept);
  const MessageSink nobody = [](const Message&) {};
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    Source& source = sources_[i];
    if (source.mode == Mode::sorted) continue;
    STREAM_ASSIGN(auto reader, RecordReader::open(options_, i, settings_, pool, nobody));
    StreamLane lane(std::move(reader), options_.window, options_.memory / sources_.size());
    for (;;) {
      STREAM_ASSIGN(const bool more, lane.ready());
      if (!more) break;
      (void)lane.pop();
    }
    source.facts = lane.reader().facts();
    source.known = true;
    if (lane.out_of_order()) {
      source.mode = Mode::sorted;
      source.known = false;
      log(fmt::format("{} is not in order: it is sorted", options_.inputs[i].path));
    }
  }
  return {};
}

Status Merge::open_lanes(Sorter& sorter, ChunkPool& pool, std::vector<std::unique_ptr<Lane>>& lanes) {
  bool sorted = false;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    Source& source = sources_[i];
    source.lane = nullptr;
    STREAM_ASSIGN(auto reader, RecordReader::open(options_, i, settings_, pool, hear_));
    if (!reader->files().has_folder()) files_[i] = std::make_unique<SideFiles>("-", options_.input.limits.max_entry);
    if (source.mode == Mode::streamed) {
      auto lane = std::make_unique<StreamLane>(std::move(reader), options_.window, options_.memory / sources_.size());
      STREAM_TRY(lane->ready());
      source.lane = lane.get();
      lanes.push_back(std::move(lane));
      continue;
    }
    sorted = true;
    while (const auto chunk = reader->next()) {
      for (const Record& record : chunk->records) STREAM_TRY(sorter.add(record.key, record.text));
    }
    source.facts = reader->facts();
    source.known = true;
  }
  if (!sorted) return {};
  STREAM_TRY(sorter.finish());
  lanes.push_back(std::make_unique<SortedLane>(sorter, kPieceSize));
  return {};
}

void Merge::name_pages() {
  names_.emplace(options_.dedupe ? PageNames::Same::are_one : PageNames::Same::keep_both);
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const Source& source = sources_[i];
    names_->add_input(pages_of(source.known ? source.facts.log : source.lane->reader().facts().head));
  }
  names_->settle();
  log_.emplace(*names_, !options_.provenance.empty(), [this](const stream::Finding& finding) { heard_.emplace_back(finding); });
  render_info_.clear();
  for (const LogInfo* head : logs(&InputFacts::head)) render_info_.push_back(*head);
}

/// Pages that an input named behind its entries, when ids had been given.
bool Merge::late_pages() const {
  return std::any_of(sources_.begin(), sources_.end(), [](const Source& source) {
    if (source.known || source.lane == nullptr) return false;
    const InputFacts& facts = source.lane->reader().facts();
    return pages_of(facts.head) != pages_of(facts.log);
  });
}

Status Merge::begin(const Record& first, ItemWriter& writer) {
  begun_ = true;
  log_->add(logs(&InputFacts::head));
  if (events_) return {};
  Item item;
  item.text = first.text;
  return writer.begin(item, log_->info());
}

/// Runs on several threads.
void Merge::render(Piece& piece, const ItemWriter& writer) const {
  const stream::FindingSink report = [&](const stream::Finding& finding) { piece.messages.emplace_back(finding); };
  const ReadOptions read{options_.input.limits, report};
  for (const Record& record : piece.records) {
    const std::size_t input = record.key.input;
    if (options_.checksum) {
      if (piece.sums.empty() || piece.sums.back().first != input) piece.sums.push_back({input, {}});
      piece.sums.back().second += checksum_of_record(record, options_.input.limits);
    }
    Item item;
    item.index = record.key.index;
    if (record.slice != nullptr) {
      item.batch = &record.chunk->batch;
      item.slice = record.slice;
    } else {
      item.place.source = options_.inputs[input].path;
      item.place.pointer = fmt::format("/log/entries/{}", record.key.index);
    }
    item.text = record.text;
    std::string renamed;
    const bool touched = names_->touches(input);
    if (touched && record.key.kind == kEntryText) {
      const auto raw = stream::find_raw_value(record.text, {"pageref"});
      const auto pageref = raw ? raw_string(*raw) : std::nullopt;
      if (const auto name = pageref ? names_->renamed(input, *pageref) : std::nullopt) {
        Edit edit{*raw, {}};
        stream::write_json_string(edit.text, *name);
        append_edited(renamed, record.text, {edit});
        item.text = renamed;
      }
    }
    Status status;
    if (!events_) {
      status = writer.render(item, {render_info_[input], files_[input].get(), report}, piece.out);
    } else {
      auto exchange = record.key.kind == kExchange
                          ? parse_exchange(record.text, options_.input.limits)
                          : exchange_of(item, render_info_[input], files_[input].get(), std::to_string(record.key.index + 1),
                                        stream::WallTime(stream::Nanos(std::max<std::int64_t>(record.key.time, 0))), read);
      if (!exchange) {
        status = fail(std::move(exchange).error());
      } else {
        if (touched && record.key.kind == kExchange && exchange->request) {
          stream::Json* const pageref = exchange->request->entry.find("pageref");
          if (pageref != nullptr && pageref->is_string()) {
            if (auto name = names_->renamed(input, pageref->as_string())) *pageref = std::move(*name);
          }
        }
        piece.exchanges.emplace_back(input, append_lines(piece.out, std::move(*exchange)));
      }
    }
    if (status) {
      ++piece.written;
    } else {
      piece.messages.emplace_back(std::move(status).error());
      piece.lost.push_back(input);
    }
  }
}

/// Takes what was rendered, in order.
Status Merge::take(Piece& piece, ItemWriter& writer, EventWriter& event_writer) {
  for (const Message& message : piece.before) say(message);
  for (const Message& message : piece.messages) say(message);
  for (const std::size_t input : piece.lost) result_.sources[input].lost = true;
  for (const auto& [input, sum] : piece.sums) result_.sources[input].checksum += sum;
  result_.written += piece.written;
  if (!events_) return writer.write(piece.out);
  std::string_view rest = piece.out;
  for (const auto& [input, lines] : piece.exchanges) {
    STREAM_TRY(event_writer.add(input, lines, rest.substr(0, lines.size)));
    rest.remove_prefix(lines.size);
  }
  return {};
}

Status Merge::merge_lanes(std::vector<std::unique_ptr<Lane>>& lanes, ItemWriter& writer, EventWriter& event_writer) {
  std::vector<Lane*> heap;
  const auto later = [](const Lane* a, const Lane* b) { return b->front() < a->front(); };
  for (const auto& lane : lanes) {
    STREAM_ASSIGN(const bool more, lane->ready());
    if (more) heap.push_back(lane.get());
  }
  std::make_heap(heap.begin(), heap.end(), later);
  if (!heap.empty()) {
    Record none;
    STREAM_TRY(begin(none, writer));
  }
  Duplicates duplicates(options_.input.limits);
  Status status;
  stream::OrderedPipeline<Piece> pipeline(
      options_.threads, [&](Piece& piece) { render(piece, writer); },
      [&](Piece& piece) -> Status {
        auto taken = take(piece, writer, event_writer);
        piece.records.clear();  // its chunks can be used again now
        return taken;
      });
  const auto fresh = [&] {
    Piece piece = pipeline.recycle().value_or(Piece{});
    piece.clear();
    return piece;
  };
  // threads + 2 pieces are on their way at once.
  const std::size_t piece_size = std::clamp((std::size_t{4} << 20) / (options_.threads + 2), std::size_t{32} << 10, kPieceSize);
  Piece piece = fresh();
  bool in_order = true;
  while (status && in_order && !heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), later);
    Lane* const first = heap.back();
    Record record = first->pop();
    if (options_.dedupe && duplicates.seen(record)) {
      ++result_.removed;
      if (options_.checksum) {
        removed_[record.key.input] += checksum_of_record(record, options_.input.limits);
      }
    } else {
      piece.size += record.text.size();
      piece.records.push_back(std::move(record));
    }
    if (piece.size >= piece_size) {
      piece.before = std::exchange(heard_, {});
      status = pipeline.push(std::move(piece));
      piece = fresh();
    }
    auto more = first->ready();
    if (!more) {
      status = fail(std::move(more).error());
    } else if (*more) {
      std::push_heap(heap.begin(), heap.end(), later);
    } else {
      heap.pop_back();
    }
    in_order = !first->out_of_order();
  }
  if (status && in_order && !piece.records.empty()) status = pipeline.push(std::move(piece));
  if (auto worked = pipeline.finish(); status) status = std::move(worked);
  if (status) say_heard();
  return status;
}

std::string Merge::provenance() const {
  if (options_.provenance.empty()) return "";
  const auto all = logs(&InputFacts::log);
  std::string kept;
  for (const LogInfo* log : all) {
    if (kept.empty()) kept = creator_of(*log);
  }
  std::string text = fmt::format("merged by {} from ", options_.provenance);
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const std::string creator = creator_of(*all[i]);
    const std::uint64_t entries = sources_[i].facts.entries;
    text +=
        fmt::format("{}{} ({} {}{})", i == 0 ? "" : ", ", options_.inputs[i].path == "-" ? "<stdin>" : options_.inputs[i].path,
                    entries, entries == 1 ? "entry" : "entries", creator.empty() || creator == kept ? "" : ", by " + creator);
  }
  return text;
}

Status Merge::end(ItemWriter& writer, EventWriter& event_writer) {
  for (Source& source : sources_) {
    if (source.lane != nullptr) source.facts = source.lane->reader().facts();
    source.known = true;
    source.lane = nullptr;
  }
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    result_.sources[i].entries = sources_[i].facts.entries;
    result_.sources[i].lost = result_.sources[i].lost || sources_[i].facts.lost;
    result_.sources[i].checksum += removed_[i];
    result_.removed_checksum += removed_[i];
  }
  if (!begun_) log_->add(logs(&InputFacts::head));
  log_->add(logs(&InputFacts::log));
  log_->add_comment(logs(&InputFacts::log), provenance());
  say_heard();
  if (events_) STREAM_TRY(event_writer.write(writer, log_->info()));
  STREAM_TRY(writer.end_input(log_->info()));
  return writer.finish();
}

/// Merges; false if something was taken for granted that is not so, and nothing was done.
Result<bool> Merge::attempt() {
  heard_.clear();
  unsaid_.clear();
  begun_ = false;
  result_ = {};
  result_.sources.resize(sources_.size());
  removed_.assign(sources_.size(), {});
  STREAM_ASSIGN(auto sink, output_.open());
  ReadBackSink* back = nullptr;
  if (options_.checksum) {
    auto read_back = std::make_unique<ReadBackSink>(std::move(sink), to_, ReadOptions{options_.input.limits, {}});
    back = read_back.get();
    sink = std::move(read_back);
  }
  WriteOptions write;
  write.style = options_.style;
  write.creator = options_.creator;
  write.limits = options_.input.limits;
  write.report = [this](const stream::Finding& finding) { heard_.emplace_back(finding); };
  const auto writer = to_.open_writer(*sink, write);

  ChunkPool pool(kChunksKept);
  Sorter sorter({options_.memory, 256, options_.tmp_dir});
  EventWriter event_writer({options_.memory, 256, options_.tmp_dir});
  std::vector<std::unique_ptr<Lane>> lanes;
  STREAM_TRY(open_lanes(sorter, pool, lanes));
  name_pages();
  STREAM_TRY(merge_lanes(lanes, *writer, event_writer));

  const auto out_of_order = [](const auto& lane) { return lane->out_of_order(); };
  const bool wrong = std::any_of(lanes.begin(), lanes.end(), out_of_order) || late_pages();
  if (wrong && surveyed_) {
    return fail({ErrorCode::io, "an input changed while it was read", {}});
  }
  if (wrong || (!sure_ && says_too_much())) return false;

  STREAM_TRY(end(*writer, event_writer));
  if (result_.written == 0 && result_.lost()) {
    say_unsaid();
    return true;
  }
  if (back != nullptr) {
    auto sum = back->checksum();
    if (!sum) {
      Error error = std::move(sum).error();
      error.message = "what was written can't be read: " + error.message;
      return fail(std::move(error));
    }
    result_.output_checksum = *sum;
  }
  STREAM_TRY(sink->finish());
  result_.finished = true;
  return true;
}

Result<MergeResult> Merge::run() {
  settings_.chunk_size = std::clamp((std::size_t{1} << 20) / std::max<std::size_t>(sources_.size(), 1), std::size_t{64} << 10,
                                    std::size_t{512} << 10);
  bool all_streamed = true;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const bool stream = sources_.size() <= options_.max_open && is_rereadable(options_.inputs[i].path);
    sources_[i].mode = stream ? Mode::streamed : Mode::sorted;
    all_streamed = all_streamed && stream;
  }
  // A recording is written when all of it has been read: until then nothing is seen of it.
  if (all_streamed && (output_.restartable || events_)) {
    auto done = attempt();
    if (!done || *done) {
      say_unsaid();
      if (!done) {
        say_heard();
        return fail(std::move(done).error());
      }
      return std::move(result_);
    }
    log("an input is not in order, or names pages behind its entries: beginning again");
  }
  sure_ = true;
  STREAM_TRY(survey());
  STREAM_TRY(attempt());
  return std::move(result_);
}

}  // namespace
}  // namespace merging

bool MergeResult::lost() const {
  return std::any_of(sources.begin(), sources.end(), [](const Source& source) { return source.lost; });
}

bool MergeResult::accounted_for() const {
  EntryChecksum sum = output_checksum;
  sum += removed_checksum;
  EntryChecksum inputs;
  for (const Source& source : sources) inputs += source.checksum;
  return sum == inputs;
}

stream::Result<MergeResult> merge(const MergeOptions& options, const MergeOutput& output) {
  return merging::Merge(options, output).run();
}

}  // namespace har
