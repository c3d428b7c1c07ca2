// Partial summaries and limits: what is taken is written again the same, and can be added to itself and judged.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "har/stat/condition.hpp"
#include "har/stat/partial.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view line = text.substr(0, text.find('\n'));
  const auto condition = har::stat::parse_condition(line);
  auto totals = har::stat::read_partial(line, {});
  if (!totals) return 0;
  const std::string written = har::stat::to_partial(*totals);
  const auto again = har::stat::read_partial(written, {});
  if (!again || har::stat::to_partial(*again) != written) std::abort();
  if (har::stat::weight_of(*totals) < har::stat::Quantiles::kLargest / 2) totals->add(*again);
  // A limit on the second line is judged.
  if (const auto end = text.find('\n'); end != std::string_view::npos) {
    if (const auto limit = har::stat::parse_condition(text.substr(end + 1))) (void)har::stat::judge(*limit, *totals);
  }
  return 0;
}
