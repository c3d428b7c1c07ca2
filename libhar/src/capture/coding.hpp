#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "capture/fields.hpp"
#include "stream/io/decompressor.hpp"

namespace har::capture {

/// What Content-Encoding says.
struct Coding {
  bool coded = false;                                ///< there is one
  std::optional<stream::Compression> compression{};  ///< where it can be undone
  std::string_view name{};
};

inline Coding coding_of(std::span<const stream::TapField> fields) {
  const std::string_view name = trimmed(field_value(fields, "content-encoding"));
  if (name.empty() || same_name(name, "identity")) return {};
  Coding coding{true, std::nullopt, name};
  if (same_name(name, "gzip") || same_name(name, "x-gzip")) coding.compression = stream::Compression::gzip;
  if (same_name(name, "deflate")) coding.compression = stream::Compression::zlib;
  if (same_name(name, "br")) coding.compression = stream::Compression::brotli;
  if (same_name(name, "zstd")) coding.compression = stream::Compression::zstd;
  return coding;
}

}  // namespace har::capture
