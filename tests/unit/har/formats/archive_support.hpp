#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "har/exchange.hpp"
#include "har/format.hpp"

/// Reading and writing in memory, for the formats that hold messages as octets.
namespace har::test {

struct Archive {
  std::vector<stream::Exchange> exchanges;
  std::vector<std::string> errors;
  std::vector<std::string> findings;
  LogInfo info;
};

inline Archive read_archive(std::string_view text, std::string_view format, std::size_t max_read = SIZE_MAX,
                            stream::Limits limits = {}) {
  Archive out;
  const auto source = stream::memory_source(text, "x", max_read);
  const auto reader = find_format(format)->open_reader(
      *source, {limits, [&](const stream::Finding& finding) { out.findings.push_back(to_string(finding)); }});
  for (;;) {
    auto item = reader->next();
    if (!item) {
      out.errors.push_back(to_string(item.error()));
      if (reader->can_continue()) continue;
      break;
    }
    if (!*item) break;
    CHECK((*item)->index == out.exchanges.size());
    out.exchanges.push_back(std::move(*(*item)->exchange));
  }
  out.info = reader->info();
  return out;
}

/// Every cut of a text is read: what is given out whole is a part of what the whole gives, or is marked as cut off.
inline void read_every_cut(std::string_view text, std::string_view format) {
  const Archive whole = read_archive(text, format);
  for (std::size_t size = 0; size < text.size(); ++size) {
    const Archive cut = read_archive(text.substr(0, size), format, 1 + size % 97);
    INFO("the first " << size << " bytes");
    REQUIRE(cut.exchanges.size() <= whole.exchanges.size() + 1);
  }
}

struct WrittenArchive {
  std::string text;
  std::vector<std::string> errors;
  std::vector<std::string> findings;
};

inline WrittenArchive write_archive(const std::vector<stream::Exchange>& exchanges, std::string_view format,
                                    const LogInfo& info = {}, stream::Compression compression = stream::Compression::none) {
  WrittenArchive out;
  const auto report = [&](const stream::Finding& finding) { out.findings.push_back(finding.rule); };
  const auto sink = stream::compress(stream::string_sink(out.text), compression);
  WriteOptions options;
  options.report = report;
  const auto writer = find_format(format)->open_writer(**sink, options);
  const auto check = [&](const stream::Status& status) {
    if (!status) out.errors.push_back(to_string(status.error()));
  };
  for (std::size_t i = 0; i < exchanges.size(); ++i) {
    Item item;
    item.exchange = exchanges[i];
    item.index = i;
    if (i == 0) check(writer->begin(item, info));
    std::string rendered;
    check(writer->render(item, {info, nullptr, report}, rendered));
    check(writer->write(rendered));
  }
  check(writer->end_input(info));
  check(writer->finish());
  check((*sink)->finish());
  return out;
}

inline std::vector<stream::Json> entries(const std::vector<stream::Exchange>& exchanges) {
  std::vector<stream::Json> out;
  for (const stream::Exchange& exchange : exchanges) out.push_back(to_entry(exchange));
  return out;
}

inline std::string text_of(const std::vector<stream::Json>& entries) {
  std::string out;
  for (const stream::Json& entry : entries) out += to_json(entry, {2, 0}) + "\n";
  return out;
}

}  // namespace har::test
