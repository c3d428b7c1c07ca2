#pragma once

#include <string_view>

namespace stream {

// What every page has: it needs nothing else, and works without a network.
extern const std::string_view kHtmlStyle;
extern const std::string_view kHtmlScript;

}  // namespace stream
