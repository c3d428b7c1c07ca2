#pragma once

#include <memory>

#include "har/format.hpp"

namespace har::format {

std::unique_ptr<ItemWriter> open_http_file_writer(stream::ByteSink& sink, const WriteOptions& options);

}  // namespace har::format
