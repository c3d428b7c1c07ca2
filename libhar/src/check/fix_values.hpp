#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

/// Single values as HAR wants them, made of what writers write instead. Nothing where the meaning is not certain.
namespace har::check::edit {

/// A date as HAR 1.2 section 4.2.3 has it, from any ISO 8601 form (no seconds, no colons, +0200, a blank for the T; without a
/// zone it is taken for UTC), from HTTP's and cookies' dates (RFC 6265 section 5.1.1), JavaScript's Date.toString(), and
/// "SystemTime { tv_sec: 1, tv_nsec: 2 }" (Rust). What is a date of HAR comes back as it is, if its day exists.
std::optional<std::string> har_date(std::string_view text);
/// The same from seconds or milliseconds since 1970, for the years 2001 to 2100.
std::optional<std::string> har_date_of_number(std::string_view number);

/// An IP address without the brackets and the port around it.
std::optional<std::string> ip_address(std::string_view text);

/// The JSON number that a text says, blanks around it aside.
std::optional<std::string> number_in(std::string_view text);
/// Whether a JSON number is a whole one without an exponent: "12", "-1".
bool is_integer(std::string_view number);

/// The reason phrase of RFC 9110 section 15 and its relatives; empty for a status that has none.
std::string_view reason_phrase(int status);

/// Base64 without white space and with its padding; nothing if it is right as it is, or is no base64.
std::optional<std::string> mended_base64(std::string_view text);

/// Without control characters, and blanks at both ends.
std::string without_controls(std::string_view text);

}  // namespace har::check::edit
