#pragma once

#include <span>
#include <string_view>

#include "query/node.hpp"

namespace har::query {

/// A field: a name, what it is, and how it is found.
struct Field {
  std::string_view name{};
  Type type = Type::any;
  Unit unit = Unit::none;
  int cost = kHead;
  std::string_view what{};             ///< for the documents
  Value (*value)(Context&) = nullptr;  ///< null for maps and messages
  /// Of a map: shows what stands under a name.
  bool (*each)(Context&, std::string_view name, Visit) = nullptr;
  bool message = false;  ///< only where there is a message
};

/// The table.
std::span<const Field> all_fields();
const Field* find_field(std::string_view name);

NodePtr make_field(const Field& field);
NodePtr make_map_field(const Field& field, std::string name);

/// What a type is called: "a number".
std::string_view type_name(Type type);

}  // namespace har::query
