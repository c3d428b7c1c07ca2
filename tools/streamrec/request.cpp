#include <fmt/format.h>

#include <algorithm>

#include "stream/text/ascii.hpp"
#include "stream/text/base64.hpp"
#include "streamrec/streamrec.hpp"

namespace tools::streamrec {
namespace {

using stream::ErrorCode;
using stream::fail;
using stream::Result;
using stream::ascii::trimmed;
using stream::replay::HeaderField;

constexpr std::size_t kMaxFile = std::size_t{256} << 20;

Result<std::string> read_file(const std::string& path) {
  stream::InputOptions as_it_is;
  as_it_is.compression = stream::Compression::none;
  STREAM_ASSIGN(const auto source, stream::open_input(path, as_it_is));
  auto bytes = stream::read_all(*source, kMaxFile, "what is sent is held in memory");
  return bytes;
}

enum class Newlines { keep, drop };

/// The values of -d and its like as one body.
Result<std::string> join(const std::vector<std::string>& values, std::string_view separator, Newlines newlines) {
  std::string body;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i != 0) body += separator;
    if (!values[i].starts_with('@')) {
      body += values[i];
      continue;
    }
    STREAM_ASSIGN(std::string bytes, read_file(values[i].substr(1)));
    if (newlines == Newlines::drop) std::erase_if(bytes, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
    body += bytes;
  }
  return body;
}

bool has(const std::vector<HeaderField>& headers, std::string_view name) {
  return std::any_of(headers.begin(), headers.end(),
                     [&](const HeaderField& field) { return stream::replay::iequals(field.name, name); });
}

}  // namespace

Result<stream::net::ClientRequest> make_request(const Options& options) {
  stream::net::ClientRequest request;
  request.url = options.source;
  request.subprotocols = options.subprotocols;
  request.deflate = options.deflate;

  bool form = false;
  if (!options.data.empty()) {
    STREAM_ASSIGN(request.body, join(options.data, "&", Newlines::drop));
    form = true;
  } else if (!options.data_binary.empty()) {
    STREAM_ASSIGN(request.body, join(options.data_binary, "&", Newlines::keep));
    form = true;
  } else if (!options.json.empty()) {
    STREAM_ASSIGN(request.body, join(options.json, "", Newlines::keep));
  }
  const bool content = form || !options.json.empty();
  request.method = options.method.value_or(content ? "POST" : "GET");

  std::vector<std::string> removed;
  for (const std::string& header : options.headers) {
    const auto colon = header.find(':');
    const std::string_view name = trimmed(std::string_view(header).substr(0, colon));
    if (colon == std::string::npos) {
      if (!header.ends_with(';')) {
        return fail({ErrorCode::usage, fmt::format("-H: expected \"Name: value\", found '{}'", header), {}, {}});
      }
      request.headers.push_back({header.substr(0, header.size() - 1), ""});
    } else if (const auto value = trimmed(std::string_view(header).substr(colon + 1)); !value.empty()) {
      request.headers.push_back({std::string(name), std::string(value)});
    } else {
      removed.emplace_back(name);
    }
  }
  std::vector<HeaderField> defaults;
  const auto set_default = [&](std::string_view name, std::string value) {
    const bool unwanted =
        std::any_of(removed.begin(), removed.end(), [&](const std::string& one) { return stream::replay::iequals(one, name); });
    if (!unwanted && !has(request.headers, name)) defaults.push_back({std::string(name), std::move(value)});
  };
  if (!options.user.empty()) set_default("Authorization", "Basic " + stream::base64_encode(options.user));
  set_default("User-Agent", options.user_agent.empty() ? fmt::format("hartape-streamrec/{}", version()) : options.user_agent);
  set_default("Accept", !options.json.empty() ? "application/json" : options.reconnect ? "text/event-stream" : "*/*");
  if (form) set_default("Content-Type", "application/x-www-form-urlencoded");
  if (!options.json.empty()) set_default("Content-Type", "application/json");
  // In the order in which curl sends them.
  request.headers.insert(request.headers.begin(), defaults.begin(), defaults.end());
  return request;
}

Result<std::vector<std::string>> make_messages(const Options& options, bool& input) {
  std::vector<std::string> messages;
  input = false;
  for (const std::string& text : options.send) {
    if (text == "-") {
      input = true;
    } else if (text.starts_with('@')) {
      STREAM_ASSIGN(const std::string bytes, read_file(text.substr(1)));
      for (std::string_view rest = bytes; !rest.empty();) {
        const auto end = std::min(rest.find('\n'), rest.size());
        std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        messages.emplace_back(line);
      }
    } else {
      messages.push_back(text);
    }
  }
  return messages;
}

}  // namespace tools::streamrec
