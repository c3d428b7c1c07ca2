#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <array>
#include <csignal>
#include <thread>

#include "scratch.hpp"
#include "stream/io/byte_sink.hpp"

using stream::Compression;
using stream::ErrorCode;
using stream::Overwrite;
using Names = std::vector<std::string>;

namespace {

std::unique_ptr<stream::ByteSink> open_new(const std::string& path, Overwrite overwrite = Overwrite::no) {
  stream::OutputOptions options;
  options.overwrite = overwrite;
  auto sink = stream::open_output(path, options);
  if (!sink) FAIL(to_string(sink.error()));
  return std::move(*sink);
}

mode_t mode_of(const std::string& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

/// Runs `work` in a process of its own; its exit status, or 128 + the signal that ended it.
template <class Work>
int in_child(Work work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

TEST_CASE("a file has its name only after finish()") {
  const Scratch scratch;
  const std::string path = scratch.path("out.har");
  auto sink = open_new(path);
  CHECK(sink->name() == path);
  const std::string bytes = sample_bytes(1'000'000);
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t size = 1 + at % 40'000;  // gathered, and straight through
    REQUIRE(sink->write(std::string_view(bytes).substr(at, size)));
    at += size;
  }
  REQUIRE(sink->flush());
  CHECK_FALSE(std::filesystem::exists(path));
  REQUIRE(sink->finish());
  CHECK(contents(path) == bytes);
  sink.reset();
  CHECK(scratch.names() == Names{"out.har"});
}

TEST_CASE("an output that is not finished leaves nothing behind") {
  const Scratch scratch;
  {
    auto sink = open_new(scratch.path("out.har.gz"));
    REQUIRE(sink->write(sample_bytes(500'000)));
    CHECK(scratch.names().size() == 1);
  }
  CHECK(scratch.names().empty());
}

TEST_CASE("a file that exists is refused without --overwrite, even an empty one, and stays as it is") {
  const Scratch scratch;
  const std::string path = scratch.file("out.har", GENERATE("", "old"));
  const std::string before = contents(path);
  const auto sink = stream::open_output(path);
  REQUIRE_FALSE(sink);
  CHECK(sink.error().code == ErrorCode::exists);
  CHECK(to_string(sink.error()) == path + ": the file exists");
  CHECK(sink.error().hint == "use --overwrite to replace it");
  CHECK(contents(path) == before);
  CHECK(scratch.names() == Names{"out.har"});
}

TEST_CASE("a file that came while the output was written is not replaced") {
  const Scratch scratch;
  const std::string path = scratch.path("out.har");
  auto sink = open_new(path);
  REQUIRE(sink->write("ours"));
  scratch.file("out.har", "theirs");
  const auto finished = sink->finish();
  REQUIRE_FALSE(finished);
  CHECK(finished.error().code == ErrorCode::exists);
  CHECK(finished.error().hint == "use --overwrite to replace it");
  CHECK_FALSE(sink->write("more"));
  sink.reset();
  CHECK(contents(path) == "theirs");
  CHECK(scratch.names() == Names{"out.har"});
}

TEST_CASE("with --overwrite a file is replaced at finish(), keeps its mode, and can be read meanwhile") {
  const Scratch scratch;
  const std::string path = scratch.file("out.har", "old");
  const mode_t mode = GENERATE(0640U, 0600U, 0755U, 0444U);
  REQUIRE(::chmod(path.c_str(), mode) == 0);
  auto sink = open_new(path, Overwrite::yes);
  REQUIRE(sink->write("new"));
  REQUIRE(sink->flush());
  CHECK(contents(path) == "old");
  REQUIRE(sink->finish());
  CHECK(contents(path) == "new");
  CHECK(mode_of(path) == mode);
  CHECK(scratch.names() == Names{"out.har"});
}

TEST_CASE("a new file has the mode that umask leaves") {
  const Scratch scratch;
  const mode_t before = ::umask(027);
  auto sink = open_new(scratch.path("out.har"));
  REQUIRE(sink->finish());
  ::umask(before);
  CHECK(mode_of(scratch.path("out.har")) == 0640);
}

TEST_CASE("a symbolic link stays, and what it points to is replaced") {
  const Scratch scratch;
  std::filesystem::create_directory(scratch.path("store"));
  scratch.file("store/real.har", "old");
  std::filesystem::create_symlink("store/real.har", scratch.path("middle"));
  std::filesystem::create_symlink(scratch.path("middle"), scratch.path("link.har"));
  CHECK_FALSE(stream::open_output(scratch.path("link.har")));
  auto sink = open_new(scratch.path("link.har"), Overwrite::yes);
  REQUIRE(sink->write("new"));
  REQUIRE(sink->finish());
  CHECK(std::filesystem::is_symlink(scratch.path("link.har")));
  CHECK(std::filesystem::is_symlink(scratch.path("middle")));
  CHECK_FALSE(std::filesystem::is_symlink(scratch.path("store/real.har")));
  CHECK(contents(scratch.path("store/real.har")) == "new");
}

TEST_CASE("a symbolic link to nothing gets its file where it points to") {
  const Scratch scratch;
  std::filesystem::create_symlink("later.har", scratch.path("link.har"));
  auto sink = open_new(scratch.path("link.har"));
  REQUIRE(sink->write("new"));
  REQUIRE(sink->finish());
  CHECK(std::filesystem::is_symlink(scratch.path("link.har")));
  CHECK(contents(scratch.path("later.har")) == "new");

  std::filesystem::create_symlink("loop", scratch.path("loop"));
  const auto loop = stream::open_output(scratch.path("loop"));
  REQUIRE_FALSE(loop);
  CHECK(loop.error().message == "cannot create: Too many levels of symbolic links");
}

TEST_CASE("outputs that cannot be are refused with the system's reason") {
  const Scratch scratch;
  const auto message = [](const std::string& path) { return stream::open_output(path).error().message; };
  CHECK(message(scratch.path("missing/out.har")) == "cannot create: No such file or directory");
  CHECK(message(scratch.path("")) == "cannot write: it is a directory");
  CHECK(message(scratch.path("new/")) == "cannot create: Is a directory");
  CHECK(message("") == "cannot create: No such file or directory");
  CHECK(message("/dev/fd/987") == "cannot open: Bad file descriptor");
  CHECK(message(scratch.path(std::string(256, 'n'))) == "cannot create: File name too long");
  const std::string longest(255, 'n');
  auto sink = open_new(scratch.path(longest));
  REQUIRE(sink->finish());
  CHECK(scratch.names() == Names{longest});
}

TEST_CASE("a full disk is an error, and every later call repeats it") {
  auto sink = open_new("/dev/full");
  REQUIRE(sink->write("gathered"));
  const auto finished = sink->finish();
  REQUIRE_FALSE(finished);
  CHECK(finished.error().code == ErrorCode::io);
  CHECK(to_string(finished.error()) == "/dev/full: cannot write: No space left on device");
  CHECK_FALSE(stream::is_broken_pipe(finished.error()));
  CHECK(sink->write("more").error() == finished.error());
  CHECK(sink->flush().error() == finished.error());
  CHECK(sink->finish().error() == finished.error());

  stream::OutputOptions options;
  options.compression = GENERATE(Compression::none, Compression::gzip, Compression::zstd, Compression::brotli);
  auto large = stream::open_output("/dev/full", options);
  REQUIRE(large);
  // Random enough that a compressor has to hand something on.
  std::string bytes(2'000'000, '\0');
  std::uint32_t state = 7;
  for (char& byte : bytes) byte = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  const auto written = (*large)->write(bytes);
  REQUIRE_FALSE(written);
  CHECK(written.error().message == "cannot write: No space left on device");
  CHECK((*large)->finish().error() == written.error());
}

TEST_CASE("a disk that fills up leaves nothing under the final name") {
  const Scratch scratch;
  const std::string path = scratch.path("out.har");
  // A limit on the size of files fails like a full disk, but needs none.
  const int status = in_child([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{100'000, 100'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    auto sink = stream::open_output(path);
    if (!sink) return 1;
    const auto written = (*sink)->write(std::string(200'000, 'x'));
    if (written || written.error().message != "cannot write: File too large") return 2;
    if ((*sink)->finish()) return 3;
    return 0;
  });
  CHECK(status == 0);
  CHECK(scratch.names().empty());
}

TEST_CASE("a reader that has gone is a broken pipe, and no other error is") {
  std::signal(SIGPIPE, SIG_IGN);
  const Scratch scratch;
  const std::string path = scratch.path("fifo");
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK);
  REQUIRE(reader >= 0);
  auto sink = open_new(path);
  REQUIRE(sink->write("hello"));
  REQUIRE(sink->flush());
  std::array<char, 10> buffer{};
  CHECK(::read(reader, buffer.data(), buffer.size()) == 5);
  ::close(reader);
  REQUIRE(sink->write("is there anybody"));
  const auto finished = sink->finish();
  REQUIRE_FALSE(finished);
  CHECK(stream::is_broken_pipe(finished.error()));
  CHECK_FALSE(stream::is_broken_pipe({ErrorCode::io, "cannot write: Broken pipe", {}, {}}));
  CHECK(std::filesystem::is_fifo(path));
}

TEST_CASE("a pipe that does not block is waited for until all is written") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) == 0);
  const std::string bytes = sample_bytes(1'000'000);
  std::string got;
  std::thread reader([&] {
    auto source = stream::descriptor_source(ends[0], "pipe");
    got = drain(*source, 5000).bytes;
  });
  {
    auto sink = open_new("/dev/fd/" + std::to_string(ends[1]));
    REQUIRE(sink->write(bytes));
    REQUIRE(sink->finish());
  }
  ::close(ends[1]);
  reader.join();
  ::close(ends[0]);
  CHECK(got == bytes);
}

TEST_CASE("/dev/stdout goes on where a file that it is has been written to, and needs no --overwrite") {
  const Scratch scratch;
  const std::string path = scratch.path("log");
  const std::string output = GENERATE("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1");
  const int status = in_child([&] {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT, 0600);
    ::dup2(file, STDOUT_FILENO);
    if (::write(STDOUT_FILENO, "before ", 7) != 7) return 1;
    auto sink = stream::open_output(output);
    if (!sink || !(*sink)->write("ours ") || !(*sink)->finish()) return 2;
    return ::write(STDOUT_FILENO, "after", 5) == 5 ? 0 : 3;
  });
  CHECK(status == 0);
  CHECK(contents(path) == "before ours after");
}

TEST_CASE("the suffix decides the compression unless an option does") {
  const Scratch scratch;
  const std::string bytes = sample_bytes(10'000);
  for (const std::string_view name : {"a.har.gz", "a.zz", "a.zst", "a.br", "a.har"}) {
    auto sink = open_new(scratch.path(name));
    REQUIRE(sink->write(bytes));
    REQUIRE(sink->finish());
    CHECK((contents(scratch.path(name)) == bytes) == (name == "a.har"));
    auto source = stream::open_input(scratch.path(name));
    REQUIRE(source);
    CHECK(drain(**source).bytes == bytes);
  }
  stream::OutputOptions options;
  options.compression = Compression::none;
  auto plain = stream::open_output(scratch.path("b.gz"), options);
  REQUIRE(plain);
  REQUIRE((*plain)->write(bytes));
  REQUIRE((*plain)->finish());
  CHECK(contents(scratch.path("b.gz")) == bytes);

  options.level = 99;
  options.compression = Compression::zstd;
  CHECK(stream::open_output(scratch.path("c.zst"), options).error().code == ErrorCode::usage);
  CHECK_FALSE(std::filesystem::exists(scratch.path("c.zst")));
}

TEST_CASE("remove_unfinished_outputs deletes what is not finished, and nothing else") {
  const Scratch scratch;
  const std::string old_file = scratch.file("old.har", "old");
  const int status = in_child([&] {
    auto done = open_new(scratch.path("done.har"));
    if (!done->write("done") || !done->finish()) return 1;
    auto dropped = open_new(scratch.path("dropped.har"));
    dropped.reset();
    std::vector<std::unique_ptr<stream::ByteSink>> open;
    for (int i = 0; i < 100; ++i) open.push_back(open_new(scratch.path("open" + std::to_string(i))));
    auto replacing = open_new(old_file, Overwrite::yes);
    if (scratch.names().size() != 103) return 2;
    std::signal(SIGTERM, [](int number) {
      stream::remove_unfinished_outputs();
      std::signal(number, SIG_DFL);
      std::raise(number);
    });
    std::raise(SIGTERM);
    return 3;
  });
  CHECK(status == 128 + SIGTERM);
  CHECK(scratch.names() == Names{"done.har", "old.har"});
  CHECK(contents(old_file) == "old");
}

TEST_CASE("an output may replace the input it is made from") {
  const Scratch scratch;
  const std::string bytes = sample_bytes(300'000);
  const std::string path = scratch.file("a.har", bytes);
  auto source = stream::open_input(path);
  auto sink = open_new(path, Overwrite::yes);
  REQUIRE(source);
  std::array<char, 1000> buffer{};
  for (;;) {
    const auto count = (*source)->read(buffer);
    REQUIRE(count);
    if (*count == 0) break;
    REQUIRE(sink->write({buffer.data(), *count}));
    REQUIRE(sink->write("+"));
  }
  REQUIRE(sink->finish());
  CHECK(contents(path).size() == bytes.size() + 300);
}
