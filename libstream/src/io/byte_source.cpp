#include "stream/io/byte_source.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "sniff.hpp"
#include "system.hpp"

namespace stream {
namespace {

class MemorySource final : public ByteSource {
 public:
  MemorySource(std::string_view bytes, std::string name, std::size_t max_read)
      : rest_(bytes), name_(std::move(name)), max_read_(std::max<std::size_t>(max_read, 1)) {}

  Result<std::size_t> read(std::span<char> buffer) override {
    const std::size_t count = rest_.copy(buffer.data(), std::min(buffer.size(), max_read_));
    rest_.remove_prefix(count);
    return count;
  }
  const std::string& name() const override { return name_; }
  std::optional<std::uint64_t> size_hint() const override { return rest_.size(); }

 private:
  std::string_view rest_;
  std::string name_;
  std::size_t max_read_;
};

class DescriptorSource final : public ByteSource {
 public:
  /// `owned` is closed at the end; it is `descriptor` or none.
  DescriptorSource(int descriptor, Descriptor owned, std::string name)
      : descriptor_(descriptor), owned_(std::move(owned)), name_(std::move(name)) {}

  Result<std::size_t> read(std::span<char> buffer) override {
    if (error_) return fail(*error_);
    if (ended_) return 0;  // a terminal would go on after its first end
    if (live_ && wait_ && !wait_(descriptor_)) {
      error_ = Error{ErrorCode::timeout, "nothing more was waited for", {name_}, {}};
      return fail(*error_);
    }
    auto count = read_some(descriptor_, buffer, name_);
    if (!count) {
      error_ = count.error();
    } else {
      ended_ = *count == 0;
      if (size_) *size_ -= std::min<std::uint64_t>(*size_, *count);
    }
    return count;
  }
  const std::string& name() const override { return name_; }
  std::optional<std::uint64_t> size_hint() const override { return size_; }

  bool live() const override { return live_; }

  void expect(std::uint64_t size) { size_ = size; }
  void set_live(std::function<bool(int)> wait) {
    live_ = true;
    wait_ = std::move(wait);
  }

 private:
  int descriptor_;
  Descriptor owned_;
  std::string name_;
  std::optional<std::uint64_t> size_;
  bool ended_ = false;
  bool live_ = false;
  std::function<bool(int)> wait_;
  std::optional<Error> error_;
};

}  // namespace

std::unique_ptr<ByteSource> memory_source(std::string_view bytes, std::string name, std::size_t max_read) {
  return std::make_unique<MemorySource>(bytes, std::move(name), max_read);
}

std::unique_ptr<ByteSource> descriptor_source(int descriptor, std::string name) {
  return std::make_unique<DescriptorSource>(descriptor, Descriptor(), std::move(name));
}

Result<std::unique_ptr<ByteSource>> open_input(const std::string& path, const InputOptions& options) {
  const bool standard = path == "-";
  const std::string name = standard ? "<stdin>" : path;
  Descriptor owned(standard ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  const int descriptor = standard ? STDIN_FILENO : owned.get();
  if (descriptor < 0) return fail(system_error(errno, "open", name));
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return fail(system_error(errno, "open", name));
  if (S_ISDIR(status.st_mode)) {
    return fail({ErrorCode::io, "cannot read: it is a directory", {name}, {}, EISDIR});
  }
  auto source = std::make_unique<DescriptorSource>(descriptor, std::move(owned), name);
  if (!S_ISREG(status.st_mode)) {
    source->set_live(options.wait);
    return decompress(std::move(source), options);
  }

  ::posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL);
  const off_t position = ::lseek(descriptor, 0, SEEK_CUR);
  // A size of 0 is also that of the files of /proc, which have bytes all the same.
  if (position >= 0 && status.st_size > position) source->expect(static_cast<std::uint64_t>(status.st_size - position));
  if (!options.compression && compression_of_name(name) != Compression::brotli) {
    // Looked at now, without moving on, so that the size of a file that is not compressed is known before the first read.
    std::array<char, kSniffSize> prefix{};
    const ssize_t count = ::pread(descriptor, prefix.data(), prefix.size(), std::max<off_t>(position, 0));
    if (count > 0 && sniff_compression({prefix.data(), static_cast<std::size_t>(count)}) == Compression::none) return source;
  }
  return decompress(std::move(source), options);
}

Result<std::string> read_all(ByteSource& source, std::size_t limit, std::string_view limit_option) {
  constexpr std::size_t kStep = std::size_t{64} << 10;
  std::string bytes;
  std::size_t filled = 0;
  // One more than is expected, so that the end is found without growing.
  if (const auto hint = source.size_hint()) bytes.resize(static_cast<std::size_t>(std::min<std::uint64_t>(*hint, limit)) + 1);
  for (;;) {
    if (filled == bytes.size()) bytes.resize(std::max(kStep, bytes.size() * 2));
    STREAM_ASSIGN(const std::size_t count, source.read(std::span<char>(bytes).subspan(filled)));
    filled += count;
    if (filled > limit) {
      return fail(
          {ErrorCode::limit, fmt::format("the input is larger than {} bytes ({})", limit, limit_option), {source.name()}, {}});
    }
    if (count == 0) break;
  }
  bytes.resize(filled);
  return bytes;
}

}  // namespace stream
