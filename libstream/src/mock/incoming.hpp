#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/io/limits.hpp"
#include "stream/mock/model.hpp"
#include "stream/text/json.hpp"

namespace stream::mock {

/// A request's body, or a message, as text (bytes that are not UTF-8 are U+FFFD) and as JSON, once somebody asks. The bytes
/// outlive it.
class Incoming {
 public:
  explicit Incoming(std::string_view bytes, std::size_t max_depth = Limits{}.max_depth);
  Incoming(const Incoming&) = delete;
  Incoming& operator=(const Incoming&) = delete;

  std::string_view text() const { return text_; }
  const Json* json();  ///< null: it is none

 private:
  std::string replaced_;
  std::string_view text_;
  std::size_t max_depth_;
  bool parsed_ = false;
  std::optional<Json> json_;
};

/// The same value: members in any order, numbers by value, of members with the same name the last.
bool same_json(const Json& a, const Json& b);

/// `groups` become those of a regular expression; else they are empty.
bool matches(const BodyMatch& match, Incoming& body, std::vector<std::string_view>& groups);

}  // namespace stream::mock
