// Mocks (docs/mocks.md) that answer as a recording did: Dev Proxy's file of HTTP mocks, and its file of WebSocket mocks. What
// repeats is known at the end, so the mocks are held until then; whoever reads them holds them too.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "formats/formats.hpp"
#include "formats/losses.hpp"
#include "formats/read_mocks.hpp"
#include "har/exchange.hpp"
#include "mock_parts.hpp"
#include "stream/io/byte_sink.hpp"
#include "stream/text/base64.hpp"

namespace har::format {
namespace {

using stream::Exchange;
using stream::fail;
using stream::Json;
using stream::Result;
using stream::Status;

/// Items are rendered as lines of JSON: null for one that is left out, else what finish() makes mocks of.
class Writer : public ItemWriter {
 public:
  Writer(stream::ByteSink& sink, const WriteOptions& options) : sink_(sink), options_(options) {}

  Status begin(const Item&, const LogInfo&) override { return {}; }
  Status end_input(const LogInfo&) override { return {}; }

  Status render(const Item& item, const RenderContext& context, std::string& out) const override {
    auto exchange = exchange_of(item, context.info, context.files, "", stream::WallTime{}, {options_.limits, context.report});
    if (!exchange) return fail(std::move(exchange).error());
    const auto line = render_exchange(*exchange, item.where(), context.report);
    if (context.report) {
      constexpr std::string_view kNothing[] = {"-"};
      STREAM_ASSIGN(const Json entry,
                    item.exchange ? Result<Json>(to_entry(*item.exchange)) : entry_of(item, {options_.limits, {}}));
      report_losses(entry, line && !line->is_null() ? held() : HeldMembers(kNothing), "a file of mocks", item.where(),
                    context.report);
    }
    if (line) {
      write_json(out, *line);
      out += '\n';
    }
    return {};
  }

  Status write(std::string_view rendered) override {
    while (!rendered.empty()) {
      const std::string_view line = rendered.substr(0, rendered.find('\n'));
      rendered.remove_prefix(line.size() + 1);
      STREAM_ASSIGN(Json json, stream::parse_json(line, {options_.limits.max_entry, stream::kDeepestLimit, 0}));
      if (json.is_null()) {
        ++left_out_;
      } else {
        take(std::move(json));
      }
    }
    return {};
  }

  Status finish() override {
    if (left_out_ > 0 && options_.report) {
      options_.report({stream::Level::note, "mocks-left-out", left_out_message(left_out_), {}});
    }
    Json::Array mocks = make_mocks();
    STREAM_TRY(move_bodies(mocks));
    if (for_devproxy()) {
      for (Json& mock : mocks) keep_devproxy_members(mock, options_.report);
    }
    const Json document = Json::Object{{"$schema", schema()}, {"mocks", std::move(mocks)}};
    std::string text = to_json(document, {options_.style == WriteOptions::Style::compact ? 0 : 2, 0});
    text += '\n';
    return sink_.write(text);
  }

 protected:
  virtual HeldMembers held() const = 0;
  /// Nothing: there is no mock of it, and that has been said. Null: it is of the other kind.
  virtual std::optional<Json> render_exchange(const Exchange& exchange, const stream::Place& place,
                                              const stream::FindingSink& report) const = 0;
  virtual void take(Json line) = 0;
  virtual Json::Array make_mocks() const = 0;
  /// To where bodies are kept that are no text.
  virtual Status move_bodies(Json::Array&) { return {}; }
  virtual std::string_view schema() const = 0;
  virtual std::string left_out_message(std::size_t count) const = 0;

  /// What Dev Proxy does not know is not written.
  bool for_devproxy() const { return options_.dialect == Dialect::devproxy; }

 private:
  stream::ByteSink& sink_;
  WriteOptions options_;
  std::size_t left_out_ = 0;
};

bool is_websocket(const Exchange& exchange) {
  return exchange.kind() == stream::StreamKind::websocket || exchange.status() == 101;
}

class HttpWriter : public Writer {
 public:
  using Writer::Writer;

 private:
  /// Requests of one method and URL, by their bodies.
  struct Target {
    std::string method;
    std::string url;
    std::vector<std::optional<std::string>> bodies;
    std::vector<std::vector<Json>> responses;  // for each body
  };

  std::optional<Json> render_exchange(const Exchange& exchange, const stream::Place& place,
                                      const stream::FindingSink& report) const override {
    if (is_websocket(exchange)) return Json();
    auto response = for_devproxy() ? devproxy_response(exchange, place, report) : mock_response(exchange, place, report);
    if (!response) return std::nullopt;
    report_response(exchange, *response, place, report);
    const std::string method(exchange.method().empty() ? "GET" : exchange.method());
    const auto body = method == "GET" ? std::nullopt : mock_request_body(exchange, place, report);
    const std::string url(exchange.url().empty() ? "*" : exchange.url());
    return Json(Json::Array{method, url, body ? Json(*body) : Json(), std::move(*response)});
  }

