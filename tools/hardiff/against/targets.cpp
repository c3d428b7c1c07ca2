#include "hardiff/against/targets.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stream/replay/answer.hpp"
#include "stream/text/ascii.hpp"

namespace tools::hardiff {

using stream::ErrorCode;
using stream::fail;
using stream::Result;
using stream::net::parse_url;
using stream::net::Url;
using stream::replay::iequals;

namespace {

using stream::ascii::lower_case;

/// http for ws, https for wss.
void make_http(Url& url) { url.scheme = url.secure() ? "https" : "http"; }

}  // namespace

std::string Targets::origin_of(const Url& url) { return url.scheme + "://" + url.authority(); }

Result<Targets> Targets::create(std::string_view against, const std::vector<std::string>& rules) {
  Targets targets;
  STREAM_ASSIGN(targets.against_, parse_url(against));
  make_http(targets.against_);
  if (targets.against_.target.find('?') != std::string::npos) {
    return fail(
        {ErrorCode::usage, fmt::format("--against: \"{}\" has a query", against), {}, "it is put in front of recorded paths"});
  }
  targets.base_ = targets.against_.target;
  while (targets.base_.ends_with('/')) targets.base_.pop_back();
  for (const std::string& text : rules) {
    const auto equals = text.find('=');
    const auto bad = [&](std::string_view why) {
      return fail(
          {ErrorCode::usage, fmt::format("--map-host: \"{}\": {}", text, why), {}, "for example api.example.com=localhost:4000"});
    };
    if (equals == std::string::npos || equals == 0) return bad("expected FROM=TO");
    const std::string from = lower_case(std::string_view(text).substr(0, equals));
    std::string to = text.substr(equals + 1);
    if (from.find_first_of("/?# ") != std::string::npos || to.empty()) return bad("expected a host on either side");
    if (to.find("://") == std::string::npos) to = targets.against_.scheme + "://" + to;
    Rule rule;
    auto target = parse_url(to);
    if (!target) return bad(target.error().message);
    if (target->target != "/") return bad("expected a host behind the \"=\", and no path");
    make_http(*target);
    rule.to = std::move(*target);
    if (from == "*") {
      rule.host = "*";
    } else {
      const auto host = parse_url("http://" + from);
      if (!host) return bad("expected a host in front of the \"=\"");
      rule.host = host->host;
      const auto bracket = from.rfind(']');
      const auto colon = from.rfind(':');
      const bool ported =
          colon != std::string::npos && (from.front() != '[' || (bracket != std::string::npos && colon > bracket));
      rule.port = ported ? host->port : std::uint16_t{0};
    }
    targets.rules_.push_back(std::move(rule));
  }
  return targets;
}

const Url* Targets::target_of(const Url& recorded) const {
  const std::string host = lower_case(recorded.host);
  for (const Rule& rule : rules_) {
    if ((rule.host == "*" || rule.host == host) && (rule.port == 0 || rule.port == recorded.port)) return &rule.to;
  }
  if (main_ && main_->same_origin(recorded)) return &against_;
  return nullptr;
}

std::optional<Url> Targets::live(std::string_view recorded, bool websocket) {
  const auto url = parse_url(recorded);
  if (!url) return std::nullopt;
  const Url* target = target_of(*url);
  if (target == nullptr && !main_) {
    main_ = *url;
    make_http(*main_);
    target = &against_;
  }
  if (target == nullptr) return std::nullopt;
  Url out = *target;
  if (websocket) out.scheme = out.secure() ? "wss" : "ws";
  out.target = target == &against_ ? base_ + url->target : url->target;
  return out;
}

std::optional<std::string> Targets::live_origin(std::string_view recorded) const {
  const auto url = parse_url(recorded);
  if (!url || recorded.find("://") == std::string_view::npos) return std::nullopt;
  const Url* const target = target_of(*url);
  return target == nullptr ? std::nullopt : std::optional(origin_of(*target));
}

std::optional<std::string> Targets::recorded_address(std::string_view live, const Url& asked) const {
  // An address without a scheme has the server's path, too.
  if (live.starts_with('/') && !live.starts_with("//")) {
    if (!base_.empty() && live.starts_with(base_)) return std::string(live.substr(base_.size()));
    return std::nullopt;
  }
  const bool relative = live.starts_with("//");
  if (!relative && live.find("://") == std::string_view::npos) return std::nullopt;
  const auto url = parse_url(relative ? "http:" + std::string(live) : std::string(live));
  if (!url) return std::nullopt;
  const auto is_host = [&](const Url& other) { return other.port == url->port && iequals(other.host, url->host); };
  const auto answer = [&](const Url& recorded, bool with_base) {
    const std::size_t authority = live.find("//") + 2;
    std::string_view rest = live.substr(std::min(live.find_first_of("/?#", authority), live.size()));
    if (with_base && !base_.empty() && rest.starts_with(base_)) rest.remove_prefix(base_.size());
    return (relative ? "//" + recorded.authority() : origin_of(recorded)).append(rest);
  };
  // What was asked is known by the name it was asked by.
  const Url* const target = target_of(asked);
  if (target != nullptr && is_host(*target)) {
    Url recorded = asked;
    make_http(recorded);
    return answer(recorded, target == &against_);
  }
  if (main_ && is_host(against_)) return answer(*main_, true);
  for (const Rule& rule : rules_) {
    if (rule.host == "*" || !is_host(rule.to)) continue;
    Url recorded;
    recorded.scheme = asked.secure() ? "https" : "http";
    recorded.host = rule.host;
    recorded.port = rule.port != 0 ? rule.port : asked.secure() ? 443 : 80;
    return answer(recorded, false);
  }
  return std::nullopt;
}

std::string Targets::main_origin() const { return main_ ? origin_of(*main_) : std::string(); }

}  // namespace tools::hardiff
