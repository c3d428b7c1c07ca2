#include <unistd.h>
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

#include "checked.hpp"

namespace {

namespace fs = std::filesystem;
using namespace har::check;

Lines of(std::string_view name, const har::SideFiles* files = nullptr) {
  Checked checked(fmt::format(R"({{"response":{{"content":{{"_file":"{}"}}}}}})", name));
  Marks marks;
  check_files(checked.facts, files, marks);
  return checked.lines(std::move(marks));
}

/// A folder with "a.har", "body.txt", "sub/deep.txt", and a symbolic link "out" to a folder beside it.
class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / fmt::format("har_check_files_{}", ::getpid())) {
    fs::create_directories(path_ / "har" / "sub");
    fs::create_directories(path_ / "other");
    for (const char* const name : {"har/body.txt", "har/sub/deep.txt", "other/secret.txt"}) std::ofstream(path_ / name) << "x";
    fs::create_directory_symlink(path_ / "other", path_ / "har" / "out");
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string har() const { return path_ / "har" / "a.har"; }

 private:
  fs::path path_;
};

}  // namespace

TEST_CASE("a side file's name may not lead out of the folder") {
  for (const char* const name :
       {"../x", "a/../../x", "/etc/passwd", "..", "..\\\\x", "C:\\\\x", "C:x", "\\\\\\\\host\\\\x", "./../x"}) {
    CAPTURE(name);
    CHECK(of(name).size() == 1);
  }
  CHECK(of("../x") == Lines{R"(file-escape /response/content/_file: expected a file in the folder of the HAR, found "../x")"});
  for (const char* const name : {"", "x", "a/../x", "a/b/../../x", "..x", "x..", "a//b", "./x", "abc.dat"}) {
    CAPTURE(name);
    CHECK(of(name).empty());
  }
}

TEST_CASE("a side file is looked for beside the HAR") {
  const Folder folder;
  const har::SideFiles files(folder.har(), 1 << 20);
  CHECK(of("body.txt", &files).empty());
  CHECK(of("sub/deep.txt", &files).empty());
  CHECK(of("gone.txt", &files) ==
        Lines{R"(file-missing /response/content/_file: expected the file "gone.txt" in the folder of the HAR, found none)"});
  CHECK(of("sub", &files).size() == 1);
  CHECK(
      of("out/secret.txt", &files) ==
      Lines{
          R"(file-escape /response/content/_file: expected a file in the folder of the HAR, found "out/secret.txt", a symbolic link out of it)"});
  const har::SideFiles none("-", 1 << 20);
  CHECK(of("gone.txt", &none).empty());
  CHECK(files.find("body.txt").has_value());
  CHECK(files.read("gone.txt").error().message == R"(the side file "gone.txt" is not there)");
}

TEST_CASE("a request's side file is looked at, too") {
  Checked checked(R"({"request":{"postData":{"_file":"../x"}}})");
  Marks marks;
  check_files(checked.facts, nullptr, marks);
  REQUIRE(marks.size() == 1);
  CHECK(marks[0].pointer == "/request/postData/_file");
  CHECK(checked.at(marks[0], 6) == R"("../x")");
}
