#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "har/entry_reader.hpp"
#include "har/format.hpp"

/// Conversions in memory, for tests.
namespace har::test {

struct Converted {
  std::string text;
  std::vector<std::string> errors;
  std::vector<std::string> findings;
};

/// `text` as `from` becomes `to`. `path` is where side files are looked for.
inline Converted convert(std::string_view text, std::string_view from, std::string_view to, WriteOptions write = {},
                         const std::string& path = "-") {
  Converted result;
  const auto report = [&](const stream::Finding& finding) { result.findings.push_back(to_string(finding)); };
  const auto source = stream::memory_source(text, "x." + std::string(from), 100'000);
  const auto sink = stream::string_sink(result.text);
  write.report = report;
  const auto reader = find_format(from)->open_reader(*source, {{}, report});
  const auto writer = find_format(to)->open_writer(*sink, write);
  const SideFiles files(path, std::size_t{1} << 30);
  bool begun = false;
  for (;;) {
    const auto item = reader->next();
    if (!item) {
      result.errors.push_back(to_string(item.error()));
      if (reader->can_continue()) continue;
      break;
    }
    if (!*item) break;
    std::string rendered;
    if (!std::exchange(begun, true)) {
      if (auto status = writer->begin(**item, reader->info()); !status) result.errors.push_back(to_string(status.error()));
    }
    if (auto status = writer->render(**item, {reader->info(), &files, report}, rendered); !status)
      result.errors.push_back(to_string(status.error()));
    if (auto status = writer->write(rendered); !status) result.errors.push_back(to_string(status.error()));
  }
  for (auto status : {writer->end_input(reader->info()), writer->finish(), sink->finish()}) {
    if (!status) result.errors.push_back(to_string(status.error()));
  }
  return result;
}

/// The entries of a HAR, parsed.
inline std::vector<stream::Json> entries_of(std::string_view text) {
  std::vector<stream::Json> entries;
  const auto source = stream::memory_source(text, "x.har");
  EntryReader reader(*source);
  EntryBatch batch;
  for (;;) {
    const auto more = reader.next(batch);
    if (!more || !*more) return entries;
    for (const EntrySlice& entry : batch.entries()) {
      auto json = stream::parse_json(entry.text);
      entries.push_back(json ? std::move(*json) : stream::Json("not JSON: " + to_string(json.error())));
    }
  }
}

}  // namespace har::test
