// How fast the codecs take their input, beside a search for line ends in the same bytes: the least that a reader of lines
// must do (of_memchr: the part of its speed). Bytes per second are of the input, fed in reads of 64 KiB.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "stream/codec/chunked.hpp"
#include "stream/codec/ndjson.hpp"
#include "stream/codec/sse.hpp"
#include "stream/codec/websocket.hpp"

namespace {

using namespace stream;  // a benchmark of all of it

constexpr std::size_t kInput = std::size_t{8} << 20;
constexpr std::size_t kRead = std::size_t{64} << 10;
constexpr WsMask kKey = {0x37, 0xfa, 0x21, 0x3d};

/// A record as language models stream them, about `size` bytes.
std::string record(std::size_t number, std::size_t size) {
  std::string json =
      R"({"id":"chatcmpl-)" + std::to_string(number) + R"(","object":"chat.completion.chunk","choices":[{"delta":{"content":")";
  while (json.size() + 5 < size) json += "wörd ";
  return json + R"("}}]})";
}

std::string sse_input(std::size_t size) {
  std::string bytes;
  for (std::size_t i = 0; bytes.size() < kInput; ++i)
    bytes += "event: delta\nid: " + std::to_string(i) + "\ndata: " + record(i, size) + "\n\n";
  return bytes;
}

/// What a model's answer looks like on the wire.
std::string tokens_input() {
  std::string bytes;
  for (std::size_t i = 0; bytes.size() < kInput; ++i) bytes += "data: " + record(i, 220) + "\n\n";
  return bytes;
}

/// The least an event can be: the most work a byte.
std::string tiny_input() {
  std::string bytes;
  while (bytes.size() < kInput) bytes += "data: a\n\n";
  return bytes;
}

std::string ndjson_input(std::size_t size) {
  std::string bytes;
  for (std::size_t i = 0; bytes.size() < kInput; ++i) bytes += record(i, size) + "\n";
  return bytes;
}

std::string chunked_input(std::size_t size) {
  std::string bytes;
  const std::string data(size, 'x');
  while (bytes.size() < kInput) append_chunk(bytes, data);
  (void)append_last_chunk(bytes);
  return bytes;
}

std::string frames_input(std::size_t size, WsDeflater* deflater) {
  std::string bytes;
  for (std::size_t i = 0; bytes.size() < kInput / (deflater ? 4 : 1); ++i) {
    std::string payload = record(i, size);
    WsFrameHead head;
    head.mask = kKey;
    if (deflater) {
      std::string deflated;
      deflater->deflate(payload, deflated);
      payload = std::move(deflated);
      head.rsv = kWsRsv1;
    }
    append_frame(bytes, head, payload);
  }
  return bytes;
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

std::size_t count_lines(const std::string& bytes) {
  std::size_t lines = 0;
  const char* const end = bytes.data() + bytes.size();
  for (const char* at = bytes.data(); at < end; ++lines) {
    const auto* const found = static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at)));
    if (found == nullptr) break;
    at = found + 1;
  }
  return lines;
}

template <class Item, class Make>
void decode(benchmark::State& state, const std::string& bytes, Make make) {
  std::size_t items = 0;
  std::vector<Item> out;
  double ours = 0;
  double least = 0;  // a search for line ends in between, so that the two see the same machine
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    auto decoder = make();
    bool ok = true;
    for (std::size_t at = 0; at < bytes.size() && ok; at += kRead) {
      ok = decoder.feed(std::string_view(bytes).substr(at, kRead), out).has_value();
      items += out.size();
      benchmark::DoNotOptimize(out.data());
      out.clear();
    }
    if (!ok || !decoder.finish(out)) state.SkipWithError("the input is not valid");
    out.clear();
    ours += seconds_since(begin);
    state.PauseTiming();
    const auto search = std::chrono::steady_clock::now();
    benchmark::DoNotOptimize(count_lines(bytes));
    least += seconds_since(search);
    state.ResumeTiming();
  }
  state.counters["of_memchr"] = least / ours;
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes.size()) * state.iterations());
  state.counters["items"] = benchmark::Counter(static_cast<double>(items), benchmark::Counter::kIsRate);
}

void find_line_ends(benchmark::State& state, const std::string& bytes) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(count_lines(bytes));
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes.size()) * state.iterations());
}

std::size_t size_of(const benchmark::State& state) { return static_cast<std::size_t>(state.range(0)); }

void sse_memchr(benchmark::State& state) { find_line_ends(state, sse_input(size_of(state))); }
void sse(benchmark::State& state) {
  decode<SseItem>(state, sse_input(size_of(state)), [] { return SseDecoder(); });
}
void sse_tokens(benchmark::State& state) {
  decode<SseItem>(state, tokens_input(), [] { return SseDecoder(); });
}
void sse_tiny(benchmark::State& state) {
  decode<SseItem>(state, tiny_input(), [] { return SseDecoder(); });
}
void ndjson_memchr(benchmark::State& state) { find_line_ends(state, ndjson_input(size_of(state))); }
void ndjson(benchmark::State& state) {
  decode<NdjsonItem>(state, ndjson_input(size_of(state)), [] { return NdjsonDecoder(); });
}

void chunked(benchmark::State& state) {
  decode<ChunkedItem>(state, chunked_input(size_of(state)), [] { return ChunkedDecoder(); });
}
void chunked_pieces(benchmark::State& state) {
  ChunkedOptions options;
  options.pieces = true;
  decode<ChunkedItem>(state, chunked_input(size_of(state)), [&] { return ChunkedDecoder(options); });
}

void ws_mask(benchmark::State& state) {
  std::string bytes(size_of(state), 'x');
  for (auto _ : state) {
    apply_ws_mask(bytes, kKey);
    benchmark::DoNotOptimize(bytes.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes.size()) * state.iterations());
}
void ws_frames(benchmark::State& state) {
  decode<WsFrame>(state, frames_input(size_of(state), nullptr), [] { return WsFrameDecoder(); });
}
void ws_messages(benchmark::State& state) {
  decode<WsMessage>(state, frames_input(size_of(state), nullptr), [] { return WsMessageDecoder(); });
}
void ws_deflated_messages(benchmark::State& state) {
  WsDeflater deflater(15, true);
  WsMessageOptions options;
  options.deflate = WsDeflateParams{};
  decode<WsMessage>(state, frames_input(size_of(state), &deflater), [&] { return WsMessageDecoder(options); });
}

BENCHMARK(sse_memchr)->Arg(120)->Arg(2000);
BENCHMARK(sse)->Arg(120)->Arg(2000);
BENCHMARK(sse_tokens);
BENCHMARK(sse_tiny);
BENCHMARK(ndjson_memchr)->Arg(120)->Arg(2000);
BENCHMARK(ndjson)->Arg(120)->Arg(2000);
BENCHMARK(chunked)->Arg(100)->Arg(4000)->Arg(100000);
BENCHMARK(chunked_pieces)->Arg(100)->Arg(4000)->Arg(100000);
BENCHMARK(ws_mask)->Arg(100)->Arg(16384);
BENCHMARK(ws_frames)->Arg(120)->Arg(2000)->Arg(100000);
BENCHMARK(ws_messages)->Arg(120)->Arg(2000)->Arg(100000);
BENCHMARK(ws_deflated_messages)->Arg(120)->Arg(2000)->Arg(100000);

}  // namespace
