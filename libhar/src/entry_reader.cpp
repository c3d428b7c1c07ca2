#include "har/entry_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <optional>
#include <set>

#include "log_walker.hpp"
#include "stream/text/ascii.hpp"
#include "stream/text/json_scan.hpp"
#include "stream/text/place.hpp"
#include "stream/text/utf8.hpp"

namespace har {
namespace {

using stream::Error;
using stream::ErrorCode;
using stream::fail;
using stream::Finding;
using stream::Level;
using stream::Place;
using stream::Result;
using stream::Status;
using stream::ascii::is_space;

std::string entries_text(std::size_t count) { return count == 1 ? "1 entry" : fmt::format("{} entries", count); }

/// A byte that stands where it should not, as a message shows it.
std::string shown(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte >= 0x7f ? fmt::format("the byte 0x{:02x}", byte) : fmt::format("'{}'", c);
}

}  // namespace

Place EntryBatch::place(const EntrySlice& entry) const {
  Place place = start_;
  stream::advance(place, text_.substr(0, static_cast<std::size_t>(entry.text.data() - text_.data())));
  place.pointer = fmt::format("/log/entries/{}", entry.index);
  return place;
}

struct EntryReader::Impl {
  enum class Phase { head, entries, after, done };

  Impl(stream::ByteSource& bytes, EntryReaderOptions settings) : source(bytes), options(std::move(settings)) {
    options.limits.max_depth = std::min(options.limits.max_depth, stream::kDeepestLimit);
    position = {source.name(), 1, 1, 0, ""};
  }

  Result<bool> next(EntryBatch& batch);

 private:
  friend class EntryReader;

  std::string_view view(std::size_t from, std::size_t to) const { return {memory.get() + from, to - from}; }
  char byte(std::size_t at) const { return memory.get()[at]; }

  void report(Level level, std::string rule, std::string message, Place place = {}) const {
    place.source = source.name();
    if (options.report) options.report({level, std::move(rule), std::move(message), std::move(place)});
  }

  /// The place of a byte at or behind `begin`.
  Place here(std::size_t at) const {
    Place place = position;
    stream::advance(place, view(begin, at));
    return place;
  }

  void fill();
  void walk(std::size_t from);
  void finish();
  void scan();
  void slice(EntryBatch& batch);
  bool check_close();
  std::optional<Error> check(const EntrySlice& entry) const;
  void keep_valid(EntryBatch& batch);
  void hand_over(EntryBatch& batch);
  void stop(Error error);
  void too_long(std::size_t at, std::string_view what);

