#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace stream::replay {

/// Whole seconds: what HTTP's dates are in, and far enough for those of year 9999, which cookies like.
using HttpTime = std::chrono::sys_seconds;

/// A date as HTTP has it (RFC 9110 §5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT", and the two obsolete forms of RFC 850 and asctime.
/// Cookies' dates are understood, too, with dashes or without ("Sun, 06-Nov-1994 08:49:37 GMT"). Years of two digits are of 1970
/// to 2069 (RFC 6265 §5.1.1). No value for anything else: "0" and "-1" in Expires are no dates.
std::optional<HttpTime> parse_http_date(std::string_view text);

/// "Sun, 06 Nov 1994 08:49:37 GMT"; years are kept within 1 to 9999.
std::string format_http_date(HttpTime time);

}  // namespace stream::replay
