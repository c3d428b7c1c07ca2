#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "har/match/matcher.hpp"
#include "stream/net/server.hpp"
#include "stream/replay/answer.hpp"
#include "streamserve/match_options.hpp"
#include "streamserve/recording.hpp"

/// Which recorded exchange answers a request.
namespace tools::streamserve {

struct Match {
  std::optional<std::size_t> index{};  ///< none: a miss
  std::string note{};                  ///< why it is the answer although it is not exactly what was asked for; else empty
  std::string_view miss{};             ///< a miss: "not recorded" and the like
};

/// The exchange that is most like what was asked for.
struct Nearest {
  std::optional<std::size_t> index{};  ///< none: there are none
  std::string name{};
  std::string method{};
  std::string target{};
  std::vector<har::match::Difference> differences{};
};

/// Finds exchanges for requests as they arrive: as the origin, as a forward proxy, or behind another proxy.
class Finder {
 public:
  /// `recording` and `group` outlive the finder.
  Finder(Recording& recording, const MatchGroup& group) : recording_(recording), matcher_(recording.matcher()), group_(group) {}

  /// Not const: a repeated request may get another answer.
  Match find(const stream::net::Request& request);
  Nearest nearest(const stream::net::Request& request);
  /// How much of a request's body must be seen.
  std::size_t body_size() const;

 private:
  har::match::Request live(const stream::net::Request& request, std::string_view scheme) const;
  void set_host(har::match::Request& live, const stream::net::Request& request) const;
  std::string session(const stream::net::Request& request) const;

  Recording& recording_;
  har::match::Matcher& matcher_;
  const MatchGroup& group_;
};

/// `answer`, or what --on-error says instead where it is none.
std::shared_ptr<const stream::replay::Answer> with_on_error(std::shared_ptr<const stream::replay::Answer> answer, OnError how);

/// What a request gets whose recorded answer cannot be read: 502, and why.
std::shared_ptr<const stream::replay::Answer> unreadable_answer(const stream::Error& error);

int status_of(Miss how);  ///< 404 for `close`
stream::Json to_json(const Nearest& nearest);
/// What a miss is answered with.
std::shared_ptr<const stream::replay::Answer> miss_answer(Miss how, const stream::net::Request& request, std::string_view why,
                                                          const Nearest& nearest);
/// What is logged of it, in one line.
std::string miss_text(Miss how, std::string_view why, const Nearest& nearest);

}  // namespace tools::streamserve
