#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "har/side_files.hpp"
#include "stream/text/json_view.hpp"
#include "stream/text/timestamp.hpp"

namespace har {

/// The parts of an entry that have members of their own.
enum class EntryPart : std::uint8_t { entry, request, response, content, post_data, timings };
inline constexpr std::size_t kEntryParts = 6;

/// Octets of a body, and what they are said to be.
struct BodyBytes {
  std::string_view bytes{};       ///< valid until the same is asked of another entry
  std::string_view media_type{};  ///< as written, with its parameters
  bool known = false;             ///< there is a text, or a file that could be read; without it there are no bytes
  bool text = false;              ///< they are the text as it stands, in UTF-8 whatever the type says
  bool broken = false;            ///< it is not the base64 that it is said to be; then `bytes` is the text
};

/// An entry's text, of which what is asked for is looked up: nothing is built, and no more is gone through than is needed. Values
/// are views into the text, which outlives the view. One view belongs to one thread; it is used for one entry after another, so
/// that its memory is used again.
class EntryView {
 public:
  EntryView() = default;
  explicit EntryView(std::string_view text) { reset(text); }
  /// `files`: where `_file` members point to; may be null.
  void reset(std::string_view text, const SideFiles* files = nullptr);

  std::string_view text() const { return text_; }
  stream::JsonObjectView& part(EntryPart part);
  stream::RawJson find(EntryPart part, std::string_view name) { return this->part(part).find(name); }

  // What is asked for most. Strings are decoded; they are valid until the same is asked of another entry.
  std::string_view method();
  std::string_view url();
  /// HAR 1.2 §4.2.6; 0 if there is no answer, as Chrome has it (other writers: -1, null).
  int status();
  /// The moment at which the entry began, if startedDateTime says one.
  std::optional<stream::WallTime> started();
  /// Milliseconds of a member of `timings`; nothing for -1 ("does not apply"), null and what is not there.
  std::optional<double> phase(std::string_view name);
  /// The type of the answer, as content.mimeType has it, else its Content-Type header.
  std::string_view media_type();

  /// The value of the last header of that name, in any case; nothing if there is none.
  std::optional<std::string_view> header(EntryPart part, std::string_view name);

  BodyBytes response_body();
  /// postData's text, else what its params are as a form (application/x-www-form-urlencoded).
  BodyBytes request_body();

 private:
  std::string_view text_{};
  const SideFiles* files_ = nullptr;
  stream::JsonObjectView views_[kEntryParts]{};  // NOLINT(modernize-avoid-c-arrays)
  bool opened_[kEntryParts]{};                   // NOLINT(modernize-avoid-c-arrays)
  std::string method_{};
  std::string url_{};
  std::string media_type_{};
  std::string header_{};
  std::string scratch_{};
  std::string body_{};
  std::string request_body_{};
};

}  // namespace har
