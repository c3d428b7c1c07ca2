#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "stream/io/byte_source.hpp"

namespace stream {

/// As many first bytes as decide: the signatures have two to four, the rest tells zlib from text that starts with "x^".
inline constexpr std::size_t kSniffSize = 64;

/// More bytes may turn `prefix` into the start of something compressed.
bool may_be_compressed(std::string_view prefix);

/// What the first kSniffSize bytes (or all, if there are fewer) say; never brotli.
Compression sniff_compression(std::string_view prefix);

/// A source that gives `bytes`, then what `source` gives.
std::unique_ptr<ByteSource> put_back(std::string bytes, std::unique_ptr<ByteSource> source);

}  // namespace stream
