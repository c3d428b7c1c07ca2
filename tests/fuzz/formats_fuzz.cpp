// Any bytes as a file of any format: every reader (or that of HARTAPE_FUZZ_FORMAT alone) reads them, whole and in small pieces
// with the same result, and each exchange that it gives makes an entry.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "har/exchange.hpp"
#include "har/format.hpp"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

struct Read {
  std::vector<stream::Exchange> exchanges;
  std::vector<std::string> texts;
  std::vector<stream::Error> errors;
  std::vector<stream::Finding> findings;
  bool operator==(const Read&) const = default;
};

Read read(const har::Format& format, std::string_view text, std::size_t max_read) {
  Read out;
  const auto source = stream::memory_source(text, "<stdin>", max_read);
  stream::Limits limits;
  limits.max_entry = 100'000;
  const auto reader =
      format.open_reader(*source, {limits, [&](const stream::Finding& finding) { out.findings.push_back(finding); }});
  for (;;) {
    auto item = reader->next();
    if (!item) {
      require(!item.error().message.empty());
      out.errors.push_back(item.error());
      require(out.errors.size() <= text.size() + 1);  // it goes on, or it ends
      if (!reader->can_continue()) return out;
    } else if (!*item) {
      return out;
    } else if ((*item)->exchange) {
      out.exchanges.push_back(std::move(*(*item)->exchange));
    } else {
      out.texts.emplace_back((*item)->text);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Those that have a target of their own.
  constexpr std::array<std::string_view, 4> kOthers{"har", "recording", "keploy", "asciicast"};
  static const char* const only = std::getenv("HARTAPE_FUZZ_FORMAT");
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const har::Format& format : har::formats()) {
    if (format.open_reader == nullptr || (only != nullptr && format.name != only)) continue;
    if (only == nullptr && std::find(kOthers.begin(), kOthers.end(), format.name) != kOthers.end()) continue;
    if (format.sniff != nullptr) {
      const int score = format.sniff(text.substr(0, har::kSniffSize));
      require(score >= 0 && score <= 100);
    }
    const Read whole = read(format, text, SIZE_MAX);
    if (size < 5000) require(read(format, text, 3) == whole);
    for (const stream::Exchange& exchange : whole.exchanges) require(har::to_entry(exchange).is_object());
  }
  return 0;
}
