#include "har/diff/diff.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "diff/index.hpp"
#include "diff/pairing.hpp"
#include "diff/side_text.hpp"
#include "har/diff/phases.hpp"
#include "stream/io/ordered_pipeline.hpp"

namespace har::diff {
namespace {

using stream::Result;
using stream::Status;

/// Entries that found no partner by their content are read again.
Result<std::vector<Detail>> details_of(const SideText& side, SideOf which, const std::vector<std::uint32_t>& entries,
                                       const DiffOptions& options, unsigned threads) {
  std::vector<Detail> out(entries.size());
  std::atomic<std::size_t> next = 0;
  std::vector<Status> failures(std::max(threads, 1U));
  const auto work = [&](unsigned number) {
    Indexer indexer(options, which, 0);
    std::string text;
    constexpr std::size_t kRun = 16;
    for (std::size_t from = next.fetch_add(kRun); from < entries.size(); from = next.fetch_add(kRun)) {
      for (std::size_t i = from; i < std::min(from + kRun, entries.size()); ++i) {
        const Record& record = side.records()[entries[i]];
        if (auto read = side.text(record, text); !read) {
          failures[number] = std::move(read);
          return;
        }
        out[i] = indexer.detail(text, side.files(record));
      }
    }
  };
  std::vector<std::thread> others;
  if (entries.size() > 64) {
    for (unsigned i = 1; i < threads; ++i) others.emplace_back(work, i);
  }
  work(0);
  for (std::thread& other : others) other.join();
  for (Status& failure : failures) STREAM_TRY(failure);
  return out;
}

/// Some steps on their way to the sink.
struct Batch {
  struct One {
    Pairing::Step step{};
    std::size_t equal_before = 0;  ///< pairs that nobody needs to see
    std::string expected{};
    std::string actual{};
    EntryDifferences differences{};
  };
  std::vector<One> ones{};
  std::size_t count = 0;
  std::unique_ptr<EntryComparer> comparer{};
  Status status{};
};

class Comparison {
 public:
  Comparison(SideInputs& expected, SideInputs& actual, const DiffOptions& options, const DiffRun& run, DiffSink& sink)
      : options_(options),
        run_(run),
        sink_(sink),
        expected_(expected, SideOf::expected, options, run, run.seed),
        actual_(actual, SideOf::actual, options, run, run.seed),
        gatherer_(options.timing) {}

  Result<DiffResult> run() {
    STREAM_TRY(expected_.read());
    STREAM_TRY(actual_.read());
    result_.expected = expected_.count();
    result_.actual = actual_.count();
    STREAM_TRY(sink_.begin(result_.expected, result_.actual));
    STREAM_ASSIGN(const auto steps, pair());
    STREAM_TRY(tell(steps));
    STREAM_TRY(expected_.check());
    STREAM_TRY(actual_.check());
    if (options_.timing.compare) {
      result_.phases = gatherer_.totals();
      result_.thresholds = gatherer_.results();
    }
    STREAM_TRY(sink_.end(result_));
    return std::move(result_);
  }

 private:
  Result<std::vector<Pairing::Step>> pair() {
    Pairing pairing(expected_.records(), actual_.records());
    pairing.by_content();
    const auto left_e = pairing.left_expected();
    const auto left_a = pairing.left_actual();
    if (!left_e.empty() && !left_a.empty()) {
      STREAM_ASSIGN(const auto of_e, details_of(expected_, SideOf::expected, left_e, options_, run_.threads));
      STREAM_ASSIGN(const auto of_a, details_of(actual_, SideOf::actual, left_a, options_, run_.threads));
      pairing.by_details(of_e, of_a);
    }
    result_.bounded = pairing.bounded();
    return pairing.steps();
  }

  /// Whether two entries are equal as they stand, so that nothing need be read again.
  bool equal(const Pairing::Step& step) const {
    return options_.hosts.empty() && expected_.records()[step.expected].all == actual_.records()[step.actual].all;
  }

  Status tell(const std::vector<Pairing::Step>& steps) {
    constexpr std::size_t kBatch = 32;
    constexpr std::size_t kBatchBytes = std::size_t{4} << 20;
    const bool all = sink_.wants_equal();
    std::size_t equal_before = 0;
    Batch batch;
    std::size_t bytes = 0;
    std::optional<stream::OrderedPipeline<Batch>> pipeline;
    if (run_.threads > 1) {
      pipeline.emplace(
          run_.threads, [this](Batch& work) { compare(work); }, [this](Batch& done) { return take(done); });
    }
    const auto send = [&]() -> Status {
      if (batch.count == 0) return {};
      if (pipeline) {
        auto pushed = pipeline->push(std::move(batch));
        batch = pipeline->recycle().value_or(Batch{});
        batch.count = 0;
        bytes = 0;
        return pushed;
      }
      compare(batch);
      auto taken = take(batch);
      batch.count = 0;
      bytes = 0;
      return taken;
    };
    Status status;
    for (const Pairing::Step& step : steps) {
      const bool both = step.expected != Pairing::kNone && step.actual != Pairing::kNone;
      if (both && options_.timing.compare)
        gatherer_.add(step.expected + 1, expected_.phases()[step.expected], actual_.phases()[step.actual]);
      if (both && !step.moved && !all && equal(step)) {
        ++equal_before;
        continue;
      }
      if (batch.ones.size() == batch.count) batch.ones.emplace_back();
      Batch::One& one = batch.ones[batch.count++];
      one.step = step;
      one.equal_before = std::exchange(equal_before, 0);
      for (const auto& [side, index] : {std::pair(&expected_, step.expected), std::pair(&actual_, step.actual)}) {
        if (index != Pairing::kNone) bytes += side->records()[index].size;
      }
      if (batch.count == kBatch || bytes > kBatchBytes) status = send();
      if (!status) break;
    }
    if (status) status = send();
    if (pipeline) {
      if (auto finished = pipeline->finish(); status) status = std::move(finished);
    }
    if (stopped_) return {};
    STREAM_TRY(status);
    return skip(equal_before);
  }

