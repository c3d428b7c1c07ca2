#define ZLIB_CONST
#include <brotli/encode.h>
#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <limits>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include "stream/io/byte_sink.hpp"

namespace stream {
namespace {

/// One compressed format, without I/O.
class Encoder {
 public:
  enum class Mode { go_on, flush, end };
  struct Step {
    std::size_t consumed = 0;
    std::size_t produced = 0;
    bool done = false;  ///< what `mode` asks for is done, and all input is taken
  };
  Encoder() = default;
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;
  virtual ~Encoder() = default;
  virtual Step step(std::string_view in, std::span<char> out, Mode mode) = 0;
  /// After `end`, of a format that has members: what comes next is one of its own.
  virtual void restart() {}  // zstd: the end of a frame is the beginning of the next
};

class Deflater final : public Encoder {
 public:
  Deflater(bool gzip, int level) {
    constexpr int kWindowBits = 15;
    constexpr int kMemory = 8;
    // zlib's own gzip header holds no name and no time, so that the output depends on the input alone.
    if (::deflateInit2(&stream_, level, Z_DEFLATED, kWindowBits + (gzip ? 16 : 0), kMemory, Z_DEFAULT_STRATEGY) != Z_OK) {
      throw std::bad_alloc();
    }
  }
  ~Deflater() override { ::deflateEnd(&stream_); }

  Step step(std::string_view in, std::span<char> out, Mode mode) override {
    const auto clamp = [](std::size_t size) {
      return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
    };
    const bool whole = clamp(in.size()) == in.size();
    stream_.next_in = reinterpret_cast<const Bytef*>(in.data());
    stream_.avail_in = clamp(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = clamp(out.size());
    const int flush = !whole || mode == Mode::go_on ? Z_NO_FLUSH : mode == Mode::flush ? Z_SYNC_FLUSH : Z_FINISH;
    const int result = ::deflate(&stream_, flush);
    Step step{clamp(in.size()) - stream_.avail_in, clamp(out.size()) - stream_.avail_out, false};
    // Room that is left over means that nothing waits for it (zlib.h, deflate()).
    step.done = mode == Mode::end ? result == Z_STREAM_END : whole && stream_.avail_in == 0 && stream_.avail_out != 0;
    return step;
  }

  void restart() override { ::deflateReset(&stream_); }

 private:
  z_stream stream_{};
};

class ZstdEncoder final : public Encoder {
 public:
  explicit ZstdEncoder(int level) : context_(ZSTD_createCCtx()) {
    if (context_ == nullptr) throw std::bad_alloc();
    ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(context_, ZSTD_c_checksumFlag, 1);
  }
  ~ZstdEncoder() override { ZSTD_freeCCtx(context_); }

  Step step(std::string_view in, std::span<char> out, Mode mode) override {
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    const ZSTD_EndDirective directive = mode == Mode::go_on ? ZSTD_e_continue : mode == Mode::flush ? ZSTD_e_flush : ZSTD_e_end;
    const std::size_t left = ZSTD_compressStream2(context_, &output, &input, directive);
    if (ZSTD_isError(left)) throw std::bad_alloc();  // with valid parameters nothing else can fail
    return {input.pos, output.pos, mode == Mode::go_on ? input.pos == in.size() : left == 0};
  }

 private:
  ZSTD_CCtx* context_;
};

class BrotliEncoder final : public Encoder {
 public:
  explicit BrotliEncoder(int level) : state_(BrotliEncoderCreateInstance(nullptr, nullptr, nullptr)) {
    if (state_ == nullptr) throw std::bad_alloc();
    BrotliEncoderSetParameter(state_, BROTLI_PARAM_QUALITY, static_cast<std::uint32_t>(level));
  }
  ~BrotliEncoder() override { BrotliEncoderDestroyInstance(state_); }

