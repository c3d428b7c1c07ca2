#pragma once

#include <span>

#include "stream/compare/compare.hpp"
#include "stream/text/json.hpp"

namespace stream {

/// The JSON Patch (RFC 6902) that makes of an item's expected data the actual one, from the differences between the two
/// (Subject::data; others are passed over). What no difference names, such as ignored members, stays as it is in `expected`.
/// Operations are applied one after another, so those of an array stand from its end backwards. Where a member stands twice,
/// which a patch cannot name, the object that it is in is replaced as a whole.
Json json_patch(std::span<const Difference> differences, const Json& expected, const Json& actual);

}  // namespace stream
