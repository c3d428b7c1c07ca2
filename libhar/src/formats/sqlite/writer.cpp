// The database is made in a temporary file, which is copied to the output when it is whole: so an output that is a pipe, or
// compressed, is as good as a file, and nothing is left of one that was broken off.
#include <algorithm>
#include <array>
#include <cstring>
#include <unordered_map>

#include "formats/formats.hpp"
#include "formats/sqlite/database.hpp"
#include "formats/sqlite/rows.hpp"
#include "formats/sqlite/schema.hpp"
#include "formats/sqlite/sqlite.hpp"
#include "har/exchange.hpp"
#include "stream/io/temporary_file.hpp"

namespace har::format::sqlite {
namespace {

using stream::ErrorCode;
using stream::fail;
using stream::Json;
using stream::JsonMember;
using stream::Result;
using stream::Status;

/// Bodies that are known by their hash in memory; of more than that the index tells (64 MiB or so).
constexpr std::size_t kMostHashes = std::size_t{1} << 20;

using Hash = std::array<char, 32>;
struct HashOf {
  std::size_t operator()(const Hash& hash) const {
    std::size_t out = 0;
    std::memcpy(&out, hash.data(), sizeof out);
    return out;
  }
};

std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 15U];
  }
  return out;
}

void bind(Statement& statement, int parameter, const RowReader::Value& value) {
  switch (value.type) {
    case 'i':
      return statement.bind(parameter, value.integer);
    case 'd':
      return statement.bind(parameter, value.number);
    case 't':
      return statement.bind_text(parameter, value.bytes);
    case 'b':
      return statement.bind_blob(parameter, value.bytes);
    default:
      return statement.bind_null(parameter);
  }
}

class Writer final : public ItemWriter {
 public:
  Writer(stream::ByteSink& sink, const WriteOptions& options) : sink_(sink), options_(options), log_(options) {}

  Status begin(const Item&, const LogInfo&) override { return open(); }

  Status render(const Item& item, const RenderContext& context, std::string& out) const override {
    if (!item.exchange) {
      append_entry_rows(out, item.text, nullptr, context);
    } else {
      append_entry_rows(out, stream::to_json(to_entry(*item.exchange)), &*item.exchange, context);
    }
    return {};
  }

  Status write(std::string_view rendered) override {
    RowReader rows(rendered);
    while (!rows.ended()) {
      const unsigned kind = rows.kind();
      switch (static_cast<RowKind>(kind)) {
        case RowKind::request_body:
          STREAM_TRY(body(rows, request_body_));
          break;
        case RowKind::response_body:
          STREAM_TRY(body(rows, response_body_));
          break;
        case RowKind::entry:
          STREAM_TRY(entry(rows));
          break;
        default: {
          const auto index = kind - static_cast<unsigned>(RowKind::child);
          Statement& insert = children_.at(index);
          insert.bind(0, entries_);
          const int count = table(static_cast<Table>(index)).count;
          for (int i = 1; i <= count; ++i) bind(insert, i, rows.value());
          STREAM_TRY(insert.run());
        }
      }
    }
    return {};
  }

  Status end_input(const LogInfo& info) override {
    log_.end_input(info);
    return {};
  }

  Status finish() override {
    STREAM_TRY(open());
    LogInfo log = log_.rest();
    log_.require(log.log, options_.creator);
    STREAM_TRY(log_rows(log.log, "log"));
    STREAM_TRY(log_rows(log.root, "root"));
    entry_ = {};
    body_ = {};
    find_body_ = {};
    for (Statement& statement : children_) statement = {};
    STREAM_TRY(database_.run(std::string(create_indexes()).append(create_body_index()) + "COMMIT;"));
    STREAM_TRY(database_.close());
    STREAM_TRY(file_.refresh());
    return file_.write_to(sink_);
  }

 private:
  Status open() {
    if (std::exchange(open_, true)) return {};
    STREAM_ASSIGN(const int descriptor, file_.descriptor());
    STREAM_TRY(database_.open(descriptor, Database::Mode::write, sink_.name()));
    // Nobody else sees the file, and after a crash nobody will.
    STREAM_TRY(database_.run(
        "PRAGMA page_size=8192; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE;"
        "PRAGMA cache_size=-8192; PRAGMA application_id=" +
        std::to_string(kApplicationId) + "; PRAGMA user_version=" + std::to_string(kUserVersion) + "; BEGIN;" + create_tables()));
    STREAM_ASSIGN(entry_, database_.prepare(insert_entry()));
    STREAM_ASSIGN(body_, database_.prepare("INSERT INTO bodies VALUES (?,?,?,?,?)"));
    for (std::size_t i = 0; i < children_.size(); ++i) {
      STREAM_ASSIGN(children_[i], database_.prepare(insert_row(static_cast<Table>(i))));
    }
    return {};
  }

