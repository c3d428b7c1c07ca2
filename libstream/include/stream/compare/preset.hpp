#pragma once

#include <span>
#include <string_view>
#include <vector>

/// What is known of the streams of language models: which of their strings are pieces of a text, and what never is the same in
/// two runs. docs/presets.md says why.
namespace stream {

/// Rules for the streams of one interface. What a preset does not name is compared exactly.
struct StreamPreset {
  std::string_view name;
  std::string_view description;
  struct Join {
    std::string_view path;             ///< strings that are pieces of a text, see parse_path()
    std::vector<std::string_view> by;  ///< places whose values tell apart texts that are interleaved
  };
  std::vector<Join> join;
  std::vector<std::string_view> ignore;         ///< places that differ from run to run, see parse_path()
  std::vector<std::string_view> ignore_events;  ///< types of server-sent events that only keep the connection open
};

/// All, in the order of their names.
std::span<const StreamPreset> stream_presets();

/// Null if there is none of that name.
const StreamPreset* find_stream_preset(std::string_view name);

}  // namespace stream
