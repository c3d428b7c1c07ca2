#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace stream {

/// Cuts fed bytes after each `separator`. What lies whole in a piece is passed on without a copy; the rest is collected, so
/// every byte is looked at once and copied at most once, however the input is cut.
class Splitter {
 public:
  explicit Splitter(char separator, std::size_t max_size) : separator_(separator), max_size_(max_size) {}

  /// Calls `each(text, begin, end)` for each completed piece: without its separator, `end` after it. False, and no more is fed,
  /// when a piece with its separator is larger than the limit.
  template <class Each>
  [[nodiscard]] bool feed(std::string_view bytes, Each each) {
    while (!bytes.empty()) {
      const void* found = std::memchr(bytes.data(), separator_, bytes.size());
      const std::size_t size =
          found == nullptr ? bytes.size() : static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
      const std::size_t taken = size + (found == nullptr ? 0 : 1);
      if (carry_.size() + taken > max_size_) return false;
      if (found == nullptr) {
        carry_.append(bytes);
        return true;
      }
      std::string_view text = bytes.substr(0, size);
      if (!carry_.empty()) {
        carry_.append(text);
        text = carry_;
      }
      const std::uint64_t end = begin_ + text.size() + 1;
      each(text, begin_, end);
      carry_.clear();
      begin_ = end;
      bytes.remove_prefix(taken);
    }
    return true;
  }

  /// Passes over pieces that are whole, where nothing is collected: they are as if they had been fed.
  void skip(std::uint64_t bytes) { begin_ += bytes; }

  std::string_view rest() const { return carry_; }     ///< what has no separator yet
  std::uint64_t rest_begin() const { return begin_; }  ///< its offset in the input

 private:
  char separator_;
  std::size_t max_size_;
  std::string carry_{};
  std::uint64_t begin_ = 0;
};

}  // namespace stream
