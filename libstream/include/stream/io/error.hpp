#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace stream {

/// What kind of failure an Error is. Messages are for people; programs decide by the code.
enum class ErrorCode {
  io,           ///< the operating system refused: a read, a write, an open
  exists,       ///< the output exists and may not be replaced
  syntax,       ///< the bytes are not in the language they should be in
  encoding,     ///< bytes that are not UTF-8 where there must be text
  unsupported,  ///< understood, but not something we can do
  limit,        ///< larger or deeper than a limit; the message names the option that raises it
  truncated,    ///< the input ends in the middle of something
  timeout,      ///< nothing more was waited for
  usage,        ///< the caller's arguments do not fit together
};

/// Where something stands. Every member may be absent; lines, columns (in bytes) count from 1, offsets from 0.
struct Place {
  std::string source{};                   ///< the file as the user named it, or "<stdin>"
  std::uint64_t line = 0;                 ///< 0: unknown
  std::uint64_t column = 0;               ///< 0: unknown
  std::optional<std::uint64_t> offset{};  ///< byte offset in the decompressed input
  std::string pointer{};                  ///< JSON Pointer (RFC 6901); empty: none or the root

  bool operator==(const Place&) const = default;
};

/// One failure: what was expected, what was found, and the way out.
struct Error {
  ErrorCode code = ErrorCode::io;
  std::string message{};
  Place place{};
  std::string hint{};  ///< what to do, e.g. "use --overwrite to replace it"; may be empty
  int system = 0;      ///< errno, where it was the operating system that refused; otherwise 0

  bool operator==(const Error&) const = default;
};

/// `source:line:column: pointer: message`, leaving out what is unknown; without the hint. No tool's name, no newline.
std::string to_string(const Error& error);
std::string to_string(const Place& place);

/// A value or an Error. A derived class, so that ignoring one is a warning.
template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
  Result() {}  // NOLINT: "= default" would have `return {}` fill the place of the Error with zeros first
};

/// Done, or an Error.
using Status = Result<void>;

/// `return fail({ErrorCode::syntax, "expected …, found …", place});`
inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace stream

#define STREAM_CONCAT_INNER(a, b) a##b
#define STREAM_CONCAT(a, b) STREAM_CONCAT_INNER(a, b)

/// Evaluates a Result or Status; returns its Error from the enclosing function if it failed.
#define STREAM_TRY(expression) STREAM_TRY_INNER(STREAM_CONCAT(stream_status_, __COUNTER__), expression)
#define STREAM_TRY_INNER(name, expression)            \
  do {                                                \
    if (auto name = (expression); !name) {            \
      return ::stream::fail(std::move(name).error()); \
    }                                                 \
  } while (false)

/// `STREAM_ASSIGN(const auto entry, reader.next());`: binds the value, or returns the Error.
#define STREAM_ASSIGN(declaration, expression) \
  STREAM_ASSIGN_INNER(STREAM_CONCAT(stream_result_, __COUNTER__), declaration, expression)
#define STREAM_ASSIGN_INNER(name, declaration, expression)   \
  auto name = (expression);                                  \
  if (!name) return ::stream::fail(std::move(name).error()); \
  declaration = std::move(*name)
