#pragma once

#include <array>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "formats/sqlite/database.hpp"
#include "formats/sqlite/schema.hpp"
#include "stream/io/limits.hpp"
#include "stream/text/json.hpp"

/// An entry, out of its row and those that belong to it.
namespace har::format::sqlite {

/// The rows that belong to an entry, as the lists that they are in a HAR.
struct EntryParts {
  stream::Json::Array request_headers{}, response_headers{}, query{}, request_cookies{}, response_cookies{};
  /// As the text of JSON.
  std::string messages{}, events{};
  std::size_t size = 0;  ///< about, in octets

  /// Takes a row: `entry`, and the columns of the table.
  void add(Table table, const Statement& row);
};

/// What is asked of `entries`, in this order.
std::span<const std::string_view> entry_row_columns();

using FindBody = std::function<stream::Result<std::optional<std::string>>(std::int64_t id)>;
using SayRule = std::function<void(std::string_view rule, std::string message)>;

/// Errors: `syntax`, if `rest` is no JSON object; those of `body`.
stream::Result<stream::Json> entry_json(const Statement& row, EntryParts& parts, const stream::Limits& limits,
                                        const FindBody& body, const SayRule& say);

}  // namespace har::format::sqlite
