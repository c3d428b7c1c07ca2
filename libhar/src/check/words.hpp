#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Values in messages.
namespace har::check {

/// The text in quotes for a message: control characters and bytes that are not UTF-8 escaped, shortened to about `most` bytes.
std::string quoted(std::string_view text, std::size_t most = 60);

/// "1 entry", "3 entries": with the plural as it is spelled.
std::string counted(std::size_t count, std::string_view one, std::string_view many);

}  // namespace har::check
