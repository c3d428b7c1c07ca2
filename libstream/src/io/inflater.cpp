#define ZLIB_CONST  // next_in is const
#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>

#include "decoder.hpp"

namespace stream {
namespace {

constexpr int kMaxWindowBits = 15;
constexpr int kGzipWrapper = 16;  // added to the window bits, zlib.h has it

/// zlib counts in 32 bits.
uInt clamp(std::size_t size) { return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max())); }

class Inflater final : public Decoder {
 public:
  explicit Inflater(Compression compression) : gzip_(compression == Compression::gzip) {
    if (::inflateInit2(&stream_, kMaxWindowBits + (gzip_ ? kGzipWrapper : 0)) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() override { ::inflateEnd(&stream_); }

  Step step(std::span<const char> in, std::span<char> out) override {
    stream_.next_in = reinterpret_cast<const Bytef*>(in.data());
    stream_.avail_in = clamp(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = clamp(out.size());
    const int result = ::inflate(&stream_, Z_NO_FLUSH);
    Step step{clamp(in.size()) - stream_.avail_in, clamp(out.size()) - stream_.avail_out, result == Z_STREAM_END, {}};
    if (result == Z_STREAM_END) {
      ::inflateReset(&stream_);
    } else if (result == Z_MEM_ERROR) {
      throw std::bad_alloc();
    } else if (result == Z_NEED_DICT) {
      step.error = damaged(format(), "it needs a preset dictionary");
    } else if (result != Z_OK && result != Z_BUF_ERROR) {  // Z_BUF_ERROR: no progress was possible
      step.error = damaged(format(), stream_.msg != nullptr ? stream_.msg : "invalid");
    }
    return step;
  }

  After after_member(char first) const override {
    if (!gzip_) return After::garbage;
    return first == '\x1f' ? After::member : first == '\0' ? After::padding : After::garbage;
  }

 private:
  std::string_view format() const { return gzip_ ? "gzip" : "zlib"; }

  z_stream stream_{};
  bool gzip_;
};

}  // namespace

std::unique_ptr<Decoder> make_inflater(Compression compression) { return std::make_unique<Inflater>(compression); }

bool inflates(std::span<const char> prefix) {
  std::array<char, 1024> out{};
  return !Inflater(Compression::zlib).step(prefix, out).error;
}

}  // namespace stream