  HeldMembers held() const override {
    constexpr static std::string_view kHeld[] = {"request.method",
                                                 "request.url",
                                                 "request.queryString[].name",
                                                 "request.queryString[].value",
                                                 "response.status",
                                                 "response.headers[].name",
                                                 "response.headers[].value",
                                                 "response.cookies",
                                                 "response.content.size",
                                                 "response.content.mimeType",
                                                 "response.content.text",
                                                 "response.content.encoding",
                                                 "response.redirectURL",
                                                 "_mocked",
                                                 "_mock"};
    return kHeld;
  }

  /// What of a response is made anew.
  static void report_response(const Exchange& exchange, const Json& made, const stream::Place& place,
                              const stream::FindingSink& report) {
    const Json& headers = exchange.response->object["headers"];
    const std::size_t all = headers.is_array() ? headers.as_array().size() : 0;
    const std::size_t kept = made["headers"].is_array() ? made["headers"].as_array().size() : 0;
    if (kept < all)
      report_loss("response-headers", "headers that belong to a connection or a moment are left out", place, report);
    const Json* const body = made.find("body");
    if (body != nullptr && !body->is_string() && to_json(*body) != body_of(exchange))
      report_loss("response-content-text", "the JSON is written anew, without its white space", place, report);
  }

  void take(Json line) override {
    auto& parts = line.as_array();
    const auto [known, added] = index_.try_emplace({parts[0].as_string(), parts[1].as_string()}, targets_.size());
    if (added) targets_.push_back({parts[0].as_string(), parts[1].as_string(), {}, {}});
    Target& target = targets_[known->second];
    const std::optional<std::string> body = parts[2].is_string() ? std::optional(parts[2].as_string()) : std::nullopt;
    const auto at = std::find(target.bodies.begin(), target.bodies.end(), body);
    const auto number = static_cast<std::size_t>(at - target.bodies.begin());
    if (at == target.bodies.end()) {
      target.bodies.push_back(body);
      target.responses.emplace_back();
    }
    target.responses[number].push_back(std::move(parts[3]));
  }

  Json::Array make_mocks() const override {
    Json::Array out;
    // A URL with a star fits others too: those go first.
    for (const bool star : {false, true}) {
      for (const Target& target : targets_) {
        if ((target.url.find('*') != std::string::npos) == star) add_target(out, target, !for_devproxy());
      }
    }
    return out;
  }

  static void add_target(Json::Array& out, const Target& target, bool expressions) {
    // A mock for any body goes behind those for some.
    for (const bool any : {false, true}) {
      for (std::size_t i = 0; i < target.bodies.size(); ++i) {
        const bool for_any = target.bodies.size() == 1 || !target.bodies[i];
        if (for_any != any) continue;
        Json request = Json::object();
        request.set("url", target.url);
        if (target.method != "GET") request.set("method", target.method);
        if (!for_any) add_body(request, target, i, expressions);
        each_nth(target.responses[i], [&](const Json& response, std::size_t nth) {
          Json counted = request;
          if (nth != 0) counted.set("nth", Json(static_cast<std::uint64_t>(nth)));
          out.push_back(Json::Object{{"request", std::move(counted)}, {"response", response}});
        });
      }
    }
  }

  /// Dev Proxy knows fragments; where one would be for several of the bodies, it has to be the whole.
  static void add_body(Json& request, const Target& target, std::size_t index, bool expressions) {
    constexpr std::size_t kMany = 200;
    const std::string& body = *target.bodies[index];
    const auto holds = [&](const std::optional<std::string>& other) {
      return other && &*other != &body && std::search(other->begin(), other->end(), body.begin(), body.end(), [](char a, char b) {
                                            const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? c | 0x20 : c; };
                                            return lower(a) == lower(b) || ((a & 0x80) != 0 && (b & 0x80) != 0);
                                          }) != other->end();
    };
    if (expressions && (target.bodies.size() > kMany || std::any_of(target.bodies.begin(), target.bodies.end(), holds))) {
      request.set("bodyRegex", exact_expression(body));
    } else {
      request.set("bodyFragment", body);
    }
  }

  std::string_view schema() const override { return "urn:hartape:schema:http-mocks-1"; }
  std::string left_out_message(std::size_t count) const override {
    return fmt::format("{} WebSocket conversation{} left out: --to ws-mocks writes them", count, count == 1 ? " is" : "s are");
  }

  std::map<std::pair<std::string, std::string>, std::size_t> index_;
  std::vector<Target> targets_;
};

class WebSocketWriter : public Writer {
 public:
  using Writer::Writer;

 private:
  struct Target {
    std::string url;
    std::vector<Json> mocks;
  };

  std::optional<Json> render_exchange(const Exchange& exchange, const stream::Place& place,
                                      const stream::FindingSink& report) const override {
    if (!is_websocket(exchange)) return Json();
    return mock_conversation(exchange, place, report);
  }

