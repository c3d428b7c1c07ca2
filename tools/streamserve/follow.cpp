#include "streamserve/follow.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "stream/record/reader.hpp"

namespace tools::streamserve {
namespace {

using stream::Event;
using stream::EventKind;
using stream::Exchange;

constexpr std::size_t kMostPerPoll = std::size_t{16} << 20;  // so that requests have their turn

}  // namespace

struct Follower::Input {
  std::string name{};
  int descriptor = -1;
  bool seekable = false;
  bool ended = false;        // a pipe's end
  std::uint64_t offset = 0;  // of what is read next
  std::uint64_t lines = 0;
  std::string line{};  // the beginning of one
  std::optional<stream::WallTime> start{};
  std::unordered_map<std::string, Open> open{};  // by id

  ~Input() {
    if (descriptor > STDERR_FILENO) ::close(descriptor);
  }
};

Follower::Follower(Recording& recording, const stream::replay::Pace& pace, stream::FindingSink report)
    : recording_(recording), pace_(pace), report_(std::move(report)) {}
Follower::~Follower() = default;

stream::Status Follower::add(const std::string& path) {
  auto input = std::make_unique<Input>();
  input->name = path == "-" ? "<stdin>" : path;
  input->descriptor = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (input->descriptor < 0) {
    return stream::fail(
        {stream::ErrorCode::io, fmt::format("cannot open: {}", std::system_category().message(errno)), {path}, {}, errno});
  }
  struct stat status {};
  input->seekable = ::fstat(input->descriptor, &status) == 0 && S_ISREG(status.st_mode);
  std::array<char, 1> first{};
  if (input->seekable && ::pread(input->descriptor, first.data(), 1, 0) == 1 && first[0] != '{') {
    return stream::fail(
        {stream::ErrorCode::unsupported, "only recordings can be followed (NDJSON: an event a line)", {path}, {}});
  }
  inputs_.push_back(std::move(input));
  poll();
  return {};
}

void Follower::poll() {
  static thread_local std::array<char, 65536> buffer;
  for (const auto& input : inputs_) {
    for (std::size_t total = 0; total < kMostPerPoll && !input->ended;) {
      ssize_t size = 0;
      if (input->seekable) {
        struct stat status {};
        if (::fstat(input->descriptor, &status) == 0 && static_cast<std::uint64_t>(status.st_size) < input->offset) {
          input->offset = 0;  // begun anew
          input->line.clear();
          while (!input->open.empty()) close(*input, std::string(input->open.begin()->first));
        }
        size = ::pread(input->descriptor, buffer.data(), buffer.size(), static_cast<off_t>(input->offset));
      } else {
        pollfd ready{input->descriptor, POLLIN, 0};
        if (::poll(&ready, 1, 0) != 1) break;
        size = ::read(input->descriptor, buffer.data(), buffer.size());
        input->ended = size == 0;
      }
      if (size <= 0) break;
      input->offset += static_cast<std::uint64_t>(size);
      total += static_cast<std::size_t>(size);
      take_bytes(*input, {buffer.data(), static_cast<std::size_t>(size)});
    }
  }
}

void Follower::take_bytes(Input& input, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    input.line.append(bytes.substr(0, end));
    if (end == std::string_view::npos) return;
    bytes.remove_prefix(end + 1);
    ++input.lines;
    if (input.line.find_first_not_of(" \t\r") != std::string::npos) take_line(input, input.line);
    input.line.clear();
  }
}

void Follower::take_line(Input& input, std::string_view line) {
  stream::Place place{input.name};
  place.line = input.lines;
  auto event = stream::parse_event(line, place);
  if (!event) {
    if (report_) report_({stream::Level::warning, "recording-line", event.error().message, event.error().place});
    return;
  }
  take_event(input, std::move(*event));
}

void Follower::take_event(Input& input, Event event) {
  if (event.kind == EventKind::header) {
    input.start = event.start;
    return;
  }
  const std::string id = event.id;
  if (event.kind == EventKind::request) close(input, id);
  Open& open = input.open[id];
  if (!open.exchange) {
    open.exchange = std::make_shared<Exchange>();
    open.exchange->id = id;
    open.exchange->start = input.start;
  }
  Exchange& exchange = *open.exchange;
  switch (event.kind) {
    case EventKind::request:
      exchange.request = std::move(event);
      return;
    case EventKind::response:
      exchange.response = std::move(event);
      return publish(open);
    case EventKind::end:
      exchange.end = event;
      if (open.answer) {
        open.answer->add(event);
      } else {
        publish(open);
      }
      return close(input, id);
    default:
      if (open.answer) open.answer->add(event);
      exchange.timeline.push_back(std::move(event));
  }
}

/// From here on it can be asked for: what was asked is known.
void Follower::publish(Open& open) {
  if (open.answer) return;
  // A WebSocket is played when it is over; so is what ends without a response.
  if (!open.exchange->end && open.exchange->kind() == stream::StreamKind::websocket) return;
  open.index = recording_.size();
  recording_.add(open.exchange);
  if (open.exchange->end) return;
  open.answer = std::make_unique<stream::replay::GrowingAnswer>(*open.exchange, pace_);
  growing_.emplace(open.index, open.answer.get());
}

void Follower::close(Input& input, const std::string& id) {
  const auto found = input.open.find(id);
  if (found == input.open.end()) return;
  if (auto& answer = found->second.answer) {
    growing_.erase(found->second.index);
    Event cut;
    cut.kind = EventKind::end;
    cut.reason = "cut";
    cut.t =
        found->second.exchange->timeline.empty() ? found->second.exchange->begin() : found->second.exchange->timeline.back().t;
    answer->add(cut);  // unless it is over
  }
  input.open.erase(found);
}

std::shared_ptr<const stream::replay::Answer> Follower::growing(std::size_t index) const {
  const auto found = growing_.find(index);
  return found == growing_.end() ? nullptr : found->second->answer();
}

}  // namespace tools::streamserve
