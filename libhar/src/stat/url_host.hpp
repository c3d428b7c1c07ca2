#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace har::stat {

/// Host and port of a URL, in lower case, without a port that is the scheme's own; "(data)" and the like for a scheme that has no
/// host, "(none)" for what is no absolute URL.
void append_host(std::string& out, std::string_view url);
/// Its path without query and fragment; "/" for an empty one, nothing of a scheme that has no host.
std::string_view path_of(std::string_view url);

/// The beginning of a text, at most so many bytes, and no part of a character (UTF-8).
std::string_view cut_text(std::string_view text, std::size_t most);

}  // namespace har::stat
