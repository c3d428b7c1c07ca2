#pragma once

#include <span>
#include <string_view>

namespace har::check {

/// A schema of schemas/, built in.
struct SchemaText {
  std::string_view name;  ///< "har-1.2"
  std::string_view text;
};
std::span<const SchemaText> schema_texts();

}  // namespace har::check
