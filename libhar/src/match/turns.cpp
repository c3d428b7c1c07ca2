#include "match/turns.hpp"

#include <algorithm>

namespace har::match {
namespace {

constexpr std::size_t kMaxSessions = 10'000;

}  // namespace

Turns::Session* Turns::find_session(std::string_view name) {
  if (name.empty()) return nullptr;
  std::string key(name);
  if (const auto known = sessions_.find(key); known != sessions_.end()) return &known->second;
  if (sessions_.size() == kMaxSessions) {
    sessions_.erase(oldest_.front());
    oldest_.pop_front();
  }
  oldest_.push_back(key);
  return &sessions_[std::move(key)];
}

std::uint32_t Turns::turn(std::uint32_t variant, Session* session) {
  const Variant& of = index_.variant(variant);
  if (session == nullptr) return of.turn;
  const auto known = session->find(variant);
  return known == session->end() ? of.first : known->second;
}

void Turns::set_turn(std::uint32_t variant, Session* session, std::uint32_t exchange) {
  (session == nullptr ? index_.variant(variant).turn : (*session)[variant]) = exchange;
}

bool Turns::left(std::uint32_t variant, std::string_view session) {
  return repeat_ != Repeat::consume || turn(variant, find_session(session)) != kNone;
}

std::optional<std::uint32_t> Turns::take(std::span<const std::uint32_t> variants, std::string_view name, bool counts) {
  if (repeat_ == Repeat::first) {
    std::uint32_t first = kNone;
    for (const std::uint32_t variant : variants) first = std::min(first, index_.variant(variant).first);
    return first;
  }
  Session* const session = find_session(name);
  std::uint32_t next = kNone;
  std::uint32_t owner = kNone;
  const auto choose = [&] {
    for (const std::uint32_t variant : variants) {
      if (const std::uint32_t one = turn(variant, session); one < next) {
        next = one;
        owner = variant;
      }
    }
  };
  choose();
  if (next == kNone) {
    if (repeat_ == Repeat::consume) return std::nullopt;
    if (repeat_ == Repeat::sequence_last) {
      std::uint32_t last = 0;
      for (const std::uint32_t variant : variants) last = std::max(last, index_.variant(variant).last);
      return last;
    }
    for (const std::uint32_t variant : variants) set_turn(variant, session, index_.variant(variant).first);
    choose();
  }
  if (counts) set_turn(owner, session, index_.after(next));
  return next;
}

}  // namespace har::match
