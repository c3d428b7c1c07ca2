#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace har::format {

/// What a writer's render() hands to its write() where the records of an output are numbered: a number is only known when
/// records are written in order. A frame is a kind, a head that write() changes, and a body that it does not.
struct Frame {
  char kind = 0;
  std::string_view head{};
  std::string_view body{};
};

inline void append_frame(std::string& out, const Frame& frame) {
  const std::array<std::uint64_t, 2> sizes{frame.head.size(), frame.body.size()};
  std::array<char, sizeof sizes> bytes{};
  std::memcpy(bytes.data(), sizes.data(), sizeof sizes);
  out += frame.kind;
  out.append(bytes.data(), bytes.size()).append(frame.head).append(frame.body);
}

/// Takes the first of what append_frame() has made off `rendered`, which is not empty.
inline Frame take_frame(std::string_view& rendered) {
  std::array<std::uint64_t, 2> sizes{};
  Frame frame;
  frame.kind = rendered.front();
  std::memcpy(sizes.data(), rendered.data() + 1, sizeof sizes);
  rendered.remove_prefix(1 + sizeof sizes);
  frame.head = rendered.substr(0, sizes[0]);
  frame.body = rendered.substr(sizes[0], sizes[1]);
  rendered.remove_prefix(sizes[0] + sizes[1]);
  return frame;
}

}  // namespace har::format
