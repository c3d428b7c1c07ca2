#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace har::format::warc {

/// SHA-1 (RFC 3174): what digests in WARC files are. It says that two payloads are the same; it is no protection.
using Digest = std::array<std::uint8_t, 20>;
Digest sha1(std::string_view bytes);

/// "sha1:" and RFC 4648 §6, as WARC-Payload-Digest has it.
std::string labelled(const Digest& digest);

}  // namespace har::format::warc
