// Two inputs merged, cut from the input at its first byte 0: the result is the same however it is done, and unless something was
// lost which was said, the entries that were written are those that were read.
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "har/merge.hpp"

namespace {

/// A folder for the inputs of this process.
class Folder {
 public:
  Folder() {
    std::string path = (std::filesystem::temp_directory_path() / "hartape-fuzz-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr) std::abort();
    path_ = path;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string write(const char* name, std::string_view text) const {
    const std::string path = path_ + "/" + name;
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
    return path;
  }

 private:
  std::string path_;
};

struct Merged {
  bool failed = false;
  har::MergeResult result{};
  std::string text{};
};

Merged merged(har::MergeOptions options, bool restartable, std::size_t max_open, std::size_t memory) {
  Merged out;
  options.max_open = max_open;
  options.memory = memory;
  har::MergeOutput output;
  output.open = [&]() -> stream::Result<std::unique_ptr<stream::ByteSink>> {
    out.text.clear();
    return stream::string_sink(out.text);
  };
  output.restartable = restartable;
  auto result = har::merge(options, output);
  out.failed = !result;
  if (result) out.result = std::move(*result);
  return out;
}

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Folder folder;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = text.find('\0');
  har::MergeOptions options;
  options.inputs.push_back({folder.write("a.har", text.substr(0, cut)), {}});
  options.inputs.push_back({folder.write("b.har", cut == std::string_view::npos ? "" : text.substr(cut + 1)), {}});
  options.window = std::chrono::milliseconds(10);
  options.checksum = true;
  options.dedupe = size % 2 == 1;
  options.provenance = "fuzz";
  const Merged straight = merged(options, true, 64, std::size_t{1} << 20);
  const Merged surveyed = merged(options, false, 64, 1);
  const Merged sorted = merged(options, false, 0, 100);
  require(straight.failed == surveyed.failed && straight.failed == sorted.failed);
  if (straight.failed) return 0;
  require(straight.result.finished == sorted.result.finished && straight.result.finished == surveyed.result.finished);
  if (!straight.result.finished) return 0;
  require(straight.text == surveyed.text && straight.text == sorted.text);
  require(straight.result.accounted_for() && surveyed.result.accounted_for() && sorted.result.accounted_for());
  require(straight.result.written == straight.result.output_checksum.entries);
  return 0;
}
