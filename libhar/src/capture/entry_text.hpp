#pragma once

#include <functional>
#include <memory>
#include <string>

#include "body_text.hpp"
#include "capture/captured.hpp"
#include "capture/spool.hpp"
#include "capture/text.hpp"
#include "stream/codec/sse.hpp"
#include "stream/codec/utf8_validator.hpp"
#include "stream/io/decompressor.hpp"

namespace har::capture {

/// A HAR entry while its exchange goes on: each list that there may be much of is gathered as the text that it will be, so that
/// the entry is put together without ever being held. What it says is what har::to_entry() makes of the same exchange's
/// recording.
class EntryText {
 public:
  /// `file` outlives it. The events before the response are given, too.
  EntryText(SpoolFile& file, stream::WallTime start, const Captured& request);
  EntryText(const EntryText&) = delete;
  EntryText& operator=(const EntryText&) = delete;
  ~EntryText() { clear(); }

  /// All but the request and the end. What the spool has no room for is missing, and is counted.
  void take(const Captured& captured);
  /// The entry, piece by piece. Without an end it is incomplete.
  stream::Status write(const Captured* end, const std::function<stream::Status(std::string_view)>& out);
  /// What was written is in one file; what comes belongs to an entry in the next.
  void go_on();
  /// Bytes that are gathered.
  std::uint64_t weight() const { return weight_; }
  /// Pieces that are not in the entry, since there was no room for them until its end; and why.
  std::uint64_t lost() const { return lost_; }
  const std::string& trouble() const { return trouble_; }

 private:
  /// A body as it comes.
  struct Body {
    Spool bytes{};           ///< decoded, where that goes
    Spool raw{};             ///< as they came, where they are coded
    std::uint64_t size = 0;  ///< in `bytes`: what lists of chunks refer to
    std::uint64_t came = 0;
    stream::Utf8Validator validator{};
    bool text = true;
    bool ascii = true;
    std::unique_ptr<stream::Decompressor> decoder{};
    bool undecodable = false;
    const Spool& shown() const { return undecodable ? raw : bytes; }
    bool is_text() const { return !undecodable && text && validator.complete(); }
  };

  void keep(Spool& spool, std::string_view text);
  void response(const Captured& captured);
  void data(const Captured& captured);
  void message(const Captured& captured);
  void events(const Captured& captured, std::string_view decoded);
  void close(const Captured& captured);
  void put_epoch(stream::Nanos t);
  void separate(const Spool& list);
  void clear();
  /// How a body stands in the entry.
  struct Shown {
    bool base64 = false;
    std::optional<std::string> text{};  ///< where it is in another charset than UTF-8
  };
  stream::Result<Shown> shown(const Body& body, std::string_view type, std::int64_t size) const;
  stream::Status put_body(const Body& body, const Shown& shown, Text& out,
                          const std::function<stream::Status(std::string_view)>& sink) const;

  SpoolFile& file_;
  stream::WallTime start_;
  stream::Nanos begin_{};
  stream::Nanos last_{};
  std::string request_;  ///< up to headersSize
  std::string request_type_;
  bool request_coded_ = false;
  std::string request_members_;
  bool websocket_ = false;
  bool responded_ = false;
  stream::Nanos response_at_{};
  std::string response_;
  std::string response_type_;
  std::string response_members_;
  std::string timings_;
  std::uint64_t response_head_ = 0;
  stream::StreamKind kind_ = stream::StreamKind::http;
  std::string close_;
  Body sent_;
  Body received_;
  Spool messages_;
  Spool chunks_;
  Spool sse_;
  Spool others_;
  std::unique_ptr<stream::SseDecoder> decoder_;
  std::uint64_t lost_ = 0;
  std::string trouble_;
  std::uint64_t weight_ = 0;
  bool continued_ = false;
  Text scratch_;
};

}  // namespace har::capture
