// The rules about one entry and about the lines of a recording: marks lie within the text, and what came before changes nothing.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "check/document_rules.hpp"
#include "check/entry_rules.hpp"
#include "check/recording_rules.hpp"
#include "check/shape.hpp"
#include "check/walker.hpp"
#include "stream/io/byte_source.hpp"
#include "stream/text/utf8.hpp"

namespace {

using namespace har::check;

void require(bool condition) {
  if (!condition) std::abort();
}

void require_places(const Marks& marks, std::string_view text) {
  for (const Mark& mark : marks) {
    require(mark.offset <= text.size());
    require(mark.pointer.empty() || mark.pointer.front() == '/');
    require(!mark.message.empty() && stream::is_utf8(mark.message));
  }
}

void entry(std::string_view text) {
  if (!stream::is_utf8(text)) return;
  Walker walker(512);
  MessageChecks messages;
  Facts facts;
  const auto check = [&] {
    Marks marks;
    messages.clear();
    if (!walker.walk(text, har_shape().shape, har_shape().entry, &facts, &messages, marks)) return marks;
    messages.finish(facts, marks);
    check_files(facts, nullptr, marks);
    check_secrets(facts, marks);
    DocumentRules document;
    const EntrySummary summary = summarize(facts, 0);
    document.entry(summary, marks);
    document.entry(summary, marks);
    require(marks.back().rule == RuleId::entry_duplicate);
    return marks;
  };
  const Marks first = check();
  require_places(first, text);
  require(check() == first);
}

void recording(std::string_view file) {
  const auto check = [&](std::size_t max_read) {
    const auto source = stream::memory_source(file, "fuzz", max_read);
    stream::LineReader lines(*source);
    RecordingRules rules({});
    std::vector<Marks> all;
    std::vector<RecordingRules::Said> said;
    for (;;) {
      const auto line = lines.next();
      if (!line || !*line) break;
      rules.line(**line, all.emplace_back(), said);
      require_places(all.back(), (*line)->text);
    }
    rules.finish(said);
    for (const auto& each : said) require(each.offset < file.size() && each.line <= all.size());
    return std::pair(std::move(all), std::move(said));
  };
  require(check(SIZE_MAX) == check(7));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);  // NOLINT: bytes are bytes
  entry(text);
  recording(text);
  return 0;
}
