#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "har/entry_pass.hpp"
#include "har/entry_reader.hpp"
#include "har/entry_work.hpp"
#include "pass/entry_file.hpp"
#include "stream/io/byte_source.hpp"
#include "stream/io/error.hpp"

namespace har::pass {

/// Entries that stand one behind the other.
struct Run {
  std::span<const EntrySlice> entries{};
  bool in_parts = false;  ///< `index` counts from 0 in each run, and nobody knows lines and columns
  std::function<stream::Place(const EntrySlice&)> place_of{};
};

/// Once through a HAR. What is read is either a file, or else a source.
struct HarPass {
  const EntryFile* file = nullptr;
  stream::ByteSource* source = nullptr;
  std::string path{};
  stream::Limits limits{};
  std::size_t part_size = std::size_t{1} << 20;
  unsigned threads = 0;   ///< that work beside the caller's
  bool in_parts = false;  ///< the file is read in parts, by all threads at once
  /// Before anything else, with the first entry.
  std::function<void(const EntryReader&, const EntrySlice&)> begin{};
  /// What work() fills, and take() takes: used again and again.
  std::function<std::shared_ptr<void>()> make{};
  /// On several threads at once. False: it is to be done once more with the run read in order, if it was not.
  std::function<bool(const Run&, void*)> work{};
  /// In the order of the file, one at a time, as is `hear`. False: nothing more is wanted.
  std::function<stream::Result<bool>(const TakenPiece&, void*)> take{};
  /// Its error ends the pass.
  std::function<stream::Status(const Message&)> hear{};
};

struct HarPassResult {
  LogInfo info{};
  std::optional<stream::Error> broken{};  ///< what could not be read on from; `hear` has heard it
};

/// Errors: those of `take` and `hear`.
stream::Result<HarPassResult> run(const HarPass& pass);

}  // namespace har::pass
