#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "diff/judge.hpp"
#include "har/match/request.hpp"

namespace har::diff {

enum class SideOf : std::uint8_t { expected, actual };

/// A URL as it is compared: host maps, path templates and the rules' masks are applied.
struct Address {
  std::string base{};                                        ///< scheme, host, path
  std::vector<std::pair<std::string, std::string>> query{};  ///< decoded, in its order; without what is ignored
  std::string host{};                                        ///< scheme and host
  std::string path{};
};

/// Takes URLs apart. One belongs to one thread.
class Addresses {
 public:
  explicit Addresses(Judge& judge);

  Address read(std::string_view url, SideOf side);
  /// A value that names a host (Host, Origin, Referer, Location), with the host maps applied where it is an absolute URL or an
  /// authority.
  std::string mapped(std::string_view value, SideOf side) const;
  /// Whether a parameter's two values may differ, because it is another each time.
  bool passes(std::string_view name, std::string_view expected, std::string_view actual) const;

 private:
  bool ignored(std::string_view name) const;
  void apply_templates(std::string& path) const;

  Judge& judge_;
  std::vector<std::string> ignored_{};
  std::vector<std::vector<std::string>> templates_{};  // by segments
};

/// A path whose segments that are ids (numbers, UUIDs, hashes, tokens) are all the same.
std::string shape_of(std::string_view path);

}  // namespace har::diff
