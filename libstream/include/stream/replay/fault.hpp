#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stream/io/error.hpp"
#include "stream/replay/answer.hpp"

/// Answers that go wrong on purpose, in the same way each time.
namespace stream::replay {

enum class Fault {
  reset,      ///< the connection is reset
  stall,      ///< nothing more comes
  truncate,   ///< the connection ends in the middle of the answer
  end,        ///< the answer ends well, but too early
  close,      ///< a WebSocket close
  slow,       ///< no more than so many bytes a second
  latency,    ///< it and everything behind it comes later
  status,     ///< another answer, with this status
  duplicate,  ///< an event comes twice
  reorder,    ///< an event comes behind the next one
  drop,       ///< an event does not come
  corrupt,    ///< bytes are not what they were
  malformed,  ///< what is no frame, or no chunk
};

/// Where in an answer. Events are counted from 1: server-sent events, lines of NDJSON and text, JSON texts of a sequence,
/// WebSocket messages; chunks of everything else.
struct FaultPlace {
  enum class Unit { none, head, event, byte, time };
  enum class Side {
    at,      ///< in place of the event: what came before it has come
    within,  ///< half of the event has come
    after,   ///< the event has come
  };
  Unit unit = Unit::none;
  Side side = Side::at;
  std::uint64_t number = 0;  ///< event, byte
  Nanos time{};              ///< time: since the request, as it is replayed

  bool operator==(const FaultPlace&) const = default;
};

/// One rule: which requests, how often, where, and what.
///
///     [url=GLOB] [method=NAME] [kind=KIND] [id=GLOB] [header=NAME:GLOB] [body=GLOB] [nth=N|N..|N..M] [rate=P] [PLACE] FAULT
///
/// Words are separated by spaces and stand in any order. All conditions must hold. In a GLOB "*" stands for any characters; a
/// `url` is compared with the path, or with path and query if there is a "?" in it. `nth` counts the requests for which the
/// other conditions hold, from 1; `rate` is a probability from 0 to 1.
///
/// PLACE is at=, within= or after=, then head, event:N, byte:N, or a time since the request (2s). FAULT is one of: reset, stall,
/// truncate, end, close=CODE[:REASON], slow=SIZE/s, latency=TIME[..TIME], status=CODE (with retry-after=SECONDS), duplicate,
/// reorder, drop, corrupt[=BYTES], malformed[=opcode|rsv|masked|fragment|control|utf8|length].
struct FaultRule {
  std::string text{};  ///< as it was written

  std::string url{};     ///< a glob; empty: any
  std::string method{};  ///< empty: any
  std::optional<StreamKind> kind{};
  std::string id{};      ///< a glob for the exchange's
  std::string body{};    ///< a glob for the request's
  HeaderField header{};  ///< name and glob; no name: any
  std::uint64_t first = 1;
  std::uint64_t last = static_cast<std::uint64_t>(-1);
  std::uint64_t rate_millionths = 1'000'000;

  FaultPlace place{};
  Fault fault = Fault::reset;
  std::uint64_t number = 0;  ///< close, status: the code; slow: bytes a second; corrupt: bytes
  Nanos least{};             ///< latency
  Nanos most{};
  std::string word{};  ///< close: the reason; malformed: what is wrong
  std::optional<std::uint64_t> retry_after{};

  bool operator==(const FaultRule&) const = default;
};

/// Errors: `usage`, with the word that is not understood.
Result<FaultRule> parse_fault(std::string_view text);

/// Whether traffic that is relayed can meet this fault: what comes is not known before it is there, and exchanges on the wire
/// have no names. Errors: `usage`, with the way out.
Status check_live_fault(const FaultRule& rule);

/// Whether all of `text` is what `glob` says: "*" stands for any characters, everything else for itself.
bool matches_glob(std::string_view glob, std::string_view text);

/// What a rule may ask of a request.
struct FaultRequest {
  std::string_view method{};
  std::string_view target{};  ///< path and query
  std::string_view body{};
  const std::vector<HeaderField>* headers = nullptr;
  bool body_known = true;  ///< false: no rule that asks for a body holds
};

/// A rule that has hit an answer, and what it draws from.
struct FaultHit {
  const FaultRule* rule = nullptr;  ///< the plan's
  std::size_t index = 0;            ///< of the rule
  std::uint64_t chance = 0;         ///< where its numbers begin
};

/// Decides which faults an answer gets. The same requests in the same order, with the same rules and seed, get the same: each
/// rule counts and draws for itself, so that another rule changes nothing about it.
class FaultPlan {
 public:
  FaultPlan() = default;
  FaultPlan(std::vector<FaultRule> rules, std::uint64_t seed) : rules_(std::move(rules)), counts_(rules_.size()), seed_(seed) {}

  /// Whether there are rules.
  bool active() const { return !rules_.empty(); }
  /// The answer to the next request, changed by the rules that hit, in their order; the same if none does. Its note tells what
  /// was done. A rule whose place the answer does not reach, or that is for another protocol, does nothing.
  std::shared_ptr<const Answer> apply(const FaultRequest& request, std::shared_ptr<const Answer> answer);

  // The steps that apply() takes, for answers that are not there yet.
  const std::vector<FaultRule>& rules() const { return rules_; }
  /// The rules whose conditions hold, whatever the answer's kind: their indices, ascending.
  std::vector<std::size_t> concerned(const FaultRequest& request, std::string_view id) const;
  /// Whether it hangs on the request's body which of them do.
  bool asks_for_body(const FaultRequest& request) const;
  /// One more answer for which all conditions of the rule hold; whether it hits this one.
  std::optional<FaultHit> count(std::size_t rule);

 private:
  std::vector<FaultRule> rules_;
  std::vector<std::uint64_t> counts_;  // requests for which the conditions of each rule held
  std::uint64_t seed_ = 0;
};

}  // namespace stream::replay
