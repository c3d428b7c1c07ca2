#include "stream/io/decompressor.hpp"

#include <fmt/format.h>

#include <array>

#include "decoder.hpp"
#include "sniff.hpp"

namespace stream {

namespace {
constexpr std::uint64_t kExpansionGrace = std::uint64_t{64} << 20;
}

Decompressor::Decompressor(Compression compression, const Limits& limits)
    : compression_(compression), limits_(limits), decoder_(make_decoder(compression)) {}
Decompressor::~Decompressor() = default;

Status Decompressor::feed(std::string_view bytes, std::string& out) {
  std::array<char, std::size_t{32} << 10> block;  // NOLINT: filled by the decoder
  std::span<const char> in(bytes.data(), bytes.size());
  for (bool full = false; !in.empty() || full;) {
    if (ended_) {
      if (in.empty() || decoder_->after_member(in.front()) != Decoder::After::member) return {};
      ended_ = false;
    }
    const Decoder::Step step = decoder_->step(in, block);
    in = in.subspan(step.consumed);
    consumed_ += step.consumed;
    produced_ += step.produced;
    out.append(block.data(), step.produced);
    if (step.error) return fail(*step.error);
    if (limits_.max_expansion != 0 && produced_ > kExpansionGrace && produced_ / limits_.max_expansion > consumed_) {
      return fail(
          {ErrorCode::limit,
           fmt::format("the {} data expands more than {}-fold (--max-expansion)", to_string(compression_), limits_.max_expansion),
           {},
           "raise --max-expansion if the input is to be trusted"});
    }
    ended_ = step.member_end;
    full = step.produced == block.size() && !ended_;
    if (step.consumed == 0 && step.produced == 0 && !ended_) return {};
  }
  return {};
}

bool may_be_in(Compression compression, std::string_view bytes) {
  return compression == Compression::brotli || sniff_compression(bytes) == compression;
}

}  // namespace stream
