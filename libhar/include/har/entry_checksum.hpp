#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace har {

/// A sum of entries that does not depend on their order: the hash of each entry is added modulo 2^128. Two files with the same
/// sum and the same number of entries hold the same entries.
struct EntryChecksum {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::uint64_t entries = 0;

  EntryChecksum& operator+=(const EntryChecksum& other);
  EntryChecksum& operator-=(const EntryChecksum& other);
  bool operator==(const EntryChecksum&) const = default;
};

/// 32 hexadecimal digits, without the number of entries.
std::string to_string(const EntryChecksum& checksum);

/// The text that stands for an entry when its spelling in the file does not matter: no white space between tokens, and of a
/// string's characters only those are escaped that must be (", \, control characters, lone surrogates). Members keep their order
/// and numbers their digits. The member `pageref` is left out: a merge may have to rename it. For text that is no JSON the
/// result is of no meaning, but the same each time.
std::string canonical_entry(std::string_view entry);

/// The hash of canonical_entry(): SipHash-2-4 with 128 bits of output and the key 00 01 … 0f.
EntryChecksum entry_checksum(std::string_view entry);

/// SipHash-2-4 (Aumasson and Bernstein, 2012) in its variant with 128 bits of output, read as two little-endian numbers of which
/// the first is `low`. `entries` is 1.
EntryChecksum siphash128(std::string_view bytes);

}  // namespace har
