#include <algorithm>
#include <array>
#include <utility>

#include "har/format.hpp"

namespace har {
namespace {

constexpr std::array<std::pair<Dialect, std::string_view>, 5> kNames{{{Dialect::chrome, "chrome"},
                                                                      {Dialect::playwright, "playwright"},
                                                                      {Dialect::mitmproxy, "mitmproxy"},
                                                                      {Dialect::devproxy, "devproxy"},
                                                                      {Dialect::har_1_2, "har-1.2"}}};

}  // namespace

std::string_view to_string(Dialect dialect) {
  const auto found = std::find_if(kNames.begin(), kNames.end(), [&](const auto& each) { return each.first == dialect; });
  return found != kNames.end() ? found->second : std::string_view();
}

std::optional<Dialect> dialect_from_name(std::string_view name) {
  const auto found = std::find_if(kNames.begin(), kNames.end(), [&](const auto& each) { return each.second == name; });
  return found != kNames.end() ? std::optional(found->first) : std::nullopt;
}

std::vector<std::string_view> dialect_names() {
  std::vector<std::string_view> out;
  for (const auto& [dialect, name] : kNames) out.push_back(name);
  return out;
}

}  // namespace har
