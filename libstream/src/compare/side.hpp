#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "kinds.hpp"
#include "stream/compare/compare.hpp"

namespace stream {

/// One side of a comparison: its events, decoded to items.
class Side {
 public:
  /// Both outlive it. `summary` is filled in as the side is read.
  Side(EventSource& events, SideSummary& summary) : events_(events), summary_(summary) {}
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;
  ~Side() = default;

  /// Reads the head, up to the first event that brings something.
  Status open();
  /// Reads the whole timeline.
  Status load();
  void decode_as(StreamKind kind, DecodeOptions options);

  /// Appends the next items, at least one; false at the end.
  Result<bool> read(std::vector<Item>& out);
  bool live() const { return events_.live(); }
  bool finished() const { return finished_; }
  /// What is known of the ending, if it was not read that far.
  void finish();

  SideHead head;

 private:
  Status read_event();

  EventSource& events_;
  SideSummary& summary_;
  std::unique_ptr<ItemDecoder> decoder_;
  std::array<std::size_t, static_cast<std::size_t>(ItemKind::body) + 1> counts_{};
  bool ended_ = false;
  bool complete_ = false;
  bool finished_ = false;
};

}  // namespace stream
