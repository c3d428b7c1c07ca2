// What recording costs: on the relay's thread (what it tells is copied), and on the recorder's (text, files).
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "capture/batch.hpp"
#include "capture/har_output.hpp"
#include "capture/ndjson_output.hpp"
#include "capture/redactor.hpp"
#include "har/capture/recorder.hpp"

namespace {

using namespace har::capture;
using stream::Nanos;
using stream::TapField;

Nanos monotonic() { return std::chrono::steady_clock::now().time_since_epoch(); }

RecorderOptions options_for(OutputForm form, const std::string& path) {
  RecorderOptions options;
  options.outputs = {{form, path}};
  options.overwrite = stream::Overwrite::yes;
  options.creator = stream::Json::Object{{"name", "bench"}, {"version", "1"}};
  options.start = stream::WallTime(std::chrono::seconds(1'790'000'000));
  options.clock = monotonic;
  options.zero = monotonic();
  options.max_lag = std::chrono::seconds(60);
  options.fsync = Fsync::never;
  return options;
}

std::string text_of(std::size_t size) {
  std::string text = R"({"type":"tick","price":"101.25","size":300,"side":"buy"})";
  while (text.size() < size) text += R"(,"x":"yyyyyyyy")";
  text.resize(size);
  return text;
}

stream::TapRequest request_for(std::string_view url, std::span<const TapField> fields) {
  stream::TapRequest request;
  request.method = "GET";
  request.url = url;
  request.version = "HTTP/1.1";
  request.fields = fields;
  request.websocket = url.starts_with("ws");
  return request;
}

stream::TapResponse response_for(int status, std::span<const TapField> fields) {
  stream::TapResponse response;
  response.status = status;
  response.reason = "OK";
  response.version = "HTTP/1.1";
  response.fields = fields;
  return response;
}

const std::vector<TapField> kRequest{{"Host", "api.example.org"},
                                     {"User-Agent", "curl/8.5.0"},
                                     {"Accept", "*/*"},
                                     {"Accept-Encoding", "gzip, br"},
                                     {"Authorization", "Bearer 0123456789abcdef0123456789abcdef"}};
const std::vector<TapField> kResponse{{"Content-Type", "application/json"},
                                      {"Content-Length", "1024"},
                                      {"Date", "Sat, 28 Nov 2026 09:00:00 GMT"},
                                      {"Server", "nginx"},
                                      {"Cache-Control", "no-store"},
                                      {"Connection", "keep-alive"}};

/// A message told to a recorder: what its thread takes of the relay's.
void tell_message(benchmark::State& state) {
  auto recorder = Recorder::open(options_for(OutputForm::recording, "/dev/null"));
  const std::string text = text_of(static_cast<std::size_t>(state.range(0)));
  (*recorder)->request(1, monotonic(), request_for("ws://a.example/", kRequest));
  (*recorder)->response(1, monotonic(), response_for(101, kResponse));
  stream::TapMessage message;
  message.data = text;
  message.size = text.size();
  Nanos t = monotonic();
  std::uint64_t count = 0;
  constexpr std::uint64_t kRun = 10'000;
  for (auto _ : state) {
    for (std::uint64_t i = 0; i < kRun; ++i) {
      t += Nanos(517);
      (*recorder)->message(1, t, message);
      if (i % 16 == 0) (*recorder)->idle();
    }
    // A relay has other things to do meanwhile: the queue is not always full.
    state.PauseTiming();
    count += kRun;
    (*recorder)->idle();
    while ((*recorder)->summary().outputs[0].events < count) std::this_thread::sleep_for(std::chrono::microseconds(100));
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kRun));
  (*recorder)->finish();
}
BENCHMARK(tell_message)->Arg(64)->Arg(1024);

Batch messages(std::size_t size, std::size_t count) {
  Batch batch;
  const std::string text = text_of(size);
  stream::TapMessage message;
  message.data = text;
  message.size = text.size();
  for (std::size_t i = 0; i < count; ++i) batch.put_message(1, Nanos(517 * i), message);
  return batch;
}

template <class Made>
void write_messages(benchmark::State& state, Made& output) {
  Captured request;
  request.kind = Captured::Kind::request;
  request.id = 1;
  request.request = request_for("ws://a.example/", kRequest);
  output.take(request);
  const Batch batch = messages(static_cast<std::size_t>(state.range(0)), 1000);
  for (auto _ : state) {
    batch.replay(output);
    output.flush(monotonic());
  }
  state.SetItemsProcessed(state.iterations() * 1000);
}

void message_lines(benchmark::State& state) {
  const RecorderOptions options = options_for(OutputForm::recording, "/dev/null");
  auto output = NdjsonOutput::open(options, "/dev/null");
  write_messages(state, **output);
}
BENCHMARK(message_lines)->Arg(64)->Arg(1024);

/// Whole exchanges of a kilobyte, to a file.
template <class Made>
void write_exchanges(benchmark::State& state, Made& output, const Redaction* redaction) {
  const std::string body = text_of(1024);
  std::unique_ptr<Redactor> redactor;
  if (redaction != nullptr) redactor = std::make_unique<Redactor>(*redaction, output);
  Consumer& consumer = redactor ? static_cast<Consumer&>(*redactor) : output;
  Id id = 0;
  for (auto _ : state) {
    Captured event;
    event.id = ++id;
    event.kind = Captured::Kind::request;
    event.request = request_for("https://api.example.org/v1/items?page=1&size=20", kRequest);
    consumer.take(event);
    event.kind = Captured::Kind::response;
    event.response = response_for(200, kResponse);
    consumer.take(event);
    event.kind = Captured::Kind::data;
    event.bytes = body;
    consumer.take(event);
    event.kind = Captured::Kind::end;
    event.received = {1024, 1024, true};
    consumer.take(event);
    if (id % 8 == 0) output.flush(monotonic());
  }
  state.SetItemsProcessed(state.iterations());
}

std::string scratch(const char* name) {
  return (std::filesystem::temp_directory_path() / (std::string("hartape-bench-") + name)).string();
}

void exchange_lines(benchmark::State& state) {
  const std::string path = scratch("s.rec.ndjson");
  const RecorderOptions options = options_for(OutputForm::recording, path);
  const Redaction redaction;
  {
    auto output = NdjsonOutput::open(options, path);
    write_exchanges(state, **output, state.range(0) != 0 ? &redaction : nullptr);
  }
  std::filesystem::remove(path);
}
BENCHMARK(exchange_lines)->ArgName("redact")->Arg(0)->Arg(1);

void exchange_entries(benchmark::State& state) {
  const std::string path = scratch("s.har");
  const RecorderOptions options = options_for(OutputForm::har, path);
  {
    auto output = HarOutput::open(options, path);
    write_exchanges(state, **output, nullptr);
    (*output)->finish(monotonic());
  }
  std::filesystem::remove(path);
}
BENCHMARK(exchange_entries);

}  // namespace
