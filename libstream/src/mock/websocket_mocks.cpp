#include "stream/mock/websocket_mocks.hpp"

#include <algorithm>
#include <utility>

#include "incoming.hpp"
#include "jitter.hpp"
#include "pattern.hpp"
#include "render.hpp"
#include "stream/text/utf8.hpp"

namespace stream::mock {
namespace {

/// The one of the offered subprotocols that the server takes.
std::string choose_subprotocol(const std::optional<std::string>& wanted, const Request& handshake) {
  if (handshake.headers == nullptr) return {};
  for (const replay::HeaderField& field : *handshake.headers) {
    if (!replay::iequals(field.name, "sec-websocket-protocol")) continue;
    for (std::string_view rest = field.value; !rest.empty();) {
      std::string_view offered = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(offered.size() + 1, rest.size()));
      const auto first = offered.find_first_not_of(" \t");
      if (first == std::string_view::npos) continue;
      offered = offered.substr(first, offered.find_last_not_of(" \t") - first + 1);
      if (!wanted || *wanted == offered) return std::string(offered);
    }
  }
  return {};
}

class Conversation final : public WebSocketConversation {
 public:
  Conversation(std::shared_ptr<const std::vector<WebSocketMock>> mocks, std::size_t index, const Request& handshake,
               const PlayOptions& options, std::uint64_t seed)
      : mocks_(std::move(mocks)),
        mock_((*mocks_)[index]),
        index_(index),
        method_(handshake.method),
        url_(handshake.url),
        headers_(handshake.headers != nullptr ? *handshake.headers : std::vector<replay::HeaderField>{}),
        subprotocol_(choose_subprotocol(mock_.subprotocol, handshake)),
        options_(options),
        jitter_(seed),
        counts_(mock_.rules.size()) {}

  /// What the stars of the URL, as it was matched, stand for.
  void set_stars(const std::vector<std::string_view>& stars) { stars_.assign(stars.begin(), stars.end()); }
  void set_count(std::uint64_t count) { count_ = count; }

  const std::string& subprotocol() const override { return subprotocol_; }
  std::size_t mock() const override { return index_; }
  const Place& place() const override { return mock_.place; }
  std::optional<Nanos> closes_at() const override { return closes_at_; }

  Result<std::vector<Action>> open(Nanos now) override {
    Incoming nothing({});
    TemplateScope scope = make_scope({}, nothing);
    scope.count = count_;
    std::vector<Action> out;
    Nanos at = now;
    STREAM_TRY(send(mock_.on_connect, mock_.filled, scope, at, out));
    if (mock_.close.close) close(mock_.close, at, out);
    free_at_ = now;
    return out;
  }

  Result<Reply> message(int opcode, std::string_view bytes, Nanos now) override {
    Reply out;
    out.at = std::max(now, free_at_);
    if (opcode != 1 && opcode != 2) {
      out.at = now;
      return out;
    }
    if (closes_at_ && out.at >= *closes_at_) {
      out.handled = true;
      return out;
    }
    Incoming body(bytes, options_.limits.max_depth);
    TemplateScope scope = make_scope(bytes, body);
    const WebSocketRule* const rule = choose(body, scope, out.rule);
    Nanos at = out.at;
    if (rule != nullptr) {
      out.handled = true;
      STREAM_TRY(send(rule->responses, rule->filled, scope, at, out.actions));
      if (rule->close.close) close(rule->close, at, out.actions);
    } else if (mock_.close_on_unmatched) {
      out.handled = true;
      close(mock_.close, at, out.actions);
    }
    free_at_ = at;
    const auto is_void = [&](const Action& action) { return closes_at_ && action.at > *closes_at_; };
    out.actions.erase(std::remove_if(out.actions.begin(), out.actions.end(), is_void), out.actions.end());
    return out;
  }

 private:
  TemplateScope make_scope(std::string_view bytes, Incoming& body) {
    request_ = {method_, url_, &headers_, bytes};
    TemplateScope scope;
    scope.request = &request_;
    scope.body = &body;
    scope.stars.assign(stars_.begin(), stars_.end());
    return scope;
  }

