#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stream/io/error.hpp"

namespace stream {

/// A value of a YAML document, with its place. Scalars are text; what type a plain one has is for the reader to say.
struct YamlNode {
  enum class Kind : std::uint8_t { null, scalar, sequence, mapping };
  Kind kind = Kind::null;
  std::string text{};
  std::vector<YamlNode> items{};
  std::vector<std::pair<YamlNode, YamlNode>> members{};
  std::uint64_t line = 0;  ///< from 1
  std::uint64_t column = 0;

  /// The last member of that name, or nullptr.
  const YamlNode* find(std::string_view name) const;
};

/// Reads all documents of a text. Aliases are replaced by what they stand for, as long as that stays small. Errors: `syntax`;
/// `limit` (nesting, or a text that would become too large).
Result<std::vector<YamlNode>> parse_yaml(std::string_view text, const std::string& source);

}  // namespace stream
