#include "stream/mock/http_mocks.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "incoming.hpp"
#include "jitter.hpp"
#include "pattern.hpp"
#include "render.hpp"

namespace stream::mock {
namespace {

bool matches(const std::vector<HeaderMatch>& wanted, const Request& request) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const HeaderMatch& header) {
    return request.headers != nullptr &&
           std::any_of(request.headers->begin(), request.headers->end(), [&](const replay::HeaderField& field) {
             return replay::iequals(field.name, header.name) &&
                    (header.pattern == nullptr || header.pattern->matches(field.value));
           });
  });
}

}  // namespace

struct HttpMocks::State {
  std::vector<std::uint64_t> counts{};
  std::unordered_map<std::string, std::uint64_t> answered{};  // devproxy: for each URL text
  std::vector<UrlForms> urls{};
  Jitter jitter;
};

HttpMocks::HttpMocks(std::vector<HttpMock> mocks, PlayOptions options)
    : mocks_(std::move(mocks)),
      options_(std::move(options)),
      state_(std::make_unique<State>(State{{}, {}, {}, Jitter(options_.seed)})) {
  state_->counts.assign(mocks_.size(), 0);
  for (const HttpMock& mock : mocks_) {
    state_->urls.emplace_back(mock.request.pattern, mock.request.url, UrlPattern::Case::sensitive);
  }
}
HttpMocks::HttpMocks(HttpMocks&&) noexcept = default;
HttpMocks& HttpMocks::operator=(HttpMocks&&) noexcept = default;
HttpMocks::~HttpMocks() = default;

Result<HttpMatch> HttpMocks::match(const Request& request) {
  Incoming body(request.body, options_.limits.max_depth);
  const std::string url = request.any_origin ? without_origin(request.url) : std::string(request.url);
  const HttpMock* chosen = nullptr;
  HttpMatch out;
  TemplateScope scope;
  std::vector<std::string_view> stars;
  std::vector<std::string_view> groups;
  for (std::size_t i = 0; i < mocks_.size(); ++i) {
    const HttpMock& mock = mocks_[i];
    const HttpRequestMatch& wanted = mock.request;
    // Behind the one that answers, those that count still want to know.
    if (chosen != nullptr && (options_.devproxy || !wanted.counting.counts())) continue;
    if (wanted.method != request.method || !state_->urls[i].matches(url, request.any_origin, stars) ||
        !matches(wanted.headers, request)) {
      continue;
    }
    groups.clear();
    if (request.method != "GET" && wanted.body.kind != BodyMatch::Kind::any) {
      if (wanted.body.kind == BodyMatch::Kind::fragment && request.body.empty()) continue;
      if (!mock::matches(wanted.body, body, groups)) continue;
    }
    const std::uint64_t count = options_.devproxy ? state_->answered[wanted.url] + 1 : ++state_->counts[i];
    if (chosen != nullptr || !wanted.counting.takes(count)) continue;
    chosen = &mock;
    out.mock = i;
    out.place = mock.place;
    scope.stars = stars;
    scope.groups = groups;
    scope.count = count;
  }
  if (chosen == nullptr) return out;
  if (options_.devproxy) ++state_->answered[chosen->request.url];
  scope.request = &request;
  scope.body = &body;
  scope.pattern = chosen->request.body.kind == BodyMatch::Kind::regex ? chosen->request.body.pattern.get() : nullptr;
  STREAM_ASSIGN(out.answer, render_answer(chosen->response, scope, options_, state_->jitter));
  return out;
}

bool HttpMocks::may_match(const Request& request) const {
  const std::string url = request.any_origin ? without_origin(request.url) : std::string(request.url);
  std::vector<std::string_view> stars;
  for (std::size_t i = 0; i < mocks_.size(); ++i) {
    const HttpRequestMatch& wanted = mocks_[i].request;
    if (wanted.method == request.method && state_->urls[i].matches(url, request.any_origin, stars) &&
        matches(wanted.headers, request))
      return true;
  }
  return false;
}

}  // namespace stream::mock
