#pragma once

#include "har/format.hpp"

namespace har::format::warc {

std::unique_ptr<ItemReader> open_reader(stream::ByteSource& source, const ReadOptions& options);
std::unique_ptr<ItemWriter> open_writer(stream::ByteSink& sink, const WriteOptions& options);

}  // namespace har::format::warc
