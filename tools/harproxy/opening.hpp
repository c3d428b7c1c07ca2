#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "har/capture/watch.hpp"

/// Which hosts' TLS is opened.
namespace tools::harproxy {

/// The globs that a value of --watch stands for: itself; or, where it is only a host ("api.example.com", "*.example.com:8443"),
/// all URLs of that host; a host with a path ("api.example.com/v1/*") has no scheme. "!" before it goes to each of them.
std::vector<har::capture::WatchGlob> watch_globs(std::string_view text);

/// Whether a URL at this host can be wanted by the globs, of which the first that matches decides. A host of which that can be
/// said for none is not opened; in doubt it is.
bool may_be_watched(const std::vector<har::capture::WatchGlob>& globs, std::string_view host, std::uint16_t port);

}  // namespace tools::harproxy
