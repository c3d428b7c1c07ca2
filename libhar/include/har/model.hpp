#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/text/json.hpp"

/// HAR 1.2 and its extensions as plain structs, for code that builds or edits entries. (Code that only looks at a member or
/// two reads slices: har/entry_reader.hpp.)
///
/// Nothing is lost on the way through: to_json(read_entry(json)) == json for every document. Members that the structs do not
/// name, members whose value has another type than they should (null for a string, say), their order, and numbers as they
/// were written are kept in Extras. A struct that was not read is written with all its required members, in the order of
/// the specification.
///
/// Sections are those of HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/).
namespace har {

/// A number as it is written: "1", "1.50", "-1".
class Number {
 public:
  Number() = default;
  Number(double value);
  Number(int value) : text_(std::to_string(value)) {}
  Number(std::int64_t value) : text_(std::to_string(value)) {}
  explicit Number(stream::Json::Number number) : text_(std::move(number.text)) {}
  double value() const { return stream::Json(stream::Json::Number{text_}).number_or(0); }
  const std::string& text() const { return text_; }
  /// The same spelling; compare value() for the same number.
  bool operator==(const Number&) const = default;

 private:
  std::string text_ = "0";
};

/// What a struct does not say of the object that it was read from.
class Extras {
 public:
  /// A member that the struct does not name, or could not take; nullptr if there is none.
  const stream::Json* find(std::string_view name) const;
  void set(std::string_view name, stream::Json value);
  bool operator==(const Extras&) const = default;

