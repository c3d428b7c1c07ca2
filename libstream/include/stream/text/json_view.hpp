#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// JSON that is looked at and not built: values are views of the text in which they stand.
namespace stream {

/// A value as it stands in a text, with its quotes or brackets; absent if there is none.
struct RawJson {
  std::string_view text{};

  explicit operator bool() const { return !text.empty(); }
  bool is_string() const { return !text.empty() && text.front() == '"'; }
  bool is_number() const {
    return !text.empty() && (is_digit(text.front()) || (text.front() == '-' && text.size() > 1 && is_digit(text[1])));
  }
  bool is_object() const { return !text.empty() && text.front() == '{'; }
  bool is_array() const { return !text.empty() && text.front() == '['; }
  bool is_null() const { return text == "null"; }
  bool is_true() const { return text == "true"; }
  bool is_false() const { return text == "false"; }
  /// Of a string: what stands between the quotes, escapes as they are.
  std::string_view inner() const { return text.substr(1, text.size() - 2); }

  /// The characters of a string: of what has no escapes itself, else decoded into `scratch`, where half a surrogate pair becomes
  /// U+FFFD. Empty if it is no string.
  std::string_view string(std::string& scratch) const;
  std::string string() const;
  /// Infinity or 0 where it is too large or too small for a double. Nothing if it is no number.
  std::optional<double> number() const;
  std::optional<std::int64_t> integer() const;  ///< nothing too if it is no integer ("1.0" is none) or does not fit

  bool operator==(const RawJson&) const = default;

 private:
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
};

/// An object's members, found as they are asked for. The text is gone through once, and no further than the member that was asked
/// for; what is passed over is only looked at for brackets and quotes. Of members with the same name the first is found;
/// names that are written with escapes are decoded first.
class JsonObjectView {
 public:
  JsonObjectView() = default;
  explicit JsonObjectView(RawJson object) { reset(object); }
  /// Begins with another object, whose text outlives the view. Anything but an object has no members.
  void reset(RawJson object);

  RawJson find(std::string_view name);

  struct Member {
    std::string_view name{};  ///< as it is written, without its quotes
    RawJson value{};
    bool escaped = false;  ///< the name is
  };
  /// All of them.
  const std::vector<Member>& members();
  /// Whether the text behind the last member that was found is not as it should be: asked behind members() it says whether they
  /// are all.
  bool broken() const { return broken_; }

 private:
  bool read_on();
  bool is_named(const Member& member, std::string_view name);

  std::string_view text_{};
  std::size_t at_ = 0;  ///< behind the last member; npos: there are no others
  bool broken_ = false;
  std::vector<Member> members_{};
  std::string scratch_{};
};

/// An array's elements, one by one.
class JsonArrayView {
 public:
  /// Anything but an array has none.
  explicit JsonArrayView(RawJson array);
  /// Absent behind the last.
  RawJson next();
  bool broken() const { return broken_; }

 private:
  std::string_view text_{};
  std::size_t at_ = 0;
  bool broken_ = false;
};

}  // namespace stream
