#pragma once

#include <functional>

#include "har/store.hpp"
#include "store/indexer.hpp"

namespace har::store {

/// What is added, and where it goes. Only one thing is said or taken at a time, in the order of the file.
struct HarInput {
  Reading& input;
  const match::MatchOptions& match;
  const StoreOptions& options;
  std::function<stream::Status(Made&)> take;
  std::function<stream::Status(const Message&)> hear;
};

/// Reads a HAR that stays in its file. Errors: those of `take` and `hear`, and what ends the reading.
stream::Status add_har(const HarInput& from);

}  // namespace har::store
