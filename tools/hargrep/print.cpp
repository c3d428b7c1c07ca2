// The entries themselves: found, perhaps without bodies, and written in their order.
#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "hargrep/plan.hpp"
#include "hargrep/run.hpp"
#include "stream/text/units.hpp"

namespace tools::hargrep {
namespace {

using har::Item;
using stream::ErrorCode;
using stream::fail;
using stream::Result;
using stream::Status;

/// Counts bytes, and throws them away.
class CountingSink final : public stream::ByteSink {
 public:
  Status write(std::string_view bytes) override {
    count += bytes.size();
    return {};
  }
  Status flush() override { return {}; }
  Status finish() override { return {}; }
  const std::string& name() const override { return name_; }

  std::uint64_t count = 0;

 private:
  std::string name_ = "<nothing>";
};

bool is_lines_of_entries(const har::Format& format) { return format.name == "har" || format.name == "harl"; }

class Printer {
 public:
  explicit Printer(Session& session) : session_(session), options_(session.options()) {}
  int run();

 private:
  /// What a thread makes of a piece. HAR and HAR lines are rendered at once; for what depends on what was written before, entries
  /// are kept for take().
  struct Made {
    struct One {
      std::size_t number = 0;      ///< in its piece
      std::size_t end = 0;         ///< of its text
      std::uint64_t stripped = 0;  ///< its size without bodies
    };
    std::string text{};
    std::vector<One> all{};
    std::vector<har::PassEntry> places{};                      ///< beside `all`, of what is kept
    std::vector<std::optional<stream::Exchange>> exchanges{};  ///< likewise
    std::vector<har::Message> messages{};
    const har::LogInfo* info = nullptr;
    const har::SideFiles* files = nullptr;

    void clear() {
      constexpr std::size_t kUsual = std::size_t{4} << 20;
      if (text.capacity() > kUsual) text = {};
      text.clear();
      all.clear();
      places.clear();
      exchanges.clear();
      messages.clear();
    }
  };

  Result<const har::Format*> output_format() const;
  har::WriteOptions write_options() const;
  /// Through one input. `survey`: nothing is written, and candidates are noted.
  Status read(std::size_t input, bool survey);
  void work(std::size_t input, const har::EntryPiece& piece, Made& made);
  void add(const har::EntryPiece& piece, std::size_t number, Looker& looker, bool strip, Made& made);
  Result<bool> take(std::size_t input, const har::TakenPiece& piece, Made& made);
  Status write(std::size_t input, const Made& made, std::size_t from, std::size_t to, std::size_t first);
  Status begin(const Made& made, const Item& first);
  Status survey();
  Status decide();

