// Tells a recorder of traffic as fast as it takes it, until somebody kills it: capture_load FOLDER COUNTERS. What it has told by
// then is in the file COUNTERS, which survives it.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string>

#include "har/capture/recorder.hpp"

namespace {

using namespace har::capture;
using stream::Nanos;
using stream::TapField;

struct Counters {
  volatile std::uint64_t ended;     ///< exchanges whose end was told
  volatile std::uint64_t told;      ///< events
  volatile std::uint64_t recorded;  ///< events that the recording said were written
  volatile std::uint64_t entries;   ///< the same of the HAR's entries
};

Nanos monotonic() { return std::chrono::steady_clock::now().time_since_epoch(); }

std::string body_of(std::uint64_t id) {
  std::string text = "body of exchange " + std::to_string(id) + "\n";
  while (text.size() < 200 + id % 1000) text += "\"" + std::to_string(id) + "\" ";
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string folder = argv[1];
  const int file = ::open(argv[2], O_RDWR | O_CREAT, 0600);
  if (file < 0 || ::ftruncate(file, sizeof(Counters)) != 0) return 2;
  void* const mapped = ::mmap(nullptr, sizeof(Counters), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (mapped == MAP_FAILED) return 2;
  auto& counters = *static_cast<Counters*>(mapped);

  RecorderOptions options;
  options.outputs = {{OutputForm::recording, folder + "/s.rec.ndjson"}, {OutputForm::har, folder + "/s.har"}};
  options.overwrite = stream::Overwrite::yes;
  options.creator = stream::Json::Object{{"name", "capture_load"}, {"version", "1"}};
  options.start = std::chrono::time_point_cast<Nanos>(std::chrono::system_clock::now());
  options.zero = monotonic();
  options.clock = monotonic;
  options.max_queue = std::size_t{1} << 20;
  options.max_lag = std::chrono::seconds(60);
  options.commit_interval = std::chrono::milliseconds(20);
  options.fsync = Fsync::never;
  auto opened = Recorder::open(std::move(options));
  if (!opened) {
    std::fprintf(stderr, "%s\n", to_string(opened.error()).c_str());
    return 2;
  }
  Recorder& recorder = **opened;

  std::uint64_t events = 0;
  std::uint64_t ended = 0;
  std::uint64_t socket = 0;
  std::uint64_t number = 0;
  const auto open = [&](std::uint64_t id, std::string_view url, int status, bool websocket) {
    const TapField fields[] = {{"Host", "load.example"}, {"Accept", "*/*"}};
    stream::TapRequest request;
    request.method = "GET";
    request.url = url;
    request.version = "HTTP/1.1";
    request.fields = fields;
    request.head_size = 60;
    request.websocket = websocket;
    recorder.request(id, monotonic(), request);
    const TapField answer[] = {{"Content-Type", "text/plain"}};
    stream::TapResponse response;
    response.status = status;
    response.reason = "OK";
    response.version = "HTTP/1.1";
    response.fields = answer;
    response.head_size = 50;
    recorder.response(id, monotonic(), response);
    events += 2;
  };
  for (std::uint64_t id = 1;; ++id) {
    if (socket == 0) {
      socket = id;
      open(id, "ws://load.example/" + std::to_string(id), 101, true);
      continue;
    }
    open(id, "http://load.example/" + std::to_string(id), 200, false);
    const std::string body = body_of(id);
    recorder.data(id, monotonic(), std::string_view(body).substr(0, 100));
    for (int i = 0; i < 5; ++i) {
      const std::string text = "message " + std::to_string(number++);
      stream::TapMessage message;
      message.data = text;
      message.size = text.size();
      recorder.message(socket, monotonic(), message);
    }
    recorder.data(id, monotonic(), std::string_view(body).substr(100));
    stream::TapEnd end;
    end.response_body_wire = body.size();
    recorder.end(id, monotonic(), end);
    events += 8;
    ++ended;
    if (id - socket > 500) {
      recorder.end(std::exchange(socket, 0), monotonic(), end);
      ++events;
      ++ended;
      number = 0;
    }
    counters.told = events;
    counters.ended = ended;
    if (id % 16 != 0) continue;
    recorder.idle();
    const Summary summary = recorder.summary();
    counters.recorded = summary.outputs[0].events;
    counters.entries = summary.outputs[1].events;
  }
}
