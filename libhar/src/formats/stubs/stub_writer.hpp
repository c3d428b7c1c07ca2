#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "formats/exchange_writer.hpp"
#include "formats/http_message.hpp"
#include "stream/io/temporary_file.hpp"

/// What is common to outputs for servers that answer a request by a rule for it.
namespace har::format {

/// How many rules have the same key, and which of them one is.
struct StubTurn {
  std::size_t number = 0;    ///< from 1, of those keys that have several
  std::size_t position = 0;  ///< from 1
  std::size_t count = 1;
};

/// Writes an array of rules. Whether an answer is the last for its request is known at the end: until then rules are kept in a
/// temporary file, and 56 bytes of each in memory.
class StubWriter : public ExchangeWriter {
 public:
  using ExchangeWriter::ExchangeWriter;
  stream::Status begin(const Item&, const LogInfo&) override { return {}; }
  stream::Status write(std::string_view rendered) override;
  stream::Status finish() override;

 protected:
  /// Says that something is left out (report_loss()).
  using Lost = std::function<void(std::string_view what, std::string message)>;

  /// The halves of a rule. `answer` is null where there was none, which only servers are asked for that can fail on purpose.
  virtual stream::Json request_of(const RequestMessage& asked, const Lost& lost) const = 0;
  virtual stream::Json response_of(const ResponseMessage* answer, const stream::Exchange& exchange,
                                   std::string_view method) const = 0;
  virtual bool fails_on_purpose() const { return false; }
  /// Whether the request of a rule has the host.
  virtual bool tells_hosts_apart() const { return true; }
  /// What has no place for a WebSocket, as a message says it.
  virtual std::string_view place_name() const { return format_name(); }
  /// The rule as it stands in the array, in one line.
  virtual std::string rule(std::string_view request, std::string_view response, const StubTurn& turn) const = 0;
  /// Requests for several hosts have the same key.
  virtual void several_hosts() {}
  std::size_t count() const { return records_.size(); }

 private:
  stream::Status render_exchange(const stream::Exchange& exchange, const Item& item, const RenderContext& context,
                                 std::string& out) const final;
  using Hash = std::pair<std::uint64_t, std::uint64_t>;
  struct HashOfHash {
    std::size_t operator()(const Hash& hash) const { return static_cast<std::size_t>(hash.first); }
  };
  struct Group {
    std::size_t index = 0;
    std::uint64_t host = 0;
  };
  struct Record {
    std::uint64_t offset = 0;
    std::uint64_t request = 0;
    std::uint64_t response = 0;
    std::size_t group = 0;
    std::size_t position = 0;
  };
  stream::TemporaryFile file_;
  std::vector<Record> records_;
  std::vector<std::size_t> counts_;  ///< by group
  std::unordered_map<Hash, Group, HashOfHash> groups_;
  bool told_hosts_ = false;
};

/// An object in one line, with one more member.
std::string with_member(std::string_view object, std::string_view name, const stream::Json& value);

/// What kind of text a request's body is to be compared as.
enum class StubBody : std::uint8_t { none, text, json, binary, multipart };
StubBody stub_body(const Fields& fields, std::string_view body);

/// The header fields of an answer that a server sends as they are, each name with an array of its values: no framing, and nothing
/// about one connection. Names that differ in case are the same one.
stream::Json stub_headers(const ResponseMessage& response);
/// Its body, as it went.
std::string stub_content(const ResponseMessage& response, std::string_view method);

/// What rules hold of an entry.
inline constexpr std::array kStubMembers = std::to_array<std::string_view>({
    "request.method",
    "request.httpVersion",
    "response.httpVersion",
    "request.url",
    "request.queryString",
    "request.postData.text",
    "request.postData.mimeType",
    "request.postData.params",
    "request.postData._encoding",
    "request.postData.encoding",
    "request.headersSize",
    "request.bodySize",
    "response.status",
    "response.headers[].name",
    "response.headers[].value",
    "response.cookies",
    "response.redirectURL",
    "response.headersSize",
    "response.bodySize",
    "response.content.size",
    "response.content.mimeType",
    "response.content.text",
    "response.content.encoding",
    "response.content.compression",
    "time",
});

}  // namespace har::format
