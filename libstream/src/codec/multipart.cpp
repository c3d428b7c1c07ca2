#include "stream/codec/multipart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "stream/codec/http_grammar.hpp"
#include "stream/text/ascii.hpp"

namespace stream {
namespace {

using ascii::equal_ignoring_case;
using ascii::is_alnum;
using ascii::starts_with_ignoring_case;
using ascii::trimmed;
using http::is_token;

constexpr std::string_view kBlank = " \t";
constexpr std::size_t kMaxBlankLines = 8;
// White space after a delimiter ("transport padding"): what is longer is no delimiter line.
constexpr std::size_t kMaxPadding = 256;
constexpr std::size_t kMaxBoundary = 70;  // RFC 2046 §5.1.1

// RFC 2046 §5.1.1: bchars.
bool is_boundary_character(char c) { return is_alnum(c) || std::string_view("'()+_,-./:=? ").find(c) != std::string_view::npos; }

bool is_valid_boundary(std::string_view boundary) {
  return !boundary.empty() && boundary.size() <= kMaxBoundary && boundary.back() != ' ' &&
         std::all_of(boundary.begin(), boundary.end(), is_boundary_character);
}

std::optional<std::uint64_t> parse_length(std::string_view text) {
  if (text.empty() || text.size() > 18 || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) value = value * 10 + static_cast<std::uint64_t>(c - '0');
  return value;
}

// Of a part without a delimiter before it. The preamble of a mail is prose.
bool looks_like_header(std::string_view line) {
  return (starts_with_ignoring_case(line, "content-") || starts_with_ignoring_case(line, "x-")) &&
         line.find(':') != std::string_view::npos;
}

}  // namespace

const std::string* MultipartItem::header(std::string_view name) const {
  const auto found =
      std::find_if(headers.begin(), headers.end(), [&](const auto& header) { return equal_ignoring_case(header.name, name); });
  return found == headers.end() ? nullptr : &found->value;
}

std::string_view MultipartItem::content_type() const {
  const std::string* type = header("Content-Type");
  return type == nullptr || type->empty() ? std::string_view("text/plain; charset=us-ascii") : std::string_view(*type);
}

MultipartDecoder::MultipartDecoder(MultipartOptions options) : options_(std::move(options)) {
  const std::string& boundary = options_.boundary;
  if (boundary.empty()) return;
  delimiters_.push_back("--" + boundary);
  // Cameras give the whole delimiter as the parameter (Chromium too adds "--" only where it is absent).
  if (boundary.starts_with("--")) delimiters_.push_back(boundary);
}

Status MultipartDecoder::feed(std::string_view bytes, std::vector<MultipartItem>& out) {
  if (failure_) return fail(*failure_);
  constexpr std::size_t kPiece = std::size_t{256} << 10;
  while (!bytes.empty()) {
    buffer_.append(bytes.substr(0, kPiece));
    STREAM_TRY(run(false, out));
    // Only when at least half of the bytes go, so that moving the others costs no more than they did.
    if (at_ >= buffer_.size() - at_) {
      buffer_.erase(0, at_);
      buffer_begin_ += at_;
      line_start_ -= std::min(at_, line_start_);
      searched_ -= std::min(at_, searched_);
      at_ = 0;
    }
    bytes.remove_prefix(std::min(kPiece, bytes.size()));
  }
  return {};
}

Status MultipartDecoder::finish(std::vector<MultipartItem>& out) {
  if (failure_) return fail(*failure_);
  STREAM_TRY(run(true, out));
  if (state_ == State::epilogue) {
    if (junk_ != 0) {
      report(Level::note, "multipart-epilogue", fmt::format("{} bytes after the close delimiter are ignored", junk_),
             junk_begin_);
    }
  } else if (parts_ != 0) {
    report(Level::note, "multipart-no-close", "the input ends without a close delimiter", offset(buffer_.size()));
  } else if (junk_ != 0) {
    report(Level::error, "multipart-no-first-boundary", "expected a delimiter, found none in the whole input", junk_begin_);
  }
  return {};
}

Status MultipartDecoder::run(bool at_end, std::vector<MultipartItem>& out) {
  if (buffer_begin_ == 0 && at_ == 0 && !options_.boundary.empty() && !is_valid_boundary(options_.boundary)) {
    report_once(Level::warning, "multipart-bad-boundary",
                "expected a boundary of 1 to 70 characters of those that RFC 2046 allows", 0);
  }
  for (;;) {
    Result<Step> step = Step::need_more;
    switch (state_) {
      case State::preamble:
        step = preamble(at_end);
        break;
      case State::headers:
        step = headers(at_end, out);
        break;
      case State::counted_body:
        step = counted_body(at_end, out);
        break;
      case State::searched_body:
        step = searched_body(at_end, out);
        break;
      case State::epilogue:
        epilogue();
        break;
    }
    if (!step) return fail(std::move(step).error());
    if (*step == Step::need_more) return {};
  }
}

// The line from `from` on; at the end of the input also one without a line end.
std::optional<MultipartDecoder::Line> MultipartDecoder::next_line(std::size_t from, bool at_end) {
  const std::size_t lf = buffer_.find('\n', std::max(from, searched_));
  if (lf == std::string::npos) {
    searched_ = buffer_.size();
    if (!at_end || from == buffer_.size()) return std::nullopt;
    return Line{std::string_view(buffer_).substr(from), buffer_.size(), 0};
  }
  return line_of(std::string_view(buffer_).substr(from), lf - from, from);
}

// The line that `rest` begins with, whose LF is at `lf` in it (npos: it has none); `at` is where it stands in buffer_.
MultipartDecoder::Line MultipartDecoder::line_of(std::string_view rest, std::size_t lf, std::size_t at) {
  if (lf == std::string_view::npos) return {rest, at + rest.size(), 0};
  const std::size_t ending = lf > 0 && rest[lf - 1] == '\r' ? 2 : 1;
  return {rest.substr(0, lf + 1 - ending), at + lf + 1, ending};
}

MultipartDecoder::Match MultipartDecoder::match(std::string_view line, std::string_view delimiter) {
  if (!line.starts_with(delimiter)) return Match::no;
  std::string_view rest = line.substr(delimiter.size());
  const bool close = rest.starts_with("--");
  if (close) rest.remove_prefix(2);
  if (rest.find_first_not_of(kBlank) != std::string_view::npos) return Match::no;
  return close ? Match::close : Match::delimiter;
}

MultipartDecoder::Match MultipartDecoder::match(std::string_view line) const {
  for (const std::string& delimiter : delimiters_) {
    if (const Match found = match(line, delimiter); found != Match::no) return found;
  }
  return Match::no;
}

// Where no boundary is given: a line of "--" and boundary characters is a delimiter, and says what the others are.
MultipartDecoder::Match MultipartDecoder::sniff(std::string_view line, std::size_t at) {
  if (!delimiters_.empty()) return match(line);
  line = line.substr(0, line.find_last_not_of(kBlank) + 1);
  if (line.size() < 3 || !line.starts_with("--") || !is_valid_boundary(line.substr(2)) ||
      line.find(' ') != std::string_view::npos) {
    return Match::no;
  }
  delimiters_.emplace_back(line);
  report(Level::warning, "multipart-no-boundary",
         fmt::format("no boundary is given; this line says it is \"{}\"", line.substr(2)), offset(at));
  return Match::delimiter;
}

// Whether a line that begins with `rest`, which may not be all of it, can be a delimiter line.
bool MultipartDecoder::may_be_delimiter(std::string_view rest) const {
  const auto begins_with = [&](std::string_view delimiter, std::size_t padding) {
    if (rest.size() <= delimiter.size()) return delimiter.starts_with(rest);
    return rest.starts_with(delimiter) && (rest.size() <= delimiter.size() + padding ||
                                           rest.substr(delimiter.size(), padding).find('\n') != std::string_view::npos);
  };
  if (delimiters_.empty()) return begins_with("--", kMaxBoundary + kMaxPadding);
  return std::any_of(delimiters_.begin(), delimiters_.end(),
                     [&](const auto& delimiter) { return begins_with(delimiter, kMaxPadding); });
}

Result<MultipartDecoder::Step> MultipartDecoder::preamble(bool at_end) {
  const auto line = next_line(at_, at_end);
  STREAM_TRY(check_size(offset(at_), offset(line ? line->next : buffer_.size())));
  if (!line) return Step::need_more;
  if (line->text.empty()) {
    report_once(Level::note, "multipart-leading-blank-line", "an empty line before the first delimiter", offset(at_));
  } else if (const Match found = delimiters_.empty() && junk_ != 0 ? Match::no : sniff(line->text, at_); found != Match::no) {
    if (junk_ != 0)
      report(Level::note, "multipart-preamble", fmt::format("{} bytes before the first delimiter are ignored", junk_),
             junk_begin_);
    junk_ = 0;
    after_delimiter(found, at_, *line);
    return Step::on;
  } else if (junk_ == 0 && looks_like_header(line->text)) {
    report(Level::warning, "multipart-no-first-boundary", "expected a delimiter before the first part, found a header",
           offset(at_));
    part_ = {};
    part_.begin = offset(at_);
    state_ = State::headers;
    return Step::on;
  } else {
    if (junk_ == 0) junk_begin_ = offset(at_);
    junk_ += line->next - at_;
  }
  at_ = line->next;
  return Step::on;
}

void MultipartDecoder::after_delimiter(Match found, std::size_t at, const Line& line) {
  if (line.ending == 1) report_bare_lf(offset(line.next - 1));
  if (delimiters_.size() > 1) {
    const bool as_is = match(line.text, delimiters_.front()) == Match::no;
    delimiters_.erase(as_is ? delimiters_.begin() : delimiters_.begin() + 1);
    if (as_is)
      report(Level::warning, "multipart-boundary-dashes", "the boundary parameter holds the \"--\" of the delimiter", offset(at));
  }
  part_ = {};
  part_.begin = offset(at);
  length_.reset();
  at_ = line.next;
  state_ = found == Match::close ? State::epilogue : State::headers;
}

Result<MultipartDecoder::Step> MultipartDecoder::headers(bool at_end, std::vector<MultipartItem>& out) {
  const auto line = next_line(at_, at_end);
  STREAM_TRY(check_size(part_.begin, offset(line ? line->next : buffer_.size())));
  if (!line) {
    // The delimiter may have been written ahead: without headers it makes no part.
    if (at_end && !part_.headers.empty()) cut_part(out);
    return Step::need_more;
  }
  if (const Match found = match(line->text); found != Match::no) {
    if (!part_.headers.empty()) {
      report(Level::warning, "multipart-no-blank-line", "expected an empty line after a part's headers, found a delimiter",
             offset(at_));
      part_.body_begin = offset(at_);
      const std::size_t at = at_;
      emit(0, true, out);
      after_delimiter(found, at, *line);
    } else {
      if (found == Match::delimiter)
        report(Level::warning, "multipart-empty-part", "a delimiter follows a delimiter", offset(at_));
      after_delimiter(found, at_, *line);
    }
    return Step::on;
  }
  if (line->ending == 1) report_bare_lf(offset(line->next - 1));
  if (line->text.empty()) {
    begin_body(*line);
    return Step::on;
  }
  if (line->ending != 0 || line->text.find(':') != std::string_view::npos) header_line(*line);
  at_ = line->next;
  if (line->ending == 0) cut_part(out);
  return Step::on;
}

// The input ends within the headers.
void MultipartDecoder::cut_part(std::vector<MultipartItem>& out) {
  part_.body_begin = offset(at_);
  emit(0, false, out);
}

void MultipartDecoder::header_line(const Line& line) {
  const std::string_view text = line.text;
  if (kBlank.find(text.front()) != std::string_view::npos && !part_.headers.empty()) {
    report_once(Level::note, "multipart-folded-header",
                "a header that goes on in the next line, which RFC 9112 §5.2 does not allow", offset(at_));
    std::string& value = part_.headers.back().value;
    if (!value.empty()) value += ' ';
    value += trimmed(text);
    return;
  }
  const std::size_t colon = text.find(':');
  const std::string_view name = trimmed(text.substr(0, colon));
  if (colon == std::string_view::npos || !is_token(name)) {
    report(Level::warning, "multipart-bad-header", "expected a header or an empty line; the line is ignored", offset(at_));
    return;
  }
  part_.headers.push_back({std::string(name), std::string(trimmed(text.substr(colon + 1)))});
}

// `blank` is the empty line before the body.
void MultipartDecoder::begin_body(const Line& blank) {
  at_ = blank.next;
  line_start_ = at_;
  part_.body_begin = offset(at_);
  crlf_ = blank.ending == 2;
  state_ = State::searched_body;
  const std::string* written = part_.header("Content-Length");
  if (written == nullptr) {
    report_once(Level::note, "multipart-no-content-length", "a part without a Content-Length ends at the next delimiter",
                part_.begin);
    return;
  }
  length_ = parse_length(*written);
  if (!length_) {
    report(Level::warning, "multipart-bad-content-length",
           "expected decimal digits in Content-Length; the part ends at the next delimiter", part_.begin);
  } else if (part_.body_begin - part_.begin + *length_ <= options_.limits.max_entry) {
    state_ = State::counted_body;
  }
}

Result<MultipartDecoder::Step> MultipartDecoder::counted_body(bool at_end, std::vector<MultipartItem>& out) {
  const auto length = static_cast<std::size_t>(*length_);
  const auto search = [this]() {
    state_ = State::searched_body;
    return Step::on;
  };
  if (buffer_.size() - at_ < length) return at_end ? search() : Step::need_more;
  // What follows must be line breaks and a delimiter line. Few bytes: this may run again with each piece.
  const std::size_t body_end = at_ + length;
  std::size_t at = body_end;
  std::size_t line_breaks = 0;
  bool bare_lf = false;
  for (; line_breaks <= kMaxBlankLines; ++line_breaks) {
    const std::string_view rest = std::string_view(buffer_).substr(at);
    const bool crlf = rest.starts_with("\r\n");
    if (!crlf && !rest.starts_with('\n')) break;
    bare_lf = bare_lf || !crlf;
    at += crlf ? 2 : 1;
  }
  const std::string_view rest = std::string_view(buffer_).substr(at);
  if (!rest.empty() && rest != "\r" && !may_be_delimiter(rest)) return search();
  const std::size_t lf = rest.find('\n');
  if (lf == std::string_view::npos && !at_end) return Step::need_more;
  const Line line = line_of(rest, lf, at);
  const Match found = sniff(line.text, at);
  if (found == Match::no) {
    if (line.ending != 0) return search();
    // The end of the input, perhaps within a delimiter.
    emit(length, true, out);
    at_ = buffer_.size();
    state_ = State::headers;
    return Step::need_more;
  }
  // A Content-Length may have counted (some of) the line break that belongs to the delimiter.
  const std::string_view body = std::string_view(buffer_).substr(at_, length);
  std::size_t counted = 0;
  if (line_breaks == 0) {
    counted = body.ends_with("\r\n") ? 2 : body.ends_with('\n') ? 1 : 0;
    if (counted == 0) {
      report(Level::warning, "multipart-missing-line-break", "expected a line break between the body and the delimiter",
             offset(at));
    }
  } else if (buffer_[body_end] == '\n' && crlf_ && body.ends_with('\r')) {
    counted = 1;
    bare_lf = false;
  }
  if (line_breaks > 1) {
    report(Level::warning, "multipart-extra-blank-line", "an empty line between the body and the delimiter", offset(body_end));
  }
  if (bare_lf) report_bare_lf(offset(body_end));
  emit(length - counted, true, out);
  after_delimiter(found, at, line);
  return Step::on;
}

Result<MultipartDecoder::Step> MultipartDecoder::searched_body(bool at_end, std::vector<MultipartItem>& out) {
  for (;;) {
    const std::string_view rest = std::string_view(buffer_).substr(line_start_);
    const bool candidate = !delimiters_.empty() && may_be_delimiter(rest);
    const auto line = next_line(line_start_, at_end);
    const Match found = candidate && line ? match(line->text) : Match::no;
    if (found != Match::no) {
      std::size_t end = line_start_;
      if (end > at_) end -= end - at_ > 1 && buffer_[end - 2] == '\r' ? 2U : 1U;
      STREAM_TRY(check_size(part_.begin, offset(end)));
      if (end < line_start_ && line_start_ - end == 1) {
        report_bare_lf(offset(end));
      }
      const std::size_t at = line_start_;
      emit(end - at_, true, out);
      after_delimiter(found, at, *line);
      return Step::on;
    }
    if (line && line->ending != 0) {
      line_start_ = line->next;
      continue;
    }
    if (at_end) {
      STREAM_TRY(check_size(part_.begin, offset(buffer_.size())));
      emit(buffer_.size() - at_, false, out);
      at_ = buffer_.size();
      state_ = State::headers;
      return Step::need_more;
    }
    // The body is at least as long as this: the line break of a delimiter does not count.
    const std::uint64_t known = offset(candidate ? line_start_ : buffer_.size());
    STREAM_TRY(check_size(part_.begin, std::max(part_.begin, known - std::min<std::uint64_t>(known, 2))));
    return Step::need_more;
  }
}

void MultipartDecoder::emit(std::size_t body_size, bool complete, std::vector<MultipartItem>& out) {
  MultipartItem& item = out.emplace_back(std::exchange(part_, {}));
  item.number = ++parts_;
  item.body = buffer_.substr(static_cast<std::size_t>(item.body_begin - buffer_begin_), body_size);
  item.end = item.body_begin + body_size;
  item.complete = complete;
  const bool wrong_length = length_ && *length_ != body_size;
  if (!complete) {
    report(Level::warning, "multipart-truncated",
           wrong_length ? fmt::format("the input ends within a part, after {} bytes of the {} that Content-Length says",
                                      body_size, *length_)
                        : std::string("the input ends within a part"),
           item.end);
  } else if (wrong_length) {
    report(Level::warning, "multipart-wrong-content-length",
           fmt::format("Content-Length says {} bytes, the delimiter comes after {}", *length_, body_size), item.body_begin);
  }
  const bool jpeg =
      starts_with_ignoring_case(item.content_type(), "image/jpeg") || starts_with_ignoring_case(item.content_type(), "image/jpg");
  if (jpeg && wrong_length && !(item.body.starts_with("\xFF\xD8") && item.body.ends_with("\xFF\xD9"))) {
    report(Level::warning, "multipart-jpeg-cut", "the JPEG does not begin with FF D8 and end with FF D9", item.body_begin);
  }
  length_.reset();
}

void MultipartDecoder::epilogue() {
  if (junk_ == 0) at_ = std::min(buffer_.find_first_not_of("\r\n", at_), buffer_.size());
  if (junk_ == 0) junk_begin_ = offset(at_);
  junk_ += buffer_.size() - at_;
  at_ = buffer_.size();
}

Status MultipartDecoder::check_size(std::uint64_t begin, std::uint64_t end) {
  if (end - begin <= options_.limits.max_entry) return {};
  failure_ = Error{ErrorCode::limit, fmt::format("a part of more than {} bytes (--max-entry)", options_.limits.max_entry),
                   Place{options_.source, 0, 0, begin, {}}, "use --max-entry to allow more"};
  return fail(*failure_);
}

void MultipartDecoder::report(Level level, std::string_view rule, std::string message, std::uint64_t offset) {
  if (options_.findings)
    options_.findings({level, std::string(rule), std::move(message), Place{options_.source, 0, 0, offset, {}}});
}

void MultipartDecoder::report_bare_lf(std::uint64_t offset) {
  report_once(Level::warning, "multipart-bare-lf", "expected CRLF at the end of a line, found LF", offset);
}

void MultipartDecoder::report_once(Level level, std::string_view rule, std::string message, std::uint64_t offset) {
  if (!options_.findings || std::find(reported_.begin(), reported_.end(), rule) != reported_.end()) return;
  reported_.emplace_back(rule);
  report(level, rule, std::move(message), offset);
}

}  // namespace stream
