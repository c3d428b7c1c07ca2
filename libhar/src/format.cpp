#include "har/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>

#include "formats/folder_source.hpp"
#include "formats/formats.hpp"
#include "har/exchange.hpp"
#include "har/exchanges.hpp"
#include "har/streams.hpp"
#include "stream/text/utf8.hpp"
#include "streams.hpp"

namespace har {

using stream::Error;
using stream::ErrorCode;
using stream::fail;
using stream::Json;
using stream::Result;

namespace {

constexpr int kSure = 30;  ///< below this a format's own reader will say what is wrong with the file

/// A source whose first bytes have been looked at.
class PeekedSource final : public stream::ByteSource {
 public:
  explicit PeekedSource(std::unique_ptr<stream::ByteSource> inner) : inner_(std::move(inner)) {}

  /// Reads ahead: all of kSniffSize bytes, or of what is live what comes next. An error waits until the bytes before it have
  /// been read. False: there is no more to be read ahead.
  bool peek_more() {
    if (error_ || ended_ || size_ == kSniffSize) return false;
    storage_.resize(kSniffSize);
    do {
      auto count = inner_->read({storage_.data() + size_, storage_.size() - size_});
      if (!count) {
        error_ = std::move(count).error();
      } else {
        ended_ = *count == 0;
        size_ += *count;
      }
    } while (!error_ && !ended_ && size_ < kSniffSize && !inner_->live());
    return true;
  }
  std::string_view peeked() const { return std::string_view(storage_).substr(0, size_); }
  bool ended() const { return ended_ || error_; }

  Result<std::size_t> read(std::span<char> buffer) override {
    if (at_ < size_) {
      const std::size_t count = std::min(buffer.size(), size_ - at_);
      std::memcpy(buffer.data(), storage_.data() + at_, count);
      at_ += count;
      if (at_ == size_) storage_ = {};
      return count;
    }
    if (error_) {
      Error error = std::move(*error_);
      error_.reset();
      return fail(std::move(error));
    }
    return inner_->read(buffer);
  }
  const std::string& name() const override { return inner_->name(); }
  bool live() const override { return inner_->live(); }
  std::optional<std::uint64_t> size_hint() const override {
    auto hint = inner_->size_hint();
    if (hint) *hint += size_ - at_;
    return hint;
  }