 private:
  friend class ModelAccess;
  struct Slot {
    std::string name{};
    std::optional<stream::Json> value{};  ///< none: the struct's own member stands here
    bool operator==(const Slot&) const = default;
  };
  std::vector<Slot> slots_;
  bool read_ = false;  ///< the struct was read: members that were missing are not added
};

/// A header, or a parameter of a query string.
struct NameValue {
  std::string name{};
  std::string value{};
  std::optional<std::string> comment{};
  Extras extras{};
  bool operator==(const NameValue&) const = default;
};

struct Cookie {
  std::string name{};
  std::string value{};
  std::optional<std::string> path{};
  std::optional<std::string> domain{};
  std::optional<std::string> expires{};  ///< ISO 8601
  std::optional<bool> http_only{};
  std::optional<bool> secure{};
  std::optional<std::string> same_site{};  ///< `sameSite`: not in HAR 1.2, but written by every browser
  std::optional<std::string> comment{};
  Extras extras{};
  bool operator==(const Cookie&) const = default;
};

struct PostParam {
  std::string name{};
  std::optional<std::string> value{};
  std::optional<std::string> file_name{};
  std::optional<std::string> content_type{};
  std::optional<std::string> comment{};
  Extras extras{};
  bool operator==(const PostParam&) const = default;
};

struct PostData {
  std::string mime_type{};
  std::optional<std::vector<PostParam>> params{};
  std::optional<std::string> text{};
  std::optional<std::string> encoding{};  ///< `_encoding`: "base64" if `text` is that
  std::optional<std::string> comment{};
  Extras extras{};
  bool operator==(const PostData&) const = default;
};

struct Request {
  std::string method{};
  std::string url{};
  std::string http_version{};
  std::vector<Cookie> cookies{};
  std::vector<NameValue> headers{};
  std::vector<NameValue> query_string{};
  std::optional<PostData> post_data{};
  Number headers_size = -1;  ///< bytes; -1: not known
  Number body_size = -1;     ///< bytes; -1: not known
  std::optional<std::string> comment{};
  Extras extras{};
  bool operator==(const Request&) const = default;
};

struct Content {
  Number size = 0;                      ///< bytes, decoded
  std::optional<Number> compression{};  ///< bytes saved
  std::string mime_type{};
  std::optional<std::string> text{};
  std::optional<std::string> encoding{};  ///< "base64" if `text` is that
  std::optional<std::string> file{};      ///< `_file`: Playwright's side file
  std::optional<std::string> comment{};
  Extras extras{};
  bool operator==(const Content&) const = default;
};

struct Response {
  Number status = 0;  ///< 0: there was no answer
  std::string status_text{};
  std::string http_version{};
  std::vector<Cookie> cookies{};
  std::vector<NameValue> headers{};
  Content content{};
  std::string redirect_url{};
  Number headers_size = -1;
  Number body_size = -1;
  std::optional<std::string> comment{};
  std::optional<Number> transfer_size{};  ///< `_transferSize`: bytes on the wire, headers included
  std::optional<std::string> error{};     ///< `_error`
  Extras extras{};
  bool operator==(const Response&) const = default;
};

struct CacheState {
  std::optional<std::string> expires{};
  std::string last_access{};
  std::string e_tag{};
  Number hit_count = 0;
  std::optional<std::string> comment{};
  Extras extras{};
  bool operator==(const CacheState&) const = default;
};

struct Cache {
  std::optional<CacheState> before_request{};
  std::optional<CacheState> after_request{};
  std::optional<std::string> comment{};
  Extras extras{};
  bool operator==(const Cache&) const = default;
};

/// Milliseconds; -1: does not apply. `ssl` is contained in `connect` (HAR 1.2; some writers count it apart).
struct Timings {
  std::optional<Number> blocked{};
  std::optional<Number> dns{};
  std::optional<Number> connect{};
  Number send = 0;
  Number wait = 0;
  Number receive = 0;
  std::optional<Number> ssl{};
  std::optional<std::string> comment{};
  Extras extras{};
  bool operator==(const Timings&) const = default;
};

/// An element of `_webSocketMessages`. Writers disagree about `time`: to_exchange() makes one clock of them.
struct WebSocketMessage {
  std::string type{};  ///< "send", "receive", "error"
  Number time = 0;
  Number opcode = 1;   ///< 1 text, 2 binary; -1 of an error
  std::string data{};  ///< base64 unless opcode is 1
  Extras extras{};
  bool operator==(const WebSocketMessage&) const = default;
};

struct WebSocketClose {
  std::optional<Number> code{};
  std::optional<std::string> reason{};
  std::optional<Number> timestamp{};  ///< seconds since the epoch
  Extras extras{};
  bool operator==(const WebSocketClose&) const = default;
};

/// An element of `_eventSourceMessages`.
struct EventSourceMessage {
  Number time = 0;  ///< seconds since the epoch
  std::string event_name{};
  std::string event_id{};
  std::optional<std::string> data{};  ///< a sanitized export leaves it out
  Extras extras{};
  bool operator==(const EventSourceMessage&) const = default;
};

/// An element of `_streamChunks`.
struct StreamChunk {
  Number time = 0;  ///< seconds since the epoch
  Number offset = 0;
  Number size = 0;
  std::optional<std::string> dir{};  ///< "send" for the request's body
  Extras extras{};
  bool operator==(const StreamChunk&) const = default;
};

struct Entry {
  std::optional<std::string> pageref{};
  std::string started_date_time{};  ///< ISO 8601
  Number time = 0;                  ///< milliseconds
  Request request{};
  Response response{};
  Cache cache{};
  Timings timings{};
  std::optional<std::string> server_ip_address{};
  std::optional<std::string> connection{};
  std::optional<std::string> comment{};
  std::optional<std::string> resource_type{};                              ///< `_resourceType`
  std::optional<std::vector<WebSocketMessage>> web_socket_messages{};      ///< `_webSocketMessages`
  std::optional<WebSocketClose> web_socket_close{};                        ///< `_webSocketClose`
  std::optional<std::vector<EventSourceMessage>> event_source_messages{};  ///< `_eventSourceMessages`
  std::optional<std::vector<StreamChunk>> stream_chunks{};                 ///< `_streamChunks`
  std::optional<std::string> error{};                                      ///< `_error`
  std::optional<bool> incomplete{};                                        ///< `_incomplete`
  std::optional<bool> mocked{};                                            ///< `_mocked`
  Extras extras{};
  bool operator==(const Entry&) const = default;
};

/// `creator` and `browser`.
struct Creator {
  std::string name{};
  std::string version{};
  std::optional<std::string> comment{};
  Extras extras{};
  bool operator==(const Creator&) const = default;
};

struct PageTimings {
  std::optional<Number> on_content_load{};  ///< milliseconds since the page's start; -1: does not apply
  std::optional<Number> on_load{};
  std::optional<std::string> comment{};
  Extras extras{};
  bool operator==(const PageTimings&) const = default;
};

struct Page {
  std::string started_date_time{};
  std::string id{};
  std::string title{};
  PageTimings page_timings{};
  std::optional<std::string> comment{};
  Extras extras{};
  bool operator==(const Page&) const = default;
};

/// `log` without its entries.
struct Log {
  std::string version = "1.2";
  Creator creator{};
  std::optional<Creator> browser{};
  std::optional<std::vector<Page>> pages{};
  std::optional<std::string> comment{};
  Extras extras{};
  bool operator==(const Log&) const = default;
};

/// Errors: `syntax` if `json` is no object. Anything inside that is not as it should be goes into the extras.
stream::Result<Entry> read_entry(const stream::Json& json);
stream::Result<Log> read_log(const stream::Json& json);

stream::Json to_json(const Entry& entry);
stream::Json to_json(const Log& log);

}  // namespace har
