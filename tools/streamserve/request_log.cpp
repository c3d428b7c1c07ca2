#include "streamserve/request_log.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <iterator>

#include "stream/text/timestamp.hpp"

namespace tools::streamserve {
namespace {

using stream::Json;

std::string now_text() {
  return stream::format_iso8601(std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now()));
}

}  // namespace

stream::Result<std::unique_ptr<RequestLog>> RequestLog::open(const LogOptions& options, const Messages& messages) {
  const bool silent = options.form == LogForm::none || (options.form == LogForm::text && options.path.empty() && messages.quiet);
  if (silent) return std::unique_ptr<RequestLog>(new RequestLog(LogForm::none, nullptr, false));
  if (options.path.empty()) return std::unique_ptr<RequestLog>(new RequestLog(options.form, stderr, false));
  std::FILE* const file = std::fopen(options.path.c_str(), "ae");
  if (file == nullptr)
    return stream::fail(
        {stream::ErrorCode::io, fmt::format("cannot write the log: {}", std::strerror(errno)), {options.path}, {}});
  std::setvbuf(file, nullptr, _IOLBF, 1 << 16);
  return std::unique_ptr<RequestLog>(new RequestLog(options.form, file, true));
}

RequestLog::~RequestLog() {
  if (owned_) std::fclose(file_);
}

void RequestLog::write(std::string_view event, std::string_view text, Json::Object members) {
  if (form_ == LogForm::none) return;
  std::string line;
  if (form_ == LogForm::text) {
    line = fmt::format("{} {}\n", now_text(), text);
  } else {
    Json::Object all{{"time", now_text()}, {"event", event}};
    all.insert(all.end(), std::make_move_iterator(members.begin()), std::make_move_iterator(members.end()));
    if (all.size() == 2) all.emplace_back("text", text);
    line = stream::to_json(Json(std::move(all))) + "\n";
  }
  std::fwrite(line.data(), 1, line.size(), file_);
}

void RequestLog::write(std::string_view event, const stream::net::Request& request, std::string_view text, Json::Object members) {
  if (form_ == LogForm::none) return;
  if (form_ == LogForm::text) return write(event, fmt::format("{} {}{}", request.method, request.target, text));
  Json::Object all{{"client", request.peer}, {"method", request.method}, {"target", request.target}, {"host", request.authority}};
  all.insert(all.end(), std::make_move_iterator(members.begin()), std::make_move_iterator(members.end()));
  write(event, text, std::move(all));
}

}  // namespace tools::streamserve
