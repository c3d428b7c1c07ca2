#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// How programs are made to use the proxy, and to trust its certificate authority: as a text for people, and as an environment.
/// All of this is text; nothing here looks at a file.
namespace tools::harproxy {

/// What `harproxy ca` prints: where the authority's certificate lies, and how each kind of program is made to trust it.
std::string ca_help(const std::string& certificate_file);

/// The files that programs are pointed to; see trust_files.hpp.
struct TrustFiles {
  std::string certificate{};  ///< the authority's alone
  /// The system's certificates and the authority's, since most variables replace what is trusted. Empty: there is none, and the
  /// authority's alone is used.
  std::string bundle{};
  std::string java_store{};  ///< Java's own certificates and the authority's; empty: there is no Java
};

struct ClientEnvironment {
  std::string proxy{};     ///< "http://127.0.0.1:8080"
  std::string no_proxy{};  ///< hosts that are reached without, as in NO_PROXY; empty: none
  TrustFiles files{};
  std::string java_options{};  ///< what JAVA_TOOL_OPTIONS is now
};

/// Names and values of variables, for a program that is to be recorded. One with an empty value is to be set so, not left out:
/// it takes the place of what the user has set for other times.
std::vector<std::pair<std::string, std::string>> client_environment(const ClientEnvironment& client);

}  // namespace tools::harproxy
