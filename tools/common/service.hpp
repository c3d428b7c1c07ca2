#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "stream/io/error.hpp"

/// What tools share that run until they are told to end.
namespace tools {

/// Each connection takes a descriptor, and the usual limit of 1024 is there for programs that use select().
void raise_descriptor_limit();

/// A file with the address, as long as this lives.
class ReadyFile {
 public:
  static stream::Result<std::unique_ptr<ReadyFile>> write(const std::string& path, std::string_view text);
  explicit ReadyFile(std::string path) : path_(std::move(path)) {}
  ReadyFile(const ReadyFile&) = delete;
  ReadyFile& operator=(const ReadyFile&) = delete;
  ~ReadyFile();

 private:
  std::string path_;
};

struct ListenAddress {
  std::string host{};  ///< without brackets; empty: it does not say
  std::uint16_t port = 0;
};
/// "9000", "0.0.0.0:9000", "[::1]:9000"
std::optional<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace tools
