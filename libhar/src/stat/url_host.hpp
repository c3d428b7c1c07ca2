#pragma once

#include <string>
#include <string_view>

namespace har::stat {

/// Host and port of a URL, in lower case, without a port that is the scheme's own; "(data)" and the like for a scheme that has no
/// host, "(none)" for what is no absolute URL.
void append_host(std::string& out, std::string_view url);
/// Its path without query and fragment; "/" for an empty one, nothing of a scheme that has no host.
std::string_view path_of(std::string_view url);

}  // namespace har::stat
