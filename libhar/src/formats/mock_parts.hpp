#pragma once

#include <optional>
#include <string>

#include "stream/io/finding.hpp"
#include "stream/record/event.hpp"

/// Parts of mocks files (docs/mocks.md), made of exchanges.
namespace har::format {

/// The `response` of a mock; nothing, and a finding, where the exchange has none that a mock can give.
std::optional<stream::Json> mock_response(const stream::Exchange& exchange, const stream::Place& place,
                                          const stream::FindingSink& report);
/// The same without what Dev Proxy does not know: the body in one piece, and no pauses.
std::optional<stream::Json> devproxy_response(const stream::Exchange& exchange, const stream::Place& place,
                                              const stream::FindingSink& report);
/// Takes out of a mock what Dev Proxy passes over, or its schema refuses, and reports it.
void keep_devproxy_members(stream::Json& mock, const stream::FindingSink& report);

/// The request's body as text; nothing if there is none, or it is none.
std::optional<std::string> mock_request_body(const stream::Exchange& exchange, const stream::Place& place,
                                             const stream::FindingSink& report);

/// A mock of a WebSocket conversation.
stream::Json mock_conversation(const stream::Exchange& exchange, const stream::Place& place, const stream::FindingSink& report);

/// An expression, of .NET as well as of RE2, that is for this text alone.
std::string exact_expression(std::string_view text);

/// What to do with values that were seen one after the other for the same thing: {value, nth}, where nth 0 is all later ones.
template <class Value, class Emit>
void each_nth(const std::vector<Value>& values, const Emit& emit) {
  std::size_t count = values.size();
  while (count > 1 && values[count - 1] == values[count - 2]) --count;  // the last goes on anyway
  for (std::size_t i = 0; i < count; ++i) emit(values[i], i + 1 == count ? 0 : i + 1);
}

}  // namespace har::format
