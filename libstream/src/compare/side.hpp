#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kinds.hpp"
#include "stream/compare/compare.hpp"
#include "stream/io/decompressor.hpp"

namespace stream {

/// One side of a comparison: its events, decoded to items.
class Side {
 public:
  /// `events` and `summary` outlive it; the summary is filled in as the side is read. `source`: for places.
  Side(EventSource& events, SideSummary& summary, const Limits& limits, std::string source)
      : events_(events), summary_(summary), limits_(limits), source_(std::move(source)) {}
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;
  ~Side() = default;

  /// Reads the head, up to the first event that brings something.
  Status open();
  /// Reads the whole timeline.
  Status load();
  /// `until`: see CompareOptions::until.
  void decode_as(StreamKind kind, DecodeOptions options, std::function<bool(const Item&)> until);

  /// Appends the next items, at least one; false at the end.
  Result<bool> read(std::vector<Item>& out);
  bool live() const { return events_.live(); }
  bool finished() const { return finished_; }
  /// What is known of the ending, if it was not read that far.
  void finish();

  SideHead head;

 private:
  Status read_event();
  /// Undoes the Content-Encoding of a piece of the body, where it is in it.
  Status decode_content(Event& event);

  EventSource& events_;
  SideSummary& summary_;
  std::unique_ptr<ItemDecoder> decoder_;
  std::array<std::size_t, kItemKinds> counts_{};
  std::function<bool(const Item&)> until_;
  Limits limits_;
  std::string source_;
  std::unique_ptr<Decompressor> content_;
  std::string held_;            ///< of the body: too little to know how it is coded
  bool content_known_ = false;  ///< it was looked at how the body is coded
  bool cut_ = false;            ///< `until` was met
  bool ended_ = false;
  bool complete_ = false;
  bool finished_ = false;
};

}  // namespace stream
