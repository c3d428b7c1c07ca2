#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace stream {

/// Finds one value of a JSON object without building anything: the text of the value that `path` (member names, from the
/// outside in) leads to, with its quotes or brackets; nothing if it is not there. What is passed over is only looked at for
/// brackets and quotes, what follows not at all. Of members with the same name the first is found; names that are
/// written with escapes are not.
std::optional<std::string_view> find_raw_value(std::string_view object, std::initializer_list<std::string_view> path);

}  // namespace stream
