#include "match/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "check/http_text.hpp"

namespace har::match {
namespace {

constexpr std::size_t kFieldsOfBody = 3;

/// What a difference weighs, as WireMock has it.
constexpr std::uint64_t kHost = 10'000;
constexpr std::uint64_t kPort = 10'000;
constexpr std::uint64_t kPath = 10'000;
constexpr std::uint64_t kScheme = 3'000;
constexpr std::uint64_t kMethod = 3'000;
constexpr std::uint64_t kOther = 1'000;

/// What lies between a common beginning and a common end. Linear, since other streams wait meanwhile.
std::size_t distance(std::string_view a, std::string_view b) {
  const auto front = static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
  a.remove_prefix(front);
  b.remove_prefix(front);
  const auto back = static_cast<std::size_t>(std::mismatch(a.rbegin(), a.rend(), b.rbegin(), b.rend()).first - a.rbegin());
  return std::max(a.size(), b.size()) - back;
}

std::uint64_t path_weight(std::string_view recorded, std::string_view live) {
  if (recorded == live) return 0;
  const std::size_t longest = std::max<std::size_t>(1, std::max(recorded.size(), live.size()));
  return kPath / 2 + kPath / 2 * distance(recorded, live) / longest;
}

class Explainer {
 public:
  Explainer(const Request& live, const MatchOptions& options, Index& index, Bodies& bodies)
      : live_(live), options_(options), index_(index), bodies_(bodies), keys_(keys_of(live, options, bodies, false)) {}

  std::uint64_t weight(const Group& group) const {
    const Request& origin = index_.origin(group.origin);
    std::uint64_t sum = place_weight(index_.key(index_.place(group.place)));
    if (other_scheme(origin)) sum += kScheme;
    if (other_host(origin)) sum += kHost;
    if (other_port(origin)) sum += kPort;
    const auto pairs = index_.numbers(group.pairs);
    const std::size_t equal = common(pairs, keys_.pairs);
    sum += kOther * std::max(pairs.size() - equal, keys_.pairs.size() - equal);
    if (index_.headers_of(group) != keys_.headers) sum += kOther;
    if (group.body != keys_.body.same) sum += group.kind() == BodyKind::none ? kOther / 2 : kOther;
    return sum;
  }

  std::vector<Difference> differences(const Group& group, const Request* recorded) {
    std::vector<Difference> out;
    const Request& origin = index_.origin(group.origin);
    const std::string_view key = index_.key(index_.place(group.place));
    const std::size_t blank = key.rfind(' ');
    const std::string_view kind = key.substr(0, blank);
    const std::string_view path = key.substr(blank + 1);
    if (kind != live_kind()) add(out, "method", kind, live_kind());
    if (other_scheme(origin)) add(out, "scheme", origin.scheme, live_.scheme);
    if (other_host(origin)) add(out, "host", origin.host, live_.host);
    if (other_port(origin)) add(out, "port", port_text(origin), port_text(live_));
    if (path != live_.path) add(out, "path", path, live_.path);
    if (recorded == nullptr) {
      if (group.query != keys_.query) out.push_back({"query", std::nullopt, std::nullopt});
      if (index_.headers_of(group) != keys_.headers) out.push_back({"header", std::nullopt, std::nullopt});
      if (group.body != keys_.body.same) out.push_back({"body", std::nullopt, std::nullopt});
      return out;
    }
    if (group.query != keys_.query) query_differences(out, *recorded);
    if (index_.headers_of(group) != keys_.headers) header_differences(out, *recorded);
    if (group.body != keys_.body.same) {
      const Body body = bodies_.read(*recorded);
      auto more = bodies_.compare(body, recorded->body, keys_.body, live_.body, kFieldsOfBody);
      std::move(more.begin(), more.end(), std::back_inserter(out));
    }
    return out;
  }

 private:
  std::string_view live_kind() const { return live_.websocket ? kWebSocket : std::string_view(live_.method); }