 private:
  std::unique_ptr<stream::ByteSource> inner_;
  std::string storage_;
  std::size_t size_ = 0;
  std::size_t at_ = 0;
  bool ended_ = false;
  std::optional<Error> error_;
};

std::string_view without_compression(std::string_view path) {
  for (const std::string_view suffix : {".gz", ".zst", ".br", ".zz", ".zlib"}) {
    if (path.ends_with(suffix)) return path.substr(0, path.size() - suffix.size());
  }
  return path;
}

struct Guess {
  const Format* format = nullptr;
  int score = 0;
};

/// Content decides; the suffix only between those that the content allows.
Guess guess(std::string_view prefix, const std::string& path) {
  const Format* const named = format_of_name(path);
  Guess best;
  for (const Format& format : formats()) {
    if (prefix.empty() && &format != named) continue;  // nothing may be a file of some formats: of what it is named after
    int score = format.sniff != nullptr && format.open_reader != nullptr ? format.sniff(prefix) : 0;
    if (score > 0 && &format == named) score += kSure;
    if (score > best.score) best = {&format, score};
  }
  if (best.score < kSure && named != nullptr && named->open_reader != nullptr && named->sniff == nullptr) best = {named, kSure};
  return best;
}

/// Whether the name says that there are exchanges in it. What is none of them is not taken for a body then. (".json" may be
/// both.)
bool names_exchanges(std::string_view path) {
  const Format* const named = format_of_name(path);
  if (named == nullptr) return false;
  return named->name == "harl" || named->name == "recording" || named->name == "asciicast" ||
         (named->name == "har" && without_compression(path).ends_with(".har"));
}

/// Whether what has begun like this may be what it likely is. (Nobody else takes it for his.)
bool may_be(stream::StreamKind likely, std::string_view prefix) {
  if (likely != stream::StreamKind::ndjson) return likely == stream::StreamKind::text || likely == stream::StreamKind::binary;
  const std::size_t end = prefix.find('\n');
  return end != std::string_view::npos && (prefix.front() == '{' || prefix.front() == '[') &&
         stream::parse_json(prefix.substr(0, end));
}

const Format* body_format(stream::StreamKind kind) {
  switch (kind) {
    case stream::StreamKind::ndjson:
      return &format::kNdjson;
    case stream::StreamKind::binary:
      return &format::kRaw;
    default:
      return &format::kText;
  }
}

/// Looks at how the input begins. What is live is asked for no more than is needed.
Guess look(PeekedSource& source, const std::string& path, std::optional<stream::StreamKind> likely) {
  Guess found;
  while (source.peek_more()) {
    found = guess(source.peeked(), path);
    if (found.score >= kSure || !source.live()) break;
    if (likely && !source.ended() && !source.peeked().empty() && may_be(*likely, source.peeked()))
      return {body_format(*likely), kSure};
  }
  return found;
}

/// The format that a folder is of; null if it is none of ours, so that it is refused as any folder is.
const Format* folder_format(const std::string& path, const Format* named) {
  std::error_code ignored;
  if (path == "-" || !std::filesystem::is_directory(path, ignored)) return nullptr;
  if (named != nullptr) return named->sniff_folder != nullptr ? named : nullptr;
  const Format* best = nullptr;
  int best_score = 0;
  for (const Format& format : formats()) {
    const int score = format.sniff_folder != nullptr ? format.sniff_folder(path) : 0;
    if (score <= best_score) continue;
    best = &format;
    best_score = score;
  }
  return best;
}

Result<Input> open_with(const std::string& path, std::optional<std::string_view> format, const stream::InputOptions& options,
                        bool bodies, std::optional<stream::StreamKind> likely = {}) {
  Input input;
  input.path = path;
  if (format) {
    input.format = find_format(*format);
    if (input.format == nullptr || input.format->open_reader == nullptr) {
      return fail({ErrorCode::usage,
                   fmt::format("{} format \"{}\"", input.format == nullptr ? "there is no" : "we can't read the", *format),
                   {},
                   "harconv --formats lists them"});
    }
  }
  if (const Format* const folder = folder_format(path, input.format)) {
    input.format = folder;
    input.source = std::make_unique<format::FolderSource>(path);
    input.files = std::make_unique<SideFiles>(path + "/.", options.limits.max_entry);
    return input;
  }
  STREAM_ASSIGN(auto source, stream::open_input(path, options));
  auto peeked = std::make_unique<PeekedSource>(std::move(source));
  if (input.format == nullptr) {
    Guess found = look(*peeked, path, likely);
    const std::string_view prefix = peeked->peeked();
    if (found.score < kSure && bodies && names_exchanges(path)) {
      found.format = format_of_name(path);  // its reader says what is wrong
    } else if (found.score < kSure && bodies) {
      found.format = stream::is_utf8(prefix.substr(0, prefix.size() - std::min<std::size_t>(prefix.size(), 4))) ? &format::kText
                                                                                                                : &format::kRaw;
    }
    const bool blank = prefix.find_first_not_of(" \t\r\n") == std::string_view::npos;
    if (found.format == nullptr && blank) found.format = &format::kHar;  // its reader says that the file is empty
    if (found.format == nullptr) {
      return fail({ErrorCode::syntax,
                   "the format of this input is not known",
                   {peeked->name()},
                   "name it with --from; harconv --formats lists them"});
    }
    input.format = found.format;
  }
  input.source = std::move(peeked);
  input.files = std::make_unique<SideFiles>(input.format->archive ? "-" : path, options.limits.max_entry);
  return input;
}

class Exchanges final : public ExchangeReader {
 public:
  Exchanges(Input input, ReadOptions options) : input_(std::move(input)), options_(std::move(options)) {}

  Result<std::optional<stream::Exchange>> next() override {
    STREAM_ASSIGN(auto item, input_.reader->next());
    if (!item) return std::optional<stream::Exchange>();
    if (!start_) {
      start_ = stream::WallTime{};
      if (!item->exchange) {
        STREAM_ASSIGN(const Json entry, entry_of(*item, options_));
        start_ = started_at(entry).value_or(stream::WallTime{});
      }
    }
    const bool recorded = item->exchange.has_value();
    std::string id = recorded ? item->exchange->id : std::to_string(item->index + 1);
    const stream::WallTime start = recorded ? item->exchange->start.value_or(*start_) : *start_;
    STREAM_ASSIGN(auto exchange, exchange_of(*item, input_.reader->info(), input_.files.get(), std::move(id), start, options_));
    return std::optional(std::move(exchange));
  }

 private:
  Input input_;
  ReadOptions options_;
  std::optional<stream::WallTime> start_;
};

/// A format's own streams, with the input they come out of.
class Streams final : public StreamReader {
 public:
  Streams(Input input, const StreamInput& options)
      : input_(std::move(input)), streams_(input_.format->open_streams(*input_.source, options)) {
    format = input_.format->name;
  }

