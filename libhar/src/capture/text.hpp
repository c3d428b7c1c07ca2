#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "stream/text/timestamp.hpp"

/// JSON that is written as it comes, with no more than one look at each byte.
namespace har::capture {

/// Bytes that only grow at their end. Unlike a string it does not fill what is about to be written.
class Text {
 public:
  Text() = default;
  Text(Text&& other) noexcept
      : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)), capacity_(std::exchange(other.capacity_, 0)) {}
  Text& operator=(Text&& other) noexcept {
    data_ = std::move(other.data_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }

  std::string_view view() const { return {data_.get(), size_}; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::size_t capacity() const { return capacity_; }
  void reserve(std::size_t size) {
    if (size > capacity_) grow(size - size_);
  }
  void clear() { size_ = 0; }
  void cut(std::size_t size) { size_ = size; }
  void drop_front(std::size_t count);

  /// Room for `count` bytes behind the end; added() says how many of them are used.
  char* room(std::size_t count) {
    if (capacity_ - size_ < count) grow(count);
    return data_.get() + size_;
  }
  void added(std::size_t count) { size_ += count; }

  Text& operator<<(std::string_view bytes) {
    if (bytes.empty()) return *this;
    std::memcpy(room(bytes.size()), bytes.data(), bytes.size());
    size_ += bytes.size();
    return *this;
  }
  Text& operator<<(char c) {
    *room(1) = c;
    ++size_;
    return *this;
  }

 private:
  void grow(std::size_t count);

  std::unique_ptr<char[]> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

void put_number(Text& out, std::uint64_t value);
/// As stream::format_decimal_seconds() and format_decimal_millis() have it.
void put_seconds(Text& out, stream::Nanos time);
void put_millis(Text& out, stream::Nanos time);

/// A JSON string, as stream::write_json_string() has it.
void put_string(Text& out, std::string_view text);
/// The inside of one, where the text is known to be UTF-8.
void put_escaped(Text& out, std::string_view text);
void put_base64(Text& out, std::string_view bytes);
/// `"data":"…"` where the bytes are UTF-8, else `"data64":"…"`.
void put_octets(Text& out, std::string_view bytes);

}  // namespace har::capture