  /// On several threads at once.
  void compare(Batch& batch) {
    if (!batch.comparer) batch.comparer = std::make_unique<EntryComparer>(options_);
    batch.status = {};
    for (std::size_t i = 0; i < batch.count && batch.status; ++i) {
      Batch::One& one = batch.ones[i];
      one.differences = {};
      const bool in_e = one.step.expected != Pairing::kNone;
      const bool in_a = one.step.actual != Pairing::kNone;
      if (in_e) batch.status = expected_.text(expected_.records()[one.step.expected], one.expected);
      if (in_a && batch.status) batch.status = actual_.text(actual_.records()[one.step.actual], one.actual);
      if (!in_e || !in_a || !batch.status) continue;
      one.differences = batch.comparer->compare(one.expected, one.actual, expected_.files(expected_.records()[one.step.expected]),
                                                actual_.files(actual_.records()[one.step.actual]));
    }
  }

  Status skip(std::size_t count) {
    result_.equal += count;
    return count == 0 ? Status() : sink_.skip(count);
  }

  Status take(Batch& batch) {
    for (std::size_t i = 0; i < batch.count; ++i) {
      Batch::One& one = batch.ones[i];
      STREAM_TRY(skip(one.equal_before));
      STREAM_TRY(batch.status);
      STREAM_TRY(take(one));
    }
    return {};
  }

  static EntryRef ref_of(const SideText& side, std::uint32_t entry, std::string_view text, EntryView& view) {
    EntryRef ref;
    ref.number = side.number_of(entry);
    ref.input = side.records()[entry].input;
    ref.index = side.index_of(entry);
    ref.text = text;
    view.reset(text);
    ref.method = view.method();
    ref.url = view.url();
    ref.status = view.status();
    return ref;
  }

  Status take(Batch::One& one) {
    const bool in_e = one.step.expected != Pairing::kNone;
    const bool in_a = one.step.actual != Pairing::kNone;
    DiffStep step;
    step.moved = one.step.moved;
    step.alike = one.step.alike;
    step.kind = !in_e                        ? DiffStep::Kind::extra
                : !in_a                      ? DiffStep::Kind::missing
                : one.differences.total == 0 ? DiffStep::Kind::equal
                                             : DiffStep::Kind::changed;
    if (step.kind == DiffStep::Kind::equal && !step.moved && !sink_.wants_equal()) {
      ++result_.equal;
      return sink_.skip(1);
    }
    EntryRef expected;
    EntryRef actual;
    if (in_e) step.expected = &(expected = ref_of(expected_, one.step.expected, one.expected, view_e_));
    if (in_a) step.actual = &(actual = ref_of(actual_, one.step.actual, one.actual, view_a_));
    if (in_e && in_a) step.differences = &one.differences;
    count(step);
    STREAM_TRY(sink_.step(step));
    const bool counts = step.kind != DiffStep::Kind::equal || (step.moved && options_.order);
    if (counts && ++told_ >= run_.max_steps) {
      stopped_ = result_.stopped = true;
      return stream::fail({stream::ErrorCode::usage, "no more is wanted"});
    }
    return {};
  }

  void count(const DiffStep& step) {
    switch (step.kind) {
      case DiffStep::Kind::equal:
        ++result_.equal;
        break;
      case DiffStep::Kind::changed:
        ++result_.changed;
        break;
      case DiffStep::Kind::missing:
        ++result_.missing;
        break;
      case DiffStep::Kind::extra:
        ++result_.extra;
        break;
    }
    result_.moved += step.moved ? 1U : 0U;
    if (step.differences == nullptr) return;
    result_.differences += step.differences->total;
    for (const FieldDifference& difference : step.differences->differences)
      ++result_.fields[static_cast<std::size_t>(difference.field)];
  }

  const DiffOptions& options_;
  const DiffRun& run_;
  DiffSink& sink_;
  SideText expected_;
  SideText actual_;
  PhaseGatherer gatherer_;
  DiffResult result_{};
  std::size_t told_ = 0;
  std::atomic<bool> stopped_ = false;
  EntryView view_e_{};
  EntryView view_a_{};
};

}  // namespace

bool DiffResult::failed() const {
  return std::any_of(thresholds.begin(), thresholds.end(), [](const ThresholdResult& each) { return each.exceeded; });
}

Result<DiffResult> diff(SideInputs& expected, SideInputs& actual, const DiffOptions& options, const DiffRun& run,
                        DiffSink& sink) {
  return Comparison(expected, actual, options, run, sink).run();
}

}  // namespace har::diff
