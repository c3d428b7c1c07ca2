#include "har/side_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "stream/io/byte_source.hpp"

namespace har {

namespace fs = std::filesystem;
using stream::ErrorCode;
using stream::fail;
using stream::Result;

SideFiles::SideFiles(std::string har_path, std::size_t max_size) : har_path_(std::move(har_path)), max_size_(max_size) {}

Result<std::string> SideFiles::find(std::string_view name) const {
  const auto refuse = [&](ErrorCode code, std::string_view why) {
    return fail({code, fmt::format("the side file \"{}\" {}", name, why), {har_path_}});
  };
  if (!has_folder()) return refuse(ErrorCode::unsupported, "cannot be found: what names it comes from standard input");
  const fs::path relative{std::string(name)};
  if (name.empty() || relative.is_absolute() || std::find(relative.begin(), relative.end(), "..") != relative.end()) {
    return refuse(ErrorCode::unsupported, "leaves the folder of what names it");
  }
  std::error_code error;
  const fs::path folder = fs::weakly_canonical(fs::absolute(har_path_, error).parent_path(), error);
  const fs::path target = fs::weakly_canonical(folder / relative, error);
  if (error) return refuse(ErrorCode::io, "cannot be found");
  const auto [in_folder, in_target] = std::mismatch(folder.begin(), folder.end(), target.begin(), target.end());
  if (in_folder != folder.end()) return refuse(ErrorCode::unsupported, "leaves the folder of what names it by a symbolic link");
  if (!fs::is_regular_file(target, error)) return refuse(ErrorCode::io, "is not there");
  return target.string();
}

Result<std::string> SideFiles::read(std::string_view name) const {
  STREAM_ASSIGN(const std::string target, find(name));
  stream::InputOptions options;
  options.compression = stream::Compression::none;
  STREAM_ASSIGN(const auto source, stream::open_input(target, options));
  return stream::read_all(*source, max_size_);
}

}  // namespace har
