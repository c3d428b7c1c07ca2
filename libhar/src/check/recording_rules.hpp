#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "check/facts.hpp"
#include "check/marks.hpp"
#include "check/walker.hpp"
#include "stream/io/limits.hpp"
#include "stream/record/line_reader.hpp"
#include "stream/text/timestamp.hpp"

/// Recordings (docs/recording.md), line by line.
namespace har::check {

/// Holds each line against the schema, and the events of an exchange against each other. What is kept is one line, the
/// exchanges that are open, and the ids of the latest that have ended.
class RecordingRules {
 public:
  explicit RecordingRules(const stream::Limits& limits) : walker_(limits.max_depth) {}

  /// Something about an exchange that is known later: it began on this line.
  struct Said {
    RuleId rule = RuleId::count_;
    std::string message{};
    std::uint64_t line = 0;
    std::uint64_t offset = 0;

    bool operator==(const Said&) const = default;
  };

  /// Marks are about the line: UTF-8, JSON, recording-shape, recording-time, -id, -after-end, -cut, and what HAR says of the
  /// request's or response's head in it. A header in the middle begins another recording.
  void line(const stream::Line& line, Marks& marks, std::vector<Said>& said);
  /// The end of the input: recording-incomplete, in the order of the file.
  void finish(std::vector<Said>& said);

  /// How many exchanges have begun.
  std::size_t exchanges() const { return exchanges_; }
  /// The first header's creator, "streamrec 0.1.0".
  const std::string& producer() const { return producer_; }

 private:
  struct Open {
    std::uint64_t line = 0;
    std::uint64_t offset = 0;
    std::optional<stream::Nanos> last{};
    std::string last_raw{};
    bool requested = false;
    bool went_back = false;
  };
  /// Ids that are remembered after their exchange's end; later an event of an older one is of an unknown exchange.
  static constexpr std::size_t kEnded = std::size_t{1} << 16;

  bool well_formed(const stream::Line& line, Marks& marks);
  void header(std::string_view text);
  void event(const stream::Line& line, Marks& marks, std::vector<Said>& said);
  void head(std::string_view text, std::string_view ev, Marks& marks);
  void incomplete(const std::string& id, const Open& open, std::string why, std::vector<Said>& said) const;
  void ended(const std::string& id);

  Walker walker_;
  Facts facts_;
  std::map<std::string, Open, std::less<>> open_;
  std::map<std::string, bool, std::less<>> ended_;  ///< id: whether an event behind the end was marked
  std::deque<std::string> ended_order_;
  std::size_t exchanges_ = 0;
  std::string producer_;
  std::string id_;
};

}  // namespace har::check
