#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "formats/keploy/write_document.hpp"
#include "har/format.hpp"

/// A test set of Keploy as a folder: tests/test-1.yaml and so on, mocks.yaml, mappings.yaml, streams/.
namespace har::format::keploy {

enum class Storage : std::uint8_t { yaml, json };

/// How sure we are that a folder is one.
int sniff_test_set(const std::string& path);
/// Test cases in the order of their names, then mocks. What mappings.yaml says of a test case stands in its entry.
std::unique_ptr<ItemReader> open_test_set(const std::string& path, const ReadOptions& options);

/// One file of many documents, or a folder. `form` is that of what was no document of Keploy's.
std::unique_ptr<ItemWriter> make_writer(stream::ByteSink& sink, const WriteOptions& options, Storage storage,
                                        Document::Form form);
std::unique_ptr<ItemWriter> make_folder_writer(stream::OutputFolder& folder, const WriteOptions& options, Storage storage,
                                               Document::Form form);

template <Storage storage, Document::Form form>
std::unique_ptr<ItemWriter> open_writer(stream::ByteSink& sink, const WriteOptions& options) {
  return make_writer(sink, options, storage, form);
}
template <Storage storage, Document::Form form>
std::unique_ptr<ItemWriter> open_folder_writer(stream::OutputFolder& folder, const WriteOptions& options) {
  return make_folder_writer(folder, options, storage, form);
}

}  // namespace har::format::keploy
