#include "capture/output_names.hpp"

#include <fmt/format.h>

#include <array>

namespace har::capture {
namespace {

std::string numbered(const std::string& path, unsigned number) {
  constexpr std::array<std::string_view, 3> kSuffixes{".rec.ndjson", ".rec", ".har"};
  const std::size_t name = path.rfind('/') == std::string::npos ? 0 : path.rfind('/') + 1;
  std::size_t suffix = std::string::npos;
  for (const std::string_view known : kSuffixes) {
    if (suffix == std::string::npos && path.ends_with(known)) suffix = path.size() - known.size();
  }
  if (suffix == std::string::npos) suffix = path.rfind('.');
  if (suffix == std::string::npos || suffix <= name) suffix = path.size();
  return fmt::format("{}-{:03}{}", path.substr(0, suffix), number, path.substr(suffix));
}

}  // namespace

stream::Result<std::string> OutputNames::next(stream::Overwrite overwrite,
                                              const std::function<stream::Status(const std::string&)>& make) {
  if (next_ == 0) {
    next_ = 2;
    STREAM_TRY(make(path_));
    return path_;
  }
  for (;;) {
    const std::string path = numbered(path_, next_++);
    stream::Status made = make(path);
    if (made) return path;
    if (made.error().code == stream::ErrorCode::exists && overwrite == stream::Overwrite::no && next_ < 1'000'000) continue;
    --next_;
    return stream::fail(std::move(made).error());
  }
}

}  // namespace har::capture
