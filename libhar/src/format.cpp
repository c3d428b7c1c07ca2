#include "har/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "formats/formats.hpp"
#include "har/exchange.hpp"
#include "har/exchanges.hpp"
#include "stream/text/utf8.hpp"

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

  /// Reads up to kSniffSize bytes ahead. An error waits until the bytes before it have been read.
  std::string_view peek() {
    prefix_.resize(kSniffSize);
    std::size_t size = 0;
    while (size < prefix_.size()) {
      auto count = inner_->read({prefix_.data() + size, prefix_.size() - size});
      if (!count) {
        error_ = std::move(count).error();
        break;
      }
      if (*count == 0) break;
      size += *count;
    }
    prefix_.resize(size);
    return prefix_;
  }

  Result<std::size_t> read(std::span<char> buffer) override {
    if (at_ < prefix_.size()) {
      const std::size_t count = std::min(buffer.size(), prefix_.size() - at_);
      std::memcpy(buffer.data(), prefix_.data() + at_, count);
      at_ += count;
      if (at_ == prefix_.size()) {
        prefix_ = {};
        at_ = 0;
      }
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

 private:
  std::unique_ptr<stream::ByteSource> inner_;
  std::string prefix_;
  std::size_t at_ = 0;
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

Result<Input> open_with(const std::string& path, std::optional<std::string_view> format, const stream::InputOptions& options,
                        bool bodies) {
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
  STREAM_ASSIGN(auto source, stream::open_input(path, options));
  auto peeked = std::make_unique<PeekedSource>(std::move(source));
  if (input.format == nullptr) {
    const std::string_view prefix = peeked->peek();
    Guess found = guess(prefix, path);
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
  input.files = std::make_unique<SideFiles>(path, options.limits.max_entry);
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

}  // namespace

std::span<const Format> formats() {
  static const std::array<Format, 11> kTable{format::kHar,       format::kHarLines,   format::kRecording, format::kSse,
                                             format::kNdjson,    format::kJsonSeq,    format::kText,      format::kRaw,
                                             format::kAsciicast, format::kAsciicast2, format::kKeploy};
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
  std::string creator;
  for (const auto& member : info.log) {
    if (member.name == "creator")
      creator = fmt::format("{} {}", member.value["name"].string_or(""), member.value["version"].string_or(""));
  }
  return to_exchange(std::move(entry), {std::move(id), start, item.where(), options.report, files, creator});
}

Result<std::unique_ptr<ExchangeReader>> open_exchanges(const std::string& path, const ExchangeInput& options) {
  const ReadOptions read{options.input.limits, options.report};
  STREAM_ASSIGN(Input input, open_with(path, options.format, options.input, options.bodies));
  input.reader = input.format->open_reader(*input.source, read);
  return std::unique_ptr<ExchangeReader>(std::make_unique<Exchanges>(std::move(input), read));
}

}  // namespace har
