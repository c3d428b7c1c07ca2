// A whole input: HARs entry by entry on all cores, HAR lines line by line, what stands around the entries, and what was lost.
#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "check/fix_source.hpp"
#include "har/check/fix.hpp"
#include "har/entry_work.hpp"
#include "stream/io/ordered_pipeline.hpp"
#include "stream/text/json.hpp"
#include "stream/text/place.hpp"

namespace har::check {
namespace {

using stream::Error;
using stream::ErrorCode;
using stream::fail;
using stream::Finding;
using stream::Json;
using stream::JsonMember;
using stream::Level;
using stream::Place;
using stream::PlaceCursor;
using stream::Result;
using stream::Status;

/// What is said and counted, and where it is written to.
class Session {
 public:
  Session(stream::ByteSink* out, const stream::FindingSink& report) : out_(out), report_(report) {}

  FixSummary& summary() { return summary_; }

  Status write(std::string_view bytes) { return out_ == nullptr || bytes.empty() ? Status() : out_->write(bytes); }

  void say(const Repair& repair, Place place) {
    if (repair.done) {
      ++summary_.repairs;
      ++summary_.count[static_cast<std::size_t>(repair.rule)];
    } else {
      ++summary_.left;
    }
    place.pointer += repair.pointer;
    say(repair.done ? Level::note : Level::error, repair.rule, repair.message, std::move(place));
  }

  /// What can't be in the output, and why.
  void lose(const Error& error) {
    std::string message = error.message;
    if (!error.hint.empty()) message += "; " + error.hint;
    const RuleId id = error.code == ErrorCode::truncated  ? RuleId::har_cut
                      : error.code == ErrorCode::limit    ? RuleId::json_limit
                      : error.code == ErrorCode::encoding ? RuleId::json_utf8
                                                          : RuleId::json_syntax;
    if (id == RuleId::har_cut) {
      summary_.cut = true;
      ++summary_.repairs;
      ++summary_.count[static_cast<std::size_t>(id)];
    } else {
      summary_.lost = true;
      ++summary_.left;
    }
    say(Level::warning, id, std::move(message), error.place);
  }

 private:
  void say(Level level, RuleId id, std::string message, Place place) {
    if (report_) report_({level, std::string(rule(id).name), std::move(message), std::move(place)});
  }

  stream::ByteSink* out_;
  const stream::FindingSink& report_;
  FixSummary summary_;
};

void say_all(Session& session, const Repairs& repairs, const Place& start, std::string_view text) {
  PlaceCursor cursor(start, text);
  for (const Repair& repair : repairs) session.say(repair, start.line == 0 ? start : cursor.at(repair.offset));
}

/// What became of one batch.
struct Fixed {
  std::unique_ptr<Fixer> fixer;  ///< goes with the batch, so that no two threads have the same
  bool same = true;              ///< the batch can be copied as it is
  std::string text;
  std::string members;  ///< that stood between two arrays of entries
  std::size_t changed = 0;
  Repairs repairs;  ///< with offsets in the batch's text
  void clear() {
    same = true;
    text.clear();
    members.clear();
    changed = 0;
    repairs.clear();
  }
};

class HarRun {
 public:
  HarRun(Input& input, const FixOptions& options, Session& session)
      : options_(options), session_(session), source_(*input.source), fixer_(options.limits) {}

