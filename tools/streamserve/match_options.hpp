#pragma once

#include <string>

#include "common/tool.hpp"
#include "har/match/matcher.hpp"
#include "streamserve/upstream.hpp"

namespace tools::streamserve {

/// What an exchange without an answer gets.
enum class OnError { recorded, reset, stall, bad_gateway, gateway_timeout };
/// What a request gets for which nothing was recorded.
enum class Miss { not_found, bad_gateway, close };
/// Whose repeats are counted together.
enum class ClientBy { none, address, header, cookie };

/// Which exchange answers a request, and what is answered where none does.
struct MatchGroup {
  har::match::MatchOptions match{};
  har::match::HostMap map{};
  std::string host_header{};  ///< the header that names the host instead of Host; empty: none
  OnError on_error = OnError::recorded;
  Miss miss = Miss::not_found;
  UpstreamOptions upstream{};  ///< --miss upstream= and record=
  ClientBy client = ClientBy::none;
  std::string client_name{};  ///< of the header or cookie
};

void declare_matching(CLI::App& app, MatchGroup& group);

}  // namespace tools::streamserve
