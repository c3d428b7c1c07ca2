// Any bytes as a cast: what is read does not depend on the size of reads, times never go back, and what was written of it is
// written again the same.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

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
  const auto source = stream::memory_source(text, "x", max_read);
  stream::Limits limits;
  limits.max_entry = 100'000;
  const auto reader = har::find_format("asciicast")->open_reader(*source, {limits, [&](const stream::Finding& finding) {
                                                                             out.findings.push_back(finding);
                                                                           }});
  for (;;) {
    auto item = reader->next();
    if (!item) {
      require(!item.error().message.empty() && item.error().place.source == "x");
      out.errors.push_back(item.error());
      if (!reader->can_continue()) return out;
    } else if (!*item) {
      return out;
    } else {
      out.exchanges.push_back(std::move(*(*item)->exchange));
    }
  }
}

std::string write(const stream::Exchange& exchange, std::string_view format) {
  std::string text;
  std::string rendered;
  const auto sink = stream::string_sink(text);
  const auto writer = har::find_format(format)->open_writer(*sink, {});
  har::Item item;
  item.exchange = exchange;
  const har::LogInfo info;
  require(writer->render(item, {info, nullptr, {}}, rendered) && writer->write(rendered) && sink->finish());
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Read whole = read(text, SIZE_MAX);
  if (size < 5000) require(read(text, 3) == whole);
  require(whole.exchanges.size() <= 1);
  for (const stream::Exchange& exchange : whole.exchanges) {
    stream::Nanos last{};
    for (const stream::Event& event : exchange.timeline) {
      require(event.t >= last);
      last = event.t;
    }
    for (const std::string_view format : {"asciicast", "asciicast-v2"}) {
      const std::string written = write(exchange, format);
      const Read again = read(written, SIZE_MAX);
      if (written.size() > 90'000) continue;
      require(again.errors.empty() && again.findings.empty() && again.exchanges.size() == 1);
      require(write(again.exchanges[0], format) == written);
    }
  }
  return 0;
}
