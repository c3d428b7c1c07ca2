#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "check/fix_text.hpp"

/// The lists of an entry: headers, cookies, query parameters, parameters of a form.
namespace har::check::edit {

enum class Side { request, response };

/// One round of repairs of the headers of a request or response; and of its other lists, once its headers are right.
void repair_headers(Text& text, Node message);
void repair_lists(Text& text, Node message, Side side);
void repair_params(Text& text, Node post_data);

/// The value of the first header of that name that has one. `headers` may be anything.
std::optional<std::string> header(const Text& text, Node headers, std::string_view name);

}  // namespace har::check::edit
