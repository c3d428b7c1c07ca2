#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "har/entry_reader.hpp"
#include "har/entry_view.hpp"
#include "stream/io/error.hpp"

/// The expressions that all tools select entries with (--where). The language is described in docs/expressions.md.
namespace har::query {

/// What an expression looks at.
struct Subject {
  EntryView& entry;
  std::size_t index = 0;          ///< of the entry in its input, from 0; only looked at if Query::uses_index()
  std::string_view source{};      ///< the input, as the user named it
  const LogInfo* info = nullptr;  ///< for what pages say; may be null
};

/// A compiled expression. It does not change while it is used: several threads may use one, each with a Scratch of its own.
class Query {
 public:
  /// Errors: `usage`, with the column at which it stands, what was expected, and for a name the near one.
  static stream::Result<Query> compile(std::string_view text);
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
  /// Whether it is true of the entry. What is not there is null, and null-safe: see docs/expressions.md.
  bool matches(const Subject& subject, Scratch& scratch) const;

  bool uses_index() const;
  const std::string& text() const;

 private:
  struct Impl;
  explicit Query(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The table of fields, as the documents show it.
struct FieldInfo {
  std::string_view name{};
  std::string_view type{};  ///< "number", "string", "list of strings", …
  std::string_view what{};
};
const std::vector<FieldInfo>& fields();

}  // namespace har::query
