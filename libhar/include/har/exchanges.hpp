#pragma once

#include <memory>
#include <optional>
#include <string>

#include "stream/io/byte_source.hpp"
#include "stream/io/finding.hpp"
#include "stream/record/event.hpp"

namespace har {

struct ExchangeInput {
  /// A name from the table of formats (har, recording, sse, text …); without it the format is found by content, then by suffix.
  std::optional<std::string> format{};
  /// Whether a bare body is an input too: something whose format nobody knows is then text, or bytes.
  bool bodies = true;
  stream::InputOptions input{};
  stream::FindingSink report{};
};

/// Any input as exchanges, one after another, in file order. A raw body (SSE, NDJSON, text …) is one exchange without a
/// request, whose timeline is its bytes at t = 0.
class ExchangeReader {
 public:
  virtual ~ExchangeReader() = default;
  virtual stream::Result<std::optional<stream::Exchange>> next() = 0;
};

/// `path` may be "-".
stream::Result<std::unique_ptr<ExchangeReader>> open_exchanges(const std::string& path, const ExchangeInput& options = {});

}  // namespace har
