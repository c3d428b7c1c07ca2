#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "har/match/matcher.hpp"
#include "har/store.hpp"
#include "stream/replay/answer.hpp"
#include "stream/replay/answer_cache.hpp"
#include "streamserve/match_options.hpp"

/// What is served: recorded exchanges by number, and the index of what they were asked.
namespace tools::streamserve {

class Recording {
 public:
  /// Errors: `usage`.
  static stream::Result<std::unique_ptr<Recording>> make(const har::match::MatchOptions& match, const stream::replay::Pace& pace,
                                                         OnError on_error);
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  /// The exchanges of an input; how many. Not while something is served.
  stream::Result<std::size_t> add(const std::string& path, const har::StoreOptions& options);
  void add(std::shared_ptr<const stream::Exchange> exchange);

  std::size_t size() const { return store_.size(); }
  /// For the log: its id, with its file where there are several.
  std::string name(std::size_t index) const;
  stream::StreamKind kind(std::size_t index) const { return store_.kind(index); }
  /// What it was asked, read anew; a request for "/" where it cannot be read.
  har::match::Request request(std::size_t index) const;
  /// Its answer: made when it is first asked for, and kept for a while. Errors: those of ExchangeStore::exchange().
  stream::Result<std::shared_ptr<const stream::replay::Answer>> answer(std::size_t index);

  har::match::Matcher& matcher() { return *matcher_; }
  /// Bytes held for all exchanges that stay in their files, without answers that are kept.
  std::size_t memory() const { return store_.memory() + matcher_->memory(); }

 private:
  Recording(const stream::replay::Pace& pace, OnError on_error);

  stream::replay::Pace pace_;
  OnError on_error_;
  har::ExchangeStore store_{};
  std::unique_ptr<har::match::Matcher> matcher_{};
  stream::replay::AnswerCache answers_;
  std::size_t inputs_ = 0;
};

}  // namespace tools::streamserve
