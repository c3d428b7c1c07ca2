#pragma once

#include <cstddef>
#include <string>

#include "stream/compare/json_compare.hpp"

/// The parts of values that rules leave to be compared.
namespace stream {

/// A member that is not ignored. Sorted by name, and for the same name from the last to the first.
struct JsonComparer::Member {
  const JsonMember* member = nullptr;
  State state = 0;
  std::size_t repeat = 0;  // 0: the last of that name, 1: the one before …
  std::size_t order = 0;   // in the object

  int compare(const Member& other) const {
    if (const int c = member->name.compare(other.member->name); c != 0) return c;
    return repeat < other.repeat ? -1 : repeat > other.repeat ? 1 : 0;
  }
};

struct JsonComparer::Element {
  const Json* value = nullptr;
  State state = 0;
  std::size_t index = 0;
};

}  // namespace stream
