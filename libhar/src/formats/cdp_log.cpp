// Logs of the Chrome DevTools Protocol's events: a JSON object a line, or an array of them, each {"method":…,"params":…}; with
// commands
// ({"id":…,"method":…}) and their answers ({"id":…,"result":…}), if the log has them. Also as chromedriver's performance log
// wraps them
// ({"message":"{\"message\":{…}}"}). Exchanges are given as they end.
#include <fmt/format.h>

#include <deque>
#include <map>
#include <unordered_map>
#include <utility>

#include "formats/cdp_exchange.hpp"
#include "formats/event_log_reader.hpp"
#include "formats/formats.hpp"
#include "formats/json_values.hpp"

namespace har::format {
namespace {

using stream::Direction;
using stream::ErrorCode;
using stream::fail;
using stream::Json;
using stream::Level;
using stream::Place;
using stream::Status;

/// How many events an exchange that has ended is kept for what may still be said of it: its body is asked for when it has ended.
constexpr std::uint64_t kPatience = 2000;

class Reader final : public EventLogReader {
 public:
  Reader(stream::ByteSource& source, const ReadOptions& options)
      : EventLogReader(source.name(), options), values_(source, options.limits) {}

 private:
  struct Hop {
    std::unique_ptr<CdpExchange> exchange;
    Place place;
    std::uint64_t over_since = 0;  ///< the event after which it was over; 0: it is not
    bool asked = false;            ///< its body was asked for, and the answer is to come
  };
  struct Request {
    std::vector<Hop> hops;            ///< those that were not given yet
    std::vector<Json> request_extra;  ///< that came before what they are about
    std::vector<Json> response_extra;
    bool from_cache = false;
  };

  Status read() override {
    STREAM_ASSIGN(const auto first, values_.peek());
    if (!first) {
      if (events_ > 1 && !known_) {
        finish();
        return fail({ErrorCode::syntax,
                     "no event of the DevTools protocol's Network domain is in this",
                     {name()},
                     "a log has lines such as {\"method\":\"Network.requestWillBeSent\",\"params\":{…}}"});
      }
      if (in_array_) note(Level::warning, "cdp-cut", "the array of events is not closed: the log is cut off", values_.place());
      finish();
      return {};
    }
    if ((*first == '[' && !in_array_) || (*first == ']' && in_array_) || (*first == ',' && in_array_)) {
      if (*first != ',') in_array_ = *first == '[';
      values_.skip();
      return {};
    }
    if (*first != '{') {
      const Place place = values_.place();
      STREAM_TRY(values_.skip_line());
      return fail({ErrorCode::syntax, "expected an event of the DevTools protocol, an object", place});
    }
    auto value = values_.value();
    if (!value) {
      if (value.error().code != ErrorCode::truncated) return fail(std::move(value).error());
      note(Level::warning, "cdp-cut", "the last event is cut off; it is left out", value.error().place);
      finish();
      return {};
    }
    ++events_;
    // Most of a log is of other domains.
    const std::string_view text = value->text;
    if (text.find("Network.") == std::string_view::npos && text.find("result") == std::string_view::npos &&
        text.find("error") == std::string_view::npos)
      return {};
    place_ = value->place;
    auto json = stream::parse_json(text, options().limits);
    if (!json) {
      Place place = value->place;
      place.column = 0;
      return fail({ErrorCode::syntax, fmt::format("an event that is no JSON: {}", json.error().message), place});
    }
    return take(unwrapped(std::move(*json)));
  }

  /// Without what chromedriver puts around an event.
  Json unwrapped(Json json) const {
    for (int i = 0; i < 3; ++i) {
      const Json& inner = json["message"];
      if (inner.is_string() && json.find("method") == nullptr) {
        auto parsed = stream::parse_json(inner.as_string(), options().limits);
        if (!parsed) break;
        json = std::move(*parsed);
      } else if (inner.is_object()) {
        Json copy = inner;
        json = std::move(copy);
      } else {
        break;
      }
    }
    return json;
  }

  static std::string key_of(const Json& json, std::string_view id) {
    return std::string(json["sessionId"].string_or("")) + '\n' + std::string(id);
  }

