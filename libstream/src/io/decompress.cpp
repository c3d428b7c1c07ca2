#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "decoder.hpp"
#include "sniff.hpp"

namespace stream {
namespace {

// Below this no expansion is refused: even an empty HAR of a few hundred bytes may unpack to megabytes of white space.
constexpr std::uint64_t kExpansionGrace = std::uint64_t{64} << 20;

// RFC 1952 §2.3.1 (the third byte is the method), RFC 8878 §3.1.1 and §3.1.2 (after a byte 5x).
constexpr std::string_view kGzip = "\x1f\x8b\x08";
constexpr std::string_view kZstd = "\x28\xb5\x2f\xfd";
constexpr std::string_view kSkippableTail = "\x2a\x4d\x18";

class DecompressingSource final : public ByteSource {
 public:
  DecompressingSource(std::unique_ptr<ByteSource> source, Compression compression, const InputOptions& options)
      : source_(std::move(source)),
        compression_(compression),
        decoder_(make_decoder(compression)),
        max_expansion_(options.limits.max_expansion),
        buffer_size_(std::max<std::size_t>(options.buffer_size, 1)) {}

  const std::string& name() const override { return source_->name(); }
  bool live() const override { return source_->live(); }

  Result<std::size_t> read(std::span<char> buffer) override {
    if (error_) return fail(*error_);
    while (!done_) {
      if (pending_.empty() && !held_back_ && !source_ended_) {
        if (auto filled = refill(); !filled) return stop(std::move(filled).error());
      }
      if (pending_.empty() && !held_back_ && source_ended_) {
        if (!between_ || members_ == 0) return stop(cut_off());
        break;
      }
      if (between_ && members_ > 0) {
        STREAM_TRY(start_member());
        if (between_) continue;  // padding
      }
      between_ = false;
      const Decoder::Step step = decoder_->step(pending_, buffer);
      pending_ = pending_.subspan(step.consumed);
      consumed_ += step.consumed;
      produced_ += step.produced;
      held_back_ = step.produced == buffer.size() && !step.member_end;
      if (step.member_end) {
        between_ = true;
        ++members_;
      }
      if (step.error) {
        error_ = place(*step.error);
      } else if (expands_too_much()) {
        error_ = place(
            {ErrorCode::limit,
             fmt::format("the {} data expands more than {}-fold (--max-expansion)", to_string(compression_), max_expansion_),
             {},
             "raise --max-expansion if the input is to be trusted"});
      }
      if (step.produced > 0) return step.produced;
      if (error_) return fail(*error_);
    }
    done_ = true;
    return 0;
  }

 private:
  Status refill() {
    if (storage_.empty()) storage_.resize(buffer_size_);
    STREAM_ASSIGN(const std::size_t count, source_->read(storage_));
    pending_ = std::span<const char>(storage_).first(count);
    source_ended_ = count == 0;
    return {};
  }

  /// Looks at what follows a member; `between_` stays if it was padding.
  Status start_member() {
    if (padding_ || decoder_->after_member(pending_.front()) == Decoder::After::padding) {
      padding_ = true;
      const auto other = std::find_if(pending_.begin(), pending_.end(), [](char byte) { return byte != '\0'; });
      const auto zeros = static_cast<std::size_t>(other - pending_.begin());
      pending_ = pending_.subspan(zeros);
      consumed_ += zeros;
      return pending_.empty() ? Status() : Status(fail(remember(trailing())));
    }
    if (decoder_->after_member(pending_.front()) == Decoder::After::garbage) return fail(remember(trailing()));
    between_ = false;
    return {};
  }

  bool expands_too_much() const {
    return max_expansion_ != 0 && produced_ > kExpansionGrace && (produced_ - 1) / max_expansion_ >= consumed_;
  }

  Error cut_off() const {
    return place({ErrorCode::truncated,
                  fmt::format("the {} data is cut off: it ends in the middle, after {} compressed bytes", to_string(compression_),
                              consumed_),
                  {},
                  {}});
  }
  Error trailing() const {
    return place({ErrorCode::syntax,
                  fmt::format("expected the end of the {} data after {} compressed bytes, found other bytes",
                              to_string(compression_), consumed_),
                  {},
                  {}});
  }
  Error place(Error error) const {
    error.place.source = name();
    error.place.offset = produced_;
    return error;
  }
  const Error& remember(Error error) { return error_.emplace(std::move(error)); }
  Result<std::size_t> stop(Error error) { return fail(remember(std::move(error))); }

  std::unique_ptr<ByteSource> source_;
  Compression compression_;
  std::unique_ptr<Decoder> decoder_;
  std::uint64_t max_expansion_;
  std::size_t buffer_size_;
  std::vector<char> storage_;
  std::span<const char> pending_;  ///< of storage_: what the decoder has not seen
  std::uint64_t consumed_ = 0;
  std::uint64_t produced_ = 0;
  std::uint64_t members_ = 0;
  bool between_ = true;     ///< no byte of the next member was seen
  bool padding_ = false;    ///< zeros after the last member were seen
  bool held_back_ = false;  ///< the decoder may have output without more input
  bool source_ended_ = false;
  bool done_ = false;
  std::optional<Error> error_;
};

/// Looks at the first bytes when they are first asked for, then steps aside.
class SniffingSource final : public ByteSource {
 public:
  SniffingSource(std::unique_ptr<ByteSource> source, InputOptions options) : source_(std::move(source)), options_(options) {}

