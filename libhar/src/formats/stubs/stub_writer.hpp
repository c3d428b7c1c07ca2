#pragma once

#include <cstdint>
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

/// A rule: two JSON objects in one line each.
struct Stub {
  std::string key{};   ///< requests with the same key are not told apart by the server
  std::string host{};  ///< what the key does not have of them
  std::string request{};
  std::string response{};
};

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
  /// To be appended by render_exchange().
  static void append_stub(std::string& out, const Stub& stub);
  /// The rule as it stands in the array, in one line.
  virtual std::string rule(std::string_view request, std::string_view response, const StubTurn& turn) const = 0;
  /// Requests for several hosts have the same key.
  virtual void several_hosts() {}
  std::size_t count() const { return records_.size(); }

 private:
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

/// The header fields of an answer that a server sends as they are: no framing, and nothing about one connection.
Fields stub_fields(const ResponseMessage& response);

}  // namespace har::format
