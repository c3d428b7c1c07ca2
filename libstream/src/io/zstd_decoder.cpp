#include <fmt/format.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <new>

#include "decoder.hpp"

namespace stream {
namespace {

// 128 MiB: what `zstd -d` takes without being told more, and what `zstd --long` writes.
constexpr int kWindowLogMax = 27;

Error window_too_large() {
  return {ErrorCode::limit,
          fmt::format("the zstd data needs a window of more than {} MiB", 1 << (kWindowLogMax - 20)),
          {},
          "pipe it through 'zstd -dc --long=31', which takes up to 2 GiB of memory"};
}

class ZstdDecoder final : public Decoder {
 public:
  ZstdDecoder() : context_(ZSTD_createDCtx()) {
    if (context_ == nullptr) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, kWindowLogMax);
  }
  ~ZstdDecoder() override { ZSTD_freeDCtx(context_); }

  Step step(std::span<const char> in, std::span<char> out) override {
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    const std::size_t result = ZSTD_decompressStream(context_, &output, &input);
    Step step{input.pos, output.pos, false, {}};
    if (!ZSTD_isError(result)) {
      step.member_end = result == 0;
      return step;
    }
    const ZSTD_ErrorCode code = ZSTD_getErrorCode(result);
    if (code == ZSTD_error_memory_allocation) throw std::bad_alloc();
    if (code == ZSTD_error_frameParameter_windowTooLarge) {
      step.error = window_too_large();
    } else {
      step.error = damaged("zstd", ZSTD_getErrorName(result));
    }
    return step;
  }

  After after_member(char first) const override {
    // RFC 8878 §3.1: a frame starts with 28 b5 2f fd, a skippable one with 5x 2a 4d 18.
    const auto byte = static_cast<unsigned char>(first);
    return byte == 0x28 || (byte & 0xf0) == 0x50 ? After::member : After::garbage;
  }

 private:
  ZSTD_DCtx* context_;
};

}  // namespace

std::unique_ptr<Decoder> make_zstd_decoder() { return std::make_unique<ZstdDecoder>(); }

}  // namespace stream
