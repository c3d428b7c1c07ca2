#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "stream/io/byte_source.hpp"

namespace har::check {

/// Gives out what another source has; but if that is a log without {"log": …} around it, or an array of entries alone, with
/// what is missing put before and behind it.
class WholeSource final : public stream::ByteSource {
 public:
  /// Looks at the beginning of `source`, which outlives it. Errors come with the first read.
  explicit WholeSource(stream::ByteSource& source);

  stream::Result<std::size_t> read(std::span<char> buffer) override;
  const std::string& name() const override { return source_.name(); }

  /// What was put before it; empty: nothing.
  std::string_view before() const { return before_; }
  /// Moves a place to where it is in the source itself.
  stream::Place original(stream::Place place) const;

 private:
  void follow(std::string_view bytes);

  stream::ByteSource& source_;
  std::string begun_;  ///< what was read to be looked at, behind what is put before it
  std::size_t given_ = 0;
  std::size_t dropped_ = 0;  ///< bytes of a byte order mark
  std::string_view before_{};
  std::string_view behind_{};
  std::optional<stream::Error> error_{};
  bool ended_ = false;
  // Where in the document it is: one that was cut off is not closed.
  std::size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
};

}  // namespace har::check
