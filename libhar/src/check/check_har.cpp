// HARs, and HAR lines: entries on all cores, what they are to each other in their order, then what stands around them.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include "check/entry_check.hpp"
#include "check/importers.hpp"
#include "check/locate.hpp"
#include "check/session.hpp"
#include "stream/io/ordered_pipeline.hpp"
#include "stream/record/line_reader.hpp"
#include "stream/text/json_find.hpp"
#include "stream/text/utf8.hpp"

namespace har::check {
namespace {

using stream::Json;
using stream::Place;
using stream::PlaceCursor;
using stream::Status;

/// What became of one batch.
struct Checked {
  std::unique_ptr<EntryCheck> check;  ///< goes with the batch from one use to the next, so that no two threads have the same
  Marks marks;
  std::vector<Ready> ready;
  Kinds::Counts counts;  ///< findings that are not listed
  struct Entry {
    EntrySummary summary{};
    bool summarized = true;
    std::size_t ready = 0;  ///< how many findings there are up to this entry
  };
  std::vector<Entry> entries;

  void clear() {
    ready.clear();
    entries.clear();
  }
};

/// The entries in their order: counts them, says what was found, and what they are to each other.
class InOrder {
 public:
  /// `prefix`: of the entries' JSON Pointers ("/log/entries"); empty: pointers are within the entry, which has a line to itself.
  InOrder(Session& session, std::string_view prefix) : session_(session), prefix_(prefix) {}

  /// `place_of(i, offset)`: a place in the batch's entry i.
  void take(Checked& checked, const std::function<Place(std::size_t, std::size_t)>& place_of) {
    std::size_t said = 0;
    for (std::size_t i = 0; i < checked.entries.size(); ++i) {
      const Checked::Entry& entry = checked.entries[i];
      for (; said < entry.ready; ++said) session_.say(std::move(checked.ready[said]));
      ++session_.summary().entries;
      if (!entry.summarized) continue;
      marks_.clear();
      const EntrySummary& summary = entry.summary;
      if (rules_.entry(summary, marks_) && places_.size() < kPlaces) {
        places_[summary.index] = {place_of(i, 0), place_of(i, summary.started_at), place_of(i, summary.pageref_at)};
      }
      for (const Mark& mark : marks_) {
        if (!session_.levels().wanted(mark.rule)) continue;  // a place costs a pass over the batch
        Place at = place_of(i, mark.offset);
        at.pointer = prefix_.empty() ? mark.pointer : fmt::format("{}/{}{}", prefix_, summary.index, mark.pointer);
        session_.say(mark, std::move(at));
      }
    }
    for (; said < checked.ready.size(); ++said) session_.say(std::move(checked.ready[said]));
    session_.say(checked.counts);
  }

  /// Behind the last entry. `place_of` finds what a JSON Pointer names around the entries.
  void finish(const LogInfo& info, const std::function<Place(std::string_view)>& place_of) {
    for (const DocumentRules::Said& said : rules_.finish(info)) {
      Place place;
      const auto known = said.entry ? places_.find(*said.entry) : places_.end();
      if (known != places_.end()) {
        const Places& places = known->second;
        place = said.pointer.ends_with("/startedDateTime") ? places.started
                : said.pointer.ends_with("/pageref")       ? places.pageref
                                                           : places.entry;
      } else {
        place = place_of(said.pointer);
      }
      place.pointer = said.pointer;
      if (said.entry && prefix_.empty()) place.pointer.erase(0, fmt::format("/log/entries/{}", *said.entry).size());
      session_.say(said.rule, said.message, std::move(place));
    }
  }

 private:
  static constexpr std::size_t kPlaces = 10'000;
  /// Of an entry that is the first, or the earliest, of a page.
  struct Places {
    Place entry{};
    Place started{};
    Place pageref{};
  };
  Session& session_;
  std::string_view prefix_;
  DocumentRules rules_;
  Marks marks_;
  std::map<std::size_t, Places> places_;
};

bool imports(const Options& options) { return options.profile != Profile::regular && options.profile != Profile::strict; }

void set_producer(Session& session, const LogInfo& info) {
  for (const stream::JsonMember& member : info.log) {
    if (member.name != "creator" || !member.value.is_object()) continue;
    const std::string_view name = member.value["name"].string_or("");
    session.levels().set_producer(name);
    session.summary().producer = fmt::format("{} {}", name, member.value["version"].string_or(""));
  }
}

/// The document without its entries: what stands before them and behind them, as one text, and its places.
struct Frame {
  std::string text;
  std::size_t joint = 0;  ///< where the second part begins
  Place first{};
  Place second{};