  stream::ByteSource& source;
  EntryReaderOptions options;
  std::unique_ptr<char, EntryBatch::Free> memory;
  std::size_t capacity = 0;
  std::size_t begin = 0;     ///< behind the last entry given out
  std::size_t scanned = 0;   ///< the scanner has seen everything before this
  std::size_t end = 0;       ///< of what was read
  std::size_t array_at = 0;  ///< while no entry of the array was sliced: just behind its '['
  std::size_t after_at = 0;  ///< behind the array: just behind its ']'
  std::uint64_t offset = 0;  ///< of memory[0] in the input
  Place position;            ///< of memory[begin]
  bool eof = false;
  bool separator_due = false;  ///< the next entry has a comma before it
  Phase phase = Phase::head;
  LogWalker walker;
  stream::ElementScanner scanner;
  std::vector<std::size_t> ends;  ///< of entries that were found and not sliced
  std::uint64_t suspect = 0;      ///< entries that begin before this offset of the input must be looked at one by one
  std::string head;
  std::string tail;
  Place tail_place;
  bool whole = false;
  LogInfo info;
  std::size_t index = 0;  ///< of the next entry to be sliced
  std::size_t given = 0;
  std::optional<Error> source_error;
  std::optional<Error> pending;  ///< raised while there was no entry to give out: the next result
};

/// Makes room if there is none, and reads until the buffer is full or the input ends.
void EntryReader::Impl::fill() {
  if (end == capacity) {
    const std::size_t wanted = std::max(options.batch_size, capacity * 2);
    // Pages that are never written to are not paid for, and the system moves a large block without copying it.
    void* grown = std::realloc(memory.get(), wanted);
    if (grown == nullptr) throw std::bad_alloc();
    (void)memory.release();
    memory.reset(static_cast<char*>(grown));
    capacity = wanted;
  }
  while (end < capacity && !eof) {
    auto count = source.read({memory.get() + end, capacity - end});
    if (!count) {
      source_error = std::move(count).error();
      eof = true;
    } else {
      eof = *count == 0;
      end += *count;
    }
  }
}

/// Ends the reading with an error.
void EntryReader::Impl::stop(Error error) {
  phase = Phase::done;
  tail = walker.closing();
  ends.clear();
  if (source_error) {  // what went wrong first is what the user can mend
    error = std::move(*source_error);
    source_error.reset();
    error.message += index == 0 ? "; no entry could be read" : fmt::format("; {} before that are whole", entries_text(index));
  }
  pending = std::move(error);
}

void EntryReader::Impl::too_long(std::size_t at, std::string_view what) {
  stop({ErrorCode::limit, fmt::format("{} is longer than {} bytes", what, options.limits.max_entry), here(at),
        "raise the limit with --max-entry"});
}

/// Walks what stands around the entries, from a resting point on.
void EntryReader::Impl::walk(std::size_t from) {
  auto step = walker.walk(view(from, end), eof, options.limits, info);
  if (!step) {
    const bool cut = step.error().code == ErrorCode::truncated;
    Error error = locate(std::move(step).error(), here(from));
    if (cut && phase == Phase::after) error.message += "; what stood behind the entries is lost";
    stop(std::move(error));
    return;
  }
  switch (step->outcome) {
    case LogWalker::Outcome::more:
      if (end - from > options.limits.max_entry) {
        too_long(from, phase == Phase::head ? "what stands before the entries" : "what stands behind the entries");
      } else {
        fill();
      }
      break;
    case LogWalker::Outcome::entries:
      array_at = scanned = from + step->at;
      if (phase == Phase::head) {
        head = view(begin, array_at);
        stream::advance(position, head);
        begin = array_at;
      } else {
        report(Level::warning, "har-second-entries", "a second array of entries, whose entries are read too", here(array_at - 1));
      }
      scanner = {};
      separator_due = false;
      phase = Phase::entries;
      break;
    case LogWalker::Outcome::end:
      tail = view(begin, end);
      tail_place = position;
      finish();
      break;
  }
}

void EntryReader::Impl::finish() {
  if (source_error) {
    stop({});
    return;
  }
  phase = Phase::done;
  whole = true;
  if (walker.had_bom()) report(Level::note, "har-bom", "the file begins with a byte order mark");
  if (walker.wrapped()) report(Level::note, "har-jsonp", "the file is a JSONP call around a HAR");
  std::set<std::string_view> names;
  for (const auto& member : info.log) {
    if (names.insert(member.name).second) continue;
    Place place;
    stream::append_pointer(place.pointer = "/log", member.name);
    report(Level::warning, "har-duplicate-member", "the member stands there twice", std::move(place));
  }
}

/// Finds the ends of more entries, or the end of the array; reads on if there is nothing to find.
void EntryReader::Impl::scan() {
  const std::size_t available = end - scanned;
  const std::size_t blocks = eof ? available : available - available % stream::ElementScanner::kBlock;
  scanned += scanner.scan(view(scanned, scanned + blocks), scanned, ends);
  const bool control = scanner.take_control();
  const bool deep = scanner.take_deepest() > static_cast<std::int64_t>(options.limits.max_depth);
  if (control || deep) suspect = offset + scanned;
  if (scanner.closed()) {
    after_at = scanned;
    phase = Phase::after;
  } else if (ends.empty()) {
    if (end - begin > options.limits.max_entry) {
      too_long(begin, fmt::format("entry {}", index));
    } else if (!eof) {
      fill();
    } else {
      const std::string before = index == 0
                                     ? "no entry is whole"
                                     : fmt::format("the {} before that {} whole", entries_text(index), index == 1 ? "is" : "are");
      std::size_t from = separator_due ? begin : array_at;
      while (from < end && (is_space(byte(from)) || byte(from) == ',')) ++from;
      stop(from == end
               ? Error{ErrorCode::truncated, fmt::format("the input ends before the array of entries is closed; {}", before),
                       here(end)}
               : Error{ErrorCode::truncated,
                       fmt::format("the input ends inside entry {}, of which {} bytes are lost; {}", index, end - from, before),
                       here(from)});
    }
  }
}

/// Turns the ends into slices, up to the first entry that does not stand as it should; that one is an error as soon as it
/// is the first.
void EntryReader::Impl::slice(EntryBatch& batch) {
  std::size_t used = 0;
  std::size_t at = begin;
  std::optional<Error> wrong;
  for (const std::size_t stop_at : ends) {
    const std::size_t lead_at = separator_due ? at : array_at;
    std::size_t from = lead_at;
    std::size_t commas = 0;
    for (; is_space(byte(from)) || byte(from) == ','; ++from) commas += byte(from) == ',' ? 1U : 0U;
    const std::string_view expected = options.any_commas                   ? "'{'"
                                      : commas < (separator_due ? 1U : 0U) ? "','"
                                      : commas > (separator_due ? 1U : 0U) ? "one comma between entries"
                                                                           : "'{'";
    if (expected != "'{'" || byte(from) != '{') {
      const bool extra = expected == "one comma between entries";
      wrong = Error{ErrorCode::syntax,
                    extra ? fmt::format("expected {}, found {} before entry {}", expected, commas, index)
                          : fmt::format("expected {} for entry {}, found {}", expected, index, shown(byte(from))),
                    here(extra ? lead_at : from)};
      break;
    }
    if (stop_at - from > options.limits.max_entry) {
      if (batch.empty()) too_long(from, fmt::format("entry {}", index));
      break;
    }
    batch.entries_.push_back({view(from, stop_at), view(at, from), index, offset + from});
    ++index;
    separator_due = true;
    at = stop_at;
    ++used;
  }
  if (!ends.empty()) ends.erase(ends.begin(), ends.begin() + static_cast<std::ptrdiff_t>(used));
  batch.text_ = view(begin, at);
  if (wrong && batch.empty()) stop(std::move(*wrong));
}

/// Behind the last entry and before the ']' there is nothing but white space.
bool EntryReader::Impl::check_close() {
  std::size_t from = separator_due ? begin : array_at;
  while (is_space(byte(from)) || (options.any_commas && byte(from) == ',')) ++from;
  if (from + 1 == after_at) return true;
  stop({ErrorCode::syntax, fmt::format("expected ']' behind the entries, found {}", shown(byte(from))), here(from)});
  return false;
}

/// What is wrong inside an entry, so far as it is looked at.
std::optional<Error> EntryReader::Impl::check(const EntrySlice& entry) const {
  const auto at = static_cast<std::size_t>(entry.text.data() - memory.get());
  const auto wrong = [&](std::size_t where, ErrorCode code, std::string message, std::string hint = "") {
    Error error{code, std::move(message), here(at + where), std::move(hint)};
    error.place.pointer = fmt::format("/log/entries/{}", entry.index);
    return error;
  };
  if (const std::size_t bad = stream::find_invalid_utf8(entry.text); bad != std::string_view::npos) {
    return wrong(bad, ErrorCode::encoding,
                 fmt::format("invalid UTF-8: the byte 0x{:02x}", static_cast<unsigned char>(entry.text[bad])));
  }
  if (offset + at >= suspect) return std::nullopt;
  bool inside = false;
  std::size_t depth = 0;
  for (std::size_t i = 0; i < entry.text.size(); ++i) {
    const auto c = static_cast<unsigned char>(entry.text[i]);
    if (inside) {
      if (c < 0x20)
        return wrong(i, ErrorCode::syntax,
                     fmt::format("a string holds the control character 0x{:02x}, which must be escaped", c));
      if (c == '"') inside = false;
      if (c == '\\') ++i;
    } else if (c == '"') {
      inside = true;
    } else if (c == '{' || c == '[') {
      if (++depth > options.limits.max_depth) {
        return wrong(i, ErrorCode::limit, fmt::format("nested deeper than {} levels", options.limits.max_depth),
                     "raise the limit with --max-depth");
      }
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return std::nullopt;
}

/// Cuts the batch before the first entry that is wrong inside; if that is its first one, the entry becomes an error.
void EntryReader::Impl::keep_valid(EntryBatch& batch) {
  auto& entries = batch.entries_;
  if (batch.empty() || !options.look_inside) return;
  const bool suspicious = offset + begin < suspect;
  if (!suspicious && stream::is_utf8(batch.text_)) return;
  std::optional<Error> error;
  const auto bad =
      std::find_if(entries.begin(), entries.end(), [&](const EntrySlice& entry) { return (error = check(entry)).has_value(); });
  if (bad == entries.end()) return;
  const auto end_of = [&](const EntrySlice& entry) {
    return static_cast<std::size_t>(entry.text.data() - memory.get()) + entry.text.size();
  };
  std::vector<std::size_t> back;
  for (auto entry = bad; entry != entries.end(); ++entry) back.push_back(end_of(*entry));
  if (bad == entries.begin()) {
    pending = std::move(error);
    back.erase(back.begin());
    index = bad->index + 1;
    const std::size_t behind = end_of(*bad);
    stream::advance(position, view(begin, behind));
    begin = behind;
    entries.clear();
    batch.text_ = {};
  } else {
    index = bad->index;
    batch.text_ = view(begin, end_of(*std::prev(bad)));
    entries.erase(bad, entries.end());
  }
  ends.insert(ends.begin(), back.begin(), back.end());
}

/// Gives the buffer away with the batch, and goes on in the batch's old one with what is left.
void EntryReader::Impl::hand_over(EntryBatch& batch) {
  batch.start_ = position;
  stream::advance(position, batch.text_);
  begin += batch.text_.size();
  given += batch.entries_.size();

  const std::size_t left = end - begin;
  const std::size_t wanted = std::max(options.batch_size, left + options.batch_size / 2);
  if (batch.capacity_ < wanted) {
    batch.buffer_.reset(static_cast<char*>(std::malloc(wanted)));
    if (!batch.buffer_) throw std::bad_alloc();
    batch.capacity_ = wanted;
  }
  std::memcpy(batch.buffer_.get(), memory.get() + begin, left);
  std::swap(batch.buffer_, memory);
  std::swap(batch.capacity_, capacity);
  const std::size_t shift = begin;
  offset += shift;
  end -= shift;
  scanned -= shift;
  after_at -= std::min(after_at, shift);
  for (std::size_t& stop_at : ends) stop_at -= shift;
  begin = 0;
}

Result<bool> EntryReader::Impl::next(EntryBatch& batch) {
  batch.entries_.clear();
  batch.text_ = {};
  if (batch.capacity_ > 4 * options.batch_size) {  // a large entry stood in it: its memory is not held for small ones
    batch.buffer_.reset();
    batch.capacity_ = 0;
  }
  for (;;) {
    if (pending) {
      Error error = std::move(*pending);
      pending.reset();
      return fail(std::move(error));
    }
    if (!ends.empty()) {
      slice(batch);
      keep_valid(batch);
      if (batch.empty()) continue;
      hand_over(batch);
      return true;
    }
    switch (phase) {
      case Phase::done:
        return false;
      case Phase::entries:
        scan();
        break;
      case Phase::head:
        walk(begin);
        break;
      case Phase::after:
        if (check_close()) walk(after_at);
        break;
    }
  }
}

EntryReader::EntryReader(stream::ByteSource& source, EntryReaderOptions options)
    : impl_(std::make_unique<Impl>(source, std::move(options))) {}
EntryReader::~EntryReader() = default;

Result<bool> EntryReader::next(EntryBatch& batch) { return impl_->next(batch); }
std::optional<Place> EntryReader::resting_place() const {
  const Impl& of = *impl_;
  const bool rests =
      of.phase == Impl::Phase::entries && of.separator_due && of.ends.empty() && !of.pending && !of.eof && !of.scanner.closed();
  return rests ? std::optional(of.position) : std::nullopt;
}

void EntryReader::skip_to(Place place, std::size_t entries) {
  Impl& of = *impl_;
  of.offset = place.offset.value_or(0);
  of.position = std::move(place);
  of.begin = of.scanned = of.end = 0;
  of.scanner = {};
  of.suspect = 0;
  of.index += entries;
  of.given += entries;
}

std::size_t EntryReader::next_index() const { return impl_->index; }

bool EntryReader::can_continue() const { return impl_->phase != Impl::Phase::done; }
std::string_view EntryReader::head() const { return impl_->head; }
std::string_view EntryReader::tail() const { return impl_->tail; }
const Place& EntryReader::tail_place() const { return impl_->tail_place; }
bool EntryReader::whole() const { return impl_->whole; }
const LogInfo& EntryReader::info() const { return impl_->info; }
std::size_t EntryReader::count() const { return impl_->given; }

}  // namespace har
