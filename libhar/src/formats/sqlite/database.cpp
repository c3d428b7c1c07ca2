#include "formats/sqlite/database.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "formats/sqlite/descriptor_vfs.hpp"

namespace har::format::sqlite {

using stream::ErrorCode;
using stream::fail;
using stream::Result;
using stream::Status;

namespace {

/// Steps of SQLite's machine between two calls of the progress handler.
constexpr int kStepsAtOnce = 10000;

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)), failed_(other.failed_) {}
Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(database_, other.database_);
  std::swap(statement_, other.statement_);
  std::swap(failed_, other.failed_);
  return *this;
}
Statement::~Statement() { sqlite3_finalize(statement_); }

void Statement::bound(int code) {
  if (code != SQLITE_OK) failed_ = code;
}
void Statement::bind(int parameter, std::int64_t value) { bound(sqlite3_bind_int64(statement_, parameter + 1, value)); }
void Statement::bind(int parameter, double value) { bound(sqlite3_bind_double(statement_, parameter + 1, value)); }
void Statement::bind_text(int parameter, std::string_view text) {
  bound(sqlite3_bind_text64(statement_, parameter + 1, text.data() != nullptr ? text.data() : "", text.size(), SQLITE_STATIC,
                            SQLITE_UTF8));
}
void Statement::bind_blob(int parameter, std::string_view bytes) {
  bound(sqlite3_bind_blob64(statement_, parameter + 1, bytes.data() != nullptr ? bytes.data() : "", bytes.size(), SQLITE_STATIC));
}
void Statement::bind_null(int parameter) { bound(sqlite3_bind_null(statement_, parameter + 1)); }

Result<bool> Statement::step() {
  const int code = failed_ != 0 ? std::exchange(failed_, 0) : sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  auto error = database_->error(code);
  sqlite3_reset(statement_);
  return fail(std::move(error));
}

Status Statement::run() {
  STREAM_TRY(step());
  reset();
  return {};
}

void Statement::reset() { sqlite3_reset(statement_); }

bool Statement::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
bool Statement::is_blob(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_BLOB; }
bool Statement::is_integer(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_INTEGER; }
bool Statement::is_number(int column) const {
  return is_integer(column) || sqlite3_column_type(statement_, column) == SQLITE_FLOAT;
}
std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }
double Statement::number(int column) const { return sqlite3_column_double(statement_, column); }
std::string_view Statement::bytes(int column) const {
  // For text and blobs nothing is converted, for numbers the length is that of their text: the pointer first, then the length.
  const bool blob = sqlite3_column_type(statement_, column) == SQLITE_BLOB;
  const void* const data =
      blob ? sqlite3_column_blob(statement_, column) : static_cast<const void*>(sqlite3_column_text(statement_, column));
  const int size = sqlite3_column_bytes(statement_, column);
  if (data == nullptr || size <= 0) return {};
  return {static_cast<const char*>(data), static_cast<std::size_t>(size)};
}

Database::~Database() { sqlite3_close(handle_); }

Status Database::open(int descriptor, Mode mode, std::string source) {
  mode_ = mode;
  source_ = std::move(source);
  const char* const vfs = descriptor_vfs();
  if (vfs == nullptr) return fail({ErrorCode::io, "SQLite cannot be used", {source_}});
  const int flags =
      (mode == Mode::read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(descriptor_name(descriptor).c_str(), &handle_, flags, vfs);
  if (code != SQLITE_OK) return fail(error(code));
  sqlite3_extended_result_codes(handle_, 1);
  if (mode == Mode::read) {
    // www.sqlite.org/security.html, for databases that may be hostile.
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
    sqlite3_limit(handle_, SQLITE_LIMIT_EXPR_DEPTH, 50);
    sqlite3_limit(handle_, SQLITE_LIMIT_COMPOUND_SELECT, 3);
    sqlite3_limit(handle_, SQLITE_LIMIT_VDBE_OP, 25000);
    sqlite3_limit(handle_, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_limit(handle_, SQLITE_LIMIT_WORKER_THREADS, 0);
    STREAM_TRY(run("PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA query_only=ON; PRAGMA cache_size=-8192"));
  }
  return {};
}

Status Database::run(const std::string& sql) {
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? Status() : Status(fail(error(code)));
}

Result<Statement> Database::prepare(std::string_view sql) const {
  Statement out;
  out.database_ = this;
  const int code =
      sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &out.statement_, nullptr);
  if (code != SQLITE_OK) return fail(error(code));
  return out;
}

Status Database::close() {
  const int code = sqlite3_close(handle_);
  if (code != SQLITE_OK) return fail(error(code));
  handle_ = nullptr;
  return {};
}

void Database::limit(std::size_t value_size, std::uint64_t steps) {
  // A row may be a little larger than the largest value in it.
  constexpr std::size_t kRoom = std::size_t{64} << 10;
  const std::size_t most = std::numeric_limits<int>::max();
  value_size_ = value_size;
  sqlite3_limit(handle_, SQLITE_LIMIT_LENGTH, static_cast<int>(std::min(most, std::min(value_size, most - kRoom) + kRoom)));
  most_steps_ = std::max<std::uint64_t>(1, steps / kStepsAtOnce);
  sqlite3_progress_handler(handle_, kStepsAtOnce, progress, this);
}

int Database::progress(void* self) {
  auto& database = *static_cast<Database*>(self);
  ++database.steps_;
  return database.exhausted() ? 1 : 0;
}

stream::Error Database::error(int code) const {
  const std::string said = handle_ != nullptr ? sqlite3_errmsg(handle_) : sqlite3_errstr(code);
  switch (code & 0xFF) {
    case SQLITE_TOOBIG:
      if (mode_ == Mode::write) {
        return {ErrorCode::unsupported,
                "a value is larger than SQLite can hold (1000000000 bytes)",
                {source_},
                "leave the entry out with --where"};
      }
      return {ErrorCode::limit,
              fmt::format("a value or a row of more than {} bytes", value_size_),
              {source_},
              "raise the limit with --max-entry"};
    case SQLITE_INTERRUPT:
      return {ErrorCode::limit, "it takes too long to find the rows: the database is broken, or made to be slow", {source_}};
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      if (mode_ == Mode::read && code != SQLITE_FULL) break;
      return {ErrorCode::io,
              fmt::format("cannot write a temporary database: {}", said),
              {source_},
              "name a folder with more room with TMPDIR"};
    default:
      break;
  }
  const bool broken = mode_ == Mode::read && (code & 0xFF) == SQLITE_CORRUPT;
  return {mode_ == Mode::read ? ErrorCode::syntax : ErrorCode::io,
          fmt::format("SQLite: {}", said),
          {source_},
          broken ? "the sqlite3 tool's .recover saves what is whole" : ""};
}

}  // namespace har::format::sqlite
