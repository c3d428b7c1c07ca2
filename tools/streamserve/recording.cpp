#include "streamserve/recording.hpp"

#include <fmt/format.h>

#include "stream/text/json.hpp"
#include "streamserve/match.hpp"

namespace tools::streamserve {
namespace {

using stream::Exchange;
using stream::Result;
using stream::replay::Answer;

constexpr std::size_t kKeptBytes = std::size_t{64} << 20;

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

Recording::Recording(const stream::replay::Pace& pace, OnError on_error)
    : pace_(pace), on_error_(on_error), answers_(kKeptBytes) {}

Result<std::unique_ptr<Recording>> Recording::make(const har::match::MatchOptions& match, const stream::replay::Pace& pace,
                                                   OnError on_error) {
  std::unique_ptr<Recording> out(new Recording(pace, on_error));
  auto matcher =
      har::match::Matcher::make(match, [recording = out.get()](std::size_t index) { return recording->request(index); });
  if (!matcher) {
    matcher.error().message.insert(0, "--ignore-body-field: ");  // the only part that can be wrong
    return tl::unexpected(matcher.error());
  }
  out->matcher_ = std::move(*matcher);
  return out;
}

Result<std::size_t> Recording::add(const std::string& path, const har::StoreOptions& options) {
  ++inputs_;
  return store_.add(path, *matcher_, options);
}

void Recording::add(std::shared_ptr<const Exchange> exchange) { store_.add(std::move(exchange), *matcher_); }

std::string Recording::name(std::size_t index) const {
  return inputs_ > 1 ? fmt::format("{}#{}", store_.input(index), store_.id(index)) : store_.id(index);
}

har::match::Request Recording::request(std::size_t index) const {
  const auto exchange = store_.exchange(index);
  return exchange ? har::match::request_of(**exchange) : har::match::Request{};
}

Result<std::shared_ptr<const Answer>> Recording::answer(std::size_t index) {
  if (auto known = answers_.find(index)) return known;
  STREAM_ASSIGN(const auto exchange, store_.exchange(index));
  auto made = std::make_shared<Answer>(*answer_of(exchange, pace_, on_error_));
  made->index = index;
  // Its steps' bytes are the exchange's, which takes about twice what it took in the file: the text, and what it is made of.
  answers_.put(index, made, memory_of(*made) + 2 * store_.file_bytes(index));
  return std::shared_ptr<const Answer>(std::move(made));
}

}  // namespace tools::streamserve
