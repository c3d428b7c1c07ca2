#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "formats/keploy/write_document.hpp"
#include "formats/keploy/write_stream_file.hpp"

/// From an exchange to a document of Keploy.
namespace har::format::keploy {

/// A document, and what stands behind the body of its stream.
struct Made {
  Document document{};
  Fields trailers{};
};

/// A file of a stream, named as its document does ("streams/…").
struct NamedStream {
  std::string path{};
  std::string text{};
};

/// The document of an exchange, without a name. One that Keploy has recorded is what it was (`_keploy`), any other what `form`
/// says. `place` and `report` are for what Keploy has no place for; nothing is made of a WebSocket, and of a request without an
/// answer. Errors: none but `limit`.
std::optional<Made> from_exchange(const stream::Exchange& exchange, Document::Form form, const stream::Limits& limits,
                                  const stream::Place& place, const stream::FindingSink& report);

/// Takes the body out of a mock that wants a file of its own for it; `number` becomes a part of its name.
std::optional<NamedStream> take_stream(Document& document, const Fields& trailers, std::uint64_t number);

}  // namespace har::format::keploy
