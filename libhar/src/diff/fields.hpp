#pragma once

#include <string>
#include <string_view>

#include "har/diff/diff.hpp"
#include "stream/text/ascii.hpp"

namespace har::diff {

/// What a place is called, with what stands behind its name: "response.header.date", "request.body/items/0".
std::string place_of(Half half, Field field, std::string_view name = {}, std::string_view pointer = {});

/// What rules of noise know a field as: "header/date", "status". Without case.
std::string rule_name(Field field, std::string_view name = {});

using stream::ascii::lower_case;

}  // namespace har::diff
