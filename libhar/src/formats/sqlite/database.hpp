#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "stream/io/error.hpp"

struct sqlite3;
struct sqlite3_stmt;

/// SQLite with errors as they travel here.
namespace har::format::sqlite {

class Database;

/// A prepared statement, of a database that outlives it.
class Statement {
 public:
  Statement() = default;
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  // Columns and parameters count from 0. What is bound must stay until the next reset(). What is too large for SQLite fails
  // with the next step.
  void bind(int parameter, std::int64_t value);
  void bind(int parameter, double value);
  void bind_text(int parameter, std::string_view text);
  void bind_blob(int parameter, std::string_view bytes);
  void bind_null(int parameter);

  /// Whether there is a row. Errors: of Database::error().
  stream::Result<bool> step();
  /// One that gives no rows: it is done, and can be done again.
  stream::Status run();
  /// Ready for the next time. What was bound stays.
  void reset();

  // Of the row; the views are valid until the next step.
  bool is_null(int column) const;
  bool is_blob(int column) const;
  bool is_integer(int column) const;
  bool is_number(int column) const;
  std::int64_t integer(int column) const;
  double number(int column) const;
  /// The octets of a text or a blob, or of a number as it is written.
  std::string_view bytes(int column) const;

 private:
  friend class Database;
  void bound(int code);

  const Database* database_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
  int failed_ = 0;  ///< what binding said
};

class Database {
 public:
  Database() = default;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  enum class Mode { read, write };
  /// Over a descriptor, which stays the caller's; see descriptor_vfs(). `source` stands in errors.
  stream::Status open(int descriptor, Mode mode, std::string source);
  /// One statement or several, without parameters.
  stream::Status run(const std::string& sql);
  stream::Result<Statement> prepare(std::string_view sql) const;
  /// Finishes what is open. Statements must be gone.
  stream::Status close();

  /// Values and rows of more than that are refused; and all statements together after so many steps of SQLite's machine.
  void limit(std::size_t value_size, std::uint64_t steps);
  /// Whether the steps are used up: every statement fails from then on.
  bool exhausted() const { return most_steps_ != 0 && steps_ > most_steps_; }
  /// What went wrong last: `io`, `syntax` for a broken database, `limit`.
  stream::Error error(int code) const;

  sqlite3* handle() const { return handle_; }

 private:
  friend class Statement;
  static int progress(void* self);

  sqlite3* handle_ = nullptr;
  Mode mode_ = Mode::read;
  std::string source_;
  std::size_t value_size_ = 0;
  std::uint64_t most_steps_ = 0;  ///< in kStepsAtOnce; 0: any number
  std::uint64_t steps_ = 0;
};

}  // namespace har::format::sqlite
