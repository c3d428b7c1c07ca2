#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "common/tool.hpp"
#include "har/format.hpp"
#include "hardiff/against/against.hpp"
#include "stream/io/byte_sink.hpp"

namespace tools::hardiff {

/// Writes what came, entry by entry.
class Got {
 public:
  /// Null: it is not to be written.
  static stream::Result<std::unique_ptr<Got>> open(const AgainstRun& run, Messages& messages);
  stream::Status write(stream::Exchange exchange, std::size_t index);
  stream::Status finish();

 private:
  Got() = default;
  har::LogInfo info_{};
  stream::FindingSink report_{};
  std::unique_ptr<stream::ByteSink> sink_{};
  std::unique_ptr<har::ItemWriter> writer_{};
  std::string text_{};
  bool begun_ = false;
};

}  // namespace tools::hardiff
