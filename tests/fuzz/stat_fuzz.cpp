// Entries as harstat reads them: whatever was counted goes through a partial summary unchanged.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "har/stat/partial.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  har::stat::FactsReader reader;
  har::stat::EntryFactsList facts;
  if (!reader.read(text, {}, facts)) return 0;
  har::stat::Settings settings;
  settings.exact_up_to = 2;
  for (std::size_t i = 0; i < har::stat::kDimensions; ++i) settings.sections.push_back({static_cast<har::stat::Dimension>(i)});
  har::stat::Totals totals(settings);
  totals.begin_input("x");
  for (int i = 0; i < 3; ++i) totals.add(facts, 0);
  totals.end_input({});
  const std::string written = har::stat::to_partial(totals);
  const auto again = har::stat::read_partial(written, {});
  if (!again || har::stat::to_partial(*again) != written) std::abort();
  return 0;
}