  Status run() {
    std::optional<Error> stop;
    STREAM_TRY(each_batch<Fixed>(
        [&](stream::FindingSink report) -> EntryReader& {
          EntryReaderOptions reading{options_.limits, std::move(report)};
          reading.look_inside = false;  // what is wrong inside of an entry is for the fixer to see
          reading.any_commas = true;
          reader_ = std::make_unique<EntryReader>(source_, std::move(reading));
          return *reader_;
        },
        [&](const EntryBatch&) { return head(); }, options_.threads <= 1 ? 0 : options_.threads,
        [&](const EntryBatch& batch, Fixed& out) { work(batch, out); },
        [&](const EntryBatch& batch, Fixed& out) { return consume(batch, out); },
        [&](const Message& message) {
          const auto* error = std::get_if<Error>(&message);
          if (error == nullptr) return;  // findings are about what is repaired, or stays
          if (error->code == ErrorCode::io) {
            stop = *error;
          } else {
            broken_ = *error;
            broken_->place = source_.original(broken_->place);
          }
        }));
    if (stop) return fail(std::move(*stop));
    if (broken_ && reader_->head().empty()) return fail(std::move(*broken_));
    STREAM_TRY(head());
    if (broken_) session_.lose(*broken_);
    Repairs repairs;
    const std::string tail = fixer_.tail(reader_->tail(), members_, reader_->info(), repairs);
    say_all(session_, repairs, reader_->whole() ? source_.original(reader_->tail_place()) : Place{source_.name()},
            reader_->tail());
    return session_.write(tail);
  }

 private:
  Status head() {
    if (std::exchange(begun_, true)) return {};
    Repairs repairs;
    const std::string head = fixer_.head(reader_->head(), repairs);
    PlaceCursor cursor({source_.name(), 1, 1, 0, ""}, reader_->head());
    if (!source_.before().empty()) {
      session_.say({RuleId::har_required, 0, "/log", "was missing, now around what was the log", true},
                   {source_.name(), 1, 1, 0, ""});
    }
    for (const Repair& repair : repairs) session_.say(repair, source_.original(cursor.at(repair.offset)));
    return session_.write(head);
  }

  void work(const EntryBatch& batch, Fixed& out) const {
    if (!out.fixer) out.fixer = std::make_unique<Fixer>(options_.limits);
    out.clear();
    const std::string_view all = batch.text();
    std::size_t copied = 0;  // so much of the batch's text is in `out`, or replaced there
    const auto copy_to = [&](std::size_t at) {
      out.text.append(all.substr(copied, at - copied));
      copied = at;
      out.same = false;
    };
    for (const EntrySlice& entry : batch.entries()) {
      const auto at = static_cast<std::size_t>(entry.text.data() - all.data());
      const std::size_t first = out.repairs.size();
      if (entry.lead.find_first_not_of(" \n\r\t,") != std::string_view::npos) {
        join(entry, at, out, copy_to, copied);
      } else if (const auto commas = std::count(entry.lead.begin(), entry.lead.end(), ',');
                 commas != (entry.index == 0 ? 0 : 1)) {
        const std::size_t lead = at - entry.lead.size();
        copy_to(lead);
        out.text += lead_of(entry, entry.lead);
        copied = at;
        out.repairs.push_back({RuleId::json_syntax, lead, fmt::format("/log/entries/{}", entry.index),
                               commas == 0        ? "no comma before it, now one"
                               : entry.index == 0 ? "a comma before the first entry, dropped"
                                                  : fmt::format("{} commas before it, now one", commas),
                               true});
      }
      const std::size_t joined = out.repairs.size();
      const std::size_t written = out.text.size();
      if (out.fixer->entry(entry.text, out.text, out.repairs)) {
        const std::string fixed = out.text.substr(written);
        out.text.resize(written);
        copy_to(at);
        out.text += fixed;
        copied = at + entry.text.size();
        ++out.changed;
      }
      for (std::size_t i = first; i < out.repairs.size(); ++i) {
        Repair& repair = out.repairs[i];
        if (i >= joined) repair.offset += at;
        if (i >= joined) repair.pointer = fmt::format("/log/entries/{}{}", entry.index, repair.pointer);
      }
    }
    if (!out.same) copy_to(all.size());
  }

  /// What stands before an entry, with as many commas as there must be.
  static std::string lead_of(const EntrySlice& entry, std::string_view lead) {
    std::string out = entry.index == 0 ? "" : ",";
    std::copy_if(lead.begin(), lead.end(), std::back_inserter(out), [](char c) { return c != ','; });
    return out;
  }

