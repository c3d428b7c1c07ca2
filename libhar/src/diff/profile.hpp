#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace har::diff {

/// How many rules add_profile() adds for the standard profile.
std::size_t profile_rules();

/// Whether a value looks as if it meant nothing to a person: an id, a token, a time in digits.
bool is_opaque(std::string_view value);

/// A Content-Security-Policy without what is made anew for each answer.
std::string without_nonces(std::string_view policy);

/// Whether the standard profile takes a parameter of this name, in any case, for one that is another each time.
bool is_volatile_query(std::string_view name);

}  // namespace har::diff
