#include "pass/parts.hpp"

#include <algorithm>
#include <cstring>

#include "stream/text/ascii.hpp"
#include "stream/text/json_scan.hpp"
#include "stream/text/utf8.hpp"

namespace har::pass {
namespace {

using stream::ascii::is_space;

constexpr std::string_view kMember = "\"startedDateTime\"";
/// Read at once of a part; whole blocks of the scanner.
constexpr std::size_t kPiece = std::size_t{256} << 10;
constexpr std::size_t kStep = std::size_t{16} << 10;

/// Where `},{` ends that brace, if that is what stands before `at`.
std::optional<std::size_t> end_before(const char* text, std::size_t at) {
  std::size_t end = at;
  for (const char wanted : {'{', ',', '}'}) {
    while (end > 0 && is_space(text[end - 1])) --end;
    if (end == 0 || text[end - 1] != wanted) return std::nullopt;
    if (wanted != '}') --end;
  }
  return end;
}

}  // namespace

bool PartCutter::read_on() {
  if (filled_ > most_) return false;
  if (window_.size() < filled_ + kStep) window_.resize(filled_ + kStep);
  const auto count = file_.read_at(window_at_ + filled_, {window_.data() + filled_, kStep});
  if (!count || *count == 0) return false;
  filled_ += *count;
  return true;
}

std::optional<std::uint64_t> PartCutter::guess(std::uint64_t from) {
  window_at_ = from;
  filled_ = 0;
  const void* found = nullptr;
  for (std::size_t searched = 0; found == nullptr;) {
    if (!read_on()) return std::nullopt;
    found = ::memmem(window_.data() + searched, filled_ - searched, kMember.data(), kMember.size());
    searched = filled_ - std::min(filled_, kMember.size() - 1);
  }
  const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - window_.data());
  if (const auto end = end_before(window_.data(), at)) return from + *end;

  // Its object's end.
  stream::ElementScanner scanner;
  std::vector<std::size_t> ends;
  (void)scanner.scan("{" + std::string(stream::ElementScanner::kBlock - 1, ' '), 0, ends);
  std::size_t scanned = at + kMember.size();
  for (;;) {
    const std::size_t blocks = (filled_ - scanned) / stream::ElementScanner::kBlock * stream::ElementScanner::kBlock;
    scanned += scanner.scan({window_.data() + scanned, blocks}, scanned, ends);
    if (!ends.empty()) return from + ends.front();
    if (!read_on()) return std::nullopt;
  }
}

std::optional<Part> PartCutter::next() {
  if (at_ >= file_.size() || file_.size() - at_ <= part_size_) return std::nullopt;
  const auto end = guess(at_ + part_size_);
  if (!end || *end - at_ > most_) return std::nullopt;
  const Part part{at_, *end};
  at_ = *end;
  return part;
}

bool PartText::read(const EntryFile& file, const Part& part, const stream::Limits& limits) {
  entries_.clear();
  ends_.clear();
  const auto size = static_cast<std::size_t>(part.end - part.begin);
  if (capacity_ < size) {
    capacity_ = size + size / 4;
    buffer_ = std::make_unique_for_overwrite<char[]>(capacity_);
  }
  text_ = {buffer_.get(), size};
  stream::ElementScanner scanner;
  // Each piece is looked at while it is still in the processor's cache.
  std::size_t valid = 0;
  for (std::size_t at = 0; at < size; at += kPiece) {
    const std::size_t piece = std::min(kPiece, size - at);
    const auto count = file.read_at(part.begin + at, {buffer_.get() + at, piece});
    if (!count || *count != piece || scanner.closed()) return false;
    (void)scanner.scan(text_.substr(at, piece), at, ends_);
    std::size_t whole = at + piece;  // no character is cut in two
    while (whole > valid && whole < size && static_cast<unsigned char>(buffer_[whole - 1]) >= 0x80) --whole;
    if (!stream::is_utf8(text_.substr(valid, whole - valid))) return false;
    valid = whole;
  }
  if (scanner.closed() || scanner.in_string() || ends_.empty() || ends_.back() != size || scanner.take_control() ||
      scanner.take_deepest() > static_cast<std::int64_t>(std::min(limits.max_depth, stream::kDeepestLimit)))
    return false;
  return slice(part.begin, limits);
}

bool PartText::slice(std::uint64_t offset, const stream::Limits& limits) {
  std::size_t at = 0;
  for (const std::size_t end : ends_) {
    std::size_t from = at;
    std::size_t commas = 0;
    for (; is_space(buffer_[from]) || buffer_[from] == ','; ++from) commas += buffer_[from] == ',' ? 1U : 0U;
    if (commas != 1 || buffer_[from] != '{' || end - from > limits.max_entry) return false;
    entries_.push_back({text_.substr(from, end - from), text_.substr(at, from - at), entries_.size(), offset + from});
    at = end;
  }
  return true;
}

}  // namespace har::pass
