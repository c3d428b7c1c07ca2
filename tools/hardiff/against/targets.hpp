#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/net/url.hpp"

namespace tools::hardiff {

/// Where recorded requests go: which live server stands for which recorded one.
///
/// `--map-host FROM=TO` says so: FROM is a recorded host, with or without a port (without one: any), or "*" for any host; TO is a
/// host, with or without a port, and with or without a scheme in front (without one: the scheme of --against). The first rule
/// that fits holds. `--against` is for the origin of the first request that no rule is for. Other hosts have no live server.
class Targets {
 public:
  /// Errors: `usage`.
  static stream::Result<Targets> create(std::string_view against, const std::vector<std::string>& rules);

  /// What a recorded address is at the live server; no value: none stands for it. The first one that no rule is for decides which
  /// origin --against is for.
  std::optional<stream::net::Url> live(std::string_view recorded, bool websocket);

  /// The live server's origin ("http://localhost:3000") for a recorded one, for Origin and Referer; no value: it is not known.
  std::optional<std::string> live_origin(std::string_view recorded) const;
  /// The way back: an address at a live server as the recording has it, where `asked` is what had been asked for. No value: it is
  /// none of a live server's.
  std::optional<std::string> recorded_address(std::string_view live, const stream::net::Url& asked) const;

  const stream::net::Url& against() const { return against_; }
  /// The origin that --against is for: "https://app.example"; empty: not known yet.
  std::string main_origin() const;

 private:
  struct Rule {
    std::string host{};  ///< lower case; "*": any
    std::uint16_t port = 0;
    stream::net::Url to{};
  };
  const stream::net::Url* target_of(const stream::net::Url& recorded) const;
  static std::string origin_of(const stream::net::Url& url);

  stream::net::Url against_{};
  std::string base_{};  ///< the path of --against, without a slash at its end
  std::vector<Rule> rules_{};
  std::optional<stream::net::Url> main_{};
};

}  // namespace tools::hardiff
