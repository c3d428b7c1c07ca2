// Reads a database that may be anybody's: it is copied to a temporary file, opened read-only with all that SQLite has against
// hostile schemas, and asked simple questions only. Rows that belong to entries are read beside them, in one pass.
#include <fmt/format.h>

#include <array>
#include <map>
#include <set>

#include "formats/sqlite/database.hpp"
#include "formats/sqlite/entry_json.hpp"
#include "formats/sqlite/schema.hpp"
#include "formats/sqlite/sqlite.hpp"
#include "stream/io/temporary_file.hpp"
#include "stream/text/utf8.hpp"

namespace har::format::sqlite {
namespace {

using stream::ErrorCode;
using stream::fail;
using stream::Json;
using stream::Level;
using stream::Place;
using stream::Result;
using stream::Status;

/// Steps of SQLite's machine for a database of that size: a row of our own takes some fifty, and some ten octets at least.
std::uint64_t most_steps(std::uint64_t size) {
  constexpr std::uint64_t kAny = 100'000'000;
  constexpr std::uint64_t kForOctet = 16;
  return kAny + kForOctet * size;
}

/// The rows of a table, in the order of their entries.
class Children {
 public:
  Status open(const Database& database, const std::string& sql) {
    STREAM_ASSIGN(statement_, database.prepare(sql));
    open_ = true;
    return advance();
  }
  /// Whether the row is one of that entry; rows of entries before it belong to none.
  Result<bool> at(std::int64_t entry) {
    while (open_ && (!statement_.is_integer(0) || statement_.integer(0) < entry)) {
      ++orphans_;
      STREAM_TRY(advance());
    }
    return open_ && statement_.integer(0) == entry;
  }
  Status advance() {
    auto more = statement_.step();
    open_ = more && *more;
    return more ? Status() : Status(fail(std::move(more).error()));
  }
  const Statement& row() const { return statement_; }
  /// Behind the last entry.
  Result<std::size_t> orphans() {
    while (open_) {
      ++orphans_;
      STREAM_TRY(advance());
    }
    return orphans_;
  }

 private:
  Statement statement_;
  bool open_ = false;
  std::size_t orphans_ = 0;
};

class Reader final : public ItemReader {
 public:
  Reader(stream::ByteSource& source, const ReadOptions& options) : source_(source), options_(options), name_(source.name()) {}

  Result<std::optional<Item>> next() override {
    continues_ = false;
    if (ended_) return std::optional<Item>();
    if (!std::exchange(begun_, true)) {
      if (auto status = begin(); !status) {
        ended_ = true;
        return fail(std::move(status).error());
      }
    }
    auto more = ids_.step();
    if (!more || !*more) {
      ended_ = true;
      if (!more) return fail(std::move(more).error());
      STREAM_TRY(report_orphans());
      return std::optional<Item>();
    }
    const std::size_t index = index_++;
    if (!ids_.is_integer(0)) {
      continues_ = true;
      return fail({ErrorCode::syntax, fmt::format("the id of entry {} is no integer", index), {name_}});
    }
    const std::int64_t id = ids_.integer(0);
    EntryParts parts;
    if (auto status = children(id, parts); !status) {
      ended_ = true;
      return fail(std::move(status).error());
    }
    auto text = entry(id, parts);
    row_.reset();
    // What was read counts too: rows that fail may cost as much as those that do not.
    constexpr std::uint64_t kUsual = std::uint64_t{64} << 20;
    if (options_.limits.max_expansion != 0 && given_ > kUsual && given_ / options_.limits.max_expansion > file_.size()) {
      ended_ = true;
      return fail({ErrorCode::limit,
                   fmt::format("the entries are more than {} times as large as the database", options_.limits.max_expansion),
                   {name_},
                   "raise the limit with --max-expansion"});
    }
    if (!text) {
      ended_ = database_.exhausted();
      continues_ = !ended_;
      return fail(std::move(text).error());
    }
    text_ = std::move(*text);
    Item item;
    item.text = text_;
    item.index = index;
    item.place.source = name_;
    return std::optional(std::move(item));
  }
  bool can_continue() const override { return continues_; }
  const LogInfo& info() const override { return info_; }

 private:
  void report(std::string rule, std::string message) const {
    if (options_.report) options_.report({Level::warning, std::move(rule), std::move(message), {name_}});
  }

