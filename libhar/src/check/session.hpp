#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "check/kinds.hpp"
#include "check/levels.hpp"
#include "check/marks.hpp"
#include "har/check/check.hpp"
#include "har/entry_work.hpp"
#include "stream/text/place.hpp"

namespace har::check {

/// A finding that is ready to be said; without a rule for what a reader noticed that is not in the table.
struct Ready {
  RuleId rule = RuleId::count_;
  stream::Finding finding{};
};

/// The check of one input while it goes on: what counts for what, and what was said. said() is called on one thread at a time.
class Session {
 public:
  Session(const Options& options, const stream::FindingSink& sink)
      : options_(options), levels_(options), kinds_(options.more ? options.enough : Kinds::kNone), sink_(sink) {}

  const Options& options() const { return options_; }
  const Levels& levels() const { return levels_; }
  Levels& levels() { return levels_; }
  Summary& summary() { return summary_; }

  /// Marks as findings, those that are off left out. `cursor` is over the text that `base` is an offset in: of the piece that
  /// the marks are about, whose JSON Pointer is `pointer`. Where `counts` is given, those of which enough were said are counted
  /// there instead.
  void ready(const Marks& marks, stream::PlaceCursor& cursor, std::size_t base, std::string_view pointer, std::vector<Ready>& out,
             Kinds::Counts* counts = nullptr) const;

  void say(Ready ready);
  void say(std::vector<Ready>& ready) {
    for (Ready& each : ready) say(std::move(each));
    ready.clear();
  }
  /// What was only counted; it is emptied.
  void say(Kinds::Counts& counts);
  /// If it is wanted; the mark's place in the input is `place`, its JSON Pointer with it.
  void say(const Mark& mark, stream::Place place);
  void say(RuleId rule, std::string message, stream::Place place) {
    say(Mark{rule, 0, "", std::move(message), {}}, std::move(place));
  }
  /// What a reader noticed, or failed at. An Error that is no answer about the file is kept: see failure().
  void say(const Message& message);

  const std::optional<stream::Error>& failure() const { return failure_; }

 private:
  const Options& options_;
  Levels levels_;
  Kinds kinds_;
  const stream::FindingSink& sink_;
  Summary summary_;
  std::optional<stream::Error> failure_;
};

/// The levels' words for findings.
stream::Level to_level(Severity severity);

/// One check for each form of input (docs/formats.md).
stream::Status check_har(Input& input, Session& session);
stream::Status check_lines(Input& input, Session& session);

}  // namespace har::check