  Step step(std::string_view in, std::span<char> out, Mode mode) override {
    std::size_t available_in = in.size();
    const auto* next_in = reinterpret_cast<const std::uint8_t*>(in.data());
    std::size_t available_out = out.size();
    auto* next_out = reinterpret_cast<std::uint8_t*>(out.data());
    const BrotliEncoderOperation operation = mode == Mode::go_on   ? BROTLI_OPERATION_PROCESS
                                             : mode == Mode::flush ? BROTLI_OPERATION_FLUSH
                                                                   : BROTLI_OPERATION_FINISH;
    if (BrotliEncoderCompressStream(state_, operation, &available_in, &next_in, &available_out, &next_out, nullptr) ==
        BROTLI_FALSE) {
      throw std::bad_alloc();
    }
    const bool taken = available_in == 0 && BrotliEncoderHasMoreOutput(state_) == BROTLI_FALSE;
    return {in.size() - available_in, out.size() - available_out,
            mode == Mode::end ? taken && BrotliEncoderIsFinished(state_) == BROTLI_TRUE : taken};
  }

 private:
  BrotliEncoderState* state_;
};

class CompressingSink final : public ByteSink {
 public:
  CompressingSink(std::unique_ptr<ByteSink> sink, std::unique_ptr<Encoder> encoder, bool members)
      : sink_(std::move(sink)), encoder_(std::move(encoder)), members_(members), buffer_(kBuffer) {}

  Status write(std::string_view bytes) override {
    if (bytes.empty()) return {};
    if (std::exchange(ended_, false)) encoder_->restart();
    empty_ = false;
    return run(bytes, Encoder::Mode::go_on);
  }
  Status end_member() override {
    if (!members_ || empty_ || ended_) return error_ ? fail(*error_) : Status();
    STREAM_TRY(run({}, Encoder::Mode::end));
    ended_ = true;
    return {};
  }
  Status flush() override {
    if (!ended_) STREAM_TRY(run({}, Encoder::Mode::flush));
    return sink_->flush();
  }
  Status finish() override {
    if (!ended_) STREAM_TRY(run({}, Encoder::Mode::end));
    return sink_->finish();
  }
  const std::string& name() const override { return sink_->name(); }

 private:
  static constexpr std::size_t kBuffer = std::size_t{64} << 10;

  Status run(std::string_view bytes, Encoder::Mode mode) {
    if (error_) return fail(*error_);
    for (;;) {
      const Encoder::Step step = encoder_->step(bytes, buffer_, mode);
      bytes.remove_prefix(step.consumed);
      if (step.produced > 0) {
        // What the encoder gave is lost then, and nothing that came after it could be decoded.
        if (auto written = sink_->write({buffer_.data(), step.produced}); !written) {
          return fail(error_.emplace(std::move(written).error()));
        }
      }
      if (step.done) return {};
    }
  }

  std::unique_ptr<ByteSink> sink_;
  std::unique_ptr<Encoder> encoder_;
  bool members_;  ///< the format has them
  bool empty_ = true;
  bool ended_ = false;  ///< a member has ended, and nothing was written since
  std::vector<char> buffer_;
  std::optional<Error> error_;
};

struct Levels {
  int highest;
  int usual;
};

Levels levels_of(Compression compression) {
  switch (compression) {
    case Compression::zstd:
      return {22, 3};
    case Compression::brotli:
      return {11, 5};
    default:
      return {9, 6};
  }
}

}  // namespace

Result<std::unique_ptr<ByteSink>> compress(std::unique_ptr<ByteSink> sink, Compression compression, int level) {
  if (compression == Compression::none) return sink;
  const Levels levels = levels_of(compression);
  if (level < 0 || level > levels.highest) {
    return fail({ErrorCode::usage,
                 fmt::format("{} has the levels 1 to {}, found {}", to_string(compression), levels.highest, level),
                 {},
                 {}});
  }
  if (level == 0) level = levels.usual;
  std::unique_ptr<Encoder> encoder;
  switch (compression) {
    case Compression::zstd:
      encoder = std::make_unique<ZstdEncoder>(level);
      break;
    case Compression::brotli:
      encoder = std::make_unique<BrotliEncoder>(level);
      break;
    default:
      encoder = std::make_unique<Deflater>(compression == Compression::gzip, level);
      break;
  }
  const bool members = compression == Compression::gzip || compression == Compression::zstd;
  return std::make_unique<CompressingSink>(std::move(sink), std::move(encoder), members);
}

}  // namespace stream
