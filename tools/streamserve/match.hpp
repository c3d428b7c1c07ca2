#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "har/match/matcher.hpp"
#include "stream/net/server.hpp"
#include "stream/replay/answer.hpp"
#include "streamserve/match_options.hpp"

/// Which recorded exchange answers a request.
namespace tools::streamserve {

/// A recorded exchange as it is asked for.
struct Recorded {
  std::string name{};    ///< for the log: its id, with its file where there are several
  std::string method{};  ///< "GET"
  std::string target{};  ///< "/chat?a=1"; "/" where the recording names none
  std::shared_ptr<const stream::replay::Answer> answer{};
  std::shared_ptr<const stream::Exchange> exchange{};
};

struct Match {
  const Recorded* recorded = nullptr;  ///< null: a miss
  std::string note{};                  ///< why it is the answer although it is not exactly what was asked for; else empty
  std::string_view miss{};             ///< a miss: "not recorded" and the like
};

/// The exchange that is most like what was asked for.
struct Nearest {
  const Recorded* recorded = nullptr;  ///< null: there are none
  std::vector<har::match::Difference> differences{};
};

/// Finds exchanges for requests as they arrive: as the origin, as a forward proxy, or behind another proxy.
class Finder {
 public:
  /// `recorded` and `group` outlive the finder and stay as they are. Errors: `usage`.
  static stream::Result<std::unique_ptr<Finder>> make(const std::vector<Recorded>& recorded, const MatchGroup& group);

  /// Not const: a repeated request may get another answer.
  Match find(const stream::net::Request& request);
  Nearest nearest(const stream::net::Request& request);
  /// How much of a request's body must be seen.
  std::size_t body_size() const;

 private:
  Finder(const std::vector<Recorded>& recorded, const MatchGroup& group) : recorded_(recorded), group_(group) {}
  har::match::Request live(const stream::net::Request& request, std::string_view scheme) const;
  void set_host(har::match::Request& live, const stream::net::Request& request) const;
  std::string session(const stream::net::Request& request) const;

  const std::vector<Recorded>& recorded_;
  const MatchGroup& group_;
  std::unique_ptr<har::match::Matcher> matcher_{};
  std::size_t largest_body_ = 0;
};

/// `answer`, or what --on-error says instead where it is none.
std::shared_ptr<const stream::replay::Answer> with_on_error(std::shared_ptr<const stream::replay::Answer> answer, OnError how);

int status_of(Miss how);  ///< 404 for `close`
stream::Json to_json(const Nearest& nearest);
/// What a miss is answered with.
std::shared_ptr<const stream::replay::Answer> miss_answer(Miss how, const stream::net::Request& request, std::string_view why,
                                                          const Nearest& nearest);
/// What is logged of it, in one line.
std::string miss_text(Miss how, std::string_view why, const Nearest& nearest);

}  // namespace tools::streamserve
