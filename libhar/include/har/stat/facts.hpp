#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "har/entry_reader.hpp"
#include "har/side_files.hpp"
#include "har/stat/cacheability.hpp"
#include "stream/record/event.hpp"

namespace har::stat {

/// The times of an entry. `ttfb` is from its beginning to the first byte of the answer: blocked, dns, connect, send and wait
/// together.
enum class Phase : std::uint8_t { time, blocked, dns, connect, ssl, send, wait, receive, ttfb };
inline constexpr std::size_t kPhases = 9;
std::string_view to_string(Phase phase);

/// Where a string of an entry stands in the memory of its EntryFactsList.
struct FactText {
  std::uint32_t begin = 0;
  std::uint32_t size = 0;
};

inline constexpr std::int64_t kNoTime = -1;

/// A conversation of WebSocket messages.
struct SocketFacts {
  std::array<std::uint64_t, 2> messages{};  ///< sent, received; text and binary ones
  std::array<std::uint64_t, 2> bytes{};     ///< of them, decoded
  std::uint64_t control = 0;                ///< pings and pongs
  std::uint64_t errors = 0;                 ///< that the browser noted among the messages
  bool timed = false;                       ///< messages have times
  std::optional<int> close_code{};
  std::int64_t duration = kNoTime;    ///< ns from the request to the last that is known
  std::int64_t first = kNoTime;       ///< ns from the request to the first message that came
  std::vector<std::uint64_t> gaps{};  ///< ns between one message and the next, either way
  bool operator==(const SocketFacts&) const = default;
};

/// A response that is made of events (server-sent events, records, parts …), or whose pieces have times.
struct StreamFacts {
  stream::StreamKind kind = stream::StreamKind::http;
  std::uint64_t events = 0;
  std::uint64_t chunks = 0;  ///< pieces that have times
  std::int64_t duration = kNoTime;
  std::int64_t first = kNoTime;             ///< ns from the request to the first event, if pieces have times
  std::vector<std::uint64_t> gaps{};        ///< ns between events, if pieces have times
  std::vector<std::uint64_t> chunk_gaps{};  ///< ns between pieces
  bool operator==(const StreamFacts&) const = default;
};

/// What is counted of an entry. Times in ns, sizes in bytes.
struct EntryFacts {
  FactText method{};
  FactText url{};      ///< cut if it is very long
  FactText host{};     ///< in lower case, with a port that is not the scheme's own; "(data)" and the like where there is none
  FactText path{};     ///< without the query
  FactText page{};     ///< pageref
  FactText mime{};     ///< the answer's media type without parameters, in lower case
  FactText type{};     ///< resource_type()
  FactText address{};  ///< serverIPAddress, without brackets
  std::string_view protocol{};  ///< http_protocol(): a literal
  int status = 0;
  CacheClass cache = CacheClass::no_answer;
  bool validator = false;                      ///< the answer has one
  bool from_cache = false;                     ///< the browser says that it did not ask
  std::array<std::int64_t, kPhases> phases{};  ///< kNoTime: does not apply
  std::uint64_t request_bytes = 0;             ///< of the body
  std::uint64_t response_bytes = 0;            ///< of the body, decoded
  std::uint64_t transferred = 0;               ///< head and body as they came over the wire, as far as it is known
  std::optional<std::int64_t> started{};       ///< ns since 1970
  std::uint64_t request_high = 0;              ///< a hash of method, URL and body
  std::uint64_t request_low = 0;
  std::int32_t socket = -1;  ///< in EntryFactsList::sockets
  std::int32_t stream = -1;  ///< in EntryFactsList::streams
};

/// What entries hold, one behind the other, with the memory that it stands in. It is used again and again.
struct EntryFactsList {
  std::string text{};
  std::vector<EntryFacts> entries{};
  std::vector<SocketFacts> sockets{};
  std::vector<StreamFacts> streams{};

  void clear();
  std::string_view operator[](FactText fact) const { return std::string_view(text).substr(fact.begin, fact.size); }
};

/// Reads what is counted out of entries' texts, each gone through once. One reader belongs to one thread.
class FactsReader {
 public:
  FactsReader();
  ~FactsReader();
  FactsReader(const FactsReader&) = delete;
  FactsReader& operator=(const FactsReader&) = delete;

  struct Context {
    const LogInfo* info = nullptr;  ///< for the repair of one writer's times; may be null
    const SideFiles* files = nullptr;
    /// Streams are read the slow way only, which every dialect can be read in: for tests.
    bool slow_streams = false;
  };
  /// Appends the entry's facts. False if the text is no JSON object as far as it was looked at; then nothing is appended.
  bool read(std::string_view entry, const Context& context, EntryFactsList& out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace har::stat
