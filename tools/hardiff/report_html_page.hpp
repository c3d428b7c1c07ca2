#pragma once

#include <string_view>

namespace tools::hardiff {

/// What the page of the HTML report is drawn with. Neither loads anything.
extern const std::string_view kHtmlStyle;
extern const std::string_view kHtmlScript;

}  // namespace tools::hardiff
