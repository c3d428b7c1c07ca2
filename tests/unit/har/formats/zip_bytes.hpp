#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Zip archives as nobody should make them, byte by byte (APPNOTE §4.3), for tests.
namespace har::test {

struct ZipMember {
  std::string name;
  std::string bytes;
  std::uint32_t mode = 0100644;  ///< of a file, as Unix has it
  std::uint16_t flags = 0;       ///< 1: encrypted
};

inline void put_number(std::string& out, std::uint64_t value, int size) {
  for (int i = 0; i < size; ++i) out += static_cast<char>(value >> (8U * static_cast<unsigned>(i)) & 0xFFU);
}

inline std::uint32_t crc32_of(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1U) != 0 ? crc >> 1U ^ 0xEDB88320U : crc >> 1U;
  }
  return ~crc;
}

/// Stored, without compression.
inline std::string zip_of(const std::vector<ZipMember>& members, std::string_view comment = {}) {
  std::string out;
  std::string directory;
  for (const ZipMember& member : members) {
    const std::size_t at = out.size();
    std::string about;
    put_number(about, 20, 2);
    put_number(about, member.flags, 2);
    put_number(about, 0, 2);
    put_number(about, 0x00210000, 4);  // 1980-01-01
    put_number(about, crc32_of(member.bytes), 4);
    put_number(about, member.bytes.size(), 4);
    put_number(about, member.bytes.size(), 4);
    put_number(about, member.name.size(), 2);
    put_number(about, 0, 2);
    out += "PK\3\4" + about + member.name + member.bytes;
    directory += "PK\1\2";
    put_number(directory, 0x0314, 2);  // made on Unix
    directory += about;
    put_number(directory, 0, 6);
    put_number(directory, std::uint64_t{member.mode} << 16U, 4);
    put_number(directory, at, 4);
    directory += member.name;
  }
  const std::size_t at = out.size();
  out += directory + "PK\5\6";
  put_number(out, 0, 4);
  put_number(out, members.size(), 2);
  put_number(out, members.size(), 2);
  put_number(out, directory.size(), 4);
  put_number(out, at, 4);
  put_number(out, comment.size(), 2);
  out += comment;
  return out;
}

}  // namespace har::test
