#include "harproxy/child.hpp"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <system_error>

#include "harproxy/signals.hpp"

namespace tools::harproxy {
namespace {

/// Our environment, but for the variables.
std::vector<std::string> environment(const std::vector<std::pair<std::string, std::string>>& variables) {
  std::vector<std::string> all;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view text = *each;
    const std::string_view name = text.substr(0, text.find('='));
    const bool replaced =
        std::any_of(variables.begin(), variables.end(), [&](const auto& variable) { return variable.first == name; });
    if (!replaced) all.emplace_back(text);
  }
  for (const auto& [name, value] : variables) all.push_back(name + '=' + value);
  return all;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (const std::string& text : texts) all.push_back(const_cast<char*>(text.c_str()));
  all.push_back(nullptr);
  return all;
}

/// Signals as a program finds them that was started by a shell: we ignore some, and hold others back right now.
class Attributes {
 public:
  Attributes() {
    ::posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    for (const int number : {SIGPIPE, SIGXFSZ}) sigaddset(&usual, number);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &usual);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  ~Attributes() { ::posix_spawnattr_destroy(&attributes_); }
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

}  // namespace

stream::Result<std::unique_ptr<Child>> Child::start(const std::vector<std::string>& command,
                                                    const std::vector<std::pair<std::string, std::string>>& variables,
                                                    std::function<void()> ended) {
  const std::vector<std::string> all = environment(variables);
  const Attributes attributes;
  const SignalsHeld held;  // until it is known to whom they go
  pid_t process = 0;
  const int failure =
      ::posix_spawnp(&process, command[0].c_str(), nullptr, attributes.get(), pointers(command).data(), pointers(all).data());
  if (failure != 0) {
    const std::string why = failure == ENOENT ? "there is no such command" : std::system_category().message(failure);
    return stream::fail({stream::ErrorCode::io, why, {command[0]}, {}, failure});
  }
  ProxySignals::send_to(process);
  std::unique_ptr<Child> child(new Child(process));
  child->thread_ = std::thread([own = child.get(), ended = std::move(ended)] {
    siginfo_t info{};
    // It is still there, so that its number is nobody else's, when signals stop going to it.
    while (::waitid(P_PID, static_cast<id_t>(own->process_), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
    }
    ProxySignals::send_to(0);
    int status = 0;
    while (::waitpid(own->process_, &status, 0) < 0 && errno == EINTR) {
    }
    own->status_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    ended();
  });
  return child;
}

Child::~Child() { wait(); }

int Child::wait() {
  if (thread_.joinable()) thread_.join();
  return status_;
}

void Child::terminate() const { ::kill(process_, SIGTERM); }

}  // namespace tools::harproxy
