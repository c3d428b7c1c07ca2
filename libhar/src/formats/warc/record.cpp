#include "formats/warc/record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace har::format::warc {
namespace {

using stream::ErrorCode;
using stream::fail;
using stream::Result;
using stream::Status;

constexpr std::string_view kMagic = "WARC/";
constexpr std::size_t kMaxHead = std::size_t{1} << 20;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

std::optional<std::uint64_t> number(std::string_view text) {
  if (text.empty() || text.size() > 18 || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  std::uint64_t out = 0;
  for (const char c : text) out = out * 10 + static_cast<std::uint64_t>(c - '0');
  return out;
}

/// Where the empty line ends that `text`'s head ends with; npos: not within it.
std::size_t end_of_head(std::string_view text, std::size_t from) {
  for (std::size_t at = from; (at = text.find('\n', at)) != std::string_view::npos; ++at) {
    if (text.substr(at + 1).starts_with("\r\n")) return at + 3;
    if (text.substr(at + 1).starts_with("\n")) return at + 2;
  }
  return std::string_view::npos;
}

void add_line(Fields& fields, std::string_view line) {
  if ((line.front() == ' ' || line.front() == '\t') && !fields.empty()) {  // a folded line
    fields.back().value.append(" ").append(trimmed(line));
    return;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  fields.push_back({std::string(trimmed(line.substr(0, colon))), std::string(trimmed(line.substr(colon + 1)))});
}

}  // namespace

std::string_view without_brackets(std::string_view uri) {
  return uri.size() >= 2 && uri.front() == '<' && uri.back() == '>' ? uri.substr(1, uri.size() - 2) : uri;
}

stream::Error RecordReader::cut_error() const { return {ErrorCode::truncated, "the input ends within a record", in_.place(at_)}; }

Status RecordReader::skip_block() {
  if (cut_) return fail(*cut_);
  const std::uint64_t wanted = std::exchange(left_, 0);
  auto skipped = in_.skip(wanted);
  if (!skipped) return fail(std::move(skipped).error());
  if (*skipped < wanted) return fail(cut_error());
  return {};
}

/// To the next line that a record begins with, or the end.
Status RecordReader::seek() {
  for (;;) {
    const std::string_view view = in_.view();
    std::size_t at = 0;
    while ((at = view.find("\nWARC/", at)) != std::string_view::npos) {
      if (at + 6 == view.size() || (view[at + 6] >= '0' && view[at + 6] <= '9')) break;
      ++at;
    }
    if (at != std::string_view::npos) {
      in_.take(at + 1);
      return {};
    }
    in_.take(view.size() - std::min<std::size_t>(view.size(), 6));
    const auto more = in_.more();
    if (!more) return fail(more.error());
    if (!*more) {
      in_.take(in_.view().size());
      return {};
    }
  }
}

Result<std::optional<Head>> RecordReader::next() {
  if (ended_) return std::optional<Head>();
  const auto end = [&](auto result) {
    ended_ = true;
    return result;
  };
  if (auto status = skip_block(); !status) return end(Result<std::optional<Head>>(fail(std::move(status).error())));
  if (std::exchange(lost_, false)) {
    if (auto status = seek(); !status) return end(Result<std::optional<Head>>(fail(std::move(status).error())));
  }
  // Two line ends stand behind a record; some writers have more, or fewer.
  for (;;) {
    const auto more = in_.fill(1);
    if (!more) return end(Result<std::optional<Head>>(fail(more.error())));
    if (!*more) return end(Result<std::optional<Head>>(std::optional<Head>()));
    const std::string_view view = in_.view();
    const std::size_t lines = std::min(view.find_first_not_of("\r\n"), view.size());
    in_.take(lines);
    if (!in_.view().empty()) break;
  }
  at_ = in_.offset();
  auto head = this->head();
  if (head) {
    left_ = head->length;
    return std::optional(std::move(*head));
  }
  if (head.error().code == ErrorCode::syntax) {
    lost_ = true;
  } else {
    ended_ = true;
  }
  return fail(std::move(head).error());
}

Result<Head> RecordReader::head() {
  std::size_t looked_at = 0;
  std::size_t size = 0;
  for (;;) {
    const std::string_view view = in_.view();
    if (view.substr(0, kMagic.size()) != kMagic.substr(0, view.size()))
      return fail({ErrorCode::syntax, "expected a record of a WARC file, which begins with WARC/1.1", in_.place(at_)});
    size = end_of_head(view, looked_at);
    if (size != std::string_view::npos) break;
    if (view.size() > kMaxHead) {
      in_.take(1);
      return fail({ErrorCode::syntax, fmt::format("the head of the record is larger than {} bytes", kMaxHead), in_.place(at_)});
    }
    looked_at = view.size() - std::min<std::size_t>(view.size(), 2);
    const auto more = in_.more();
    if (!more) return fail(more.error());
    if (!*more) return fail(cut_error());
  }
  Head out;
  out.offset = at_;
  std::string_view text = in_.view().substr(0, size);
  bool first = true;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end, text.size() - 1) + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (std::exchange(first, false)) {
      out.version = trimmed(line.substr(kMagic.size()));
    } else if (!line.empty()) {
      add_line(out.fields, line);
    }
  }
  in_.take(size);
  out.block = in_.offset();
  const auto length = number(out["Content-Length"]);
  if (!length) return fail({ErrorCode::syntax, "expected a Content-Length in the record's head, a number", in_.place(at_)});
  out.length = *length;
  return out;
}

Result<std::string> RecordReader::block() {
  const std::uint64_t wanted = std::exchange(left_, 0);
  if (wanted > limits_.max_entry) {
    left_ = wanted;
    return fail({ErrorCode::limit, fmt::format("the record is larger than {} bytes", limits_.max_entry), in_.place(at_),
                 "raise the limit with --max-entry"});
  }
  const auto whole = in_.fill(static_cast<std::size_t>(wanted));
  if (!whole) {
    cut_ = whole.error();
  } else if (!*whole) {
    cut_ = cut_error();
  }
  std::string out(in_.view().substr(0, static_cast<std::size_t>(wanted)));
  in_.take(out.size());
  return out;
}

}  // namespace har::format::warc
