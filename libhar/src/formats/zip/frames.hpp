#pragma once

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>

namespace har::format::zip {

/// What a writer of archives renders: texts, each behind its length. Whoever has rendered them reads them again, so they are
/// whole.
inline void append_frame(std::string& out, std::string_view text) {
  const std::uint64_t size = text.size();
  char bytes[sizeof size];
  std::memcpy(bytes, &size, sizeof size);
  out.append(bytes, sizeof size);
  out += text;
}

inline std::string_view take_frame(std::string_view& rest) {
  std::uint64_t size = 0;
  std::memcpy(&size, rest.data(), sizeof size);
  const std::string_view text = rest.substr(sizeof size, static_cast<std::size_t>(size));
  rest.remove_prefix(sizeof size + static_cast<std::size_t>(size));
  return text;
}

}  // namespace har::format::zip
