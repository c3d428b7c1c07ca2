#pragma once

#include <catch2/catch.hpp>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stream/mock/file.hpp"
#include "stream/mock/http_mocks.hpp"
#include "stream/mock/websocket_mocks.hpp"

/// Mocks of a text, and what they do, in words.
namespace mocks {

using stream::Nanos;
using stream::mock::FileKind;
using stream::mock::FileOptions;
using stream::mock::HttpMocks;
using stream::mock::MockFile;
using stream::mock::PlayOptions;
using stream::mock::Request;
using stream::mock::WebSocketMocks;

inline Nanos ms(std::int64_t count) { return std::chrono::milliseconds(count); }

struct Read {
  MockFile file{};
  std::string error{};
  stream::Error failure{};
  std::vector<std::string> findings{};
};

inline Read read(std::string_view text, FileOptions options = {}) {
  Read out;
  options.source = "mocks.json";
  options.findings = [&](const stream::Finding& finding) { out.findings.push_back(to_string(finding)); };
  auto result = read_mocks(text, options);
  if (!result) {
    out.failure = result.error();
    out.error = to_string(result.error());
  } else {
    out.file = std::move(*result);
  }
  return out;
}

/// Of mocks that are right.
inline HttpMocks http(std::string_view text, PlayOptions options = {}) {
  FileOptions file;
  file.folder = options.folder;
  file.devproxy = options.devproxy;
  auto out = read(text, file);
  INFO(out.error);
  REQUIRE(out.error.empty());
  REQUIRE(out.file.kind == FileKind::http);
  return HttpMocks(std::move(out.file.http), std::move(options));
}

inline WebSocketMocks websocket(std::string_view text, PlayOptions options = {}) {
  FileOptions file;
  file.folder = options.folder;
  file.devproxy = options.devproxy;
  auto out = read(text, file);
  INFO(out.error);
  REQUIRE(out.error.empty());
  REQUIRE(out.file.kind == FileKind::websocket);
  return WebSocketMocks(std::move(out.file.websocket), std::move(options));
}

using Headers = std::vector<stream::replay::HeaderField>;

/// "0 head 200 | 5 data x | 5 end", times in milliseconds; "-" where no mock fits.
inline std::string steps(const stream::replay::Answer* answer) {
  using stream::replay::StepKind;
  if (answer == nullptr) return "-";
  std::string out;
  for (const auto& step : answer->steps) {
    if (!out.empty()) out += " | ";
    out += stream::format_decimal_millis(step.at);
    if (step.kind == StepKind::head) out += " head " + std::to_string(answer->status);
    if (step.kind == StepKind::data) out += " data " + std::string(step.bytes);
    if (step.kind == StepKind::end) out += " end";
  }
  return out;
}

inline std::string body(const stream::replay::Answer* answer) {
  if (answer == nullptr) return "-";
  std::string out;
  for (const auto& step : answer->steps) {
    if (step.kind == stream::replay::StepKind::data) out += step.bytes;
  }
  return out;
}

inline std::string answer(HttpMocks& mocks, std::string_view method, std::string_view url, std::string_view bytes = {},
                          const Headers& headers = {}, bool any_origin = false) {
  auto match = mocks.match({method, url, &headers, bytes, any_origin});
  return match ? body(match->answer.get()) : to_string(match.error());
}

/// "0 text hello | 10 close 1000 bye"
inline std::string actions(const std::vector<stream::mock::Action>& all) {
  std::string out;
  for (const auto& action : all) {
    if (!out.empty()) out += " | ";
    out += stream::format_decimal_millis(action.at);
    if (action.kind == stream::mock::Action::Kind::close) {
      out += " close " + std::to_string(action.number) + (action.bytes.empty() ? "" : " " + action.bytes);
    } else {
      out += (action.number == 2 ? " binary " : " text ") + action.bytes;
    }
  }
  return out;
}

/// What a message leads to: "forward", or actions, "" where there are none.
inline std::string say(stream::mock::WebSocketConversation& conversation, std::string_view bytes, Nanos now = {},
                       int opcode = 1) {
  const auto reply = conversation.message(opcode, bytes, now);
  if (!reply) return to_string(reply.error());
  return reply->handled ? actions(reply->actions) : "forward";
}

}  // namespace mocks
