#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stream/record/tap.hpp"

/// Which traffic is recorded.
namespace har::capture {

/// "*" stands for any characters, everything else for itself; letters are the same in either case.
bool matches_glob(std::string_view glob, std::string_view text);

/// A glob, or with "!" before it what must not match.
struct WatchGlob {
  std::string glob{};
  bool negated = false;
  bool operator==(const WatchGlob&) const = default;
};
WatchGlob watch_glob(std::string_view text);

struct WatchHeader {
  std::string name{};
  WatchGlob value{};
  bool operator==(const WatchHeader&) const = default;
};
/// "Name: GLOB", "Name" (it is there), each with "!" before it for what must not be. No value: there is no name.
std::optional<WatchHeader> watch_header(std::string_view text);

/// Rules, each kind of which must agree. A kind without rules agrees with everything, and one that has only negated rules with
/// all that they do not name.
struct Watch {
  std::vector<WatchGlob> urls{};  ///< the first that matches decides; a ws URL is also looked at as http
  std::vector<std::string> methods{};
  std::vector<WatchGlob> types{};      ///< media types of responses, without parameters; the first that matches decides
  std::vector<WatchHeader> headers{};  ///< of the request or of the response: none that is negated, one of the others

  /// What is known when a request begins. No value: the response decides.
  std::optional<bool> of_request(std::string_view method, std::string_view url, std::span<const stream::TapField> fields) const;
  /// What is known when its response has begun. `header_matched`: a header of the request has matched.
  bool of_response(std::span<const stream::TapField> fields, bool header_matched) const;
  /// Whether a header that is wanted is among the fields.
  bool wants(std::span<const stream::TapField> fields) const;

  bool operator==(const Watch&) const = default;
};

}  // namespace har::capture
