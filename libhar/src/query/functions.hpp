#pragma once

#include <span>
#include <string_view>

#include "query/node.hpp"

namespace har::query {

/// A function of one or two arguments. (has, any, all and count are the parser's.)
struct Function {
  std::string_view name{};
  std::string_view usage{};
  std::size_t arguments = 1;
  Type takes = Type::any;  ///< the first argument; `any`: whatever there is. The second is a string.
  Type gives = Type::any;
  std::string_view what{};
  Value (*call)(const Value& first, const Value& second, Work& work) = nullptr;
};

std::span<const Function> all_functions();
const Function* find_function(std::string_view name);

/// Of a list: what the function says of each.
NodePtr make_call(const Function& function, NodePtr first, NodePtr second);

}  // namespace har::query