  HeldMembers held() const override {
    constexpr static std::string_view kHeld[] = {"request.method",
                                                 "request.url",
                                                 "response.status",
                                                 "response.statusText",
                                                 "response.httpVersion",
                                                 "_resourceType",
                                                 "_webSocketMessages[].type",
                                                 "_webSocketMessages[].opcode",
                                                 "_webSocketMessages[].data",
                                                 "_webSocketMessages[]._mocked",
                                                 "_webSocketClose.code",
                                                 "_webSocketClose.reason",
                                                 "_mocked",
                                                 "_mock"};
    return kHeld;
  }

  void take(Json line) override {
    const std::string url(line["url"].string_or(""));
    const auto [known, added] = index_.try_emplace(url, targets_.size());
    if (added) targets_.push_back({url, {}});
    targets_[known->second].mocks.push_back(std::move(line));
  }

  Json::Array make_mocks() const override {
    Json::Array out;
    for (const bool star : {false, true}) {
      for (const Target& target : targets_) {
        if ((target.url.find('*') != std::string::npos) != star) continue;
        each_nth(target.mocks, [&](const Json& mock, std::size_t nth) {
          Json::Object counted = mock.as_object();
          if (nth != 0) counted.insert(counted.begin() + 1, {"nth", Json(static_cast<std::uint64_t>(nth))});
          out.emplace_back(std::move(counted));
        });
      }
    }
    return out;
  }

  std::string_view schema() const override { return "urn:hartape:schema:ws-mocks-1"; }
  std::string left_out_message(std::size_t count) const override {
    return fmt::format("{} exchange{} no WebSocket, and left out: --to mocks writes them", count, count == 1 ? " is" : "s are");
  }

  std::map<std::string, std::size_t> index_;
  std::vector<Target> targets_;
};

/// A mocks file in a folder, with the bodies that are no text as files beside it: "@file", which Dev Proxy knows.
template <class Kind>
class FolderWriter final : public Kind {
 public:
  FolderWriter(stream::OutputFolder& folder, const WriteOptions& options, std::string name)
      : FolderWriter(std::make_unique<Held>(), folder, options, std::move(name)) {}

  Status finish() override {
    STREAM_TRY(Kind::finish());
    STREAM_TRY(held_->sink->finish());
    return folder_.put(name_, held_->text);
  }

 private:
  struct Held {
    std::string text{};
    std::unique_ptr<stream::ByteSink> sink = stream::string_sink(text);
  };
  FolderWriter(std::unique_ptr<Held> held, stream::OutputFolder& folder, const WriteOptions& options, std::string name)
      : Kind(*held->sink, options), held_(std::move(held)), folder_(folder), name_(std::move(name)) {}

  Status move_bodies(Json::Array& mocks) override {
    for (Json& mock : mocks) {
      Json* const response = mock.find("response");
      if (response == nullptr) continue;
      auto bytes = stream::base64_decode((*response)["bodyBase64"].string_or(""));
      // A text would be sent by Dev Proxy as JSON, with its quotes.
      if (const Json& text = (*response)["body"]; this->for_devproxy() && text.is_string() && !text.as_string().empty())
        bytes = text.as_string().substr(text.as_string().starts_with("@@") ? 1 : 0);
      if (!bytes || bytes->empty()) continue;
      const auto [known, added] = names_.try_emplace(*bytes, fmt::format("response-{}.bin", names_.size() + 1));
      if (added) STREAM_TRY(folder_.put(known->second, *bytes));
      response->set("body", "@" + known->second);
      response->erase("bodyBase64");
    }
    return {};
  }

  std::unique_ptr<Held> held_;
  stream::OutputFolder& folder_;
  std::string name_;
  std::map<std::string, std::string> names_;  ///< of files, by what is in them
};

template <class Kind>
std::unique_ptr<ItemWriter> write(stream::ByteSink& sink, const WriteOptions& options) {
  return std::make_unique<Kind>(sink, options);
}

}  // namespace

const Format kMocks{"mocks",
                    "HTTP mocks, of Dev Proxy: each answers as a recording did",
                    ".mocks.json",
                    sniff_http_mocks,
                    open_mocks_reader,
                    write<HttpWriter>,
                    nullptr,
                    [](stream::OutputFolder& folder, const WriteOptions& options) -> std::unique_ptr<ItemWriter> {
                      return std::make_unique<FolderWriter<HttpWriter>>(folder, options, "mocks.json");
                    }};
const Format kWebSocketMocks{"ws-mocks",
                             "WebSocket mocks, of Dev Proxy",
                             ".ws-mocks.json",
                             sniff_websocket_mocks,
                             open_mocks_reader,
                             write<WebSocketWriter>,
                             nullptr,
                             [](stream::OutputFolder& folder, const WriteOptions& options) -> std::unique_ptr<ItemWriter> {
                               return std::make_unique<FolderWriter<WebSocketWriter>>(folder, options, "websocket-mocks.json");
                             }};

}  // namespace har::format
