#include "common/service.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <charconv>

#include "stream/io/byte_sink.hpp"

namespace tools {

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

stream::Result<std::unique_ptr<ReadyFile>> ReadyFile::write(const std::string& path, std::string_view text) {
  stream::OutputOptions options;
  options.overwrite = stream::Overwrite::yes;
  STREAM_ASSIGN(const auto sink, stream::open_output(path, options));
  STREAM_TRY(sink->write(text));
  STREAM_TRY(sink->finish());
  return std::make_unique<ReadyFile>(path);
}

ReadyFile::~ReadyFile() { ::unlink(path_.c_str()); }

std::optional<ListenAddress> parse_listen_address(std::string_view text) {
  const auto colon = text.rfind(':');
  const std::string_view port = text.substr(colon == std::string_view::npos ? 0 : colon + 1);
  ListenAddress address;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (port.empty() || error != std::errc{} || end != port.data() + port.size()) return std::nullopt;
  if (colon == std::string_view::npos) return address;
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  address.host = host;
  return address;
}

}  // namespace tools
