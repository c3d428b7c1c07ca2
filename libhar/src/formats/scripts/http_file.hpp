#pragma once

#include <string_view>

namespace har::format {

/// What a body's line begins with that is not the body's in a file of requests: it would end the request, include a file, or
/// handle the response. A variable stands for its first character there.
struct HttpFileVariable {
  std::string_view name{};
  char value = 0;
};
inline constexpr HttpFileVariable kHttpFileVariables[] = {{"at", '@'},   {"brace", '{'}, {"gt", '>'},
                                                          {"hash", '#'}, {"lt", '<'},    {"slash", '/'}};

}  // namespace har::format
