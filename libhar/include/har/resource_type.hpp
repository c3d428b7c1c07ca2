#pragma once

#include <string_view>

namespace har {

/// What an entry is of: one of the words that Chrome writes as `_resourceType` ("document", "stylesheet", "image", "media",
/// "font", "script", "texttrack", "xhr", "fetch", "prefetch", "eventsource", "websocket", "manifest", "signed-exchange", "ping",
/// "csp-violation-report", "preflight", "wasm", "other").
///
/// What was said counts, in Chrome's spelling: "XHR", "CSPViolationReport", "xmlhttprequest" and the like are made one with it; a
/// word that nobody knows stays as it is. Nothing said: the URL's scheme (ws, wss), then the type of the answer, then, where that
/// says nothing (none, octet-stream, text/plain), the suffix of the URL's path. JSON and XML are "xhr", as nobody knows whether a
/// script's fetch() or its XMLHttpRequest asked. The result is a literal, or a view of `said`.
std::string_view resource_type(std::string_view said, std::string_view media_type, std::string_view url);

}  // namespace har