  /// The first rule that fits; those that count hear of the message anyway.
  const WebSocketRule* choose(Incoming& body, TemplateScope& scope, std::optional<std::size_t>& index) {
    const WebSocketRule* chosen = nullptr;
    std::vector<std::string_view> groups;
    for (std::size_t i = 0; i < mock_.rules.size(); ++i) {
      const WebSocketRule& rule = mock_.rules[i];
      if (chosen != nullptr && !rule.counting.counts()) continue;
      if (!matches(rule.match, body, groups)) continue;
      const std::uint64_t count = ++counts_[i];
      if (chosen != nullptr || !rule.counting.takes(count)) continue;
      chosen = &rule;
      index = i;
      scope.groups = groups;
      scope.count = count;
      scope.pattern = rule.match.kind == BodyMatch::Kind::regex ? rule.match.pattern.get() : nullptr;
    }
    return chosen;
  }

  Status send(const std::vector<WebSocketMessage>& messages, bool filled, const TemplateScope& scope, Nanos& at,
              std::vector<Action>& out) {
    for (const WebSocketMessage& message : messages) {
      STREAM_ASSIGN(std::string bytes, render_content(message.content, filled, scope, options_));
      if (!message.binary && !is_utf8(bytes)) bytes = replace_invalid_utf8(bytes);  // RFC 6455 §5.6
      at += jitter_(message.delay);
      out.push_back({at, Action::Kind::send, message.binary ? 2 : 1, std::move(bytes)});
    }
    return {};
  }

  void close(const Close& how, Nanos& at, std::vector<Action>& out) {
    at += jitter_(how.delay);
    if (closes_at_ && at >= *closes_at_) return;
    closes_at_ = at;
    out.push_back({at, Action::Kind::close, how.code, how.reason});
  }

  std::shared_ptr<const std::vector<WebSocketMock>> mocks_;
  const WebSocketMock& mock_;
  std::size_t index_;
  std::string method_;
  std::string url_;
  std::vector<replay::HeaderField> headers_;
  std::string subprotocol_;
  PlayOptions options_;
  Jitter jitter_;
  std::vector<std::uint64_t> counts_;
  std::vector<std::string> stars_;
  std::uint64_t count_ = 1;
  Request request_;
  Nanos free_at_{};
  std::optional<Nanos> closes_at_;
};

}  // namespace

struct WebSocketMocks::State {
  std::shared_ptr<const std::vector<WebSocketMock>> mocks{};
  PlayOptions options{};
  std::vector<UrlForms> urls{};
  std::vector<std::uint64_t> counts{};
  Jitter seeds;
};

WebSocketMocks::WebSocketMocks(std::vector<WebSocketMock> mocks, PlayOptions options)
    : state_(std::make_shared<State>(
          State{std::make_shared<const std::vector<WebSocketMock>>(std::move(mocks)), options, {}, {}, Jitter(options.seed)})) {
  for (const WebSocketMock& mock : *state_->mocks) {
    state_->urls.emplace_back(mock.pattern, with_http_scheme(mock.url), UrlPattern::Case::ignored_without_star);
  }
  state_->counts.assign(state_->urls.size(), 0);
}
WebSocketMocks::WebSocketMocks(WebSocketMocks&&) noexcept = default;
WebSocketMocks& WebSocketMocks::operator=(WebSocketMocks&&) noexcept = default;
WebSocketMocks::~WebSocketMocks() = default;

std::size_t WebSocketMocks::size() const { return state_->urls.size(); }

std::unique_ptr<WebSocketConversation> WebSocketMocks::connect(const Request& handshake) {
  State& state = *state_;
  const std::string full = with_http_scheme(handshake.url);
  const std::string url = handshake.any_origin ? without_origin(full) : full;
  std::unique_ptr<Conversation> out;
  std::vector<std::string_view> stars;
  for (std::size_t i = 0; i < state.urls.size(); ++i) {
    const Counting& counting = (*state.mocks)[i].counting;
    if (out != nullptr && !counting.counts()) continue;
    if (!state.urls[i].matches(url, handshake.any_origin, stars)) continue;
    const std::uint64_t count = ++state.counts[i];
    if (out != nullptr || !counting.takes(count)) continue;
    out = std::make_unique<Conversation>(state.mocks, i, handshake, state.options, state.seeds.next());
    out->set_stars(stars);
    out->set_count(count);
  }
  return out;
}

}  // namespace stream::mock