  Result<std::optional<OpenStream>> next() override { return streams_->next(); }
  const std::vector<ExchangeHead>& heads() const override { return streams_->heads(); }
  bool all_known() const override { return streams_->all_known(); }

 private:
  Input input_;
  std::unique_ptr<StreamReader> streams_;
};

}  // namespace

std::span<const Format> formats() {
  static const std::array kTable{
#define HARTAPE_FORMAT(name) format::name,
#include "formats/formats.def"
#undef HARTAPE_FORMAT
  };
  return kTable;
}

const Format* find_format(std::string_view name) {
  for (const Format& format : formats()) {
    if (format.name == name) return &format;
  }
  return nullptr;
}

const Format* format_of_name(std::string_view path) {
  path = without_compression(path);
  const Format* found = nullptr;
  std::size_t longest = 0;
  for (const Format& format : formats()) {
    for (std::string_view rest = format.suffixes; !rest.empty();) {
      const std::string_view suffix = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(suffix.size() + 1, rest.size()));
      if (path.ends_with(suffix) && suffix.size() > longest) {
        found = &format;
        longest = suffix.size();
      }
    }
  }
  return found;
}

Result<Input> open_source(const std::string& path, std::optional<std::string_view> format, const stream::InputOptions& input) {
  return open_with(path, format, input, false);
}

Result<Input> open_items(const std::string& path, std::optional<std::string_view> format, const stream::InputOptions& input,
                         const ReadOptions& options) {
  STREAM_ASSIGN(Input opened, open_source(path, format, input));
  opened.reader = opened.format->open_reader(*opened.source, options);
  return opened;
}

Result<stream::Json> entry_of(const Item& item, const ReadOptions& options) {
  if (item.exchange) return to_entry(*item.exchange);
  auto entry = stream::parse_json(item.text, options.limits);
  if (!entry) return fail(locate(std::move(entry).error(), item.where()));
  return std::move(*entry);
}

Result<stream::Exchange> exchange_of(const Item& item, const LogInfo& info, const SideFiles* files, std::string id,
                                     stream::WallTime start, const ReadOptions& options) {
  if (item.exchange) {
    stream::Exchange exchange = *item.exchange;
    const stream::Nanos shift = exchange.start ? *exchange.start - start : stream::Nanos{};
    const auto move = [&](stream::Event& event) {
      event.t += shift;
      event.id = id;
    };
    if (exchange.request) move(*exchange.request);
    if (exchange.response) move(*exchange.response);
    for (stream::Event& event : exchange.timeline) move(event);
    if (exchange.end) move(*exchange.end);
    exchange.id = id;
    exchange.start = start;
    return exchange;
  }
  STREAM_ASSIGN(Json entry, entry_of(item, options));
  return exchange_of_entry(std::move(entry), item, info, files, std::move(id), start, options);
}

Result<stream::Exchange> exchange_of_entry(Json entry, const Item& item, const LogInfo& info, const SideFiles* files,
                                           std::string id, stream::WallTime start, const ReadOptions& options) {
  std::string creator;
  for (const auto& member : info.log) {
    if (member.name == "creator")
      creator = fmt::format("{} {}", member.value["name"].string_or(""), member.value["version"].string_or(""));
  }
  return to_exchange(std::move(entry), {std::move(id), start, item.where(), options.report, files, creator});
}

Result<std::unique_ptr<StreamReader>> open_streams(const std::string& path, const StreamInput& options) {
  const ReadOptions read{options.input.input.limits, options.input.report};
  STREAM_ASSIGN(Input input, open_with(path, options.input.format, options.input.input, options.input.bodies, options.likely));
  if (input.format->open_streams != nullptr)
    return std::unique_ptr<StreamReader>(std::make_unique<Streams>(std::move(input), options));
  input.reader = input.format->open_reader(*input.source, read);
  const std::string_view format = input.format->name;
  auto streams = whole_streams(std::make_unique<Exchanges>(std::move(input), read), options);
  streams->format = format;
  return streams;
}

Result<std::unique_ptr<ExchangeReader>> open_exchanges(const std::string& path, const ExchangeInput& options) {
  const ReadOptions read{options.input.limits, options.report};
  STREAM_ASSIGN(Input input, open_with(path, options.format, options.input, options.bodies));
  input.reader = input.format->open_reader(*input.source, read);
  return std::unique_ptr<ExchangeReader>(std::make_unique<Exchanges>(std::move(input), read));
}

}  // namespace har
