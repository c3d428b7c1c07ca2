#pragma once

#include <optional>
#include <string>

#include "stream/compare/compare.hpp"
#include "stream/text/json.hpp"

/// Parts of reports for programs.
namespace stream {

Json json_of_number(std::uint64_t number);
Json json_of_fields(const std::vector<ItemField>& fields);
/// The JSON value, or nothing if it is none.
std::optional<Json> json_of(const ShownValue& value);

/// The data of an item that was compared as JSON.
std::optional<Json> json_of(const Item& item);

/// Sets {"json":…}, {"text":…} or {"size":…,"offset":…,"base64":…}; of bytes only those from the first that differs on.
void set_value(Json& object, const ShownValue& value, const std::optional<std::uint64_t>& offset);

}  // namespace stream
