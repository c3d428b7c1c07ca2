#include "incoming.hpp"

#include <algorithm>
#include <unordered_map>

#include "pattern.hpp"
#include "stream/compare/number.hpp"
#include "stream/text/utf8.hpp"

namespace stream::mock {
namespace {

using Members = std::unordered_map<std::string_view, const Json*>;

Members last_members(const Json& object) {
  Members out;
  for (const JsonMember& member : object.as_object()) out[member.name] = &member.value;
  return out;
}

}  // namespace

bool same_json(const Json& a, const Json& b) {
  if (a.kind() != b.kind()) return false;
  if (a.is_number()) return equal_numbers(a.number_text(), b.number_text());
  if (a.is_array()) {
    const auto& left = a.as_array();
    const auto& right = b.as_array();
    return std::equal(left.begin(), left.end(), right.begin(), right.end(), same_json);
  }
  if (!a.is_object()) return a == b;
  const Members left = last_members(a);
  const Members right = last_members(b);
  return left.size() == right.size() && std::all_of(left.begin(), left.end(), [&](const auto& member) {
           const auto other = right.find(member.first);
           return other != right.end() && same_json(*member.second, *other->second);
         });
}

Incoming::Incoming(std::string_view bytes, std::size_t max_depth) : text_(bytes), max_depth_(max_depth) {
  if (is_utf8(bytes)) return;
  replaced_ = replace_invalid_utf8(bytes);
  text_ = replaced_;
}

const Json* Incoming::json() {
  if (!parsed_) {
    parsed_ = true;
    Limits limits;
    limits.max_depth = max_depth_;
    if (auto json = parse_json(text_, limits)) json_ = std::move(*json);
  }
  return json_ ? &*json_ : nullptr;
}

bool matches(const BodyMatch& match, Incoming& body, std::vector<std::string_view>& groups) {
  groups.clear();
  switch (match.kind) {
    case BodyMatch::Kind::any:
      return true;
    case BodyMatch::Kind::json: {
      const Json* const json = body.json();
      return json != nullptr && same_json(match.json, *json);
    }
    case BodyMatch::Kind::regex:
      return match.pattern != nullptr && match.pattern->matches(body.text(), &groups);
    case BodyMatch::Kind::fragment:
      return match.pattern != nullptr && match.pattern->matches(body.text());
  }
  return false;
}

}  // namespace stream::mock
