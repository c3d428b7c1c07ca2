#include "unfinished_outputs.hpp"

#include <unistd.h>

#include <atomic>
#include <climits>
#include <cstring>

#include "stream/io/byte_sink.hpp"

namespace stream {

// A list that only grows, so that a signal handler can walk it at any moment. Its entries are used again.
struct UnfinishedOutput {
  enum class State : int { free, claimed, listed };
  std::atomic<State> state = State::claimed;
  char path[PATH_MAX] = {};
  UnfinishedOutput* next = nullptr;
};

namespace {

using State = UnfinishedOutput::State;
static_assert(std::atomic<State>::is_always_lock_free && std::atomic<UnfinishedOutput*>::is_always_lock_free);
std::atomic<UnfinishedOutput*> first_output = nullptr;

UnfinishedOutput* claim() {
  for (UnfinishedOutput* output = first_output; output != nullptr; output = output->next) {
    State expected = State::free;
    if (output->state.compare_exchange_strong(expected, State::claimed)) return output;
  }
  auto* output = new UnfinishedOutput;
  output->next = first_output;
  while (!first_output.compare_exchange_weak(output->next, output)) {
  }
  return output;
}

}  // namespace

UnfinishedOutput* add_unfinished_output(const std::string& path) {
  if (path.size() >= PATH_MAX) return nullptr;
  UnfinishedOutput* output = claim();
  std::memcpy(output->path, path.c_str(), path.size() + 1);
  output->state = State::listed;
  return output;
}

void forget_unfinished_output(UnfinishedOutput* output) {
  if (output != nullptr) output->state = State::free;
}

void remove_unfinished_outputs() noexcept {
  for (UnfinishedOutput* output = first_output; output != nullptr; output = output->next) {
    if (output->state == State::listed) ::unlink(output->path);
  }
}

}  // namespace stream