  std::uint64_t place_weight(std::string_view key) const {
    const std::size_t blank = key.rfind(' ');
    return (key.substr(0, blank) == live_kind() ? 0 : kMethod) + path_weight(key.substr(blank + 1), live_.path);
  }
  bool other_scheme(const Request& origin) const {
    return !options_.ignore_scheme && !origin.scheme.empty() && !live_.scheme.empty() && origin.scheme != live_.scheme;
  }
  bool compares_host(const Request& origin) const { return !options_.ignore_host && !origin.host.empty() && !live_.host.empty(); }
  bool other_host(const Request& origin) const { return compares_host(origin) && origin.host != live_.host; }
  bool other_port(const Request& origin) const {
    return compares_host(origin) && !options_.ignore_port && origin.port != live_.port;
  }
  static std::string port_text(const Request& request) {
    return request.port == 0 ? "the usual one" : std::to_string(request.port);
  }

  static void add(std::vector<Difference>& out, std::string field, std::string_view expected, std::string_view actual) {
    out.push_back({std::move(field), shortened(expected), shortened(actual)});
  }

  void query_differences(std::vector<Difference>& out, const Request& recorded) const {
    const auto kept = [&](const Request& request) {
      auto pairs = request.query;
      std::erase_if(pairs, [&](const auto& pair) {
        return std::find(options_.ignore_query.begin(), options_.ignore_query.end(), pair.first) != options_.ignore_query.end();
      });
      return pairs;
    };
    const auto expected = kept(recorded);
    auto actual = kept(live_);
    std::vector<std::pair<std::string, std::string>> missing;
    for (const auto& pair : expected) {
      const auto found = std::find(actual.begin(), actual.end(), pair);
      found == actual.end() ? missing.push_back(pair) : static_cast<void>(actual.erase(found));
    }
    for (const auto& [name, value] : missing) {
      const std::string& wanted = name;
      Difference one{"query " + shortened(name), shortened(value), std::nullopt};
      const auto other = std::find_if(actual.begin(), actual.end(), [&](const auto& pair) { return pair.first == wanted; });
      if (other != actual.end()) {
        one.actual = shortened(other->second);
        actual.erase(other);
      }
      out.push_back(std::move(one));
    }
    for (const auto& [name, value] : actual) out.push_back({"query " + shortened(name), std::nullopt, shortened(value)});
  }

  void header_differences(std::vector<Difference>& out, const Request& recorded) const {
    const auto values = [](const Request& request, std::string_view name) {
      std::optional<std::string> joined;
      for (const Header& header : request.headers) {
        if (!check::equal_ignoring_case(header.name, name)) continue;
        joined = joined ? *joined + ", " + std::string(check::trimmed(header.value)) : std::string(check::trimmed(header.value));
      }
      return joined;
    };
    for (const std::string& name : options_.headers) {
      auto expected = values(recorded, name);
      auto actual = values(live_, name);
      if (expected == actual) continue;
      if (expected) expected = shortened(*expected);
      if (actual) actual = shortened(*actual);
      out.push_back({"header " + name, std::move(expected), std::move(actual)});
    }
  }

  const Request& live_;
  const MatchOptions& options_;
  Index& index_;
  Bodies& bodies_;
  const Keys keys_;
};

void append_value(std::string& out, const std::optional<std::string>& value) {
  if (!value) {
    out += "nothing";
    return;
  }
  out += '"';
  for (const char c : *value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

std::string to_string(const Difference& difference) {
  if (!difference.expected && !difference.actual) return difference.field;
  std::string out = difference.field + ": expected ";
  append_value(out, difference.expected);
  out += ", got ";
  append_value(out, difference.actual);
  return out;
}

std::optional<Nearest> nearest(const Request& live, const MatchOptions& options, Index& index, Bodies& bodies,
                               const Matcher::Recall& recall) {
  if (index.groups() == 0) return std::nullopt;
  Explainer explainer(live, options, index, bodies);
  std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
  std::uint32_t best = 0;
  for (std::uint32_t number = 0; number < index.groups(); ++number) {
    if (const std::uint64_t weight = explainer.weight(index.group(number)); weight < least) {
      least = weight;
      best = number;
    }
  }
  Nearest out;
  out.index = index.variant(index.group(best).first_variant).first;
  if (recall) {
    const Request recorded = recall(out.index);
    out.differences = explainer.differences(index.group(best), &recorded);
  } else {
    out.differences = explainer.differences(index.group(best), nullptr);
  }
  return out;
}

}  // namespace har::match
