#include "har/http_protocol.hpp"

#include <array>

#include "check/http_text.hpp"

namespace har {
namespace {

struct Spelling {
  std::string_view written;
  std::string_view name;
};

// The first lines are what nearly all entries say.
constexpr std::array kSpellings = {Spelling{"http/1.1", "http/1.1"},
                                   Spelling{"h2", "h2"},
                                   Spelling{"h3", "h3"},
                                   Spelling{"http/2.0", "h2"},
                                   Spelling{"http/2", "h2"},
                                   Spelling{"1.1", "http/1.1"},
                                   Spelling{"http/3", "h3"},
                                   Spelling{"http/3.0", "h3"},
                                   Spelling{"2.0", "h2"},
                                   Spelling{"2", "h2"},
                                   Spelling{"h2c", "h2"},
                                   Spelling{"3.0", "h3"},
                                   Spelling{"3", "h3"},
                                   Spelling{"http/1.0", "http/1.0"},
                                   Spelling{"1.0", "http/1.0"},
                                   Spelling{"http/0.9", "http/0.9"},
                                   Spelling{"0.9", "http/0.9"},
                                   Spelling{"quic", "quic"},
                                   Spelling{"spdy", "spdy"},
                                   Spelling{"blob", "blob"},
                                   Spelling{"data", "data"},
                                   Spelling{"file", "file"},
                                   Spelling{"about", "about"}};

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && check::equal_ignoring_case(text.substr(0, prefix.size()), prefix);
}

}  // namespace

std::string_view http_protocol(std::string_view http_version) {
  for (const Spelling& spelling : kSpellings) {
    if (check::equal_ignoring_case(spelling.written, http_version)) return spelling.name;
  }
  if (starts_with(http_version, "h3-")) return "h3";
  if (starts_with(http_version, "http/2+quic/") || starts_with(http_version, "http/2.0+quic/")) return "quic";
  if (starts_with(http_version, "spdy/")) return "spdy";
  return "unknown";
}

}  // namespace har
