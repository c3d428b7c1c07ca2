#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "har/format.hpp"
#include "query/node.hpp"

namespace har::format {

/// The columns of a table: what stands above them, and what is asked of each entry or message.
class Columns {
 public:
  struct Column {
    std::string name{};
    query::NodePtr node{};
  };
  /// A cell. Nothing there is another thing than an empty text.
  struct Cell {
    enum class Kind : std::uint8_t { nothing, number, text };
    Kind kind = Kind::nothing;
    std::string text{};
  };

  /// Each as parse_columns() has it; none: the usual ones. Errors: `usage`.
  static stream::Result<Columns> compile(const std::vector<std::string>& columns);

  const std::vector<Column>& columns() const { return columns_; }
  /// Whether a row is a message, and not an entry.
  bool of_messages() const { return of_messages_; }
  /// Calls `row` for each row that the item becomes. Errors: `syntax`, for an exchange that cannot be read.
  stream::Status rows(const Item& item, const RenderContext& context, const std::function<void(std::vector<Cell>&)>& row) const;

 private:
  std::vector<Column> columns_;
  bool of_messages_ = false;
};

}  // namespace har::format
