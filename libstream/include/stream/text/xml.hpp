#pragma once

#include <string>
#include <string_view>

namespace stream {

/// Text as it stands in an element, and as it stands in an attribute in double quotes. What XML 1.0 has no place for, even
/// escaped (most control characters), is left out; bytes that are not UTF-8 become U+FFFD.
std::string xml_text(std::string_view text);
std::string xml_attribute(std::string_view text);

}  // namespace stream
