// Two sessions compared, cut from the input at its first byte 0: nothing crashes; a session is equal to itself, with and without
// the shortcut for texts that are the same; both ways as many entries are missing as are extra; and the answer does not depend on
// threads.
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "har/diff/diff.hpp"

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

void require(bool condition) {
  if (!condition) std::abort();
}

class Counter : public har::diff::DiffSink {
 public:
  explicit Counter(bool all) : all_(all) {}
  stream::Status begin(const har::diff::SideCount&, const har::diff::SideCount&) override { return {}; }
  stream::Status step(const har::diff::DiffStep& step) override {
    require(step.expected != nullptr || step.actual != nullptr);
    if (step.differences != nullptr) {
      for (const auto& each : step.differences->differences) require(!each.place.empty());
    }
    return {};
  }
  stream::Status skip(std::size_t) override { return {}; }
  stream::Status end(const har::diff::DiffResult&) override { return {}; }
  bool wants_equal() const override { return all_; }

 private:
  bool all_;
};

har::diff::DiffResult compared(const std::string& expected, const std::string& actual, const har::diff::DiffOptions& options,
                               unsigned threads, bool all) {
  const auto open = [](const std::string& path) {
    har::diff::SideInputs side;
    auto input = har::open_source(path, "har", {});
    require(input.has_value());
    side.inputs.push_back(std::move(*input));
    return side;
  };
  auto e = open(expected);
  auto a = open(actual);
  har::diff::DiffRun run;
  run.threads = threads;
  Counter counter(all);
  auto result = har::diff::diff(e, a, options, run, counter);
  require(result.has_value());
  return std::move(*result);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Folder folder;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = text.find('\0');
  const std::string a = folder.write("a.har", text.substr(0, cut));
  const std::string b = folder.write("b.har", cut == std::string_view::npos ? "" : text.substr(cut + 1));
  har::diff::DiffOptions options;
  if (size % 2 == 1) options.profile = har::diff::Profile::exact;
  if (size % 3 == 1) {
    stream::NoiseRule mask = *har::diff::rule_at("");
    mask.action = stream::NoiseAction::mask;
    mask.match = "[0-9]";
    require(options.values.noise.add(mask).has_value());
  }
  require(har::diff::add_profile(options).has_value());
  const auto there = compared(a, b, options, 1, false);
  const auto back = compared(b, a, options, 1, false);
  require(there.missing == back.extra && there.extra == back.missing);
  const auto threads = compared(a, b, options, 3, true);
  require(there.changed == threads.changed && there.equal == threads.equal && there.moved == threads.moved &&
          there.differences == threads.differences);
  for (const bool all : {false, true}) {
    const auto self = compared(a, a, options, 1, all);
    require(self.same(true) && self.equal == self.expected.entries);
  }
  return 0;
}
