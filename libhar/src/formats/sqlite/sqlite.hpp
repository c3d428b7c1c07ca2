#pragma once

#include <memory>

#include "har/format.hpp"

namespace har::format::sqlite {

std::unique_ptr<ItemReader> open_reader(stream::ByteSource& source, const ReadOptions& options);
std::unique_ptr<ItemWriter> open_writer(stream::ByteSink& sink, const WriteOptions& options);

}  // namespace har::format::sqlite