  /// The entry is the first of another array: makes it the next one of the same.
  template <class CopyTo>
  void join(const EntrySlice& entry, std::size_t at, Fixed& out, const CopyTo& copy_to, std::size_t& copied) const {
    const auto members = out.fixer->between(entry.lead);
    if (!members) {
      out.repairs.push_back({RuleId::har_second_entries, at, "/log", "two logs with entries, which can't be joined", false});
      return;
    }
    copy_to(at - entry.lead.size());
    out.text += lead_of(entry, entry.lead.substr(entry.lead.rfind('[') + 1));
    copied = at;
    out.members += *members;
    out.repairs.push_back(
        {RuleId::har_second_entries, at, "/log/entries", "a second array of entries, joined to the first", true});
  }

  Status consume(const EntryBatch& batch, Fixed& out) {
    session_.summary().entries += batch.entries().size();
    session_.summary().changed += out.changed;
    members_ += out.members;
    PlaceCursor cursor(batch.start(), batch.text());
    for (const Repair& repair : out.repairs) {
      Place place = source_.original(cursor.at(repair.offset));
      place.pointer.clear();
      session_.say(repair, std::move(place));
    }
    return session_.write(out.same ? batch.text() : std::string_view(out.text));
  }

  const FixOptions& options_;
  Session& session_;
  WholeSource source_;
  std::unique_ptr<EntryReader> reader_;
  Fixer fixer_;
  std::string members_;
  std::optional<Error> broken_;
  bool begun_ = false;
};

/// Lines that go to work together.
struct Lines {
  struct Line {
    std::size_t begin = 0;
    std::size_t size = 0;
    Place place{};
  };
  std::string text;
  std::vector<Line> lines;
  std::vector<Error> before;
  std::unique_ptr<Fixer> fixer;
  std::string out;
  std::vector<std::pair<std::size_t, Repair>> repairs;  ///< with their lines
  std::size_t changed = 0;

  std::string_view line(std::size_t i) const { return std::string_view(text).substr(lines[i].begin, lines[i].size); }
};

class LinesRun {
 public:
  LinesRun(Input& input, const FixOptions& options, Session& session)
      : source_(*input.source),
        options_(options),
        session_(session),
        fixer_(options.limits),
        reader_(input.format->open_reader(*input.source, {options.limits, {}})) {}

  Status run() {
    if (options_.threads <= 1) {
      for (Lines lines; read(lines);) {
        STREAM_TRY(head());
        work(lines);
        STREAM_TRY(consume(lines));
      }
    } else {
      stream::OrderedPipeline<Lines> pipeline(
          options_.threads, [this](Lines& lines) { work(lines); }, [this](Lines& lines) { return consume(lines); });
      for (;;) {
        Lines lines = pipeline.recycle().value_or(Lines{});
        if (!read(lines)) break;
        STREAM_TRY(head());
        STREAM_TRY(pipeline.push(std::move(lines)));
      }
      STREAM_TRY(pipeline.finish());
    }
    if (stop_) return fail(std::move(*stop_));
    STREAM_TRY(head());
    return tail();
  }

 private:
  /// False at the end.
  bool read(Lines& lines) {
    constexpr std::size_t kBatch = std::size_t{1} << 20;
    lines.text.clear();
    lines.lines.clear();
    lines.before.clear();
    while (!ended_ && lines.text.size() < kBatch) {
      auto item = reader_->next();
      if (!item) {
        if (item.error().code == ErrorCode::io) {
          stop_ = std::move(item).error();
          ended_ = true;
        } else {
          lines.before.push_back(std::move(item).error());
          ended_ = !reader_->can_continue();
        }
      } else if (!*item) {
        ended_ = true;
      } else {
        lines.lines.push_back({lines.text.size(), (*item)->text.size(), (*item)->where()});
        lines.text += (*item)->text;
      }
    }
    return !lines.lines.empty() || !lines.before.empty();
  }