  Status take(const Json& json) {
    const Json& method = json["method"];
    const Json& params = json["params"];
    const Json* const id = json.find("id");
    const bool answered = json.find("result") != nullptr || json.find("error") != nullptr;
    const std::string key = key_of(json, params["requestId"].string_or(""));
    if (answered || id != nullptr) {
      take_command(json, method.string_or(""), key, id, answered);
    } else if (method.string_or("").starts_with("Network.") && params["requestId"].is_string()) {
      known_ = true;
      take_event(method.as_string().substr(8), params, key);
    }
    return bound();
  }

  void take_command(const Json& json, std::string_view method, const std::string& key, const Json* id, bool answered) {
    const bool body = method == "Network.getResponseBody";
    const bool post = method == "Network.getRequestPostData";
    if (!answered) {
      if (!body && !post) return;
      commands_[key_of(json, id->is_number() ? id->number_text() : id->string_or(""))] = {key, body};
      if (Hop* const hop = last_hop(key); hop != nullptr && body) hop->asked = true;
      return;
    }
    std::string of = key;
    bool is_body = body;
    if (!body && !post) {
      if (id == nullptr) return;
      const auto found = commands_.find(key_of(json, id->is_number() ? id->number_text() : id->string_or("")));
      if (found == commands_.end()) return;
      of = found->second.first;
      is_body = found->second.second;
      commands_.erase(found);
    }
    Hop* const hop = last_hop(of);
    if (hop == nullptr) {
      note(Level::warning, "cdp-late-body", "a body whose request is not in the log, or ended long ago", place_);
      return;
    }
    if (!is_body) {
      hop->exchange->post_data(json["result"]);
    } else {
      hop->asked = false;
      hop->exchange->body(json["result"]);
      // It is settled, if only in that there is no body to be had.
      if (!json["result"]["body"].is_string()) hop->over_since = hop->exchange->over() ? 1 : 0;
    }
    release_settled(of);
  }

  Hop* last_hop(const std::string& key) {
    const auto found = requests_.find(key);
    return found == requests_.end() || found->second.hops.empty() ? nullptr : &found->second.hops.back();
  }

  Hop& new_hop(Request& request, const std::string& key) {
    Hop hop;
    hop.exchange = std::make_unique<CdpExchange>(clock_);
    hop.place = place_;
    // An id that is used again, although nobody has said that its request was over.
    for (Hop& other : request.hops) {
      if (other.over_since == 0) over(other, key);
    }
    request.hops.push_back(std::move(hop));
    return request.hops.back();
  }

  void over(Hop& hop, const std::string& key) {
    if (hop.over_since != 0) return;
    hop.over_since = events_;
    waiting_.emplace_back(events_, key);
  }

  void take_event(std::string_view name, const Json& params, const std::string& key) {
    if (const auto wall = seconds_of(params["wallTime"]); wall && params["timestamp"].is_number())
      clock_.offset = difference(*wall, seconds_of(params["timestamp"]).value_or(stream::Nanos{}));
    if (name == "requestWillBeSent") return take_request(params, key);
    if (name == "webSocketCreated") {
      new_hop(requests_[key], key).exchange->websocket_created(params);
      return;
    }
    if (name == "requestServedFromCache") {
      if (Hop* const hop = last_hop(key)) {
        hop->exchange->from_cache();
      } else {
        requests_[key].from_cache = true;
      }
      return;
    }
    if (name == "requestWillBeSentExtraInfo" || name == "responseReceivedExtraInfo") {
      Request& request = requests_[key];
      (name.starts_with("request") ? request.request_extra : request.response_extra).push_back(params);
      give_extra(request);
      release_settled(key);
      return;
    }
    Hop* hop = last_hop(key);
    if (hop == nullptr) {
      // The log began later. A socket's messages are worth having by themselves.
      if (!name.starts_with("webSocket") || name == "webSocketClosed") {
        ++orphans_;
        return;
      }
      hop = &new_hop(requests_[key], key);
    }
    CdpExchange& exchange = *hop->exchange;
    if (name == "responseReceived") {
      exchange.response(params);
    } else if (name == "dataReceived") {
      exchange.data(params);
    } else if (name == "loadingFinished") {
      exchange.finished(params);
    } else if (name == "loadingFailed") {
      exchange.failed(params);
    } else if (name == "eventSourceMessageReceived") {
      exchange.event_source_message(params);
    } else if (name == "webSocketWillSendHandshakeRequest") {
      exchange.websocket_request(params);
    } else if (name == "webSocketHandshakeResponseReceived") {
      exchange.websocket_response(params);
    } else if (name == "webSocketFrameSent" || name == "webSocketFrameReceived") {
      exchange.websocket_frame(params, name == "webSocketFrameSent" ? Direction::send : Direction::receive);
    } else if (name == "webSocketFrameError") {
      exchange.websocket_failed(params);
    } else if (name == "webSocketClosed") {
      exchange.websocket_closed(params);
    } else {
      return;
    }
    if (exchange.over()) over(*hop, key);
    release_settled(key);
  }

