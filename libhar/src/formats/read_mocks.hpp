#pragma once

#include <memory>
#include <string_view>

#include "har/format.hpp"

/// Mocks files as recordings.
namespace har::format {

int sniff_http_mocks(std::string_view prefix);
int sniff_websocket_mocks(std::string_view prefix);
/// HTTP mocks or WebSocket mocks: which it is, the file says.
std::unique_ptr<ItemReader> open_mocks_reader(stream::ByteSource& source, const ReadOptions& options);

}  // namespace har::format
