#pragma once

#include <functional>
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

/// Calls `visit` with the name (as it is written, without its quotes) and the text of the value of each member of an object, in
/// their order, until it returns false. What is inside the values is only looked at for brackets and quotes; where the text is
/// not an object, or is broken, the visit ends.
void each_raw_member(std::string_view object, const std::function<bool(std::string_view name, std::string_view value)>& visit);

/// The same for the elements of an array.
void each_raw_element(std::string_view array, const std::function<bool(std::string_view value)>& visit);

}  // namespace stream
