#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "har/query/query.hpp"
#include "query/value.hpp"
#include "stream/text/json_view.hpp"

namespace har::query {

/// A message whose data are decoded when they are asked for.
struct FoundMessage {
  Message message{};
  stream::RawJson raw{};  ///< its data, as written; absent: they stand in `message`
  bool base64 = false;
};

/// A URL taken apart; views into it, but for the host.
struct UrlParts {
  std::string_view scheme{}, host{}, path{}, query{}, fragment{};
  std::optional<unsigned> port{};
  bool has_query = false, has_fragment = false;
};

/// What a thread keeps while it looks at an entry.
class Work {
 public:
  /// Forgets the entry before.
  void begin();

  /// A string that lives until the entry is done with, or until release().
  std::string& fresh();
  std::size_t mark() const { return used_; }
  void release(std::size_t mark) { used_ = mark; }

  const UrlParts& url(const Subject& subject);
  /// Bodies are decoded once.
  const BodyBytes& response_body(const Subject& subject);
  const BodyBytes& request_body(const Subject& subject);

  enum class Which { websocket, events };
  /// Messages of the entry, in the order of time.
  const std::vector<FoundMessage>& messages(const Subject& subject, Which which);

 private:
  std::deque<std::string> strings_{};
  std::size_t used_ = 0;
  std::optional<UrlParts> url_{};
  std::string host_{};
  std::optional<BodyBytes> response_body_{};
  std::optional<BodyBytes> request_body_{};
  bool websocket_known_ = false;
  bool events_known_ = false;
  std::vector<FoundMessage> websocket_{};
  std::vector<FoundMessage> events_{};
  std::optional<stream::Exchange> exchange_{};  ///< made of the entry, for messages that are not simply there
  std::deque<std::string> event_texts_{};

  const stream::Exchange* exchange(const Subject& subject);
  bool simple_messages(const Subject& subject);
  void recorded_messages(const stream::Exchange& exchange);
  void recorded_events(const stream::Exchange& exchange);
};

/// What an expression is evaluated with.
struct Context {
  const Subject* subject = nullptr;
  Work* work = nullptr;
  const FoundMessage* message = nullptr;

  EntryView& entry() const { return subject->entry; }
};

/// The characters of a JSON string; what has escapes is decoded into `work`.
std::string_view text_of(stream::RawJson string, Work& work);
/// The octets of a message.
std::string_view data_of(const FoundMessage& message, Work& work);
/// Any JSON value as a value.
Value value_of(stream::RawJson json, Work& work);
/// Like value_of(), of a text that need not be JSON at all: then it is absent.
stream::RawJson json_in(std::string_view text);

}  // namespace har::query
