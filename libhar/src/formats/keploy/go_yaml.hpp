#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stream/text/json.hpp"

/// YAML in the words of the library that Keploy uses (go-yaml 3, two columns a level): which scalar is plain, quoted or a block
/// is decided as it does, so that a file of ours and one of Keploy's differ in nothing but what they say. One thing is otherwise:
/// a text with a line end that is not LF (NEL, LS, PS) is quoted, since readers of YAML 1.1 and 1.2 disagree on it.
namespace har::format::keploy {

/// Columns a level: Keploy 1 had four.
inline constexpr std::size_t kStep = 2;

/// Appends a string as the value of a key or of an element, with the line end behind it. `indent`: the columns at which the lines
/// of a block begin. What is no UTF-8 is written as !!binary.
void put_scalar(std::string& out, std::string_view text, std::size_t indent, std::size_t step = kStep);
/// `key: value`; `indent` is that of the key.
void put_member(std::string& out, std::size_t indent, std::string_view key, std::string_view value, std::size_t step = kStep);

using Members = std::vector<std::pair<std::string, std::string>>;
/// A mapping of strings in the order in which go-yaml writes a map: letters by their number, digits as numbers. `{}` if it is
/// empty.
void put_map(std::string& out, std::size_t indent, std::string_view key, Members members, std::size_t step = kStep);
/// Any value; members in their order.
void put_value(std::string& out, std::size_t indent, std::string_view key, const stream::Json& value, std::size_t step = kStep);
/// That order.
bool key_less(std::string_view a, std::string_view b);

}  // namespace har::format::keploy
