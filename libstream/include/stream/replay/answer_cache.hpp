#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <unordered_map>

#include "stream/replay/answer.hpp"

namespace stream::replay {

/// The answers that were asked for last, as many as fit into so many bytes. Answers that somebody still holds live on when they
/// are pushed out.
class AnswerCache {
 public:
  explicit AnswerCache(std::size_t bytes) : room_(bytes) {}
  AnswerCache(const AnswerCache&) = delete;
  AnswerCache& operator=(const AnswerCache&) = delete;

  /// Null: it is not there.
  std::shared_ptr<const Answer> find(std::size_t index);
  /// `bytes`: what it counts for, with all that it owns. One that is larger than the cache is not kept. It must not be there yet.
  void put(std::size_t index, std::shared_ptr<const Answer> answer, std::size_t bytes);

  std::size_t size() const { return places_.size(); }
  std::size_t bytes() const { return used_; }

 private:
  struct Kept {
    std::size_t index = 0;
    std::size_t bytes = 0;
    std::shared_ptr<const Answer> answer{};
  };
  std::size_t room_;
  std::size_t used_ = 0;
  std::list<Kept> kept_{};  // the last one used is the first
  std::unordered_map<std::size_t, std::list<Kept>::iterator> places_{};
};

/// Bytes of an answer's steps and headers; what its steps point to is not among them.
std::size_t memory_of(const Answer& answer);

}  // namespace stream::replay
