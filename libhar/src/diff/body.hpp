#pragma once

#include <string_view>

#include "diff/found.hpp"
#include "diff/judge.hpp"

namespace har::diff {

/// A body of one side.
struct BodyText {
  std::string_view bytes{};
  std::string_view media_type{};
  std::string_view pointer{};  ///< of its text in the entry
};

/// What a body is compared as.
enum class BodyForm : std::uint8_t { json, form, multipart, text, bytes };
BodyForm body_form(const BodyText& body);

/// Two bodies by what they are: JSON and forms by their values, text by lines, all else by bytes. Bodies of different forms are
/// compared as text or bytes.
void compare_bodies(Found& found, Judge& judge, Half half, const BodyText& expected, const BodyText& actual);

/// The same for bodies that are equal by the rules, another for most others.
std::uint64_t body_hash(Judge& judge, Half half, const BodyText& body);

/// Sorted hashes of what is in a body; see stream::likeness().
std::vector<std::uint32_t> body_features(Judge& judge, Half half, const BodyText& body, std::size_t limit);

}  // namespace har::diff
