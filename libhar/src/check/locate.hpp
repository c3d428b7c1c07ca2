#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace har::check {

/// Where the value that a JSON Pointer (RFC 6901) leads to begins in a JSON text; nothing if it is not there.
std::optional<std::size_t> locate(std::string_view text, std::string_view pointer);

}  // namespace har::check
