#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kinds.hpp"
#include "read_ahead.hpp"
#include "stream/compare/compare.hpp"
#include "stream/io/decompressor.hpp"

namespace stream {

/// One side of a comparison: its events, decoded to items.
class Side {
 public:
  /// `events` and `summary` outlive it; the summary is filled in as the side is read. `source`: for places. `ahead`: what is read
  /// may be read on another thread.
  Side(EventSource& events, SideSummary& summary, const Limits& limits, std::string source, bool ahead)
      : events_(events), ahead_(events, ahead), summary_(summary), limits_(limits), source_(std::move(source)) {}
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;
  ~Side() = default;

  /// Reads the head, up to the first event that brings something.
  Status open();
  /// Reads the whole timeline.
  Status load();
  /// `until`: see CompareOptions::until.
  void decode_as(StreamKind kind, DecodeOptions options, std::function<bool(const Item&)> until);

  /// Appends the next items, at least one; false at the end. `lines`: of a body of lines no more than so many.
  Result<bool> read(std::vector<Item>& out, std::size_t lines = SIZE_MAX);
  bool live() const { return events_.live(); }

  // Lines that need not become items.
  /// The kind of the items, if each line of the body is one.
  std::optional<ItemKind> kind_of_lines() const { return decoder_->kind_of_lines(); }
  /// What has been read of the body and begins with a line that was not decoded yet; more is read if there is nothing. Empty
  /// where the next byte does not begin a line, and at the end.
  Result<std::string_view> lines();
  /// Passes over whole lines of that, as ItemDecoder::skip() does.
  void skip(std::size_t bytes, std::size_t lines);
  /// The tokens of what lines() gives, and where that begins among them; nullptr if they were not looked for.
  const LineTokens* tokens() const { return piece_.tokens.valid ? &piece_.tokens : nullptr; }
  std::size_t lines_begin() const { return at_; }
  void want_tokens(bool wanted) { ahead_.want_tokens(wanted); }

  bool finished() const { return finished_; }
  /// What is known of the ending, if it was not read that far.
  void finish();

  SideHead head;

 private:
  Status read_event();
  /// Makes piece_ what comes next, if all of it was decoded; false at the end.
  Result<bool> next_piece();
  void drop_piece();
  /// Whether piece_ is part of a body of lines.
  bool in_lines() const;
  Status decode_some(std::vector<Item>& out, std::size_t lines);
  /// Undoes the Content-Encoding of a piece of the body, where it is in it.
  Status decode_content(Event& event);

  EventSource& events_;
  ReadAhead ahead_;
  SideSummary& summary_;
  std::unique_ptr<ItemDecoder> decoder_;
  std::array<std::size_t, kItemKinds> counts_{};
  std::function<bool(const Item&)> until_;
  Limits limits_;
  std::string source_;
  std::unique_ptr<Decompressor> content_;
  std::string held_;            ///< of the body: too little to know how it is coded
  std::deque<ReadEvent> read_;  ///< what comes before the rest of events_
  ReadEvent piece_;             ///< what is being decoded, from at_ on
  std::size_t at_ = 0;
  bool has_piece_ = false;
  bool content_known_ = false;  ///< it was looked at how the body is coded
  bool cut_ = false;            ///< `until` was met
  bool ended_ = false;
  bool complete_ = false;
  bool finished_ = false;
};

}  // namespace stream
