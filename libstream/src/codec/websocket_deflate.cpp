#include "stream/codec/websocket_deflate.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>

namespace stream {
namespace {

constexpr std::string_view kTail("\x00\x00\xff\xff", 4);
constexpr int kMemoryLevel = 8;  // zlib's default

Bytef* zlib_bytes(std::string_view bytes) {
  // zlib does not write to its input; its type says so only if ZLIB_CONST is set for the whole program.
  return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // NOLINT
}

/// Takes the next part of `bytes` that zlib's 32-bit length can hold.
void give_input(z_stream& z, std::string_view& bytes) {
  const std::string_view part = bytes.substr(0, std::numeric_limits<uInt>::max());
  z.next_in = zlib_bytes(part);
  z.avail_in = static_cast<uInt>(part.size());
  bytes.remove_prefix(part.size());
}

}  // namespace

struct WsInflater::State {
  explicit State(bool takeover) : context_takeover(takeover) {
    if (inflateInit2(&z, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { inflateEnd(&z); }

  z_stream z{};
  bool context_takeover;
  bool fresh = true;  // at the start of a message, or just behind a final block
  std::array<char, std::size_t{16} << 10> buffer{};
};

WsInflater::WsInflater(bool context_takeover) : state_(std::make_unique<State>(context_takeover)) {}
WsInflater::WsInflater(WsInflater&&) noexcept = default;
WsInflater& WsInflater::operator=(WsInflater&&) noexcept = default;
WsInflater::~WsInflater() = default;

Status WsInflater::inflate(std::string_view bytes, std::string& out, std::size_t limit) { return run(bytes, out, limit, false); }

Status WsInflater::end_message(std::string& out, std::size_t limit) {
  // Some senders end with a final block and leave out the empty one that should follow (RFC 7692 §7.2.3.4), or send no
  // byte at all for an empty message (§7.2.3.6): there is nothing that the tail could complete.
  if (!state_->fresh) STREAM_TRY(run(kTail, out, limit, true));
  state_->fresh = true;
  if (!state_->context_takeover) inflateReset(&state_->z);
  return {};
}

Status WsInflater::run(std::string_view bytes, std::string& out, std::size_t limit, bool tail) {
  State& state = *state_;
  z_stream& z = state.z;
  constexpr int kAtBlockEnd = 128;  // of data_type, set only where inflate() was told to stop at the ends of blocks
  constexpr int kUnusedBits = 7;
  bool complete = false;
  while (!bytes.empty()) {
    give_input(z, bytes);
    state.fresh = false;
    for (;;) {
      z.next_out = reinterpret_cast<Bytef*>(state.buffer.data());
      z.avail_out = static_cast<uInt>(state.buffer.size());
      const int result = ::inflate(&z, tail ? Z_BLOCK : Z_SYNC_FLUSH);
      const std::size_t produced = state.buffer.size() - z.avail_out;
      const std::size_t room = limit - std::min(limit, out.size());
      out.append(state.buffer.data(), std::min(produced, room));
      if (produced > room) {
        return fail(
            {ErrorCode::limit, fmt::format("a compressed message inflates to more than {} bytes (--max-entry)", limit), {}, {}});
      }
      if (result == Z_MEM_ERROR) throw std::bad_alloc();
      if (result == Z_BUF_ERROR) break;  // all of the input is used
      if (result == Z_STREAM_END) {
        // A final block: RFC 7692 §7.2.3.4 lets another follow, which may refer back over it. This reset keeps the window.
        inflateResetKeep(&z);
        state.fresh = z.avail_in == 0;
        if (state.fresh) break;
        continue;
      }
      if (result != Z_OK) {
        return fail({ErrorCode::syntax,
                     fmt::format("a compressed message is not valid DEFLATE data: {}", z.msg ? z.msg : "unknown error"),
                     {},
                     {}});
      }
      complete = (z.data_type & kAtBlockEnd) != 0 && (z.data_type & kUnusedBits) == 0 && z.avail_in == 0;
      if (complete || (!tail && z.avail_in == 0 && z.avail_out != 0)) break;
    }
  }
  if (tail && !complete) {
    return fail({ErrorCode::syntax, "a compressed message ends within a DEFLATE block", {}, {}});
  }
  return {};
}

struct WsDeflater::State {
  State(int window_bits, bool takeover, int level) : context_takeover(takeover) {
    const int bits = std::clamp(window_bits, 9, MAX_WBITS);
    if (deflateInit2(&z, level, Z_DEFLATED, -bits, kMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc();
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { deflateEnd(&z); }

  z_stream z{};
  bool context_takeover;
  std::array<char, std::size_t{16} << 10> buffer{};
};

WsDeflater::WsDeflater(int window_bits, bool context_takeover, int level)
    : state_(std::make_unique<State>(window_bits, context_takeover, level)) {}
WsDeflater::WsDeflater(WsDeflater&&) noexcept = default;
WsDeflater& WsDeflater::operator=(WsDeflater&&) noexcept = default;
WsDeflater::~WsDeflater() = default;

void WsDeflater::deflate(std::string_view message, std::string& out) {
  if (message.empty()) {
    out.push_back('\0');  // RFC 7692 §7.2.3.6; zlib writes nothing for a second flush in a row
    return;
  }
  State& state = *state_;
  z_stream& z = state.z;
  do {
    give_input(z, message);
    const int flush = message.empty() ? Z_SYNC_FLUSH : Z_NO_FLUSH;
    do {
      z.next_out = reinterpret_cast<Bytef*>(state.buffer.data());
      z.avail_out = static_cast<uInt>(state.buffer.size());
      ::deflate(&z, flush);  // cannot fail: Z_BUF_ERROR says that there was nothing left to write
      out.append(state.buffer.data(), state.buffer.size() - z.avail_out);
    } while (z.avail_out == 0);
  } while (!message.empty());
  out.resize(out.size() - kTail.size());
  if (!state.context_takeover) deflateReset(&z);
}

}  // namespace stream
