// A HAR: entries do not depend on the size of reads and batches; head, entries and tail are the file, or at least a HAR; and an
// entry goes through an exchange, and through the model, unchanged.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "har/entry_reader.hpp"
#include "har/exchange.hpp"
#include "har/model.hpp"

namespace {

struct Read {
  std::vector<std::string> entries;
  std::vector<stream::Error> errors;
  std::string joined;
  bool operator==(const Read&) const = default;
};

Read read(std::string_view text, std::size_t max_read, std::size_t batch_size) {
  Read out;
  const auto source = stream::memory_source(text, "x", max_read);
  har::EntryReaderOptions options;
  options.batch_size = batch_size;
  har::EntryReader reader(*source, options);
  har::EntryBatch batch;
  std::string middle;
  for (;;) {
    const auto more = reader.next(batch);
    if (!more) {
      out.errors.push_back(more.error());
      if (reader.can_continue()) continue;
      break;
    }
    if (!*more) break;
    for (const har::EntrySlice& entry : batch.entries()) {
      (void)batch.place(entry);
      out.entries.emplace_back(entry.text);
    }
    middle += batch.text();
  }
  out.joined = std::string(reader.head()) + middle + std::string(reader.tail());
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Read whole = read(text, SIZE_MAX, std::size_t{1} << 16);
  if (whole.errors.empty() && whole.joined != text) std::abort();
  if (size < 5000 && read(text, 7, 64) != whole) std::abort();
  for (const std::string& slice : whole.entries) {
    const auto entry = stream::parse_json(slice);
    if (!entry) continue;
    const auto exchange = har::to_exchange(*entry, {});
    if (!exchange || har::to_entry(*exchange) != *entry) std::abort();
    const auto model = har::read_entry(*entry);
    if (!model || har::to_json(*model) != *entry) std::abort();
  }
  return 0;
}
