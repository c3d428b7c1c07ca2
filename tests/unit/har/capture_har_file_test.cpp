// A HAR that grows: what has the name is a whole document at every step.
#include "capture/har_file.hpp"

#include <sys/resource.h>

#include <csignal>

#include "capturing.hpp"

using namespace capturing;
using har::capture::HarFile;

namespace {

constexpr std::string_view kHead = R"({"log":{"version":"1.2","creator":{"name":"t","version":"1"},"entries":[)";

std::string entry(int number, std::size_t pad = 10) {
  return R"({"number":)" + std::to_string(number) + R"(,"pad":")" + std::string(pad, 'p') + "\"}";
}

std::vector<std::int64_t> numbers(const std::string& path) {
  std::vector<std::int64_t> out;
  for (const Json& each : entries(path)) out.push_back(each["number"].int_or(-1));
  return out;
}

/// Files can not become larger than this, as on a disk that is full.
class Full {
 public:
  explicit Full(rlim_t size) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{size, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  Full(const Full&) = delete;
  Full& operator=(const Full&) = delete;
  ~Full() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("the HAR has all entries up to the last commit, and what has been written since does not show") {
  const Folder folder;
  const std::string path = folder / "s.har";
  auto file = HarFile::create(path, kHead, stream::Overwrite::no);
  REQUIRE(file);
  CHECK(numbers(path).empty());
  std::vector<std::int64_t> expected;
  for (int i = 0; i < 50; ++i) {
    const std::string text = entry(i, static_cast<std::size_t>(i * 997 % 20'000));
    REQUIRE((*file)->append(text.substr(0, text.size() / 2)));
    CHECK(numbers(path).size() == expected.size() - expected.size() % 3);
    REQUIRE((*file)->append(text.substr(text.size() / 2)));
    REQUIRE((*file)->keep());
    expected.push_back(i);
    if (expected.size() % 3 != 0) continue;
    REQUIRE((*file)->commit(false));
    CHECK(numbers(path) == expected);
  }
  REQUIRE((*file)->finish(false));
  CHECK(numbers(path) == expected);
  CHECK(folder.names() == std::vector<std::string>{"s.har"});
}

TEST_CASE("an entry that is dropped leaves no trace, however much of it was written") {
  const Folder folder;
  const std::string path = folder / "s.har";
  auto file = HarFile::create(path, kHead, stream::Overwrite::no);
  REQUIRE(file);
  REQUIRE((*file)->append(std::string(2'000'000, 'x')));
  (*file)->drop();
  REQUIRE((*file)->append(entry(1)));
  REQUIRE((*file)->keep());
  REQUIRE((*file)->commit(false));
  CHECK(numbers(path) == std::vector<std::int64_t>{1});
  REQUIRE((*file)->append(entry(2)));
  REQUIRE((*file)->keep());
  REQUIRE((*file)->finish(false));
  CHECK(numbers(path) == std::vector<std::int64_t>{1, 2});
}

TEST_CASE("who reads the HAR reads one state of it to the end") {
  const Folder folder;
  const std::string path = folder / "s.har";
  auto file = HarFile::create(path, kHead, stream::Overwrite::no);
  REQUIRE(file);
  REQUIRE((*file)->append(entry(1, 100'000)));
  REQUIRE((*file)->keep());
  REQUIRE((*file)->commit(false));
  const std::string before = contents(path);
  std::ifstream reader(path, std::ios::binary);
  std::string read(1000, '\0');
  reader.read(read.data(), 1000);
  for (int i = 2; i < 6; ++i) {
    REQUIRE((*file)->append(entry(i, 50'000)));
    REQUIRE((*file)->keep());
    REQUIRE((*file)->commit(false));
    CHECK(entries(path).size() == static_cast<std::size_t>(i));
  }
  std::ostringstream rest;
  rest << reader.rdbuf();
  CHECK(read + rest.str() == before);
}

TEST_CASE("a HAR that was taken away comes back with everything that was in it") {
  const Folder folder;
  const std::string path = folder / "s.har";
  auto file = HarFile::create(path, kHead, stream::Overwrite::no);
  REQUIRE(file);
  for (int i = 0; i < 4; ++i) {
    REQUIRE((*file)->append(entry(i)));
    REQUIRE((*file)->keep());
    if (i == 2) std::filesystem::rename(path, folder / "taken.har");
    REQUIRE((*file)->commit(false));
    CHECK(entries(path).size() == static_cast<std::size_t>(i + 1));
  }
  CHECK(numbers(folder / "taken.har") == std::vector<std::int64_t>{0, 1});
}

TEST_CASE("on a full disk the HAR stays as it is, and goes on when there is room") {
  const Folder folder;
  const std::string path = folder / "s.har";
  auto file = HarFile::create(path, kHead, stream::Overwrite::no);
  REQUIRE(file);
  REQUIRE((*file)->append(entry(1)));
  REQUIRE((*file)->keep());
  REQUIRE((*file)->commit(false));
  {
    const Full full(4096);
    const auto refused = [&] {
      stream::Status status = (*file)->append(entry(2, 10'000));
      return status ? (*file)->keep() : status;
    }();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message == "cannot write: File too large");
    (*file)->drop();
    CHECK(numbers(path) == std::vector<std::int64_t>{1});
  }
  REQUIRE((*file)->append(entry(3, 10'000)));
  REQUIRE((*file)->keep());
  REQUIRE((*file)->finish(false));
  CHECK(numbers(path) == std::vector<std::int64_t>{1, 3});
}
