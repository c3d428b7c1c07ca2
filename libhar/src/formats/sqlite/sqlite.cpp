// A recording as a SQLite database: questions in SQL, and the recording back without loss. The tables are in schema.cpp.
#include "formats/sqlite/sqlite.hpp"

#include "formats/formats.hpp"
#include "formats/sqlite/schema.hpp"

namespace har::format {
namespace {

constexpr std::string_view kMagic{"SQLite format 3\0", 16};

int sniff(std::string_view prefix) {
  constexpr std::size_t kIdAt = 68;
  constexpr int kOurs = 100;
  constexpr int kAny = 60;  // so that the message says what is wrong with it
  if (!prefix.starts_with(kMagic) || prefix.size() < kIdAt + 4) return 0;
  std::uint32_t id = 0;
  for (std::size_t i = 0; i < 4; ++i) id = id << 8U | static_cast<unsigned char>(prefix[kIdAt + i]);
  return id == sqlite::kApplicationId ? kOurs : kAny;
}

}  // namespace

const Format kSqlite{
    "sqlite", "SQLite database, for questions in SQL", ".sqlite .sqlite3 .db", sniff, sqlite::open_reader, sqlite::open_writer};

}  // namespace har::format
