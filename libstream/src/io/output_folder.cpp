#include "stream/io/output_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

namespace stream {
namespace fs = std::filesystem;

namespace {

Error error_of(const std::string& path, const std::error_code& error, std::string_view action) {
  return {ErrorCode::io, fmt::format("cannot {}: {}", action, error.message()), {path}, {}, error.value()};
}

/// Whether a name stays below its folder.
bool is_below(const std::string& name) {
  const fs::path path(name);
  return !name.empty() && !name.ends_with('/') && path.is_relative() && std::find(path.begin(), path.end(), "..") == path.end() &&
         name.find('\0') == std::string::npos;
}

}  // namespace

bool names_folder(const std::string& path) {
  std::error_code ignored;
  return path != "-" && (path.ends_with('/') || fs::is_directory(path, ignored));
}

Result<std::unique_ptr<OutputFolder>> OutputFolder::open(const std::string& path, Overwrite overwrite) {
  std::string plain = path;
  while (plain.size() > 1 && plain.ends_with('/')) plain.pop_back();
  std::unique_ptr<OutputFolder> out(new OutputFolder(std::move(plain), overwrite));
  STREAM_TRY(out->make_folders(out->path_));
  std::error_code error;
  const fs::directory_iterator first(out->path_, error);
  if (error) return fail(error_of(out->path_, error, "read the folder"));
  if (overwrite == Overwrite::no && first != fs::directory_iterator()) {
    return fail({ErrorCode::exists, "the folder is not empty", {out->path_}, "use --overwrite to replace files in it"});
  }
  return out;
}

OutputFolder::~OutputFolder() {
  if (finished_) return;
  std::error_code ignored;
  for (const std::string& file : files_) fs::remove(file, ignored);
  // What is not empty stays.
  for (auto folder = folders_.rbegin(); folder != folders_.rend(); ++folder) fs::remove(*folder, ignored);
}

Status OutputFolder::make_folders(const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return {};
  const std::string parent = fs::path(path).parent_path().string();
  if (!parent.empty() && parent != path) STREAM_TRY(make_folders(parent));
  if (fs::create_directory(path, error)) {
    folders_.push_back(path);
  } else if (error || !fs::is_directory(path, error)) {
    if (!error) error = std::make_error_code(std::errc::not_a_directory);
    return fail(error_of(path, error, "make the folder"));
  }
  return {};
}

Result<std::unique_ptr<ByteSink>> OutputFolder::create(const std::string& name) {
  if (!is_below(name))
    return fail({ErrorCode::usage, fmt::format("\"{}\" is no name of a file in this folder", name), {path_}, {}});
  const std::string path = path_ + "/" + name;
  STREAM_TRY(make_folders(fs::path(path).parent_path().string()));
  std::error_code ignored;
  const bool is_new = !fs::exists(fs::symlink_status(path, ignored));
  STREAM_ASSIGN(auto sink, open_output(path, {overwrite_, Compression::none}));
  if (is_new) files_.push_back(path);
  return sink;
}

Status OutputFolder::put(const std::string& name, std::string_view text) {
  STREAM_ASSIGN(const auto sink, create(name));
  STREAM_TRY(sink->write(text));
  return sink->finish();
}

}  // namespace stream
