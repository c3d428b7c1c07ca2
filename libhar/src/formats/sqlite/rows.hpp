#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "formats/sqlite/schema.hpp"
#include "har/format.hpp"

/// What an entry becomes, as octets that only need to be bound: threads make them, and one writes them.
namespace har::format::sqlite {

/// What a row is of. The rows of an entry's tables and its bodies come first, then itself.
enum class RowKind : std::uint8_t { request_body, response_body, entry, child };  // child + Table

class RowWriter {
 public:
  explicit RowWriter(std::string& out) : out_(out) {}

  void begin(RowKind kind) { out_ += static_cast<char>(kind); }
  void begin(Table table) { out_ += static_cast<char>(static_cast<unsigned>(RowKind::child) + static_cast<unsigned>(table)); }
  void null() { out_ += 'n'; }
  void integer(std::int64_t value) { raw('i', &value, sizeof value); }
  void number(double value) { raw('d', &value, sizeof value); }
  void text(std::string_view value) { sized('t', value); }
  void blob(std::string_view value) { sized('b', value); }
  /// As text where it is that, else as a blob.
  void data(std::string_view bytes);
  /// A text that is appended piece by piece; end_text() with what begin_text() gave.
  std::size_t begin_text() {
    sized('t', {});
    return out_.size();
  }
  void end_text(std::size_t begun) {
    const std::uint64_t size = out_.size() - begun;
    std::memcpy(out_.data() + begun - sizeof size, &size, sizeof size);
  }
  std::string& out() { return out_; }

 private:
  void raw(char type, const void* value, std::size_t size) {
    out_ += type;
    out_.append(static_cast<const char*>(value), size);
  }
  void sized(char type, std::string_view value) {
    const std::uint64_t size = value.size();
    raw(type, &size, sizeof size);
    out_ += value;
  }
  std::string& out_;
};

/// Takes apart what a RowWriter wrote.
class RowReader {
 public:
  struct Value {
    char type = 'n';
    std::int64_t integer = 0;
    double number = 0;
    std::string_view bytes{};
  };

  explicit RowReader(std::string_view rows) : rest_(rows) {}
  bool ended() const { return rest_.empty(); }
  unsigned kind() {
    const auto out = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return out;
  }
  Value value();

 private:
  template <class T>
  T raw() {
    T out{};
    std::memcpy(&out, rest_.data(), sizeof out);
    rest_.remove_prefix(sizeof out);
    return out;
  }
  std::string_view rest_;
};

/// What a taken message's JSON is; the writer takes a message out of the entry only if it is written just so.
void append_message(std::string& out, std::string_view direction, std::int64_t time_ns, std::int64_t opcode,
                    std::string_view data);
void append_event(std::string& out, std::int64_t time_ns, std::string_view event, std::string_view id, std::string_view data);

/// Appends all rows of an entry. `exchange`: what the entry was made of, if it is none in its input; may be null.
void append_entry_rows(std::string& out, std::string_view entry, const stream::Exchange* exchange, const RenderContext& context);

/// Whether bytes can be a TEXT that SQL's functions see all of.
bool is_sql_text(std::string_view bytes);

}  // namespace har::format::sqlite
