#include <brotli/decode.h>

#include <new>

#include "decoder.hpp"

namespace stream {
namespace {

class BrotliDecoder final : public Decoder {
 public:
  BrotliDecoder() : state_(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr)) {
    if (state_ == nullptr) throw std::bad_alloc();
  }
  ~BrotliDecoder() override { BrotliDecoderDestroyInstance(state_); }

  Step step(std::span<const char> in, std::span<char> out) override {
    std::size_t available_in = in.size();
    const auto* next_in = reinterpret_cast<const std::uint8_t*>(in.data());
    std::size_t available_out = out.size();
    auto* next_out = reinterpret_cast<std::uint8_t*>(out.data());
    const BrotliDecoderResult result =
        BrotliDecoderDecompressStream(state_, &available_in, &next_in, &available_out, &next_out, nullptr);
    Step step{in.size() - available_in, out.size() - available_out, result == BROTLI_DECODER_RESULT_SUCCESS, {}};
    if (result == BROTLI_DECODER_RESULT_ERROR) {
      const BrotliDecoderErrorCode code = BrotliDecoderGetErrorCode(state_);
      if (code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES && code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES)
        throw std::bad_alloc();
      step.error = damaged("brotli", BrotliDecoderErrorString(code));
    }
    return step;
  }

  After after_member(char) const override { return After::garbage; }

 private:
  BrotliDecoderState* state_;
};

}  // namespace

std::unique_ptr<Decoder> make_brotli_decoder() { return std::make_unique<BrotliDecoder>(); }

}  // namespace stream
