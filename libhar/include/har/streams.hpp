#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "har/exchanges.hpp"
#include "stream/record/event_source.hpp"

/// Any input as exchanges that are read event by event, as they come.
namespace har {

/// Requests of a method and a URL: "GET /chat", "/chat*", "https://api.example/*".
struct RequestPattern {
  std::string method{};  ///< empty: any
  /// `*` stands for any run of characters. With "://" it is for the whole URL, else for the path, and with a "?" for path and
  /// query.
  std::string url{};

  bool matches(std::string_view request_method, std::string_view request_url) const;
  bool operator==(const RequestPattern&) const = default;
};
/// Errors: `usage`.
stream::Result<RequestPattern> parse_request_pattern(std::string_view text);

/// What an exchange began with.
struct ExchangeHead {
  std::size_t number = 0;  ///< in its input, from 0
  std::string id{};
  std::string method{};
  std::string url{};
  int status = 0;      ///< 0: none yet
  std::string kind{};  ///< of the stream, if it is known
};

/// Which exchanges of an input are meant; all of them without any of these.
struct StreamSelection {
  std::optional<std::string> id{};
  std::optional<std::size_t> entry{};  ///< from 0, as in /log/entries/0
  std::optional<RequestPattern> match{};

  bool takes(const ExchangeHead& head) const;
  bool any() const { return id.has_value() || entry.has_value() || match.has_value(); }
};

struct OpenStream {
  ExchangeHead head{};
  std::unique_ptr<stream::EventSource> events{};
};

class StreamReader {
 public:
  StreamReader() = default;
  StreamReader(const StreamReader&) = delete;
  StreamReader& operator=(const StreamReader&) = delete;
  virtual ~StreamReader() = default;

  /// The next exchange that is selected, or nothing. The one before must be gone: what is left of it is passed over.
  virtual stream::Result<std::optional<OpenStream>> next() = 0;
  /// The exchanges that are known by now, selected or not. Of an input that is not live its beginning (a megabyte) was looked
  /// at when it was opened.
  virtual const std::vector<ExchangeHead>& heads() const = 0;
  /// Whether there are no others.
  virtual bool all_known() const = 0;

  std::string_view format{};  ///< its name, as --from takes it
};

struct StreamInput {
  ExchangeInput input{};
  StreamSelection select{};
  /// Of what is live and has begun in a way that may be anything: what it likely is.
  std::optional<stream::StreamKind> likely{};
  stream::Clock clock{};  ///< of bodies that are live, see body_events()
};

/// `path` may be "-". Bodies and recordings are read as they come, in the memory of one event, if nothing of another exchange
/// stands between; of other formats an exchange is held as a whole.
stream::Result<std::unique_ptr<StreamReader>> open_streams(const std::string& path, const StreamInput& options = {});

}  // namespace har
