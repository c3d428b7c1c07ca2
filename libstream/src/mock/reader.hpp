#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "document.hpp"
#include "stream/mock/file.hpp"

namespace stream::mock {

/// The members of an object that are known.
class Members {
 public:
  void set(std::string_view name, Node node);
  const Node* find(std::string_view name) const;
  /// The first of these that is there.
  const Node* any(std::initializer_list<std::string_view> names) const;
  bool has(std::string_view name) const { return find(name) != nullptr; }

 private:
  std::vector<std::pair<std::string_view, Node>> found_;
};

/// Values of a mocks file, with words for what is wrong with them. What HTTP and WebSocket mocks have in common.
class Reader {
 public:
  Reader(Document& document, const FileOptions& options) : document_(document), options_(options) {}

  tl::unexpected<Error> refuse(const Node& node, ErrorCode code, std::string message, std::string hint = {}) const;
  /// An error that has no place yet.
  tl::unexpected<Error> refuse(const Node& node, Error error) const;
  void warn(std::string_view rule, Place place, std::string message) const;
  void warn(std::string_view rule, const Node& node, std::string message) const { warn(rule, place(node), std::move(message)); }
  Place place(const Node& node) const { return document_.place(node); }
  const FileOptions& options() const { return options_; }

  /// Those of an object, in any case of letters, of which the last counts. `names` outlive them. A null counts as absent.
  Result<Members> members(const Node& node, std::string_view what, std::span<const std::string_view> names) const;
  Result<std::vector<Node>> elements(const Node& node, std::string_view what) const;

  Result<std::string> text(const Node& node) const;
  Result<bool> boolean(const Node& node) const;
  Result<std::int64_t> integer(const Node& node, std::int64_t least, std::int64_t most) const;

  /// `delayMs` and `jitterMs`, or names like them.
  Result<Delay> delay(const Members& members, std::string_view fixed = "delayMs", std::string_view jitter = "jitterMs") const;
  Result<Counting> counting(const Members& members) const;
  /// `bodyJson`, `bodyRegex`, `bodyFragment`.
  Result<BodyMatch> body_match(const Members& members) const;
  /// A text, a file (`@name`; `@@` stands for an @), or JSON.
  Result<Content> content(const Node& node) const;
  /// The octets that a base64 text stands for.
  Result<Content> base64(const Node& node) const;
  /// Checks the templates in a text or in JSON.
  Status check_filled(const Node& node, std::size_t stars, const TextPattern* pattern) const;

 private:
  Result<Nanos> millis(const Node& node) const;

  Document& document_;
  const FileOptions& options_;
};

Result<HttpMock> read_http_mock(const Reader& reader, const Node& node);
Result<WebSocketMock> read_websocket_mock(const Reader& reader, const Node& node);

}  // namespace stream::mock
