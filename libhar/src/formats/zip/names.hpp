#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

namespace har::format::zip {

/// The names of members whose headers stand in the first bytes of a file, if that is a zip archive (APPNOTE §4.3.7).
inline std::vector<std::string_view> names_in(std::string_view prefix) {
  constexpr std::string_view kHeader = "PK\3\4";
  constexpr std::size_t kNameAt = 30;
  std::vector<std::string_view> names;
  if (!prefix.starts_with(kHeader)) return names;
  for (std::size_t at = 0; (at = prefix.find(kHeader, at)) != std::string_view::npos; at += kHeader.size()) {
    if (prefix.size() - at < kNameAt) break;
    const std::size_t size = static_cast<unsigned char>(prefix[at + 26]) + 256U * static_cast<unsigned char>(prefix[at + 27]);
    names.push_back(prefix.substr(at + kNameAt, std::min(size, prefix.size() - at - kNameAt)));
  }
  return names;
}

/// Whether it is a session's file of Fiddler's: "raw/12_c.txt", or their folder.
inline bool is_session_name(std::string_view name) {
  if (!name.starts_with("raw/")) return false;
  name.remove_prefix(4);
  const std::size_t digits = std::min(name.find_first_not_of("0123456789"), name.size());
  return name.empty() || (digits > 0 && name.substr(digits).starts_with("_"));
}

}  // namespace har::format::zip
