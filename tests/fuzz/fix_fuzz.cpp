// Repairs of a HAR, of HAR lines and of single entries: nothing crashes, what comes out is a HAR, it does not depend on the size
// of reads, and a second repair finds nothing to do.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "har/check/fix.hpp"
#include "stream/text/json.hpp"

namespace {

struct Fixed {
  bool ok = false;
  std::string text;
  har::check::FixSummary summary;
  std::size_t said = 0;
};

Fixed fix(std::string_view text, std::string_view format, std::size_t max_read) {
  Fixed out;
  har::Input input;
  input.source = stream::memory_source(text, "x", max_read);
  input.format = har::find_format(format);
  const auto sink = stream::string_sink(out.text);
  const auto summary = har::check::fix(input, {}, sink.get(), [&](const stream::Finding&) { ++out.said; });
  if (!sink->finish()) std::abort();
  if (!summary) return out;
  out.ok = true;
  out.summary = *summary;
  if (out.said != out.summary.repairs + out.summary.left) std::abort();
  return out;
}

void whole(std::string_view text, std::string_view format) {
  const Fixed once = fix(text, format, SIZE_MAX);
  if (text.size() < 3000) {
    const Fixed cut = fix(text, format, 7);
    if (cut.ok != once.ok || (cut.ok && cut.text != once.text)) std::abort();
  }
  if (!once.ok) return;
  if (once.summary.left == 0 && !stream::parse_json(once.text)) std::abort();
  if (format == "har" && !once.summary.cut && !once.summary.lost && once.summary.repairs == 0 && once.text != text) std::abort();
  const Fixed twice = fix(once.text, "har", SIZE_MAX);
  if (!twice.ok || twice.text != once.text || twice.summary.repairs != 0 || twice.summary.cut) std::abort();
}

void entry(std::string_view text) {
  har::check::Fixer fixer;
  std::string out;
  har::check::Repairs repairs;
  const bool changed = fixer.entry(text, out, repairs);
  for (const auto& repair : repairs) {
    if (repair.offset > text.size()) std::abort();
  }
  if (!changed) return;
  if (repairs.back().done && !stream::parse_json(out)) std::abort();
  std::string again;
  repairs.clear();
  if (fixer.entry(out, again, repairs) || (!repairs.empty() && repairs.back().done)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.find("\"log\"") == std::string_view::npos) entry(text);
  whole(text, "har");
  if (text.find('\n') != std::string_view::npos) whole(text, "harl");
  return 0;
}