  void work(Lines& lines) const {
    if (!lines.fixer) lines.fixer = std::make_unique<Fixer>(options_.limits);
    lines.out.clear();
    lines.repairs.clear();
    lines.changed = 0;
    Repairs repairs;
    for (std::size_t i = 0; i < lines.lines.size(); ++i) {
      const std::size_t before = lines.out.size();
      lines.out += ",\n";
      repairs.clear();
      const bool changed = lines.fixer->entry(lines.line(i), lines.out, repairs);
      if (!repairs.empty() && !repairs.back().done) {  // it would break the entries around it
        lines.out.resize(before);
        repairs.erase(repairs.begin(), repairs.end() - 1);
      } else if (changed) {
        ++lines.changed;
      } else {
        lines.out += lines.line(i);
      }
      for (Repair& repair : repairs) lines.repairs.emplace_back(i, std::move(repair));
    }
  }

  Status consume(Lines& lines) {
    for (const Error& error : lines.before) session_.lose(error);
    session_.summary().entries += lines.lines.size();
    for (const auto& [i, repair] : lines.repairs) {
      Place place = lines.lines[i].place;
      stream::advance(place, lines.line(i).substr(0, repair.offset));
      if (repair.done) {
        session_.say(repair, std::move(place));
      } else {
        const ErrorCode code = repair.rule == RuleId::json_limit  ? ErrorCode::limit
                               : repair.rule == RuleId::json_utf8 ? ErrorCode::encoding
                                                                  : ErrorCode::syntax;
        session_.lose({code, repair.message + "; the line is left out", std::move(place)});
        --session_.summary().entries;
      }
    }
    session_.summary().changed += lines.changed;
    std::string_view text = lines.out;
    if (!text.empty() && std::exchange(first_, false)) text.remove_prefix(1);  // the comma
    return session_.write(text);
  }

  static void append(std::string& out, const JsonMember& member) {
    stream::write_json_string(out, member.name);
    out += ':';
    write_json(out, member.value);
  }

  /// What the first lines said. Pages stand behind the entries: later lines may bring more of them.
  Status head() {
    if (std::exchange(begun_, true)) return {};
    std::string text = "{\"log\":{";
    for (const JsonMember& member : reader_->info().log) {
      if (member.name == "pages" || member.name == "entries") continue;
      append(text, member);
      text += ',';
      written_.push_back(member.name);
    }
    text += "\"entries\":[";
    Repairs repairs;
    text = fixer_.head(text, repairs);
    say_all(session_, repairs, {source_.name()}, text);
    return session_.write(text);
  }

  Status tail() {
    const LogInfo& info = reader_->info();
    std::string text = "\n]";
    for (const JsonMember& member : info.log) {
      if (member.name == "entries" || std::find(written_.begin(), written_.end(), member.name) != written_.end()) continue;
      text += ',';
      append(text, member);
    }
    text += '}';
    for (const JsonMember& member : info.root) {
      text += ',';
      append(text, member);
    }
    text += "}\n";
    Repairs repairs;
    text = fixer_.tail(text, "", info, repairs);
    say_all(session_, repairs, {source_.name()}, text);
    return session_.write(text);
  }

  stream::ByteSource& source_;
  const FixOptions& options_;
  Session& session_;
  Fixer fixer_;
  std::unique_ptr<ItemReader> reader_;
  std::vector<std::string> written_;
  std::optional<Error> stop_;
  bool ended_ = false;
  bool begun_ = false;
  bool first_ = true;
};

}  // namespace

Result<FixSummary> fix(Input& input, const FixOptions& options, stream::ByteSink* out, const stream::FindingSink& report) {
  Session session(out, report);
  const std::string_view format = input.format->name;
  if (format == "har") {
    STREAM_TRY(HarRun(input, options, session).run());
  } else if (format == "harl") {
    STREAM_TRY(LinesRun(input, options, session).run());
  } else {
    return fail({ErrorCode::unsupported,
                 fmt::format("expected a HAR or HAR lines to repair, found {}", format),
                 {input.source->name()},
                 "convert it with harconv first"});
  }
  return session.summary();
}

}  // namespace har::check
