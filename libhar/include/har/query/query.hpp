#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "har/entry_reader.hpp"
#include "har/entry_view.hpp"
#include "stream/io/error.hpp"
#include "stream/record/event.hpp"
#include "stream/text/timestamp.hpp"

/// The expressions that all tools select entries with (--where). The language is described in docs/expressions.md.
namespace har::query {

/// What an expression looks at.
struct Subject {
  EntryView& entry;
  std::size_t index = 0;                       ///< of the entry in its input, from 0; only looked at if Query::uses_index()
  std::string_view source{};                   ///< the input, as the user named it
  const LogInfo* info = nullptr;               ///< for what pages say; may be null
  const SideFiles* files = nullptr;            ///< for messages that stand beside the entry; may be null
  const stream::Exchange* exchange = nullptr;  ///< what the entry was made of, if it is none in its input: for its messages
};

/// A WebSocket message, or a server-sent event.
struct Message {
  std::size_t index = 0;  ///< in its entry, from 0, in the order of time
  bool event = false;     ///< a server-sent one: then it has no opcode
  stream::Direction direction = stream::Direction::receive;
  int opcode = 0;
  stream::WallTime time{};
  std::string_view data{};  ///< its octets
  std::string_view name{};  ///< of an event: its type, "message" if it has none
  std::string_view id{};    ///< of an event: the last event id
  bool mocked = false;
};

/// What an expression is about: entries, or single messages of them (then `m.dir` and the like may stand anywhere in it).
enum class Scope { entry, message };

/// A compiled expression. It does not change while it is used: several threads may use one, each with a Scratch of its own.
class Query {
 public:
  /// Errors: `usage`. Their place has the column, and `source` as its source; the message says what was expected and what was
  /// found, the hint what to write instead.
  static stream::Result<Query> compile(std::string_view text, Scope scope = Scope::entry, std::string_view source = "expression");
  Query(Query&&) noexcept;
  Query& operator=(Query&&) noexcept;
  ~Query();

  /// Memory of a thread.
  class Scratch {
   public:
    Scratch();
    Scratch(Scratch&&) noexcept;
    Scratch& operator=(Scratch&&) noexcept;
    ~Scratch();

   private:
    friend class Query;
    struct Impl;
    std::unique_ptr<Impl> impl_;
  };
  /// Whether it is true of the entry. What is not there is null, and null-safe: see docs/expressions.md. Of a query about
  /// messages: whether it is true of one of them.
  bool matches(const Subject& subject, Scratch& scratch) const;

  /// Calls `take` for each message of the entry that it is true of, in the order of time, until that returns false. The message's
  /// strings are valid until it returns.
  void messages(const Subject& subject, Scratch& scratch, const std::function<bool(const Message&)>& take) const;

  bool uses_index() const;
  const std::string& text() const;

 private:
  struct Impl;
  explicit Query(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// A moment as expressions have it: ISO 8601, or a date alone, which is its midnight in UTC.
std::optional<stream::WallTime> parse_moment(std::string_view text);

/// The tables of fields and functions, as the documents show them.
struct FieldInfo {
  std::string_view name{};
  std::string_view type{};  ///< "number", "string", "list of strings", …
  std::string_view what{};
};
const std::vector<FieldInfo>& fields();
/// `name` is how it is called: "has(x)".
const std::vector<FieldInfo>& functions();

}  // namespace har::query