  Status body(RowReader& rows, std::optional<std::int64_t>& id) {
    const std::string_view hash = rows.value().bytes;
    const RowReader::Value is_text = rows.value();
    const RowReader::Value data = rows.value();
    Hash key{};
    std::copy_n(hash.begin(), std::min(hash.size(), key.size()), key.begin());
    if (const auto found = hashes_.find(key); found != hashes_.end()) {
      id = found->second;
      return {};
    }
    const std::string name = hex(hash);
    if (indexed_) {
      find_body_.bind_text(0, name);
      STREAM_ASSIGN(const bool known, find_body_.step());
      if (known) id = find_body_.integer(0);
      find_body_.reset();
      if (known) return {};
    }
    id = ++bodies_;
    body_.bind(0, *id);
    body_.bind_text(1, name);
    body_.bind(2, static_cast<std::int64_t>(data.bytes.size()));
    bind(body_, 3, is_text);
    bind(body_, 4, data);
    STREAM_TRY(body_.run());
    if (hashes_.size() < kMostHashes) {
      hashes_.emplace(key, *id);
    } else if (!std::exchange(indexed_, true)) {
      STREAM_TRY(database_.run(std::string(create_body_index())));
      STREAM_ASSIGN(find_body_, database_.prepare("SELECT id FROM bodies WHERE sha256 = ?"));
    }
    return {};
  }

  Status entry(RowReader& rows) {
    int at = 0;
    entry_.bind(at++, entries_);
    bind(entry_, at++, rows.value());
    for (std::size_t i = 0; i < entry_columns().size(); ++i) bind(entry_, at++, rows.value());
    for (std::optional<std::int64_t>* const id : {&request_body_, &response_body_}) {
      if (*id) {
        entry_.bind(at++, **id);
      } else {
        entry_.bind_null(at++);
      }
      id->reset();
    }
    bind(entry_, at++, rows.value());
    bind(entry_, at++, rows.value());
    ++entries_;
    return entry_.run();
  }

  Status log_rows(const Json::Object& members, std::string_view place) {
    STREAM_ASSIGN(auto insert, database_.prepare("INSERT INTO log VALUES (?,?,?)"));
    for (const JsonMember& member : members) {
      const std::string value = to_json(member.value);
      insert.bind_text(0, place);
      insert.bind_text(1, member.name);
      insert.bind_text(2, value);
      STREAM_TRY(insert.run());
      if (place == "log" && member.name == "pages") STREAM_TRY(pages(member.value));
    }
    return {};
  }

  Status pages(const Json& list) {
    if (!list.is_array()) return {};
    STREAM_ASSIGN(auto insert, database_.prepare("INSERT INTO pages VALUES (?,?,?,?,?)"));
    for (const Json& page : list.as_array()) {
      int at = 0;
      for (const char* const name : {"id", "title", "startedDateTime"}) {
        if (const Json& text = page[name]; text.is_string()) {
          insert.bind_text(at++, text.as_string());
        } else {
          insert.bind_null(at++);
        }
      }
      for (const char* const name : {"onContentLoad", "onLoad"}) {
        if (const double time = page["pageTimings"][name].number_or(-1); time >= 0) {
          insert.bind(at++, time);
        } else {
          insert.bind_null(at++);
        }
      }
      STREAM_TRY(insert.run());
    }
    return {};
  }

  stream::ByteSink& sink_;
  WriteOptions options_;
  LogOutput log_;
  stream::TemporaryFile file_;
  Database database_;
  // Statements go before the database.
  Statement entry_;
  Statement body_;
  Statement find_body_;
  std::array<Statement, kTables> children_;
  std::unordered_map<Hash, std::int64_t, HashOf> hashes_;
  bool open_ = false;
  bool indexed_ = false;
  std::int64_t entries_ = 0;
  std::int64_t bodies_ = 0;
  std::optional<std::int64_t> request_body_;
  std::optional<std::int64_t> response_body_;
};

}  // namespace

std::unique_ptr<ItemWriter> open_writer(stream::ByteSink& sink, const WriteOptions& options) {
  return std::make_unique<Writer>(sink, options);
}

}  // namespace har::format::sqlite
