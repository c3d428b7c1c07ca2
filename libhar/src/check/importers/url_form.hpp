#pragma once

#include <string_view>

/// URLs as browsers take them (WHATWG URL Standard), as far as importers depend on it.
namespace har::check::importers {

/// Whether a URL parser fails at it for certain: no scheme, or http, https, ws, wss or ftp without a host.
bool is_no_url(std::string_view url);

/// Why a browser that is asked for an http or https URL asks for it in another spelling: words such as "an empty path", for
/// behind "found". Empty if it asks for exactly this. Hosts that are not ASCII letters, digits, '.', '-' and '_' are let pass,
/// except for capitals and what is not ASCII.
std::string_view respelled(std::string_view url);

}  // namespace har::check::importers
