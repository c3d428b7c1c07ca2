#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "stream/io/error.hpp"

namespace stream::mock {

/// Why a name can't be that of a file in a folder; nothing if it can: it is relative and does not climb.
std::optional<std::string> refused_name(std::string_view name);

/// The path of a file that is there and that lies in the folder, also by its symbolic links; nothing if there is none. Errors:
/// `unsupported`.
Result<std::optional<std::string>> find_file(const std::string& folder, std::string_view name);

/// Its bytes; nothing if there is no such file. Errors: also `io`, `limit`.
Result<std::optional<std::string>> read_file(const std::string& folder, std::string_view name, std::size_t max_size);

}  // namespace stream::mock
