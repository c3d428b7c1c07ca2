#include <algorithm>
#include <array>

#include "stream/io/byte_source.hpp"

namespace stream {

Compression compression_of_name(std::string_view path) {
  if (path.ends_with(".gz")) return Compression::gzip;
  if (path.ends_with(".zz") || path.ends_with(".zlib")) return Compression::zlib;
  if (path.ends_with(".zst")) return Compression::zstd;
  if (path.ends_with(".br")) return Compression::brotli;
  return Compression::none;
}

std::string_view to_string(Compression compression) {
  constexpr std::array<std::string_view, 5> kNames{"none", "gzip", "zlib", "zstd", "brotli"};
  return kNames[static_cast<std::size_t>(compression)];
}

std::optional<Compression> compression_from_name(std::string_view name) {
  for (const Compression value :
       {Compression::none, Compression::gzip, Compression::zlib, Compression::zstd, Compression::brotli}) {
    if (name == to_string(value)) return value;
  }
  if (name == "gz") return Compression::gzip;
  if (name == "zst") return Compression::zstd;
  if (name == "br") return Compression::brotli;
  return std::nullopt;
}

}  // namespace stream
