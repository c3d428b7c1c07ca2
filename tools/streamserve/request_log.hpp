#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "common/tool.hpp"
#include "stream/io/error.hpp"
#include "stream/net/server.hpp"
#include "stream/text/json.hpp"

/// What is said of each request: a line of text, or a line of JSON.
namespace tools::streamserve {

enum class LogForm { text, ndjson, none };

struct LogOptions {
  LogForm form = LogForm::text;
  std::string path{};  ///< empty: standard error
};

/// Lines, each written as a whole with its time. Text on standard error is left out with -q.
class RequestLog {
 public:
  /// Appends to the file, which is made if there is none. Errors: `io`.
  static stream::Result<std::unique_ptr<RequestLog>> open(const LogOptions& options, const Messages& messages);
  RequestLog(const RequestLog&) = delete;
  RequestLog& operator=(const RequestLog&) = delete;
  ~RequestLog();

  bool on_standard_error() const { return file_ == stderr; }
  /// A line: `text`, or {"time", "event", …members}.
  void write(std::string_view event, std::string_view text, stream::Json::Object members = {});
  /// The same about a request, which is named in front of the text, and by `client`, `method`, `target` and `host`.
  void write(std::string_view event, const stream::net::Request& request, std::string_view text,
             stream::Json::Object members = {});

 private:
  RequestLog(LogForm form, std::FILE* file, bool owned) : form_(form), file_(file), owned_(owned) {}

  LogForm form_;
  std::FILE* file_;
  bool owned_;
};

}  // namespace tools::streamserve
