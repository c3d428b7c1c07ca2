// Runs a fuzz target's function over files: the seeds, and inputs that once failed. Usage: fuzz_seeds NAME FILE-OR-FOLDER…
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

using Target = int(const std::uint8_t* data, std::size_t size);

extern "C" {
#define HARTAPE_FUZZ_TARGET(name) Target fuzz_##name;
#include "fuzz_targets.def"
#undef HARTAPE_FUZZ_TARGET
}

namespace {

Target* target_of(std::string_view wanted) {
#define HARTAPE_FUZZ_TARGET(name) \
  if (wanted == #name) return fuzz_##name;
#include "fuzz_targets.def"
#undef HARTAPE_FUZZ_TARGET
  return nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  Target* const target = argc > 1 ? target_of(argv[1]) : nullptr;
  if (target == nullptr) {
    std::fprintf(stderr, "fuzz_seeds: error: the first argument is the name of a target, such as sse\n");
    return 2;
  }
  std::size_t count = 0;
  const auto run = [&](const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    target(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    ++count;
  };
  for (int i = 2; i < argc; ++i) {
    if (std::filesystem::is_directory(argv[i])) {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
        if (entry.is_regular_file()) run(entry.path());
      }
    } else {
      run(argv[i]);
    }
  }
  std::printf("%zu inputs\n", count);
  return count == 0 ? 1 : 0;  // a target without seeds tests nothing
}
