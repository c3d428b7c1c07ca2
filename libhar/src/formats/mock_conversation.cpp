#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "mock_parts.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/utf8.hpp"

namespace har::format {
namespace {

using stream::Direction;
using stream::Event;
using stream::EventKind;
using stream::Json;
using stream::Nanos;

Json millis(Nanos time) { return Json::Number{stream::format_decimal_millis(time)}; }

Json message(const Event& event, Nanos pause) {
  Json out = Json::object();
  if (event.opcode == 1 && stream::is_utf8(event.data)) {
    out.set("body", event.data.starts_with('@') ? "@" + event.data : event.data);
  } else {
    out.set("body", stream::base64_encode(event.data));
    out.set("messageType", "binary");
  }
  if (pause > Nanos{}) out.set("delayMs", millis(pause));
  return out;
}

/// Codes that a server may close with; what others stand for was never sent.
int close_code(const Event& event) {
  const int code = event.code.value_or(1000);
  const bool sent = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
  return sent ? code : 1000;
}

void add_close(Json& to, const Event& event, Nanos pause) {
  to.set("closeAfter", Json(true));
  if (const int code = close_code(event); code != 1000) to.set("closeCode", Json(code));
  if (!event.reason.empty() && event.reason.size() <= 123 && stream::is_utf8(event.reason)) to.set("closeReason", event.reason);
  if (pause > Nanos{}) to.set("closeDelayMs", millis(pause));
}

/// What is sent for messages that are alike.
struct Rule {
  Json match{};
  std::vector<Json> answers{};  ///< objects: responses, and how it closes
};

Json match_for(std::string_view text) {
  const auto json = stream::parse_json(text);
  if (json && (json->is_object() || json->is_array())) return Json::Object{{"bodyJson", *json}};
  return Json::Object{{"bodyRegex", exact_expression(text)}};
}

std::string websocket_url(std::string_view url) {
  if (url.starts_with("https://")) return "wss://" + std::string(url.substr(8));
  if (url.starts_with("http://")) return "ws://" + std::string(url.substr(7));
  return std::string(url.empty() ? "*" : url);
}

std::string subprotocol(const stream::Exchange& exchange) {
  if (!exchange.response) return {};
  const Json& headers = exchange.response->object["headers"];
  if (!headers.is_array()) return {};
  for (const Json& field : headers.as_array()) {
    std::string name(field["name"].string_or(""));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    if (name == "sec-websocket-protocol") return std::string(field["value"].string_or(""));
  }
  return {};
}

}  // namespace

Json mock_conversation(const stream::Exchange& exchange, const stream::Place& place, const stream::FindingSink& report) {
  Json out = Json::object();
  out.set("url", websocket_url(exchange.url()));
  if (const std::string name = subprotocol(exchange); !name.empty()) out.set("subprotocol", name);
  Json::Array on_connect;
  std::vector<Rule> rules;
  Json answer;                // what is being answered; null: nothing yet
  std::size_t answering = 0;  // the rule
  bool lost = false;          // to a message that no rule can be made of
  Nanos at = exchange.response ? exchange.response->t : exchange.begin();
  const auto finish_answer = [&] {
    if (answer.is_object()) rules[answering].answers.push_back(std::exchange(answer, Json()));
  };
  for (const Event& event : exchange.timeline) {
    if (event.kind == EventKind::close && event.direction == Direction::receive && !lost) {
      add_close(answer.is_object() ? answer : out, event, event.t - at);
    }
    if (event.kind == EventKind::close) break;
    if (event.kind != EventKind::message || event.opcode > 2) continue;
    const Nanos pause = event.t - at;
    at = std::max(at, event.t);
    if (event.direction == Direction::receive) {
      if (lost) continue;
      if (!answer.is_object()) {
        on_connect.push_back(message(event, pause));
        continue;
      }
      if (answer.find("responses") == nullptr) answer.set("responses", Json::array());
      answer.find("responses")->as_array().push_back(message(event, pause));
      continue;
    }
    finish_answer();
    lost = !stream::is_utf8(event.data);
    if (lost) {
      if (report) {
        report({stream::Level::warning, "mocks-message",
                "a message of the client's is no text, so that no rule can be for it: it is left out, with its answers", place});
      }
      continue;
    }
    Json match = match_for(event.data);
    const auto known = std::find_if(rules.begin(), rules.end(), [&](const Rule& rule) { return rule.match == match; });
    answering = static_cast<std::size_t>(known - rules.begin());
    if (known == rules.end()) rules.push_back({std::move(match), {}});
    answer = Json::object();
  }
  finish_answer();
  if (!on_connect.empty()) out.set("onConnect", std::move(on_connect));
  Json::Array list;
  for (const Rule& rule : rules) {
    each_nth(rule.answers, [&](const Json& each, std::size_t nth) {
      Json made = Json::Object{{"match", rule.match}};
      if (nth != 0) made.set("nth", Json(static_cast<std::uint64_t>(nth)));
      for (const stream::JsonMember& member : each.as_object()) made.set(member.name, member.value);
      list.push_back(std::move(made));
    });
  }
  if (!list.empty()) out.set("rules", std::move(list));
  return out;
}

}  // namespace har::format