  const std::string& name() const override { return source_->name(); }
  bool live() const override { return source_->live(); }
  std::optional<std::uint64_t> size_hint() const override { return decided_ ? source_->size_hint() : std::nullopt; }

  Result<std::size_t> read(std::span<char> buffer) override {
    if (!decided_) STREAM_TRY(decide());
    return source_->read(buffer);
  }

 private:
  Status decide() {
    std::string prefix;
    while (prefix.size() < kSniffSize && may_be_compressed(prefix)) {
      const std::size_t before = prefix.size();
      prefix.resize(kSniffSize);
      auto count = source_->read(std::span<char>(prefix).subspan(before));
      prefix.resize(before + count.value_or(0));
      if (!count && prefix.empty()) return fail(std::move(count).error());
      if (count.value_or(0) == 0) break;  // an error will come again, after the bytes before it
    }
    const Compression compression = sniff_compression(prefix);
    source_ = put_back(std::move(prefix), std::move(source_));
    if (compression != Compression::none) {
      source_ = std::make_unique<DecompressingSource>(std::move(source_), compression, options_);
    }
    decided_ = true;
    return {};
  }

  std::unique_ptr<ByteSource> source_;
  InputOptions options_;
  bool decided_ = false;
};

/// Some bytes, then a source.
class PutBackSource final : public ByteSource {
 public:
  PutBackSource(std::string bytes, std::unique_ptr<ByteSource> source) : bytes_(std::move(bytes)), source_(std::move(source)) {}

  const std::string& name() const override { return source_->name(); }
  bool live() const override { return source_->live(); }
  std::optional<std::uint64_t> size_hint() const override {
    auto hint = source_->size_hint();
    if (hint) *hint += bytes_.size() - position_;
    return hint;
  }
  Result<std::size_t> read(std::span<char> buffer) override {
    if (position_ == bytes_.size()) return source_->read(buffer);
    const std::size_t count = bytes_.copy(buffer.data(), buffer.size(), position_);
    position_ += count;
    return count;
  }

 private:
  std::string bytes_;
  std::size_t position_ = 0;
  std::unique_ptr<ByteSource> source_;
};

}  // namespace

std::unique_ptr<Decoder> make_decoder(Compression compression) {
  switch (compression) {
    case Compression::zstd:
      return make_zstd_decoder();
    case Compression::brotli:
      return make_brotli_decoder();
    default:
      return make_inflater(compression);
  }
}

Error damaged(std::string_view format, std::string_view what) {
  return {ErrorCode::syntax, fmt::format("the {} data is damaged: {}", format, what), {}, {}};
}

std::unique_ptr<ByteSource> put_back(std::string bytes, std::unique_ptr<ByteSource> source) {
  return std::make_unique<PutBackSource>(std::move(bytes), std::move(source));
}

bool may_be_compressed(std::string_view prefix) {
  if (prefix.starts_with("x^")) return true;
  const auto begins = [&](std::string_view signature) {
    return signature.starts_with(prefix) && prefix.size() < signature.size();
  };
  const bool skippable = prefix.empty() || ((static_cast<unsigned char>(prefix[0]) & 0xf0) == 0x50 && prefix.size() < 4 &&
                                            kSkippableTail.starts_with(prefix.substr(1)));
  return begins(kGzip) || begins(kZstd) || prefix == "x" || skippable;
}

Compression sniff_compression(std::string_view prefix) {
  const auto byte = [&](std::size_t index) { return index < prefix.size() ? static_cast<unsigned char>(prefix[index]) : 0U; };
  if (prefix.starts_with(kGzip)) return Compression::gzip;
  if (prefix.starts_with(kZstd)) return Compression::zstd;
  // RFC 8878 §3.1.2: a file may begin with a skippable frame (pzstd writes them); 5x is a capital letter, the rest is no text.
  if ((byte(0) & 0xf0) == 0x50 && prefix.substr(1).starts_with(kSkippableTail)) return Compression::zstd;
  // RFC 1950 §2.2: deflate with a 32 KiB window, and the check of the two bytes. Of the four that pass "x^" is text too, so
  // there the rest decides.
  if (prefix.size() >= 2 && byte(0) == 0x78 && (byte(0) * 256 + byte(1)) % 31 == 0 && (byte(1) != '^' || inflates(prefix))) {
    return Compression::zlib;
  }
  return Compression::none;
}

Result<std::unique_ptr<ByteSource>> decompress(std::unique_ptr<ByteSource> source, const InputOptions& options) {
  Compression compression = options.compression.value_or(Compression::none);
  if (!options.compression) {
    // First the suffix, as any bytes may be the start of brotli's.
    if (compression_of_name(source->name()) != Compression::brotli)
      return std::make_unique<SniffingSource>(std::move(source), options);
    compression = Compression::brotli;
  }
  if (compression == Compression::none) return source;
  return std::make_unique<DecompressingSource>(std::move(source), compression, options);
}

}  // namespace stream
