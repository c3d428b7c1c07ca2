#include <fmt/format.h>

#include "har/exchanges.hpp"
#include "streamserve/streamserve.hpp"

namespace tools::streamserve {
namespace {

using stream::Exchange;
using stream::Result;
using stream::replay::Answer;

std::string json_error(std::string_view text) {
  stream::Json body = stream::Json::object();
  body.set("error", text);
  return stream::to_json(body) + "\n";
}

std::shared_ptr<const Answer> answer_of(const std::shared_ptr<const Exchange>& exchange, const stream::replay::Pace& pace,
                                        OnError on_error) {
  auto answer = with_on_error(stream::replay::make_answer(exchange, pace), on_error);
  if (answer->status / 100 != 1 || answer->websocket) return answer;
  // An interim status is no answer; after a 101 to something else than WebSocket came bytes that no HTTP client can ask for.
  return stream::replay::make_answer(501, "application/json",
                                     json_error(fmt::format("status {} cannot be replayed", answer->status)));
}

}  // namespace

Result<std::vector<Recorded>> load(const Options& options, Messages& messages) {
  std::vector<Recorded> all;
  for (const std::string& input : options.inputs) {
    har::ExchangeInput how;
    how.format = options.input.format;
    how.bodies = false;  // a body alone has no address to be asked for at
    how.input = options.input.options;
    how.report = messages.findings();
    const auto reader = har::open_exchanges(input, how);
    // A file that is not there is not a broken one.
    const auto fatal = [&](const stream::Error& error) { return !options.skip_broken || error.code == stream::ErrorCode::io; };
    if (!reader && fatal(reader.error())) return stream::fail(reader.error());
    if (!reader) {
      messages.warning(fmt::format("{}; nothing of it is served", to_string(reader.error())));
      continue;
    }
    std::size_t count = 0;
    std::optional<stream::Error> broken;
    for (;; ++count) {
      auto next = (*reader)->next();
      if (!next && fatal(next.error())) return stream::fail(next.error());
      if (!next) {
        // A reader that cannot go on says the same again.
        if (broken == next.error()) break;
        broken = next.error();
        messages.warning(fmt::format("{}; it is left out", to_string(*broken)));
        continue;
      }
      auto exchange = std::move(*next);
      if (!exchange) break;
      Recorded recorded;
      const std::string id = exchange->id.empty() ? std::to_string(count) : exchange->id;
      recorded.name = options.inputs.size() > 1 ? fmt::format("{}#{}", input, id) : id;
      recorded.exchange = std::make_shared<const Exchange>(std::move(*exchange));
      const har::match::Request request = har::match::make_request(recorded.exchange->method(), recorded.exchange->url());
      recorded.method = request.method;
      recorded.target = request.target();
      recorded.answer = answer_of(recorded.exchange, options.pace.pace, options.match.on_error);
      all.push_back(std::move(recorded));
    }
    if (count == 0) messages.warning(fmt::format("{} holds no exchange", input));
  }
  if (all.empty())
    return stream::fail({stream::ErrorCode::unsupported, "there is nothing to serve: no input holds an exchange", {}, {}});
  return all;
}

}  // namespace tools::streamserve