  void take_request(const Json& params, const std::string& key) {
    Request& request = requests_[key];
    if (params["redirectResponse"].is_object() && !request.hops.empty()) {
      Hop& before = request.hops.back();
      before.exchange->redirected(params);
      over(before, key);
      give_extra(request);
    }
    Hop& hop = new_hop(request, key);
    hop.exchange->request(params);
    if (std::exchange(request.from_cache, false)) hop.exchange->from_cache();
    give_extra(request);
    release_settled(key);
  }

  /// The first that came is of the first request that has none.
  static void give_extra(Request& request) {
    const auto give = [&](std::vector<Json>& extras, auto wants, auto take) {
      while (!extras.empty()) {
        const auto hop =
            std::find_if(request.hops.begin(), request.hops.end(), [&](const Hop& each) { return (*each.exchange.*wants)(); });
        if (hop == request.hops.end()) return;
        (*hop->exchange.*take)(extras.front());
        extras.erase(extras.begin());
      }
    };
    give(request.request_extra, &CdpExchange::wants_request_extra, &CdpExchange::request_extra);
    give(request.response_extra, &CdpExchange::wants_response_extra, &CdpExchange::response_extra);
  }

  void release(Hop& hop) {
    std::vector<CdpExchange::Note> notes;
    Item item;
    item.exchange = hop.exchange->take(notes);
    item.place = hop.place;
    for (const CdpExchange::Note each : notes) say(each, item);
    give(std::move(item));
  }

  void say(CdpExchange::Note what, const Item& item) const {
    const std::string_view url = item.exchange->url();
    switch (what) {
      case CdpExchange::Note::no_clock:
        return note(Level::warning, "cdp-no-clock", "the log says nowhere what time it was; its times count from 1970",
                    item.place);
      case CdpExchange::Note::events_body:
        return note(Level::note, "cdp-events-body", fmt::format("the body is made of the events that the page got: {}", url),
                    item.place);
      case CdpExchange::Note::body_size:
        return note(
            Level::note, "cdp-body-size",
            fmt::format("the body is not as long as the pieces in which it came (its charset was converted): it has one time: {}",
                        url),
            item.place);
      case CdpExchange::Note::bad_base64:
        return note(Level::warning, "cdp-base64", fmt::format("something is not the base64 that it should be: {}", url),
                    item.place);
      case CdpExchange::Note::no_post_data:
        return note(Level::warning, "cdp-no-post-data",
                    fmt::format("the request had a body, which the log does not have: {}", url), item.place);
      case CdpExchange::Note::no_body:
        return note(Level::note, "cdp-no-body", fmt::format("the log does not have the body: {}", url), item.place);
    }
  }

  void release_settled(const std::string& key) {
    const auto found = requests_.find(key);
    if (found == requests_.end()) return;
    Request& request = found->second;
    std::erase_if(request.hops, [&](Hop& hop) {
      const bool settled = hop.over_since != 0 && !hop.asked && (hop.over_since == 1 || hop.exchange->settled());
      if (settled) release(hop);
      return settled;
    });
    if (request.hops.empty() && request.request_extra.empty() && request.response_extra.empty() && !request.from_cache)
      requests_.erase(found);
  }

  /// Gives what has waited long enough; and if too much is held, what is over.
  Status bound() {
    while (!waiting_.empty() && waiting_.front().first + kPatience < events_) give_up_waiting();
    if (events_ % 64 != 0) return {};
    const auto held = [&] {
      std::size_t size = commands_.size() * 128;
      for (const auto& [key, request] : requests_) {
        size += 256 + 2048 * (request.request_extra.size() + request.response_extra.size());
        for (const Hop& hop : request.hops) size += hop.exchange->size();
      }
      return size;
    };
    if (requests_.size() + commands_.size() < 16 && held() <= options().limits.max_entry) return {};
    while (held() > options().limits.max_entry) {
      if (waiting_.empty()) {
        return too_much_open(fmt::format("{} requests", requests_.size()), place_);
      }
      give_up_waiting();
    }
    return {};
  }

