#include "check/recording_check.hpp"

#include <algorithm>
#include <utility>

#include "check/recording_rules.hpp"
#include "check/session.hpp"
#include "stream/record/line_reader.hpp"
#include "stream/text/place.hpp"

namespace har::check {

stream::Status check_recording(Input& input, Session& session) {
  const std::string& name = input.source->name();
  stream::LineReader lines(*input.source, session.options().limits);
  RecordingRules rules(session.options().limits);
  Marks marks;
  std::vector<RecordingRules::Said> said;
  std::vector<Ready> ready;
  const auto say = [&] {
    for (RecordingRules::Said& each : said) {
      session.say(each.rule, std::move(each.message), {name, each.line, 1, each.offset});
    }
    said.clear();
  };
  for (;;) {
    auto line = lines.next();
    if (!line) {
      session.say(Message(std::move(line).error()));
      break;
    }
    if (!*line) break;
    rules.line(**line, marks, said);
    say();
    if (marks.empty()) continue;
    std::stable_sort(marks.begin(), marks.end(), [](const Mark& a, const Mark& b) { return a.offset < b.offset; });
    stream::PlaceCursor cursor({name, (*line)->number, 1, (*line)->offset}, (*line)->text);
    session.ready(marks, cursor, 0, "", ready);
    session.say(ready);
    marks.clear();
  }
  rules.finish(said);
  say();
  session.summary().entries = rules.exchanges();
  session.summary().producer = rules.producer();
  return {};
}

}  // namespace har::check
