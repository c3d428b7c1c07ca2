// Any bytes as a file of Keploy: what is read does not depend on the size of reads, times never go back, and each exchange
// makes an entry.
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
  std::vector<stream::Error> errors;
  std::vector<stream::Finding> findings;
  bool operator==(const Read&) const = default;
};

Read read(std::string_view text, std::size_t max_read) {
  Read out;
  const auto source = stream::memory_source(text, "<stdin>", max_read);
  stream::Limits limits;
  limits.max_entry = 100'000;
  const auto reader = har::find_format("keploy")->open_reader(
      *source, {limits, [&](const stream::Finding& finding) { out.findings.push_back(finding); }});
  for (;;) {
    auto item = reader->next();
    if (!item) {
      require(!item.error().message.empty());
      out.errors.push_back(item.error());
      if (!reader->can_continue()) return out;
    } else if (!*item) {
      return out;
    } else {
      out.exchanges.push_back(std::move(*(*item)->exchange));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Read whole = read(text, SIZE_MAX);
  if (size < 5000) require(read(text, 3) == whole);
  for (const stream::Exchange& exchange : whole.exchanges) {
    require(exchange.response.has_value());
    stream::Nanos last = exchange.response->t;
    for (const stream::Event& event : exchange.timeline) {
      require(event.t >= last && !event.data.empty());
      last = event.t;
    }
    require(har::to_entry(exchange).is_object());
  }
  return 0;
}
