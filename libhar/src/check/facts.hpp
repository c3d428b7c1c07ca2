#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// What the rules ask about an entry: the values that the walk over its text (walker.hpp) has passed, as they stand there.
namespace har::check {

/// One value as it stands in the text; absent if there was none.
struct Field {
  std::string_view raw{};  ///< with quotes or brackets

  explicit operator bool() const { return !raw.empty(); }
  bool is_string() const { return !raw.empty() && raw.front() == '"'; }
  bool is_null() const { return raw == "null"; }
  bool is_true() const { return raw == "true"; }
  bool is_array() const { return !raw.empty() && raw.front() == '['; }
  bool is_object() const { return !raw.empty() && raw.front() == '{'; }
  bool is_number() const { return !raw.empty() && (raw.front() == '-' || (raw.front() >= '0' && raw.front() <= '9')); }
  /// Of a string: what stands between the quotes, escapes as they are.
  std::string_view inner() const { return raw.substr(1, raw.size() - 2); }
};

/// The characters of a string: of what has no escapes itself, else decoded into `scratch`. Empty if it is no string.
std::string_view text_of(const Field& field, std::string& scratch);
/// The same as a string of its own.
std::string text_of(const Field& field);
/// The number, or the fallback if it is none.
double number_of(const Field& field, double fallback);

/// Single values of an entry.
enum class Slot : std::uint8_t {
  started,  ///< /startedDateTime
  time,
  pageref,
  server_address,
  connection,
  resource_type,  ///< /_resourceType
  method,         ///< /request/method
  url,
  request_version,
  request_headers,  ///< the array as a whole, here and below
  request_cookies,
  query,
  request_headers_size,
  request_body_size,
  post_mime,  ///< /request/postData/mimeType
  post_params,
  post_text,
  post_encoding,  ///< /request/postData/_encoding, or encoding
  post_file,      ///< /request/postData/_file
  status,         ///< /response/status
  response_version,
  response_headers,
  response_cookies,
  redirect,
  response_headers_size,
  response_body_size,
  transfer_size,  ///< /response/_transferSize
  size,           ///< /response/content/size
  compression,
  mime,
  text,
  encoding,
  file,  ///< /response/content/_file
  blocked,
  dns,
  connect,
  ssl,
  send,
  wait,
  receive,
  messages,        ///< /_webSocketMessages
  event_messages,  ///< /_eventSourceMessages
  stream_chunks,   ///< /_streamChunks
  chunks,          ///< /_chunks
  count_
};

/// Arrays whose objects are looked at one by one.
enum class List : std::uint8_t {
  request_headers,
  response_headers,
  request_cookies,
  response_cookies,
  query,
  params,
  messages,  ///< from here on not gathered, but handed to MessageChecks as they come: there may be millions
  events,
  stream_chunks,
  chunks,
  count_
};
inline constexpr std::size_t kGathered = static_cast<std::size_t>(List::messages);

/// The members of such an object that somebody asks for. What they are called is in shape.cpp.
struct Record {
  std::size_t index = 0;      ///< in its array
  std::string_view object{};  ///< as a whole
  Field name{};               ///< of a header, cookie, parameter; of a message its type; of an event its eventName
  Field value{};              ///< of a header, cookie, parameter; of a message or event its data; of a chunk its size (bytes)
  Field time{};               ///< of a message, event or chunk (ts)
  Field number{};             ///< of a message its opcode; of a chunk its offset
  Field id{};                 ///< of an event its eventId; of a param its fileName
  Field dir{};                ///< of a chunk
  Field expires{};            ///< of a cookie
};

/// An entry's facts. Views are into its text.
struct Facts {
  std::string_view entry{};
  std::array<Field, static_cast<std::size_t>(Slot::count_)> slots{};
  std::array<std::vector<Record>, kGathered> lists{};

  const Field& operator[](Slot slot) const { return slots[static_cast<std::size_t>(slot)]; }
  const std::vector<Record>& operator[](List list) const { return lists[static_cast<std::size_t>(list)]; }
  /// Where something of the entry begins in its text.
  std::size_t offset(std::string_view part) const { return static_cast<std::size_t>(part.data() - entry.data()); }
  std::size_t offset(const Field& field) const { return offset(field.raw); }
  void clear(std::string_view text) {
    entry = text;
    slots = {};
    for (auto& list : lists) list.clear();
  }
};

}  // namespace har::check
