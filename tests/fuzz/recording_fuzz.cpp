// A recording: reading does not depend on the size of reads, and what was read is written to something that reads the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "stream/io/byte_source.hpp"
#include "stream/record/reader.hpp"
#include "stream/record/writer.hpp"

namespace {

struct Read {
  std::vector<stream::Event> events;
  std::vector<stream::Error> errors;
  std::vector<stream::Finding> findings;
  bool operator==(const Read&) const = default;
};

Read read(std::string_view text, std::size_t max_read) {
  Read out;
  const auto source = stream::memory_source(text, "x", max_read);
  stream::Limits limits;
  limits.max_entry = 2000;
  stream::RecordingReader reader(
      *source, [&](const stream::Finding& finding) { out.findings.push_back(finding); }, limits);
  stream::ExchangeAssembler assembler(100);
  for (;;) {
    auto event = reader.next();
    if (!event) {
      out.errors.push_back(event.error());
      if (event.error().code == stream::ErrorCode::limit && event.error().message.starts_with("the line")) break;
      continue;
    }
    if (!*event) break;
    assembler.add(**event);
    while (assembler.take()) {
    }
    out.events.push_back(std::move(**event));
  }
  assembler.finish();
  while (assembler.take()) {
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Read whole = read(text, SIZE_MAX);
  if (size < 3000 && read(text, 1).events != whole.events) std::abort();
  std::string written;
  for (const stream::Event& event : whole.events) write_event(written, event);
  const Read again = read(written, SIZE_MAX);
  if (written.size() < 2000 && again.events != whole.events) std::abort();
  return 0;
}
