#pragma once

#include <functional>
#include <memory>

#include "har/entry_pass.hpp"

namespace har::pass {

/// Entries on their way, and where the one of an index stands.
struct ItemRun {
  std::span<const PassEntry> entries{};
  std::size_t first = 0;
  std::function<stream::Place(std::size_t)> place_of{};
};

/// Once through an input whose items are read one by one, as HarPass is once through a HAR.
struct ItemPass {
  ItemReader& reader;
  unsigned threads = 0;  ///< beside the caller's
  std::size_t part_size = std::size_t{1} << 20;
  std::function<void(const LogInfo&)> begin{};
  std::function<std::shared_ptr<void>()> make{};
  std::function<void(const ItemRun&, void*)> work{};
  std::function<stream::Result<bool>(const TakenPiece&, void*)> take{};
  std::function<void(const Message&)> hear{};
  std::function<std::vector<Message>()> findings{};  ///< what the reader has found since it was asked last
};

/// Errors: those of `take`.
stream::Status run(const ItemPass& pass);

}  // namespace har::pass
