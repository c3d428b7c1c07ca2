#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "stream/io/finding.hpp"
#include "stream/record/event.hpp"
#include "stream/replay/growing.hpp"
#include "streamserve/recording.hpp"

/// Recordings that are still written.
namespace tools::streamserve {

/// Reads NDJSON recordings as they grow. An exchange can be asked for from its response on.
class Follower {
 public:
  /// `recording` outlives it, and gets the exchanges. A line that is no event is left out, and reported.
  Follower(Recording& recording, const stream::replay::Pace& pace, stream::FindingSink report);
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;
  ~Follower();

  /// Begins with what is there. "-" is standard input. Errors: `io`; `unsupported` (no recording).
  stream::Status add(const std::string& path);
  /// Takes what has been written meanwhile.
  void poll();

  /// The answer of an exchange that has no end yet; null: it has, or it is none of these.
  std::shared_ptr<const stream::replay::Answer> growing(std::size_t index) const;

 private:
  struct Input;
  /// An exchange without an end.
  struct Open {
    std::shared_ptr<stream::Exchange> exchange{};  ///< shared with the recording once it can be asked for
    std::unique_ptr<stream::replay::GrowingAnswer> answer{};
    std::size_t index = 0;  ///< with an answer
  };

  void take_bytes(Input& input, std::string_view bytes);
  void take_line(Input& input, std::string_view line);
  void take_event(Input& input, stream::Event event);
  void publish(Open& open);
  void close(Input& input, const std::string& id);

  Recording& recording_;
  const stream::replay::Pace pace_;
  const stream::FindingSink report_;
  std::vector<std::unique_ptr<Input>> inputs_;
  std::unordered_map<std::size_t, const stream::replay::GrowingAnswer*> growing_;  // by index
};

}  // namespace tools::streamserve
