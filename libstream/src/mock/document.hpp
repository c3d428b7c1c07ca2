#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "stream/io/limits.hpp"
#include "stream/text/json.hpp"
#include "stream/text/place.hpp"

namespace stream::mock {

/// Where a value stands, and its member's name, and the values in it.
struct Spot {
  std::size_t at = 0;
  std::size_t name_at = 0;  ///< `at` where it has none
  std::vector<Spot> children{};
};

/// A value of a document. The document outlives it.
struct Node {
  const Json* json = nullptr;
  const Spot* spot = nullptr;
  std::string pointer{};

  Node element(std::size_t index) const;
  Node member(std::size_t index) const;
};

/// A JSON text, with comments as in JavaScript, whose values know where they stand.
class Document {
 public:
  Document(std::string text, std::string source);
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  /// Once, before anything else.
  Status parse(const Limits& limits);

  Node root() const { return {&root_, &spots_, {}}; }
  Place place(const Node& node) { return at(node.spot->at, node.pointer); }
  Place name_place(const Node& node) { return at(node.spot->name_at, node.pointer); }

 private:
  Status blank_comments();
  Place at(std::size_t offset, const std::string& pointer);

  std::string text_;
  Place start_;
  PlaceCursor cursor_;
  Json root_;
  Spot spots_;
};

}  // namespace stream::mock
