#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace stream {

/// Of some words the one that was meant by `wanted`: one that begins so, or differs by a letter or two.
std::optional<std::string> near_word(std::string_view wanted, std::span<const std::string_view> words);

}  // namespace stream