  Status begin() {
    STREAM_TRY(file_.append_all(source_));
    if (file_.size() == 0) return fail({ErrorCode::syntax, "expected a SQLite database, found the end of the input", {name_}});
    STREAM_ASSIGN(const int descriptor, file_.descriptor());
    STREAM_TRY(database_.open(descriptor, Database::Mode::read, name_));
    database_.limit(options_.limits.max_entry, most_steps(file_.size()));
    STREAM_TRY(check_version());
    STREAM_ASSIGN(const auto columns, columns_of("entries"));
    if (!columns.contains("id")) {
      return fail({ErrorCode::unsupported,
                   "the database has no table entries with an id: it is not one of ours",
                   {name_},
                   "docs/formats/tables.md shows the tables"});
    }
    STREAM_TRY(read_log());
    STREAM_ASSIGN(ids_, database_.prepare("SELECT id FROM entries ORDER BY id"));
    std::string sql = "SELECT ";
    for (const std::string_view column : entry_row_columns()) sql.append(columns.contains(column) ? column : "NULL").append(", ");
    STREAM_ASSIGN(row_, database_.prepare(sql + "id FROM entries WHERE id = ?"));
    STREAM_ASSIGN(const auto body_columns, columns_of("bodies"));
    if (body_columns.contains("id") && body_columns.contains("data")) {
      STREAM_ASSIGN(body_, database_.prepare("SELECT data FROM bodies WHERE id = ?"));
      has_bodies_ = true;
    }
    for (std::size_t i = 0; i < children_.size(); ++i) STREAM_TRY(open_children(static_cast<Table>(i)));
    return {};
  }

  Status check_version() {
    STREAM_ASSIGN(const std::int64_t id, pragma("application_id"));
    STREAM_ASSIGN(const std::int64_t version, pragma("user_version"));
    // A database that was made again from a dump has neither.
    if (id != 0 && id != kApplicationId) {
      return fail({ErrorCode::unsupported,
                   "the database is another application's: its tables are not ours",
                   {name_},
                   "docs/formats/tables.md shows the tables"});
    }
    if (version > kUserVersion || version < 0) {
      return fail({ErrorCode::unsupported,
                   fmt::format("the tables are of version {}: we know {}", version, kUserVersion),
                   {name_},
                   "a newer hartape reads them"});
    }
    return {};
  }

  Result<std::int64_t> pragma(std::string_view name) {
    STREAM_ASSIGN(auto statement, database_.prepare(fmt::format("PRAGMA {}", name)));
    STREAM_ASSIGN(const bool row, statement.step());
    return row ? statement.integer(0) : 0;
  }

  Result<std::set<std::string, std::less<>>> columns_of(std::string_view table) {
    std::set<std::string, std::less<>> out;
    STREAM_ASSIGN(auto statement, database_.prepare("SELECT name FROM pragma_table_info(?)"));
    statement.bind_text(0, table);
    for (;;) {
      STREAM_ASSIGN(const bool row, statement.step());
      if (!row) return out;
      out.emplace(statement.bytes(0));
    }
  }

  Status read_log() {
    STREAM_ASSIGN(const auto columns, columns_of("log"));
    if (!columns.contains("member") || !columns.contains("value")) return {};
    STREAM_ASSIGN(auto statement, database_.prepare(fmt::format("SELECT {}, member, value FROM log ORDER BY rowid",
                                                                columns.contains("place") ? "place" : "'log'")));
    std::size_t size = 0;
    for (;;) {
      STREAM_ASSIGN(const bool row, statement.step());
      if (!row) return {};
      size += statement.bytes(1).size() + statement.bytes(2).size();
      if (size > options_.limits.max_entry) {
        return fail({ErrorCode::limit,
                     fmt::format("the log is larger than {} bytes", options_.limits.max_entry),
                     {name_},
                     "raise the limit with --max-entry"});
      }
      const std::string member = stream::replace_invalid_utf8(statement.bytes(1));
      auto value = stream::parse_json(statement.bytes(2), options_.limits);
      if (!value || (member == "entries" && statement.bytes(0) != "root") || (member == "log" && statement.bytes(0) == "root")) {
        report("sqlite-log", fmt::format("the log's member \"{}\" is left out: {}", member,
                                         value ? "it stands for the entries" : "it is no JSON"));
        continue;
      }
      (statement.bytes(0) == "root" ? info_.root : info_.log).push_back({member, std::move(*value)});
    }
  }