  Place at(std::size_t offset) const {
    Place place = offset < joint ? first : second;
    const std::size_t from = offset < joint ? 0 : joint;
    stream::advance(place, std::string_view(text).substr(from, offset - from));
    return place;
  }
};

Frame frame_of(const EntryReader& reader, const std::string& source) {
  Frame frame;
  // Without a byte order mark, and without the call of a JSONP.
  const std::string_view head = reader.head();
  const std::size_t begin = std::min(head.find('{'), head.size());
  std::string_view tail = reader.tail();
  tail = tail.substr(0, tail.rfind('}') + 1);
  frame.first = {source, 1, 1, 0, ""};
  stream::advance(frame.first, head.substr(0, begin));
  frame.text = head.substr(begin);
  frame.joint = frame.text.size();
  frame.second = reader.tail_place();
  frame.second.source = source;
  frame.text += tail;
  return frame;
}

}  // namespace

Status check_har(Input& input, Session& session) {
  std::unique_ptr<EntryReader> reader;
  InOrder in_order(session, "/log/entries");
  const std::string& source = input.source->name();
  bool first = true;
  std::size_t arrays = 1;
  const auto hear = [&](const Message& message) {
    if (const auto* finding = std::get_if<stream::Finding>(&message)) {
      arrays += finding->rule == "har-second-entries" ? 1U : 0U;
    }
    session.say(message);
  };
  STREAM_TRY(each_batch<Checked>(
      [&](stream::FindingSink report) -> EntryReader& {
        reader = std::make_unique<EntryReader>(*input.source, EntryReaderOptions{session.options().limits, std::move(report)});
        return *reader;
      },
      [&](const EntryBatch&) -> Status {
        if (std::exchange(first, false)) set_producer(session, reader->info());
        return {};
      },
      session.options().threads <= 1 ? 0 : session.options().threads,
      [&](const EntryBatch& batch, Checked& out) {
        if (!out.check) out.check = std::make_unique<EntryCheck>(session.options(), session.levels(), input.files.get());
        out.clear();
        PlaceCursor cursor(batch.start(), batch.text());
        for (const EntrySlice& entry : batch.entries()) {
          Checked::Entry one;
          out.marks.clear();
          one.summarized = out.check->check(entry.text, entry.index, out.marks, one.summary);
          if (!out.marks.empty()) {
            session.ready(out.marks, cursor, static_cast<std::size_t>(entry.text.data() - batch.text().data()),
                          fmt::format("/log/entries/{}", entry.index), out.ready, &out.counts);
          }
          one.ready = out.ready.size();
          out.entries.push_back(std::move(one));
        }
      },
      [&](const EntryBatch& batch, Checked& out) -> Status {
        PlaceCursor cursor(batch.start(), batch.text());
        in_order.take(out, [&](std::size_t i, std::size_t offset) {
          return cursor.at(static_cast<std::size_t>(batch.entries()[i].text.data() - batch.text().data()) + offset);
        });
        return {};
      },
      hear));
  set_producer(session, reader->info());
  if (!reader->whole()) return {};
  const Frame frame = frame_of(*reader, source);
  Marks marks;
  if (imports(session.options())) {
    import_document(session.options().profile, reader->info(), document_start(reader->head()), marks);
    for (Mark& mark : marks) mark.offset = locate(frame.text, mark.pointer).value_or(0);
  } else if (arrays == 1) {
    const HarShape& har = har_shape();
    Walker(session.options().limits.max_depth, session.options().profile == Profile::strict)
        .walk(frame.text, har.shape, har.document, nullptr, nullptr, marks);
  }
  for (const Mark& mark : marks) {
    Place place = frame.at(mark.offset);
    place.pointer = mark.pointer;
    session.say(mark, std::move(place));
  }
  if (!imports(session.options())) {
    in_order.finish(reader->info(), [&](std::string_view pointer) {
      const auto at = arrays == 1 ? locate(frame.text, pointer) : std::nullopt;
      return at ? frame.at(*at) : Place{source};
    });
  }
  return {};
}

namespace {

/// Lines that go to work together.
struct Lines {
  struct Line {
    std::size_t begin = 0;
    std::size_t size = 0;
    std::uint64_t number = 0;
    std::uint64_t offset = 0;
  };
  std::string text;
  std::vector<Line> lines;
  std::size_t first = 0;  ///< the first one's number among the entries
  Checked out;
  std::vector<Message> before;  ///< what the reader said
  std::vector<Ready> log;       ///< of lines that are no entries

