#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace har::capture {

/// What stands in the place of a secret.
inline constexpr std::string_view kRedacted = "REDACTED";

/// Names whose values never reach the disk: of headers, cookies, parameters of a query and of a form. Case does not matter.
/// A value of four bytes or more is replaced wherever it stands in its exchange from then on, also percent-encoded, escaped as in
/// JSON, and in base64.
struct Redaction {
  std::vector<std::string> names{};
  bool defaults = true;  ///< default_secret_names() besides

  bool operator==(const Redaction&) const = default;
};

/// The names that are secrets unless somebody says otherwise, in lower case.
const std::vector<std::string_view>& default_secret_names();

}  // namespace har::capture
