#pragma once

#include "har/query/query.hpp"
#include "query/node.hpp"

namespace har::query {

struct Parsed {
  NodePtr root{};
  bool uses_index = false;
};

/// Errors: `usage`.
stream::Result<Parsed> parse(std::string_view text, Scope scope, std::string_view source);

/// A value of any kind, instead of something that is true or false.
stream::Result<Parsed> parse_value(std::string_view text, Scope scope, std::string_view source);

}  // namespace har::query