  Status open_children(Table which) {
    const TableInfo& info = table(which);
    STREAM_ASSIGN(const auto columns, columns_of(info.name));
    if (!columns.contains("entry")) return {};
    std::string sql = "SELECT entry";
    std::string_view rest = info.columns;
    while (!rest.empty()) {
      const std::string_view name = rest.substr(0, rest.find(", "));
      rest.remove_prefix(std::min(rest.size(), name.size() + 2));
      sql.append(", ").append(columns.contains(name) ? name : "NULL");
    }
    return children_[static_cast<std::size_t>(which)].open(database_,
                                                           fmt::format("{} FROM {} ORDER BY entry, rowid", sql, info.name));
  }

  /// The rows that belong to the entry. What is more than an entry may be is passed over, and parts.too_large is set.
  Status children(std::int64_t id, EntryParts& parts) {
    for (std::size_t i = 0; i < children_.size(); ++i) {
      for (;;) {
        STREAM_ASSIGN(const bool here, children_[i].at(id));
        if (!here) break;
        if (parts.size <= options_.limits.max_entry) parts.add(static_cast<Table>(i), children_[i].row());
        STREAM_TRY(children_[i].advance());
      }
    }
    return {};
  }

  Result<std::string> entry(std::int64_t id, EntryParts& parts) {
    const auto too_large = [&] {
      return fail({ErrorCode::limit,
                   fmt::format("entry {} is larger than {} bytes", id, options_.limits.max_entry),
                   {name_},
                   "raise the limit with --max-entry"});
    };
    if (parts.size > options_.limits.max_entry) return too_large();
    row_.bind(0, id);
    STREAM_ASSIGN(const bool found, row_.step());
    if (!found) return fail({ErrorCode::syntax, fmt::format("entry {} is not found by its id", id), {name_}});
    const auto say = [&](std::string_view rule, std::string message) {
      report(std::string(rule), fmt::format("entry {}: {}", id, message));
    };
    const auto body = [&](std::int64_t number) -> Result<std::optional<std::string>> {
      if (!has_bodies_) return std::optional<std::string>();
      body_.bind(0, number);
      auto row = body_.step();
      if (!row) return fail(std::move(row).error());
      std::optional<std::string> out;
      if (*row && !body_.is_null(0)) out.emplace(body_.bytes(0));
      body_.reset();
      if (out) given_ += out->size();
      return out;
    };
    auto json = entry_json(row_, parts, options_.limits, body, say);
    if (!json) {
      stream::Error error = std::move(json).error();
      if (error.code == ErrorCode::syntax) {
        error.message = fmt::format("entry {}: {}", id, error.message);
        error.place = {name_};
      }
      return fail(std::move(error));
    }
    std::string text = to_json(*json);
    given_ += text.size();
    if (text.size() > options_.limits.max_entry) return too_large();
    return text;
  }

  Status report_orphans() {
    for (std::size_t i = 0; i < children_.size(); ++i) {
      STREAM_ASSIGN(const std::size_t count, children_[i].orphans());
      if (count == 0) continue;
      report("sqlite-orphan", fmt::format("{} row{} of {} belong{} to no entry; left out", count, count == 1 ? "" : "s",
                                          table(static_cast<Table>(i)).name, count == 1 ? "s" : ""));
    }
    return {};
  }

  stream::ByteSource& source_;
  ReadOptions options_;
  std::string name_;
  LogInfo info_;
  stream::TemporaryFile file_;
  Database database_;
  // Statements go before the database.
  Statement ids_;
  Statement row_;
  Statement body_;
  std::array<Children, kTables> children_;
  std::string text_;
  std::size_t index_ = 0;
  std::uint64_t given_ = 0;  ///< octets of entries, and of the bodies in them
  bool has_bodies_ = false;
  bool begun_ = false;
  bool ended_ = false;
  bool continues_ = false;
};

}  // namespace

std::unique_ptr<ItemReader> open_reader(stream::ByteSource& source, const ReadOptions& options) {
  return std::make_unique<Reader>(source, options);
}

}  // namespace har::format::sqlite
