#pragma once

#include <cstddef>
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
  bool plain = false;   ///< a scalar without quotes that is no block, and without a tag: it may be a number or a truth value
  bool binary = false;  ///< a scalar with the tag !!binary: base64
  std::string text{};
  std::vector<YamlNode> items{};
  std::vector<std::pair<YamlNode, YamlNode>> members{};  ///< in their order; a name may stand twice
  std::uint64_t line = 0;                                ///< from 1
  std::uint64_t column = 0;

  /// The last member of that name, or nullptr.
  const YamlNode* find(std::string_view name) const;
};

/// How large a text may become once its aliases are replaced.
struct YamlLimits {
  std::size_t max_bytes = std::size_t{16} << 20;  ///< of the text, and of its scalars
  std::size_t max_nodes = 200'000;
  std::size_t max_depth = 64;
};

/// Reads all documents of a text. Aliases are replaced by what they stand for, as long as that stays small. `first_line` is the
/// number of the text's first line in its source. Errors: `syntax`; `limit` (nesting, or a text that would become too large).
Result<std::vector<YamlNode>> parse_yaml(std::string_view text, const std::string& source, const YamlLimits& limits = {},
                                         std::uint64_t first_line = 1);

/// Whether a line (without its end) begins a document: `---` at its start, alone or with white space behind it. What stands
/// within a document never does: block scalars are indented, and others may not hold such a line (YAML 1.2.2 §9.1.2).
bool begins_yaml_document(std::string_view line);

}  // namespace stream
