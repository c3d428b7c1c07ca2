#include "folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "stream/io/byte_source.hpp"

namespace stream::mock {

namespace fs = std::filesystem;

std::optional<std::string> refused_name(std::string_view name) {
  if (name.find('\0') != std::string_view::npos) return "has a NUL in its name";
  if (name.starts_with("~appFolder") || name.starts_with("~dataFolder")) return "is of Dev Proxy's own folders";
  const fs::path path{std::string(name)};
  // Dev Proxy's files may come from Windows: a backslash leads as far as a slash.
  const bool drive = name.size() >= 2 && name[1] == ':';
  if (path.is_absolute() || name.starts_with('\\') || drive) return "is outside of the folder of the mocks";
  for (std::string_view rest = name; !rest.empty();) {
    const std::string_view part = rest.substr(0, rest.find_first_of("/\\"));
    if (part == "..") return "is outside of the folder of the mocks";
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
  }
  return std::nullopt;
}

Result<std::optional<std::string>> find_file(const std::string& folder, std::string_view name) {
  if (const auto why = refused_name(name))
    return fail({ErrorCode::unsupported, fmt::format("the file \"{}\" {}", name, *why), {}, "put it beside the mocks file"});
  if (name.empty() || folder.empty()) return std::optional<std::string>();
  std::error_code error;
  const fs::path root = fs::canonical(folder, error);
  if (error) return std::optional<std::string>();
  const fs::path target = fs::canonical(root / fs::path{std::string(name)}, error);
  if (error) return std::optional<std::string>();
  const auto [in_root, in_target] = std::mismatch(root.begin(), root.end(), target.begin(), target.end());
  if (in_root != root.end()) {
    return fail({ErrorCode::unsupported,
                 fmt::format("the file \"{}\" is outside of the folder of the mocks, by a symbolic link", name),
                 {},
                 "put it beside the mocks file"});
  }
  if (!fs::is_regular_file(target, error)) return std::optional<std::string>();
  return std::optional<std::string>(target.string());
}

Result<std::optional<std::string>> read_file(const std::string& folder, std::string_view name, std::size_t max_size) {
  STREAM_ASSIGN(const auto path, find_file(folder, name));
  if (!path) return std::optional<std::string>();
  InputOptions options;
  options.compression = Compression::none;
  STREAM_ASSIGN(const auto source, open_input(*path, options));
  STREAM_ASSIGN(auto bytes, read_all(*source, max_size));
  return std::optional<std::string>(std::move(bytes));
}

}  // namespace stream::mock
