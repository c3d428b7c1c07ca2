#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "har/diff/diff.hpp"
#include "stream/compare/json_compare.hpp"

namespace har::diff {

/// Says of a place of an entry whether it is compared, and of two values there whether they are equal. One belongs to one thread;
/// the options outlive it.
class Judge {
 public:
  explicit Judge(const DiffOptions& options);

  struct Spot {
    stream::JsonComparer::State state = 0;
    bool compared = true;  ///< what differs there is told of
    bool ignored = false;  ///< it does not count for pairing either
  };
  Spot spot(Half half, Field field, std::string_view name = {});
  bool same(const Spot& spot, std::string_view expected, std::string_view actual);
  /// What masks at that place make of a text.
  std::string masked(const Spot& spot, std::string_view text);

  /// The place of the body's data.
  stream::JsonComparer::State body(Half half) { return json_.data(half == Half::request ? request_ : response_); }
  /// Whether something below a body, or all of it (""), is to be told of: --only.
  bool shown(Half half, std::string_view pointer);
  /// The same of messages and events; `name` is a field of theirs.
  bool shown(const stream::Item& item, std::string_view pointer, std::string_view name);
  /// Whether anything of bodies may be told of, so that it is worth comparing them.
  bool all() const { return all_; }

  stream::JsonComparer& json() { return json_; }
  bool standard() const { return options_.profile == Profile::standard; }
  const DiffOptions& options() const { return options_; }

 private:
  const DiffOptions& options_;
  stream::JsonComparer json_;
  bool all_ = true;  // there is no --only
  stream::ValueRules only_values_{};
  stream::JsonComparer only_;
  stream::Item request_{};
  stream::Item response_{};
};

}  // namespace har::diff