  void give_up_waiting() {
    const std::string key = std::move(waiting_.front().second);
    const std::uint64_t since = waiting_.front().first;
    waiting_.pop_front();
    const auto found = requests_.find(key);
    if (found == requests_.end()) return;
    std::erase_if(found->second.hops, [&](Hop& hop) {
      const bool due = hop.over_since != 0 && hop.over_since <= since;
      if (due) release(hop);
      return due;
    });
    if (found->second.hops.empty()) requests_.erase(found);
  }

  /// What has been understood so far is still given.
  bool go_on_after(const stream::Error& error) override {
    if (error.code != ErrorCode::syntax) finish();
    return true;
  }

  void give_rest() override {
    // In the order in which they began, for what is left is mixed in a hash.
    std::vector<Hop*> left;
    for (auto& [key, request] : requests_) {
      for (Hop& hop : request.hops) left.push_back(&hop);
    }
    std::sort(left.begin(), left.end(), [](const Hop* a, const Hop* b) { return a->place.offset < b->place.offset; });
    for (Hop* const hop : left) release(*hop);
    requests_.clear();
    if (orphans_ > 0) {
      note(Level::warning, "cdp-no-request",
           fmt::format("{} event{} of requests that began before the log; left out", orphans_, orphans_ == 1 ? " is" : "s are"),
           {name()});
    }
  }

  JsonValues values_;
  CdpExchange::Clock clock_;
  std::unordered_map<std::string, Request> requests_;
  std::map<std::string, std::pair<std::string, bool>> commands_;  ///< of which request; whether for the response's body
  std::deque<std::pair<std::uint64_t, std::string>> waiting_;     ///< since which event what is over
  Place place_;
  std::uint64_t events_ = 1;
  std::uint64_t orphans_ = 0;
  bool in_array_ = false;
  bool known_ = false;  ///< there was an event that we know
};

int sniff(std::string_view prefix) {
  if (prefix.starts_with("\xEF\xBB\xBF")) prefix.remove_prefix(3);
  const auto trim = [&] { prefix.remove_prefix(std::min(prefix.find_first_not_of(" \t\r\n"), prefix.size())); };
  trim();
  if (prefix.starts_with('[')) prefix.remove_prefix(1);
  trim();
  // WebPageTest begins its arrays so.
  if (prefix.starts_with("{},")) prefix.remove_prefix(3);
  trim();
  if (!prefix.starts_with('{')) return 0;
  std::size_t consumed = 0;
  const auto first = stream::parse_json_prefix(prefix, consumed);
  const auto domain = [](std::string_view method) {
    const std::size_t dot = method.find('.');
    return dot != std::string_view::npos && dot > 1 && method[0] >= 'A' && method[0] <= 'Z';
  };
  if (first && !first->is_object()) return 0;
  if (first) {
    const bool event =
        domain((*first)["method"].string_or("")) && (first->find("params") != nullptr || first->find("id") != nullptr);
    const bool answer = first->find("id") != nullptr && (first->find("result") != nullptr || first->find("error") != nullptr) &&
                        first->find("jsonrpc") == nullptr;
    const bool wrapped = (*first)["message"].string_or("").starts_with("{\"message\":{\"method\":\"");
    if (!event && !answer && !wrapped) return 0;
    const bool network = prefix.find("Network.") != std::string_view::npos;
    if (event || wrapped) return network ? 96 : 60;
    return network ? 90 : 0;
  }
  // A first event that is larger than what we see.
  const std::string_view start = prefix.substr(0, 64);
  return start.find("\"method\":\"Network.") != std::string_view::npos ? 90 : 0;
}

std::unique_ptr<ItemReader> read(stream::ByteSource& source, const ReadOptions& options) {
  return std::make_unique<Reader>(source, options);
}

}  // namespace

const Format kCdpLog{"cdp", "log of DevTools protocol events: of Puppeteer, Playwright, chrome-remote-interface, chromedriver",
                     ".cdp.ndjson", sniff, read};

}  // namespace har::format