  Session& session_;
  const Options& options_;
  const har::Format* format_ = nullptr;
  std::unique_ptr<stream::ByteSink> sink_{};
  std::unique_ptr<har::ItemWriter> writer_{};
  const har::Format* input_format_ = nullptr;
  bool immediate_ = false;  ///< rendered by the threads
  bool begun_ = false;
  bool surveying_ = false;
  std::optional<Plan> plan_{};
  std::vector<Candidate> candidates_{};
  std::uint64_t frame_ = 0;  ///< bytes of the output without entries
  std::uint64_t here_ = 0;   ///< taken of the input
  std::uint64_t written_ = 0;
  std::uint64_t seen_ = 0;
};

Result<const har::Format*> Printer::output_format() const {
  const har::Format* format = nullptr;
  if (options_.to) {
    format = har::find_format(*options_.to);
    if (format == nullptr)
      return fail({ErrorCode::usage, fmt::format("there is no format \"{}\"", *options_.to), {}, "harconv --formats lists them"});
  } else if (options_.output.path != "-") {
    format = har::format_of_name(options_.output.path);
  }
  if (format == nullptr) format = har::find_format("har");
  if (format->open_writer == nullptr)
    return fail(
        {ErrorCode::usage, fmt::format("we can't write the format \"{}\"", format->name), {}, "harconv --formats lists them"});
  if (options_.fit != 0 && !is_lines_of_entries(*format))
    return fail({ErrorCode::usage, fmt::format("--fit is for har and harl, and the output is {}", format->name), {}, ""});
  return format;
}

har::WriteOptions Printer::write_options() const {
  har::WriteOptions write;
  write.style = options_.style;
  write.several_inputs = session_.inputs() > 1;
  if (!options_.no_provenance) write.creator = stream::Json::Object{{"name", "hargrep"}, {"version", version()}};
  write.limits = options_.input.options.limits;
  if (!surveying_) write.report = session_.tool().messages().findings();
  return write;
}

/// Renders or keeps an entry that is wanted.
void Printer::add(const har::EntryPiece& piece, std::size_t number, Looker& looker, bool strip, Made& made) {
  const har::PassEntry& entry = piece.entries[number];
  har::BodyParts parts = strip ? har::BodyParts{} : options_.drop.value_or(har::BodyParts{false, false, false});
  std::string_view text = entry.text;
  looker.edited.clear();
  const bool edited = (strip || options_.drop) && har::drop_bodies(looker.view, parts, looker.edited);
  if (edited) text = looker.edited;
  if (!immediate_) {
    made.text += text;
    made.all.push_back({number, made.text.size(), 0});
    made.places.push_back(entry);
    made.exchanges.push_back(entry.exchange != nullptr && !edited ? std::optional(*entry.exchange) : std::nullopt);
    return;
  }
  const har::RenderContext context{*piece.info, piece.files,
                                   [&](const stream::Finding& finding) { made.messages.emplace_back(finding); }};
  const auto render = [&](std::string_view what) {
    Item item;
    item.text = what;
    item.index = piece.first + number;
    item.place = stream::Place{"", 0, 0, entry.offset, ""};
    return writer_->render(item, context, made.text);
  };
  if (auto status = render(text); !status) {
    made.messages.emplace_back(std::move(status).error());
    return;
  }
  made.all.push_back({number, made.text.size(), 0});
  if (!surveying_ || options_.fit == 0) return;
  // How much there would be without bodies.
  const std::size_t size = made.text.size();
  const std::size_t before = made.all.size() > 1 ? made.all[made.all.size() - 2].end : 0;
  std::uint64_t stripped = size - before;
  looker.edited.clear();
  if (har::drop_bodies(looker.view, {}, looker.edited)) {
    if (render(looker.edited)) stripped = std::min<std::uint64_t>(stripped, made.text.size() - size);
    made.text.resize(size);
  }
  made.all.back().stripped = stripped;
}

void Printer::work(std::size_t input, const har::EntryPiece& piece, Made& made) {
  made.clear();
  made.info = piece.info;
  made.files = piece.files;
  if (!plan_) {
    each_wanted(session_, input, piece, [&](std::size_t number, Looker& looker) { add(piece, number, looker, false, made); });
    if (surveying_) {  // sizes are all that is wanted
      std::size_t at = 0;
      for (Made::One& one : made.all) {
        const std::size_t end = one.end;
        one.end -= at;
        at = end;
      }
      made.text.clear();
    }
    return;
  }
  const auto& steps = plan_->inputs[input];
  auto step =
      std::lower_bound(steps.begin(), steps.end(), piece.first, [](const Plan::Step& a, std::uint64_t b) { return a.index < b; });
  if (step == steps.end() || step->index >= piece.first + piece.entries.size()) return;
  auto looker = session_.lookers().lend();
  for (; step != steps.end() && step->index < piece.first + piece.entries.size(); ++step) {
    const auto number = static_cast<std::size_t>(step->index - piece.first);
    looker->view.reset(piece.entries[number].text, piece.files);
    add(piece, number, *looker, step->stripped, made);
  }
  session_.lookers().give_back(std::move(looker));
}

Status Printer::begin(const Made& made, const Item& first) {
  if (std::exchange(begun_, true)) return {};
  return writer_->begin(first, *made.info);
}

/// Writes those from number `from` of what was made to `to`.
Status Printer::write(std::size_t input, const Made& made, std::size_t from, std::size_t to, std::size_t first) {
  // A HAR may say more behind its entries: that is known by its batch.
  static const har::EntryBatch kBatch;
  static const har::EntrySlice kSlice;
  const auto start = [&](std::size_t i) { return i == 0 ? 0 : made.all[i - 1].end; };
  if (immediate_) {
    Item item;
    if (input_format_->name == "har") {
      item.batch = &kBatch;
      item.slice = &kSlice;
    }
    STREAM_TRY(begin(made, item));
    written_ += to - from;
    return writer_->write(std::string_view(made.text).substr(start(from), made.all[to - 1].end - start(from)));
  }
  std::string out;
  for (std::size_t i = from; i < to; ++i) {
    Item item;
    if (made.exchanges[i]) {
      item.exchange = made.exchanges[i];
    } else {
      item.text = std::string_view(made.text).substr(start(i), made.all[i].end - start(i));
    }
    item.index = first + made.all[i].number;
    item.place = stream::Place{session_.shown(input), 0, 0, made.places[i].offset, ""};
    if (auto begun = begin(made, item); !begun) return begun;
    out.clear();
    const har::RenderContext context{*made.info, made.files, session_.tool().messages().findings()};
    if (auto status = writer_->render(item, context, out); !status) {
      session_.tool().messages().error(status.error());
      session_.lost();
      continue;
    }
    ++written_;
    STREAM_TRY(writer_->write(out));
  }
  return {};
}

Result<bool> Printer::take(std::size_t input, const har::TakenPiece& piece, Made& made) {
  seen_ += piece.count;
  for (har::Message& message : made.messages) {
    if (surveying_) continue;
    if (auto* error = std::get_if<stream::Error>(&message)) {
      error->place.source = session_.shown(input);
      session_.tool().messages().error(*error);
      session_.lost();
    } else {
      session_.tool().messages().finding(std::get<stream::Finding>(message));
    }
  }
  const std::uint64_t most = options_.most.value_or(UINT64_MAX);
  std::size_t count = made.all.size();
  const bool by_part = options_.sample && !options_.sample->count && !plan_;
  if (!by_part && !plan_) count = static_cast<std::size_t>(std::min<std::uint64_t>(count, most - here_));
  const auto drawn = [&](std::size_t i) {
    const double part = static_cast<double>(lot(options_.seed, input, piece.first + made.all[i].number) >> 11U) * 0x1p-53;
    return part < options_.sample->part;
  };
  if (surveying_) {
    for (std::size_t i = 0; i < count && here_ < most; ++i) {
      if (by_part && !drawn(i)) continue;
      ++here_;
      candidates_.push_back(
          {static_cast<std::uint32_t>(input), piece.first + made.all[i].number, made.all[i].end, made.all[i].stripped});
    }
    if (!begun_ && made.info != nullptr) STREAM_TRY(begin(made, Item{}));
  } else if (by_part) {
    for (std::size_t i = 0; i < count && here_ < most; ++i) {
      if (!drawn(i)) continue;
      ++here_;
      STREAM_TRY(write(input, made, i, i + 1, piece.first));
    }
  } else if (count > 0) {
    here_ += count;
    STREAM_TRY(write(input, made, 0, count, piece.first));
  }
  if (plan_) return plan_->inputs[input].empty() ? false : plan_->inputs[input].back().index >= piece.first + piece.count;
  return here_ < most && !session_.selection().past(piece.first + piece.count);
}

Status Printer::read(std::size_t input, bool survey) {
  // Of an entry that is not written nothing is read, but its log counts.
  const auto opened = session_.open(input);
  if (!opened) return {};
  input_format_ = opened->format;
  here_ = 0;
  har::EntryPass<Made> pass;
  pass.work = [&](const har::EntryPiece& piece, Made& made) {
    work(input, piece, made);
    return true;
  };
  pass.take = [&](const har::TakenPiece& piece, Made& made) { return take(input, piece, made); };
  har::EntryPassOptions how = session_.pass(input, !plan_);
  how.numbered = how.numbered || plan_ || (!survey && !immediate_);
  if (options_.most == 0U) return {};
  STREAM_ASSIGN(const auto result, har::each_entry(*opened, how, pass));
  return writer_->end_input(result.info);
}

/// Finds what is wanted, and decides what of it is written.
Status Printer::survey() {
  surveying_ = true;
  CountingSink counting;
  writer_ = format_->open_writer(counting, write_options());
  immediate_ = true;
  for (std::size_t input = 0; input < session_.inputs(); ++input) STREAM_TRY(read(input, true));
  STREAM_TRY(writer_->finish());
  frame_ = counting.count;
  surveying_ = begun_ = false;
  return decide();
}

Status Printer::decide() {
  Messages& messages = session_.tool().messages();
  if (options_.sample && options_.sample->count) draw(candidates_, *options_.sample->count, options_.seed);
  std::vector<bool> stripped;
  if (options_.fit != 0) {
    if (frame_ > options_.fit) {
      return fail({ErrorCode::usage,
                   fmt::format("even without entries there are {}, more than {}", stream::format_size(frame_),
                               stream::format_size(options_.fit)),
                   {},
                   "what the log says besides its entries (pages, comments) is as large as that"});
    }
    const std::size_t found = candidates_.size();
    std::uint64_t size = frame_;
    for (const Candidate& one : candidates_) size += one.size;
    const Fitted fitted = fit(candidates_, stripped, options_.fit - frame_);
    if (size > options_.fit) {
      messages.note(fmt::format("{} became {}: {} of {} entries are without their bodies{}", stream::format_size(size),
                                stream::format_size(fitted.size + frame_), fitted.without_bodies, found,
                                fitted.dropped == 0 ? "" : fmt::format(", and {} are left out", fitted.dropped)));
      if (fitted.dropped != 0) messages.hint("an expression, --type or --host selects what matters, so that more of it fits");
    }
  }
  plan_ = plan_of(candidates_, stripped, session_.inputs());
  candidates_ = {};
  return {};
}

int Printer::run() {
  const auto format = output_format();
  if (!format) return failed(session_.tool(), format.error());
  format_ = *format;
  auto opened = stream::open_output(options_.output.path, options_.output.options);
  if (!opened) return failed(session_.tool(), opened.error());
  sink_ = std::move(*opened);
  const auto work_all = [&]() -> Status {
    if (options_.fit != 0 || (options_.sample && options_.sample->count)) {
      STREAM_TRY(session_.make_rereadable());
      STREAM_TRY(survey());
    }
    seen_ = 0;
    writer_ = format_->open_writer(*sink_, write_options());
    immediate_ = is_lines_of_entries(*format_);
    for (std::size_t input = 0; input < session_.inputs(); ++input) STREAM_TRY(read(input, false));
    // Of inputs that gave nothing there is nothing to write: no file appears, and none is replaced.
    if (session_.lost_any() && seen_ == 0) return {};
    STREAM_TRY(writer_->finish());
    return sink_->finish();
  };
  if (auto status = work_all(); !status) return failed(session_.tool(), status.error());
  session_.tool().messages().verbose(
      fmt::format("{} entries written to {}", written_, options_.output.path == "-" ? "standard output" : options_.output.path));
  return session_.status(written_ != 0);
}

}  // namespace

int print_entries(Session& session) { return Printer(session).run(); }

}  // namespace tools::hargrep
