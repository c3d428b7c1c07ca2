#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "match/index.hpp"

namespace har::match {

/// Whose turn it is among exchanges that answer a request equally well.
class Turns {
 public:
  Turns(Index& index, Repeat repeat) : index_(index), repeat_(repeat) {}

  /// Whether a variant has an exchange left to give.
  bool left(std::uint32_t variant, std::string_view session);
  /// The exchange to give; none if all were given. `counts`: whether this request is one of its kind.
  std::optional<std::uint32_t> take(std::span<const std::uint32_t> variants, std::string_view session, bool counts);

 private:
  using Session = std::unordered_map<std::uint32_t, std::uint32_t>;
  /// What is next in a variant, for the session.
  std::uint32_t turn(std::uint32_t variant, Session* session);
  void set_turn(std::uint32_t variant, Session* session, std::uint32_t exchange);
  Session* find_session(std::string_view name);

  Index& index_;
  const Repeat repeat_;
  std::unordered_map<std::string, Session> sessions_{};
  std::deque<std::string> oldest_{};
};

}  // namespace har::match
