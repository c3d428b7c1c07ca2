#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

/// The tables of our databases, version 1. docs/formats/tables.md shows them.
namespace har::format::sqlite {

/// In the file's header, from offset 68 on: "HART" (www.sqlite.org/fileformat.html §1.3.15).
inline constexpr std::uint32_t kApplicationId = 0x48415254;
/// The version of the schema: a reader takes databases of this and of earlier ones.
inline constexpr int kUserVersion = 1;

/// What was taken out of an entry's JSON (`rest`), since rows or bodies say it: it stands there as null or [], and is put back
/// in its place.
enum Part : std::uint32_t {
  kRequestHeaders = 1,
  kRequestCookies = 2,
  kQueryString = 4,
  kPostText = 8,
  kResponseHeaders = 16,
  kResponseCookies = 32,
  kContentText = 64,
  kWebSocketMessages = 128,
  kEventSourceMessages = 256,
};

/// A column of `entries` whose value is that of a field of the expression language (docs/expressions.md).
struct EntryColumn {
  std::string_view name{};
  std::string_view type{};
  std::string_view field{};
  std::string_view what{};  ///< a comment in the schema
};
std::span<const EntryColumn> entry_columns();

/// The tables whose rows belong to an entry: their first column is `entry`. The order is that of Table.
enum class Table : std::uint8_t { headers, query_parameters, cookies, messages, events };
struct TableInfo {
  std::string_view name{};
  std::string_view columns{};  ///< behind `entry`, separated by ", "
  int count = 0;               ///< of them
};
const TableInfo& table(Table table);
inline constexpr int kTables = 5;

/// Makes tables and views; the indexes come when the rows are there.
std::string create_tables();
std::string_view create_indexes();
/// The index by which bodies are found when there are too many to keep their hashes at hand.
std::string_view create_body_index();
/// "INSERT INTO entries …" with a parameter for each column: id, started, those of entry_columns(), request_body, response_body,
/// parts, rest.
std::string insert_entry();
std::string insert_row(Table table);

}  // namespace har::format::sqlite
