// Any text as a mocks file: it is read or refused with a place; what was read answers, the same each time, and its steps and
// actions are in the order of time.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "stream/mock/file.hpp"
#include "stream/mock/http_mocks.hpp"
#include "stream/mock/websocket_mocks.hpp"
#include "stream/text/utf8.hpp"

namespace {

using namespace stream::mock;
using stream::Nanos;

void require(bool condition) {
  if (!condition) std::abort();
}

constexpr std::string_view kBody = R"({"op":"ping","a":{"b":[1,2]},"text":"sub:x"})";

void play_http(const MockFile& file, const PlayOptions& options) {
  HttpMocks first(file.http, options);
  HttpMocks second(file.http, options);
  const std::vector<stream::replay::HeaderField> headers{{"Content-Type", "application/json"}, {"X-A", "1"}};
  for (int round = 0; round < 3; ++round) {
    for (const std::string_view method : {"GET", "POST"}) {
      for (const std::string_view url : {"https://a.example/b/c?d=e", "*"}) {
        const Request request{method, url, &headers, method == "GET" ? "" : kBody};
        const auto a = first.match(request);
        const auto b = second.match(request);
        require(a && b);  // there is no folder, so no file that could fail
        require((a->answer == nullptr) == (b->answer == nullptr) && a->mock == b->mock);
        if (a->answer == nullptr) continue;
        require(a->answer->steps == b->answer->steps && a->answer->headers == b->answer->headers);
        require(a->answer->steps.front().kind == stream::replay::StepKind::head);
        require(a->answer->steps.back().kind == stream::replay::StepKind::end);
        std::uint64_t size = 0;
        Nanos at{};
        for (const auto& step : a->answer->steps) {
          require(step.at >= at);
          at = step.at;
          size += step.bytes.size();
        }
        require(size == a->answer->body_size);
        for (const auto& field : a->answer->headers)
          require((field.name + field.value).find_first_of("\r\n") == std::string::npos);
      }
    }
  }
}

void play_websocket(const MockFile& file, const PlayOptions& options) {
  WebSocketMocks mocks(file.websocket, options);
  for (const std::string_view url : {"wss://a.example/b", "*"}) {
    const auto talk = mocks.connect({"GET", url, nullptr, {}, url.size() == 1});
    if (talk == nullptr) continue;
    const auto check = [&](const std::vector<Action>& actions) {
      Nanos at{};
      for (const Action& action : actions) {
        require(action.at >= at);
        at = action.at;
        require(action.number != 1 || stream::is_utf8(action.bytes));
        require(action.kind != Action::Kind::close || !talk->closes_at() || *talk->closes_at() <= action.at);
      }
    };
    const auto open = talk->open({});
    require(open.has_value());
    check(*open);
    for (const std::string_view message : {kBody, std::string_view("sub:x"), std::string_view("\xff")}) {
      const auto reply = talk->message(1, message, {});
      require(reply.has_value());
      require(reply->handled || reply->actions.empty());
      check(reply->actions);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  FileOptions options;
  options.source = "mocks.json";
  options.devproxy = size % 2 == 1;
  options.findings = [](const stream::Finding& finding) { require(finding.place.line > 0 && !finding.rule.empty()); };
  const auto file = read_mocks(text, options);
  if (!file) {
    require(!file.error().message.empty() && file.error().place.source == "mocks.json");
    return 0;
  }
  PlayOptions play;
  play.seed = size;
  play.devproxy = options.devproxy;
  if (file->kind == FileKind::http) {
    play_http(*file, play);
  } else {
    play_websocket(*file, play);
  }
  return 0;
}
