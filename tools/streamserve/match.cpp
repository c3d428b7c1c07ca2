#include "streamserve/match.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace tools::streamserve {
namespace {

/// In the place of a method: what a request for an upgrade is looked up by.
constexpr std::string_view kWebSocket = "websocket";

std::string path_key(std::string_view kind, std::string_view path) { return fmt::format("{} {}", kind, path); }
std::string target_key(std::string_view kind, std::string_view path, std::string_view query) {
  return fmt::format("{} {}?{}", kind, path, query);
}

std::string_view kind_of(const Recorded& recorded) {
  return recorded.answer->websocket ? kWebSocket : std::string_view(recorded.method);
}

/// What lies between a common beginning and a common end. Linear, since other streams wait meanwhile.
std::size_t distance(std::string_view a, std::string_view b) {
  const auto front = static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
  a.remove_prefix(front);
  b.remove_prefix(front);
  const auto back = static_cast<std::size_t>(std::mismatch(a.rbegin(), a.rend(), b.rbegin(), b.rend()).first - a.rbegin());
  return a.size() + b.size() - 2 * back;
}

}  // namespace

void split_url(std::string_view url, std::string& path, std::string& query) {
  url = url.substr(0, url.find('#'));
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos && scheme < url.find_first_of("/?")) {
    const auto begin = url.find_first_of("/?", scheme + 3);
    url = begin == std::string_view::npos ? std::string_view{} : url.substr(begin);
  }
  const auto mark = url.find('?');
  path = url.substr(0, mark);
  query = mark == std::string_view::npos ? std::string_view{} : url.substr(mark + 1);
  if (path.empty()) path.assign(1, '/');
}

ExactMatcher::ExactMatcher(const std::vector<Recorded>& recorded) : recorded_(recorded) {
  for (const Recorded& exchange : recorded_) {
    Sequence& sequence = by_target_[target_key(kind_of(exchange), exchange.path, exchange.query)];
    if (sequence.exchanges.empty()) by_path_[path_key(kind_of(exchange), exchange.path)].push_back(&sequence);
    sequence.exchanges.push_back(&exchange);
  }
}

Match ExactMatcher::find(const stream::net::Request& request) {
  if (request.websocket) {
    if (Match match = find(kWebSocket, request, true); match.recorded != nullptr) return match;
  }
  if (Match match = find(request.method, request, true); match.recorded != nullptr) return match;
  if (request.method == "HEAD") return find("GET", request, false);
  // The server says that an upgrade is required.
  return !request.websocket && request.method == "GET" ? find(kWebSocket, request, false) : Match{};
}

Match ExactMatcher::find(std::string_view kind, const stream::net::Request& request, bool counts) {
  Match match;
  Sequence* sequence = nullptr;
  if (const auto exact = by_target_.find(target_key(kind, request.path(), request.query())); exact != by_target_.end()) {
    sequence = &exact->second;
  } else if (const auto same_path = by_path_.find(path_key(kind, request.path()));
             same_path != by_path_.end() && same_path->second.size() == 1) {
    sequence = same_path->second.front();
    const std::string& query = sequence->exchanges.front()->query;
    match.note = query.empty() ? "it was recorded without a query" : fmt::format("it was recorded with the query \"{}\"", query);
  } else {
    return match;
  }
  match.recorded = sequence->exchanges[std::min(sequence->next, sequence->exchanges.size() - 1)];
  if (counts && sequence->next < sequence->exchanges.size()) ++sequence->next;
  return match;
}

const Recorded* ExactMatcher::nearest(const stream::net::Request& request) const {
  const Recorded* best = nullptr;
  std::tuple<std::size_t, bool, std::size_t> least{};
  for (const Recorded& exchange : recorded_) {
    const std::tuple cost(distance(exchange.path, request.path()), exchange.method != request.method,
                          distance(exchange.query, request.query()));
    if (best == nullptr || cost < least) {
      best = &exchange;
      least = cost;
    }
  }
  return best;
}

}  // namespace tools::streamserve
