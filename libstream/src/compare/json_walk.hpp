#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/compare/path.hpp"
#include "stream/text/json.hpp"

namespace stream {

/// The names and indexes that lead to a place in a value.
using Levels = std::vector<std::string>;

/// Calls `visit` for every place that a pattern names, in the order of the value.
void walk_places(const Json& value, const PathPattern& pattern, const std::function<void(const Json&, const Levels&)>& visit);

/// Takes the value at a place away; an element of an array becomes null, so that the others keep their places.
void remove_place(Json& value, const Levels& levels);

/// The element that a name means, if the array has it.
std::optional<std::size_t> element_index(std::string_view name, std::size_t size);

}  // namespace stream
