#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace stream::mock {

/// Of some names the one that was meant by `wanted`: one that begins so, or differs by a letter or two.
std::optional<std::string_view> near_name(std::string_view wanted, std::span<const std::string_view> names);

}  // namespace stream::mock
