#pragma once

#include <string_view>
#include <vector>

#include "formats/http_message.hpp"
#include "formats/scripts/shell.hpp"

namespace har::format {

struct CurlCommandOptions {
  stream::Place place{};  ///< its source
  stream::FindingSink report{};
};

/// The requests that curl would make of this command, the first word of which is its name; `input` is what it has on its standard
/// input. Nothing is read from files. Findings: curl-option, curl-glob. Errors: `syntax`, `unsupported`, with a place.
stream::Result<std::vector<RequestMessage>> curl_requests(const ShellCommand& command, const std::optional<std::string>& input,
                                                          const CurlCommandOptions& options);

}  // namespace har::format
