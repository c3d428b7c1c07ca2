#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "har/match/request.hpp"
#include "stream/io/error.hpp"

namespace har::match {

/// What is done where no recorded request is the same.
enum class Strictness : std::uint8_t {
  strict,  ///< there is no answer
  normal,  ///< one that was recorded without a body answers any body
  loose,   ///< of the same method, host and path, the one with the most similar query, then the most similar body
};

/// What the n-th of several same requests gets of n recorded answers.
enum class Repeat : std::uint8_t {
  sequence_last,  ///< the n-th, and later ones the last
  consume,        ///< the n-th, and later ones none
  first,          ///< always the first
  cycle,          ///< the n-th, then from the first again
};

struct MatchOptions {
  Strictness strictness = Strictness::normal;
  Repeat repeat = Repeat::sequence_last;
  std::vector<std::string> ignore_query{};  ///< names of parameters
  bool ignore_body = false;
  /// Fields of bodies: of JSON by path (stream::parse_path), of forms and multipart by name. A path of one level, like "/name",
  /// is a name too.
  std::vector<std::string> ignore_body_fields{};
  std::vector<std::string> headers{};  ///< names of headers that must be equal
  bool ignore_scheme = false;
  bool ignore_host = false;  ///< and the port
  bool ignore_port = false;
  bool follow_redirects = false;  ///< a recorded redirect is answered by what it leads to
  int min_score = 0;              ///< loose: from 0 to 1000; see Found
};

/// An exchange for the index.
struct Recorded {
  Request request{};
  int status = 0;
  std::string location{};  ///< as the response's header says it, where there is one
};
Recorded recorded_of(const stream::Exchange& exchange);

enum class Why : std::uint8_t {
  found,
  not_recorded,
  exhausted,  ///< Repeat::consume: all answers were given
  cycle,      ///< a recorded redirect leads back to itself
};

struct Found {
  Why why = Why::not_recorded;
  std::size_t index = 0;  ///< found: which exchange; exhausted, cycle: the one that was given last
  /// 1000: the same request. Otherwise the mean of how similar the query is (twice the equal parameters for all there are) and
  /// the body; what neither side has does not count.
  int score = 0;
  std::string note{};  ///< why it is the answer although it is not exactly what was asked for; else empty

  explicit operator bool() const { return why == Why::found; }
};

/// A part of a request that is not as it was recorded.
struct Difference {
  std::string field{};  ///< "method", "host", "port", "path", "query NAME", "header NAME", "body", "body /a/b", "body NAME"
  std::optional<std::string> expected{};  ///< as recorded, shortened; none: it was not there
  std::optional<std::string> actual{};
  bool operator==(const Difference&) const = default;
};
/// "query page: expected "2", got "3""; without control characters.
std::string to_string(const Difference& difference);

struct Nearest {
  std::size_t index = 0;
  std::vector<Difference> differences{};
};

/// A recorded exchange as the index keeps it.
class Prepared {
 public:
  Prepared();
  Prepared(Prepared&& other) noexcept;
  Prepared& operator=(Prepared&& other) noexcept;
  ~Prepared();

 private:
  friend class Preparer;
  friend class Matcher;
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// The larger part of Matcher::add(), for several threads: each has a preparer of its own.
class Preparer {
 public:
  /// Errors: `usage` (ignore_body_fields).
  static stream::Result<std::unique_ptr<Preparer>> make(const MatchOptions& options);
  Preparer(const Preparer&) = delete;
  Preparer& operator=(const Preparer&) = delete;
  ~Preparer();

  Prepared prepare(const Recorded& recorded);

 private:
  struct Impl;
  explicit Preparer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Finds recorded exchanges by requests. In about a hundred bytes an exchange, besides the names; a lookup does not depend on how
/// many there are. One matcher belongs to one thread. What it answers depends on the exchanges, their order, and the
/// requests before, and on nothing else.
///
/// Method, host, port, path, query (in any order), body and chosen headers must be equal. Bodies are compared as what they
/// are: JSON by value, forms as sets of fields, multipart part by part without the boundary, everything else byte by byte.
/// Among exchanges that are the same in all this, those whose other headers agree best are taken, without headers that change
/// from one request to the next (cookies, dates, tracing …), and of these Repeat chooses.
///
/// An upgrade to WebSocket finds WebSocket exchanges, then GET; GET finds WebSocket exchanges last. HEAD finds GET where none
/// was recorded, without counting as one.
class Matcher {
 public:
  /// Makes a recorded request once more, to say how another one differs.
  using Recall = std::function<Request(std::size_t index)>;

  /// Without `recall` explain() knows less. Errors: `usage` (ignore_body_fields).
  static stream::Result<std::unique_ptr<Matcher>> make(const MatchOptions& options, Recall recall = {});
  Matcher(const Matcher&) = delete;
  Matcher& operator=(const Matcher&) = delete;
  ~Matcher();

  /// The next exchange, in the order of the recording; the first has the index 0.
  void add(const Recorded& recorded);
  /// The same, of what a preparer with the same options has made.
  void add(Prepared prepared);
  /// Gives back what was reserved for more; find() does that too.
  void settle();
  const MatchOptions& options() const;
  /// The bytes of the largest body that was recorded with a request.
  std::size_t largest_body() const;
  std::size_t size() const;
  /// How many hosts (with their ports) were recorded.
  std::size_t hosts() const;
  /// Whether something was recorded for this host and port.
  bool knows_host(const Request& live) const;

  /// Not const: a repeated request may get another answer. Repeats are counted for each session by itself; sessions that were
  /// not seen for long begin anew where there are more than ten thousand.
  Found find(const Request& live, std::string_view session = {});

  /// The exchange that is most like `live`, for the message of a miss; none if there are none. Looks at all of them.
  std::optional<Nearest> explain(const Request& live);

  /// Bytes that the index takes, names included.
  std::size_t memory() const;

 private:
  struct Impl;
  explicit Matcher(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace har::match
