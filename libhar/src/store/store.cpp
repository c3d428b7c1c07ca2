#include "har/store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "har/entry_work.hpp"
#include "har/exchange.hpp"
#include "har/format.hpp"
#include "store/add_har.hpp"
#include "pass/entry_file.hpp"
#include "store/indexer.hpp"
#include "stream/io/ordered_pipeline.hpp"

namespace har {
namespace {

using store::creator_of;
using pass::EntryFile;
using store::Indexer;
using store::kUnknownKind;
using store::Made;
using store::read_whole;
using store::Reading;
using store::Slot;
using store::start_of;
using stream::Error;
using stream::ErrorCode;
using stream::Exchange;
using stream::fail;
using stream::Json;
using stream::Place;
using stream::Result;
using stream::Status;
using stream::StreamKind;

constexpr std::size_t kBatchBytes = std::size_t{1} << 20;

}  // namespace

struct ExchangeStore::Impl {
  std::vector<Reading> inputs;
  std::vector<Slot> slots;

  const Reading& input_of(std::size_t index) const {
    return *std::prev(std::upper_bound(inputs.begin(), inputs.end(), index,
                                       [](std::size_t value, const Reading& input) { return value < input.first; }));
  }
  Result<std::size_t> add(const std::string& path, match::Matcher& matcher, const StoreOptions& options);
  Status add_lines(Reading& input, ItemReader& reader, match::Matcher& matcher, const StoreOptions& options);
  Status add_held(Reading& input, ItemReader& reader, match::Matcher& matcher, const StoreOptions& options);
  void hold(Reading& input, std::shared_ptr<const Exchange> exchange, match::Matcher& matcher);
  Status take(Made& made, match::Matcher& matcher, const StoreOptions& options);
  static Status hear(const Message& message, const StoreOptions& options);
};

/// A finding is handed on; an error is one unless somebody wants to go on behind it.
Status ExchangeStore::Impl::hear(const Message& message, const StoreOptions& options) {
  if (const auto* finding = std::get_if<stream::Finding>(&message)) {
    if (options.input.report) options.input.report(*finding);
    return {};
  }
  const auto& error = std::get<Error>(message);
  if (options.broken && options.broken(error)) return {};
  return fail(error);
}

Status ExchangeStore::Impl::take(Made& made, match::Matcher& matcher, const StoreOptions& options) {
  for (Made::Entry& entry : made.entries) {
    for (const Message& message : entry.messages) STREAM_TRY(hear(message, options));
    if (!entry.good) continue;
    matcher.add(std::move(entry.prepared));
    slots.push_back(entry.slot);
  }
  return {};
}

namespace {

/// Lines that go to work together.
struct Lines {
  struct Line {
    std::size_t begin = 0;  ///< in `text`
    std::size_t size = 0;
    std::size_t number = 0;
    Place place{};
  };
  std::string text{};
  std::vector<Line> lines{};
  std::optional<Error> error{};  ///< behind the last of them
  bool over = false;             ///< nothing follows
  Made made{};
};

/// False: there is nothing in it.
bool read_lines(ItemReader& reader, Lines& batch) {
  batch.text.clear();
  batch.lines.clear();
  batch.error.reset();
  while (batch.text.size() < kBatchBytes) {
    auto item = reader.next();
    if (!item) {
      batch.error = std::move(item).error();
      batch.over = !reader.can_continue();
      return true;
    }
    batch.over = !*item;
    if (batch.over) break;
    batch.lines.push_back({batch.text.size(), (*item)->text.size(), (*item)->index, (*item)->place});
    batch.text += (*item)->text;
  }
  return !batch.lines.empty();
}

}  // namespace

Status ExchangeStore::Impl::add_lines(Reading& input, ItemReader& reader, match::Matcher& matcher, const StoreOptions& options) {
  Indexer indexer(input, matcher.options(), input.file->size() <= options.whole_size);
  const auto work = [&](Lines& batch) {
    batch.made.entries.clear();
    auto tools = indexer.lend();
    for (const Lines::Line& line : batch.lines) {
      const std::string_view text = std::string_view(batch.text).substr(line.begin, line.size);
      indexer.work(
          {text, line.number, line.place.offset.value_or(0)}, *tools, [&] { return line.place; }, batch.made);
    }
    indexer.give_back(std::move(tools));
  };
  const auto consume = [&](Lines& batch) -> Status {
    STREAM_TRY(take(batch.made, matcher, options));
    if (!batch.error) return {};
    return batch.over ? Status(fail(*batch.error)) : hear(*batch.error, options);
  };
  bool begun = false;
  const auto begin = [&](const Lines& batch) {
    if (std::exchange(begun, true) || batch.lines.empty()) return;
    input.start = start_of(std::string_view(batch.text).substr(0, batch.lines.front().size));
    input.creator = creator_of(reader.info());
  };
  if (options.threads == 0) {
    for (Lines batch; !batch.over && read_lines(reader, batch);) {
      begin(batch);
      work(batch);
      STREAM_TRY(consume(batch));
    }
  } else {
    stream::OrderedPipeline<Lines> pipeline(options.threads, work, consume);
    for (bool over = false; !over;) {
      Lines batch = pipeline.recycle().value_or(Lines{});
      if (!read_lines(reader, batch)) break;
      over = batch.over;
      begin(batch);
      STREAM_TRY(pipeline.push(std::move(batch)));
    }
    STREAM_TRY(pipeline.finish());
  }
  if (input.creator.empty()) input.creator = creator_of(reader.info());
  return {};
}

Status ExchangeStore::Impl::add_held(Reading& input, ItemReader& reader, match::Matcher& matcher, const StoreOptions& options) {
  const ReadOptions read{options.input.input.limits, options.input.report};
  std::optional<stream::WallTime> start;
  for (;;) {
    auto item = reader.next();
    if (!item) {
      if (!reader.can_continue()) return fail(std::move(item).error());
      STREAM_TRY(hear(std::move(item).error(), options));
      continue;
    }
    if (!*item) return {};
    const bool recorded = (*item)->exchange.has_value();
    if (!start) start = recorded ? stream::WallTime{} : start_of((*item)->text);
    std::string id = recorded ? (*item)->exchange->id : std::to_string((*item)->index + 1);
    const stream::WallTime begin = recorded ? (*item)->exchange->start.value_or(*start) : *start;
    auto exchange = exchange_of(**item, reader.info(), input.files.get(), std::move(id), begin, read);
    if (!exchange) {
      STREAM_TRY(hear(std::move(exchange).error(), options));
      continue;
    }
    hold(input, std::make_shared<const Exchange>(std::move(*exchange)), matcher);
  }
}

void ExchangeStore::Impl::hold(Reading& input, std::shared_ptr<const Exchange> exchange, match::Matcher& matcher) {
  matcher.add(match::recorded_of(*exchange));
  Slot slot;
  slot.number = input.held.size() & 0xfffffffU;
  slot.kind = static_cast<std::uint32_t>(exchange->kind()) & 0xfU;
  slots.push_back(slot);
  input.held.push_back(std::move(exchange));
}

Result<std::size_t> ExchangeStore::Impl::add(const std::string& path, match::Matcher& matcher, const StoreOptions& options) {
  inputs.emplace_back();
  Reading& input = inputs.back();
  input.path = path;
  input.first = slots.size();
  input.limits = options.input.input.limits;
  STREAM_ASSIGN(input.file, EntryFile::open(path));
  STREAM_ASSIGN(Input opened, open_source(path, options.input.format, options.input.input));
  input.files = std::move(opened.files);
  const ReadOptions read{input.limits, options.input.report};
  const bool har = opened.format->name == "har";
  const bool lines = opened.format->name == "harl";
  // Its size is known where nothing was decompressed.
  if (input.file && (!(har || lines) || !opened.source->size_hint() || !input.file->is_at(path))) input.file.reset();
  input.har = har;
  if (input.file && har) {
    STREAM_TRY(store::add_har({input, matcher.options(), options, [&](Made& made) { return take(made, matcher, options); },
                               [&](const Message& message) { return hear(message, options); }}));
  } else {
    const auto reader = opened.format->open_reader(*opened.source, read);
    STREAM_TRY(input.file ? add_lines(input, *reader, matcher, options) : add_held(input, *reader, matcher, options));
  }
  if (input.file) STREAM_TRY(input.file->check());
  slots.shrink_to_fit();
  return slots.size() - input.first;
}

ExchangeStore::ExchangeStore() : impl_(std::make_unique<Impl>()) {}
ExchangeStore::~ExchangeStore() = default;

Result<std::size_t> ExchangeStore::add(const std::string& path, match::Matcher& matcher, const StoreOptions& options) {
  // What is read and what is made of it may both have something to say.
  std::mutex mutex;
  StoreOptions guarded = options;
  if (options.input.report) {
    guarded.input.report = [&](const stream::Finding& finding) {
      const std::lock_guard lock(mutex);
      options.input.report(finding);
    };
  }
  auto added = impl_->add(path, matcher, guarded);
  impl_->inputs.back().report = options.input.report;
  return added;
}

void ExchangeStore::add(std::shared_ptr<const Exchange> exchange, match::Matcher& matcher) {
  auto& inputs = impl_->inputs;
  if (inputs.empty() || !inputs.back().path.empty()) {
    inputs.emplace_back();
    inputs.back().first = impl_->slots.size();
  }
  impl_->hold(inputs.back(), std::move(exchange), matcher);
}

std::size_t ExchangeStore::size() const { return impl_->slots.size(); }

std::string ExchangeStore::id(std::size_t index) const {
  const Reading& input = impl_->input_of(index);
  const std::uint32_t number = impl_->slots[index].number;
  if (input.file) return std::to_string(number + 1);
  const std::string& id = input.held[number]->id;
  return id.empty() ? std::to_string(number) : id;
}

const std::string& ExchangeStore::input(std::size_t index) const { return impl_->input_of(index).path; }
StreamKind ExchangeStore::kind(std::size_t index) const {
  const std::uint32_t known = impl_->slots[index].kind;
  if (known != kUnknownKind) return static_cast<StreamKind>(known);
  const auto read = exchange(index);
  return read ? (*read)->kind() : StreamKind::http;
}
std::size_t ExchangeStore::file_bytes(std::size_t index) const { return impl_->slots[index].size; }

Result<std::shared_ptr<const Exchange>> ExchangeStore::exchange(std::size_t index) const {
  const Reading& input = impl_->input_of(index);
  const Slot& slot = impl_->slots[index];
  if (!input.file) return input.held[slot.number];
  STREAM_ASSIGN(const std::string text, input.file->read(slot.offset, slot.size));
  Place place{input.path, 0, 0, slot.offset, input.pointer(slot.number)};
  STREAM_ASSIGN(Exchange exchange, read_whole(input, text, slot.number, place, input.report));
  return std::make_shared<const Exchange>(std::move(exchange));
}

std::size_t ExchangeStore::memory() const { return impl_->slots.capacity() * sizeof(Slot); }

}  // namespace har
