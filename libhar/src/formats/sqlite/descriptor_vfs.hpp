#pragma once

#include <string>

/// SQLite over a descriptor that is open already: so a database can be in a file that has no name, and is gone when the process
/// is, however that ends.
namespace har::format::sqlite {

/// The name of the file system, for sqlite3_open_v2(); registers it with the first call. Other files that SQLite wants (for
/// sorting) are those of the system's own one. Empty: SQLite can't be used.
const char* descriptor_vfs();

/// What to open for a descriptor. It stays the caller's. The database is nobody else's: there are no locks.
std::string descriptor_name(int descriptor);

}  // namespace har::format::sqlite
