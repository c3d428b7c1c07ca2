#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "har/capture/recorder.hpp"
#include "harproxy/console.hpp"
#include "stream/proxy/proxy.hpp"

namespace tools::harproxy {

/// Opens the files, and gives the recorder its clock and its voice. The console outlives it. Errors: those of Recorder::open().
stream::Result<std::unique_ptr<har::capture::Recorder>> open_recorder(har::capture::RecorderOptions options, Console& console);

/// Events that are in no file, or not in all of them.
std::uint64_t lost(const har::capture::Summary& summary);

/// The line of counts. `summary` may be null.
std::string counts(const stream::proxy::ProxyStats& stats, const har::capture::Summary* summary);

/// What there was in all, and of each output what is in it; what was lost is a warning.
void tell(Console& console, const stream::proxy::ProxyStats& stats, const har::capture::Summary* summary);

}  // namespace tools::harproxy
