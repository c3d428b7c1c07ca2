#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "har/check/rule.hpp"

namespace har::check {

/// Something a rule noticed in a piece of JSON text (an entry, a line, what stands around the entries), before it has a
/// level and a place in the file.
struct Mark {
  RuleId rule = RuleId::count_;
  std::size_t offset = 0;             ///< in the piece's text
  std::string pointer{};              ///< within the piece, e.g. "/request/url"
  std::string message{};              ///< "expected …, found …": without the place
  std::optional<Severity> regular{};  ///< under the profile default, instead of the rule's: off, note, warning, error

  bool operator==(const Mark&) const = default;
};

using Marks = std::vector<Mark>;

}  // namespace har::check
