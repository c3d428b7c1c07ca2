#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "stream/text/json.hpp"

/// What JavaScript makes of values that came out of JSON.parse.
namespace har::check::importers::javascript {

/// `if (value)`; null: undefined.
bool truthy(const stream::Json* value);

/// What String(value) gives; no value if it throws: an object with a member toString of its own.
std::optional<std::string> to_string(const stream::Json* value);
/// Whether String(value) throws: without building anything.
bool throws_as_string(const stream::Json* value);

/// Whether Number(value) is a number: it does not throw, and is not NaN.
bool is_number(const stream::Json* value);
/// Whether Number(text) is not NaN (ECMA-262 §7.1.4.1.1).
bool is_number_text(std::string_view text);

/// Whether new Date(value) is a valid date in V8.
bool is_date(const stream::Json* value);
/// Whether V8's Date.parse(text) gives a time: ECMA-262 §21.4.1.32, or else its older, lenient form.
bool is_date_text(std::string_view text);

/// A text without the white space and line ends around it that trim() takes.
std::string_view trim(std::string_view text);
/// How many bytes of white space (as JavaScript has it) stand at the text's start: those of one character, or 0.
std::size_t white_space(std::string_view text);

}  // namespace har::check::importers::javascript
