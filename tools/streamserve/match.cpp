#include "streamserve/match.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tools::streamserve {
namespace {

using har::match::Found;
using har::match::Why;
using stream::net::Request;
using stream::replay::Answer;
using stream::replay::StepKind;

/// What a client that has nothing but our address says.
bool is_address(std::string_view host) {
  if (host == "localhost" || host.ends_with(".localhost") || host.find(':') != std::string_view::npos) return true;
  return !host.empty() && host.find_first_not_of("0123456789.") == std::string_view::npos;
}

std::string_view cookie(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    const auto end = std::min(header.find(';'), header.size());
    std::string_view pair = header.substr(0, end);
    header.remove_prefix(std::min(end + 1, header.size()));
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') return pair.substr(name.size() + 1);
  }
  return {};
}

stream::Json json_or_null(const std::optional<std::string>& text) { return text ? stream::Json(*text) : stream::Json(); }

/// Whether a looser rule would have found it.
bool differs_in_query_or_body(const Nearest& nearest) {
  return !nearest.differences.empty() &&
         std::all_of(nearest.differences.begin(), nearest.differences.end(), [](const har::match::Difference& difference) {
           return difference.field.starts_with("query") || difference.field.starts_with("body");
         });
}

}  // namespace

/// Twice the largest, so that a live body with more white space is still whole.
std::size_t Finder::body_size() const { return std::max(std::size_t{16} << 20, 2 * matcher_.largest_body()); }

void Finder::set_host(har::match::Request& live, const Request& request) const {
  std::string_view authority = request.authority;
  bool named = request.absolute || request.tunnel;
  if (const auto forwarded = stream::replay::find_header(request.headers, group_.host_header);
      !group_.host_header.empty() && !forwarded.empty()) {
    authority = forwarded.substr(0, forwarded.find(','));
    named = true;
  }
  har::match::set_authority(live, authority);
  if (group_.map.apply(live) || named || matcher_.knows_host(live)) return;
  // One recorded host is this place, whatever the client calls it; and so is any where it calls it by its address.
  if (matcher_.hosts() < 2 || is_address(live.host)) {
    live.host.clear();
    live.port = 0;
  }
}

har::match::Request Finder::live(const Request& request, std::string_view scheme) const {
  har::match::Request live = har::match::make_request(request.method, request.target);
  for (const auto& field : request.headers) live.headers.push_back({field.name, field.value});
  live.body = request.body;
  live.websocket = request.websocket;
  live.scheme = scheme;
  set_host(live, request);
  return live;
}

std::string Finder::session(const Request& request) const {
  std::string_view value;
  switch (group_.client) {
    case ClientBy::none:
      return {};
    case ClientBy::address:
      value = std::string_view(request.peer).substr(0, request.peer.rfind(':'));
      break;
    case ClientBy::header:
      value = stream::replay::find_header(request.headers, group_.client_name);
      break;
    case ClientBy::cookie:
      value = cookie(stream::replay::find_header(request.headers, "cookie"), group_.client_name);
      break;
  }
  return std::string(value);
}

Match Finder::find(const Request& request) {
  Found found = matcher_.find(live(request, request.scheme), session(request));
  // The scheme is rather a wish: a client need not speak TLS for what was recorded with it, nor the other way about.
  if (found.why == Why::not_recorded && !request.scheme.empty()) found = matcher_.find(live(request, {}), session(request));
  switch (found.why) {
    case Why::found:
      return {found.index, found.note, {}};
    case Why::not_recorded:
      return {std::nullopt, {}, "not recorded"};
    case Why::exhausted:
      return {std::nullopt, {}, "all recorded answers were given"};
    case Why::cycle:
      return {std::nullopt, {}, "the recorded redirect leads back to itself"};
  }
  return {};
}

Nearest Finder::nearest(const Request& request) {
  auto found = matcher_.explain(live(request, {}));
  if (!found) return {};
  const har::match::Request recorded = recording_.request(found->index);
  return {found->index, recording_.name(found->index), recorded.method, recorded.target(), std::move(found->differences)};
}

std::shared_ptr<const Answer> with_on_error(std::shared_ptr<const Answer> answer, OnError how) {
  const bool headed = answer->steps.front().kind == StepKind::head;
  const bool answered = headed && (answer->status >= 100 || answer->websocket);
  if (answered || (how == OnError::recorded && !headed)) return answer;
  const stream::Nanos at = answer->steps.back().at;
  if (how == OnError::bad_gateway || how == OnError::gateway_timeout) {
    const bool gateway = how == OnError::bad_gateway;
    auto made = std::make_shared<Answer>(*stream::replay::make_answer(gateway ? 502 : 504, "application/json",
                                                                      "{\"error\":\"the recorded request was not answered\"}\n"));
    for (auto& step : made->steps) step.at = at;
    made->id = answer->id;
    return made;
  }
  auto made = std::make_shared<Answer>(*answer);
  made->status = 0;
  made->headers.clear();
  made->body_size = 0;
  made->complete = false;
  made->steps.assign(1, {at, how == OnError::stall ? StepKind::stall : StepKind::reset, 0, {}});
  return made;
}

int status_of(Miss how) { return how == Miss::bad_gateway ? 502 : 404; }

stream::Json to_json(const Nearest& nearest) {
  stream::Json near = stream::Json::object();
  near.set("exchange", nearest.name);
  near.set("method", nearest.method);
  near.set("path", nearest.target);
  stream::Json differences = stream::Json::array();
  for (const har::match::Difference& difference : nearest.differences) {
    stream::Json one = stream::Json::object();
    one.set("field", difference.field);
    one.set("expected", json_or_null(difference.expected));
    one.set("actual", json_or_null(difference.actual));
    differences.as_array().push_back(std::move(one));
  }
  near.set("differences", std::move(differences));
  return near;
}

std::shared_ptr<const Answer> unreadable_answer(const stream::Error& error) {
  stream::Json body = stream::Json::object();
  body.set("error", "the recorded exchange cannot be read: " + to_string(error));
  if (!error.hint.empty()) body.set("hint", error.hint);
  return stream::replay::make_answer(502, "application/json", stream::to_json(body) + "\n");
}

std::shared_ptr<const Answer> miss_answer(Miss how, const Request& request, std::string_view why, const Nearest& nearest) {
  if (how == Miss::close) {
    auto made = std::make_shared<Answer>();
    made->steps.push_back({stream::Nanos{}, StepKind::cut, 0, {}});
    return made;
  }
  stream::Json body = stream::Json::object();
  const bool unknown = why == "not recorded";
  body.set("error", unknown ? fmt::format("no exchange was recorded for {} {}", request.method, request.target)
                            : fmt::format("{} {}: {}", request.method, request.target, why));
  if (unknown && nearest.index) {
    body.set("nearest", to_json(nearest));
  }
  return stream::replay::make_answer(status_of(how), "application/json", stream::to_json(body) + "\n");
}

std::string miss_text(Miss how, std::string_view why, const Nearest& nearest) {
  std::string out = fmt::format("{} {}", how == Miss::close ? "closed" : std::to_string(status_of(how)), why);
  if (why != "not recorded" || !nearest.index) return out;
  out += fmt::format("; the nearest is exchange {}, {} {}", nearest.name, nearest.method, nearest.target);
  std::string_view separator = ": ";
  for (const har::match::Difference& difference : nearest.differences) {
    out.append(separator).append(har::match::to_string(difference));
    separator = "; ";
  }
  if (differs_in_query_or_body(nearest)) out += " (--match loose would take it)";
  return out;
}

}  // namespace tools::streamserve
