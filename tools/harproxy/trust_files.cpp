#include "harproxy/trust_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <system_error>

namespace tools::harproxy {
namespace {

namespace fs = std::filesystem;
using stream::ErrorCode;
using stream::fail;
using stream::Result;
using stream::Status;

constexpr int kKeytoolMillis = 30'000;

// Where distributions have them: Debian and Alpine; Fedora; openSUSE; others, and the BSDs.
constexpr std::array<const char*, 4> kBundles{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                              "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};

tl::unexpected<stream::Error> io_failed(const std::string& file, std::string_view action, int number) {
  return fail({ErrorCode::io, fmt::format("cannot {}: {}", action, std::system_category().message(number)), {file}, {}, number});
}

bool readable(const std::string& file) { return ::access(file.c_str(), R_OK) == 0; }

Result<std::string> read_file(const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  if (!file) return io_failed(name, "open", errno);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file.bad()) return io_failed(name, "read", EIO);
  return text;
}

std::string beside(const std::string& file, std::string_view name) { return (fs::path(file).parent_path() / name).string(); }

/// The file is there whole, or as it was before.
Status write_file(const std::string& name, std::string_view bytes) {
  const std::string pending = fmt::format("{}.{}", name, ::getpid());
  const int descriptor = ::open(pending.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return io_failed(pending, "create", errno);
  int failure = 0;
  while (!bytes.empty() && failure == 0) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) failure = errno;
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::close(descriptor) != 0 && failure == 0) failure = errno;
  if (failure == 0 && ::rename(pending.c_str(), name.c_str()) != 0) failure = errno;
  if (failure == 0) return {};
  ::unlink(pending.c_str());
  return io_failed(name, "write", failure);
}

/// Whether the file was made after all of the others.
bool made_after(const std::string& name, std::initializer_list<std::string> others) {
  std::error_code error;
  const auto made = fs::last_write_time(name, error);
  if (error) return false;
  for (const std::string& other : others) {
    const auto time = fs::last_write_time(other, error);
    if (error || time >= made) return false;
  }
  return true;
}

std::string in_path(std::string_view program) {
  const char* const path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const auto end = std::min(rest.find(':'), rest.size());
    const std::string file = fmt::format("{}/{}", rest.substr(0, end), program);
    if (end > 0 && ::access(file.c_str(), X_OK) == 0) return file;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

std::string keytool() {
  if (const char* const home = std::getenv("JAVA_HOME"); home != nullptr && *home != '\0') {
    const std::string file = std::string(home) + "/bin/keytool";
    if (::access(file.c_str(), X_OK) == 0) return file;
  }
  return in_path("keytool");
}

/// Runs a program without input and output, for a while. Errors: `io` (it fails), `timeout`.
Status run(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const int descriptor : {0, 1, 2}) posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0);
  pid_t child = 0;
  const int failure = ::posix_spawn(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) return io_failed(command[0], "run", failure);
  const int handle = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
  pollfd waiting{handle, POLLIN, 0};
  const bool ended = handle < 0 || ::poll(&waiting, 1, kKeytoolMillis) == 1;
  if (handle >= 0) ::close(handle);
  if (!ended) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!ended) return fail({ErrorCode::timeout, "took too long", {command[0]}, {}, ETIMEDOUT});
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return fail({ErrorCode::io, fmt::format("failed ({})", WIFEXITED(status) ? WEXITSTATUS(status) : -1), {command[0]}, {}});
}

}  // namespace

std::string system_bundle() {
  if (const char* const named = std::getenv("SSL_CERT_FILE"); named != nullptr && readable(named)) return named;
  for (const char* const file : kBundles) {
    if (readable(file)) return file;
  }
  return {};
}

Result<std::string> write_bundle(const std::string& certificate_file, const std::string& system) {
  STREAM_ASSIGN(const std::string ours, read_file(certificate_file));
  std::string text;
  if (!system.empty()) {
    STREAM_ASSIGN(text, read_file(system));
    if (!text.empty() && !text.ends_with('\n')) text += '\n';
  }
  // In a program that was started by us the system's is our own file already.
  if (text.find(ours) == std::string::npos) text += ours;
  std::string name = beside(certificate_file, "bundle.pem");
  STREAM_TRY(write_file(name, text));
  return name;
}

std::string java_store() {
  std::vector<fs::path> homes;
  if (const char* const home = std::getenv("JAVA_HOME"); home != nullptr && *home != '\0') homes.emplace_back(home);
  if (const std::string tool = in_path("keytool"); !tool.empty()) {
    std::error_code error;
    const fs::path real = fs::canonical(tool, error);
    if (!error) homes.push_back(real.parent_path().parent_path());
  }
  for (const fs::path& home : homes) {
    for (const char* const place : {"lib/security/cacerts", "jre/lib/security/cacerts"}) {
      if (const std::string file = (home / place).string(); readable(file)) return file;
    }
  }
  return {};
}

Result<std::string> write_java_store(const std::string& certificate_file, const std::string& store) {
  const std::string tool = keytool();
  if (tool.empty()) return fail({ErrorCode::unsupported, "there is no keytool", {}, {}});
  STREAM_ASSIGN(const std::string bytes, read_file(store));
  std::string name = beside(certificate_file, "java-cacerts");
  // Of which store it was made a file beside it says: a keytool takes a second or two.
  const std::string origin = name + ".from";
  if (const auto made_of = read_file(origin); made_of && *made_of == store && made_after(name, {certificate_file, store}))
    return name;
  const std::string pending = fmt::format("{}.{}.new", name, ::getpid());
  STREAM_TRY(write_file(pending, bytes));
  const Status added = run({tool, "-importcert", "-noprompt", "-alias", "hartape", "-file", certificate_file, "-keystore",
                            pending, "-storepass", std::string(kJavaStorePassword)});
  if (added && ::rename(pending.c_str(), name.c_str()) == 0) {
    STREAM_TRY(write_file(origin, store));
    return name;
  }
  const int failure = errno;
  ::unlink(pending.c_str());
  if (!added) return fail(added.error());
  return io_failed(name, "write", failure);
}

Result<TrustFiles> write_trust_files(const std::string& certificate_file, std::string& note) {
  TrustFiles files;
  files.certificate = certificate_file;
  STREAM_ASSIGN(files.bundle, write_bundle(certificate_file, system_bundle()));
  if (const std::string store = java_store(); !store.empty()) {
    const auto written = write_java_store(certificate_file, store);
    if (written) {
      files.java_store = *written;
    } else if (written.error().code != ErrorCode::unsupported) {
      note = "programs in Java do not trust the authority: " + to_string(written.error());
    }
  }
  return files;
}

}  // namespace tools::harproxy