  std::string_view line(std::size_t i) const { return std::string_view(text).substr(lines[i].begin, lines[i].size); }
  Place place(std::size_t i, const std::string& source) const { return {source, lines[i].number, 1, lines[i].offset, ""}; }
};

/// A line {"log": …}: what stands around the entries. Entries have no such member.
bool is_log_line(std::string_view text) {
  const std::size_t name = text.find_first_not_of(" \t{");
  return name != std::string_view::npos && text.substr(name).starts_with("\"log\"");
}

}  // namespace

Status check_lines(Input& input, Session& session) {
  const std::string& source = input.source->name();
  const HarShape& har = har_shape();
  InOrder in_order(session, "");
  stream::LineReader reader(*input.source, session.options().limits);
  Walker walker(session.options().limits.max_depth, session.options().profile == Profile::strict);
  LogInfo info;

  const auto work = [&](Lines& lines) {
    Checked& out = lines.out;
    if (!out.check) out.check = std::make_unique<EntryCheck>(session.options(), session.levels(), input.files.get());
    out.clear();
    for (std::size_t i = 0; i < lines.lines.size(); ++i) {
      Checked::Entry one;
      out.marks.clear();
      const std::string_view text = lines.line(i);
      if (const std::size_t bad = stream::find_invalid_utf8(text); bad != std::string_view::npos) {
        one.summarized = false;
        out.marks.push_back(
            {RuleId::json_utf8, bad, "", fmt::format("the byte 0x{:02x}", static_cast<unsigned char>(text[bad])), {}});
      } else {
        one.summarized = out.check->check(text, lines.first + i, out.marks, one.summary);
      }
      PlaceCursor cursor(lines.place(i, source), text);
      session.ready(out.marks, cursor, 0, "", out.ready, &out.counts);
      one.ready = out.ready.size();
      out.entries.push_back(std::move(one));
    }
  };
  const auto consume = [&](Lines& lines) -> Status {
    for (const Message& message : lines.before) session.say(message);
    session.say(lines.log);
    in_order.take(lines.out, [&](std::size_t i, std::size_t offset) {
      Place place = lines.place(i, source);
      stream::advance(place, lines.line(i).substr(0, offset));
      return place;
    });
    return {};
  };

  constexpr std::size_t kBatch = std::size_t{1} << 20;
  std::vector<Message> heard;
  std::size_t count = 0;
  bool ended = false;
  // Reads lines; what is no entry is looked at here.
  const auto read = [&](Lines& lines) {
    lines.text.clear();
    lines.lines.clear();
    lines.first = count;
    while (!ended && lines.text.size() < kBatch) {
      auto line = reader.next();
      if (!line || !*line) {
        ended = true;
        if (!line) heard.emplace_back(std::move(line).error());
        break;
      }
      const std::string_view text = (*line)->text;
      if (text.find_first_not_of(" \t\r") == std::string_view::npos) continue;
      const Place place{source, (*line)->number, 1, (*line)->offset, ""};
      if (is_log_line(text) && stream::is_utf8(text)) {
        Marks marks;
        if (walker.walk(text, har.shape, har.document, nullptr, nullptr, marks)) {
          auto json = stream::parse_json(text, session.options().limits);
          if (json && (*json)["log"].is_object()) {
            const Json::Object& log = (*json)["log"].as_object();
            info.log.insert(info.log.end(), log.begin(), log.end());
          }
          if (count == 0 && lines.lines.empty()) set_producer(session, info);
        }
        // Of a log in several lines each has a part, and none the entries.
        std::erase_if(marks, [](const Mark& mark) { return mark.rule == RuleId::har_required && mark.pointer == "/log"; });
        PlaceCursor cursor(place, text);
        session.ready(marks, cursor, 0, "", lines.log);
        continue;
      }
      if (!(*line)->terminated && text.find_last_not_of(" \t\r") != text.rfind('}')) {
        heard.emplace_back(
            stream::Error{stream::ErrorCode::truncated, "the last line is cut off: an entry is lost", place, "", 0});
        continue;
      }
      lines.lines.push_back({lines.text.size(), text.size(), (*line)->number, (*line)->offset});
      lines.text += text;
      ++count;
    }
    lines.before = std::exchange(heard, {});
    return !lines.lines.empty() || !lines.before.empty() || !lines.log.empty();
  };

  if (session.options().threads <= 1) {
    for (Lines lines; read(lines);) {
      work(lines);
      STREAM_TRY(consume(lines));
    }
  } else {
    stream::OrderedPipeline<Lines> pipeline(session.options().threads, work, consume);
    for (;;) {
      Lines lines = pipeline.recycle().value_or(Lines{});
      if (!read(lines)) break;
      STREAM_TRY(pipeline.push(std::move(lines)));
    }
    STREAM_TRY(pipeline.finish());
  }
  if (!imports(session.options())) in_order.finish(info, [&](std::string_view) { return Place{source}; });
  return {};
}

}  // namespace har::check
