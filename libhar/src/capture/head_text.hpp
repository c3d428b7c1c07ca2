#pragma once

#include <span>
#include <string_view>

#include "capture/captured.hpp"
#include "capture/text.hpp"

/// The heads of an exchange as HAR has them. Objects are left open where something behind them is only known later.
namespace har::capture {

/// {"method":…,"headersSize":N
void put_request(Text& out, const Captured& captured);
/// {"status":…,"headersSize":N, without `content`.
void put_response(Text& out, const Captured& captured);
/// [{"name":…,"value":…}]
void put_headers(Text& out, std::span<const stream::TapField> fields);
/// {"blocked":…,"wait":…, without `receive`.
void put_timings(Text& out, const stream::TapTimings& timings);
/// `"serverIPAddress":…,"connection":…,"_mocked":true` and so on: what an entry says of how it was transferred.
void put_request_members(Text& out, const Captured& captured);
void put_response_members(Text& out, const Captured& captured);
/// `,"params":[…]` of a form.
void put_params(Text& out, std::string_view form);
/// What `_mark` of an interim response or of trailers says: `"text":…,"_headers":[…]`.
void put_mark(Text& out, const Captured& captured);

stream::StreamKind kind_of(const Captured& response, bool websocket);

}  // namespace har::capture
