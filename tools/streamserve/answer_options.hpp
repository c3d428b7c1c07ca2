#pragma once

#include <memory>
#include <unordered_map>

#include "common/tool.hpp"
#include "stream/net/server.hpp"
#include "stream/replay/adapt.hpp"
#include "streamserve/match_options.hpp"

/// What of a recorded answer is made to fit the request, the place and the time.
namespace tools::streamserve {

struct AnswerOptions {
  stream::replay::Encode encode = stream::replay::Encode::recorded;
  bool refresh_dates = false;
  bool rewrite_bodies = false;
  bool cors = false;
};
/// --encode, --refresh-dates, --rewrite-bodies, --cors
void add_answer_options(CLI::App& app, AnswerOptions& options);

/// Answers that were made of others, as long as somebody is being sent them: many clients share one.
class SharedAnswers {
 public:
  using Pointer = std::shared_ptr<const stream::replay::Answer>;
  template <class Make>
  Pointer get(Pointer answer, Make make) {
    const auto found = made_.find(answer.get());
    // What was made holds what it was made of: while it lives, no other answer can have that one's address.
    if (found != made_.end()) {
      if (Pointer made = found->second.lock()) return made;
    }
    Pointer made = make(answer);
    if (made == answer) return answer;
    if (made_.size() >= kMost) std::erase_if(made_, [](const auto& each) { return each.second.expired(); });
    made_[answer.get()] = made;
    return made;
  }

 private:
  static constexpr std::size_t kMost = 1024;
  std::unordered_map<const stream::replay::Answer*, std::weak_ptr<const stream::replay::Answer>> made_;
};

/// Answers as requests get them, before and after faults have hit them.
class Fitting {
 public:
  /// `group` outlives it. `started`: when serving began.
  Fitting(const AnswerOptions& options, const MatchGroup& group, stream::replay::HttpTime started)
      : options_(options), group_(group), started_(started) {}

  /// Names, dates, conditions, ranges.
  std::shared_ptr<const stream::replay::Answer> fit(const stream::net::Request& request,
                                                    std::shared_ptr<const stream::replay::Answer> answer,
                                                    stream::replay::HttpTime now);
  /// What holds of whatever is sent: leave to read it, and how it is coded.
  std::shared_ptr<const stream::replay::Answer> finish(const stream::net::Request& request,
                                                       std::shared_ptr<const stream::replay::Answer> answer);
  /// The answer to a preflight that was not recorded; null: it is none, or there is no --cors.
  std::shared_ptr<const stream::replay::Answer> preflight(const stream::net::Request& request) const;

 private:
  /// What the client calls us, behind whatever proxy.
  std::string authority(const stream::net::Request& request) const;

  AnswerOptions options_;
  const MatchGroup& group_;
  stream::replay::HttpTime started_;
  SharedAnswers decoded_{};
  SharedAnswers encoded_{};
};

}  // namespace tools::streamserve
