// A zip archive with a HAR in it, and what the HAR names by `_file`: bodies, and WebSocket messages in lines. Playwright makes
// them (recordHar with a path that ends with .zip; server/har/harRecorder.ts) and routes from them; PerfCascade calls a zip of a
// HAR alone .zhar.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "formats/bodies.hpp"
#include "formats/formats.hpp"
#include "formats/zip/archive.hpp"
#include "formats/zip/file_sink.hpp"
#include "formats/zip/frames.hpp"
#include "formats/zip/names.hpp"

namespace har::format {
namespace {

using stream::ErrorCode;
using stream::fail;
using stream::Json;
using stream::Result;
using stream::Status;

constexpr std::string_view kHarName = "har.har";

bool is_har_name(std::string_view name) {
  if (name.size() < 4 || name.starts_with("__MACOSX/")) return false;  // where macOS keeps attributes of files
  const std::string_view suffix = name.substr(name.size() - 4);
  return suffix == ".har" || suffix == ".HAR";
}

// ---- reading

class Reader final : public ItemReader {
 public:
  Reader(stream::ByteSource& source, const ReadOptions& options) : source_(source), options_(options) {}

  Result<std::optional<Item>> next() override {
    if (entries_ == nullptr) {
      if (std::exchange(failed_, true)) return std::optional<Item>();
      STREAM_TRY(open());
    }
    while (at_ == batch_.entries().size()) {
      at_ = 0;
      auto more = entries_->next(batch_);
      if (!more) return fail(std::move(more).error());
      if (!*more) return std::optional<Item>();
    }
    const EntrySlice& entry = batch_.entries()[at_++];
    Item item;
    item.text = entry.text;
    item.index = entry.index;
    item.batch = &batch_;
    item.slice = &entry;
    if (entry.text.find("\"_file\"") != std::string_view::npos) STREAM_TRY(embed(item));
    return std::optional(std::move(item));
  }
  bool can_continue() const override { return continues_ || (entries_ != nullptr && entries_->can_continue()); }
  const LogInfo& info() const override { return entries_ != nullptr ? entries_->info() : none_; }

 private:
  Status open() {
    STREAM_ASSIGN(archive_, zip::Archive::open(source_, options_.limits));
    STREAM_ASSIGN(const zip::Member* const member, choose());
    folder_ = member->name.substr(0, member->name.find_last_of('/') + 1);
    STREAM_ASSIGN(har_, archive_->open_member(*member));
    entries_ = std::make_unique<EntryReader>(*har_, EntryReaderOptions{options_.limits, options_.report});
    return {};
  }

  /// Playwright's, or else the only one.
  Result<const zip::Member*> choose() const {
    if (const zip::Member* const member = archive_->find(kHarName)) return member;
    const zip::Member* chosen = nullptr;
    for (const zip::Member& member : archive_->members()) {
      if (!is_har_name(member.name)) continue;
      if (chosen != nullptr) {
        return fail({ErrorCode::unsupported,
                     fmt::format("there are several HARs in the archive: \"{}\", \"{}\"", chosen->name, member.name),
                     {source_.name()},
                     "unpack it, and name the one that is meant"});
      }
      chosen = &member;
    }
    if (chosen == nullptr) return fail({ErrorCode::syntax, "there is no HAR in the archive", {source_.name()}});
    return chosen;
  }

  /// The entry with what is in the archive's files.
  Status embed(Item& item) {
    auto entry = stream::parse_json(item.text, options_.limits);
    if (!entry) return {};  // whoever reads it will say so
    std::size_t size = item.text.size();
    const auto read = [&](const std::string& name) -> Result<std::string> {
      const std::string_view why = zip::refused_name(name);
      if (!why.empty()) return fail({ErrorCode::unsupported, fmt::format("the side file \"{}\" {}", name, why)});
      const zip::Member* const member = archive_->find(folder_ + name);
      if (member == nullptr) return fail({ErrorCode::io, fmt::format("the side file \"{}\" is not in the archive", name)});
      const std::size_t most = options_.limits.max_entry - std::min(options_.limits.max_entry, size);
      STREAM_ASSIGN(std::string bytes, archive_->read(*member, most));
      size += bytes.size();
      return bytes;
    };
    // It is taken as read: the next call goes on behind it.
    auto changed = embed_bodies(*entry, read, {}, [&](const stream::Finding& finding) {
      if (!options_.report) return;
      stream::Finding placed = finding;
      placed.place = item.where();
      placed.place.pointer += finding.place.pointer;
      options_.report(placed);
    });
    continues_ = !changed;
    if (!changed) {
      stream::Error error = std::move(changed).error();
      error.place = item.where();
      return fail(std::move(error));
    }
    if (!*changed) return {};
    text_.clear();
    write_json(text_, *entry);
    item.text = text_;
    return {};
  }

  stream::ByteSource& source_;
  ReadOptions options_;
  std::unique_ptr<zip::Archive> archive_;
  std::unique_ptr<stream::ByteSource> har_;
  std::unique_ptr<EntryReader> entries_;
  std::string folder_;  ///< of the HAR in the archive, with its slash
  EntryBatch batch_;
  std::size_t at_ = 0;
  std::string text_;
  LogInfo none_;
  bool failed_ = false;  ///< the archive was opened, or could not be
  bool continues_ = false;
};

// ---- writing

class Writer final : public ItemWriter {
 public:
  Writer(stream::ByteSink& sink, const WriteOptions& options)
      : sink_(sink), options_(options), har_sink_(har_, std::string(kHarName)) {
    archive_.add_file(std::string(kHarName), har_);
    WriteOptions inner = options;
    inner.bodies = WriteOptions::Bodies::as_it_is;
    writer_ = kHar.open_writer(har_sink_, inner);
    if (options_.bodies == WriteOptions::Bodies::as_it_is) options_.bodies = WriteOptions::Bodies::attach;
  }

  Status begin(const Item& first, const LogInfo& info) override { return writer_->begin(first, info); }

  Status render(const Item& item, const RenderContext& context, std::string& out) const override {
    std::vector<Blob> blobs;
    STREAM_ASSIGN(const auto made, entry_with_bodies(item, options_.bodies, context, options_.limits, blobs));
    Item entry;
    entry.index = item.index;
    entry.place = item.place;
    entry.batch = item.batch;
    entry.slice = item.slice;
    std::string text;
    if (made) write_json(text, *made);
    entry.text = made ? std::string_view(text) : item.text;
    std::string rendered;
    STREAM_TRY(writer_->render(entry, context, rendered));
    zip::append_frame(out, rendered);
    for (const Blob& blob : blobs) {
      zip::append_frame(out, blob.name);
      zip::append_frame(out, blob.bytes);
    }
    zip::append_frame(out, {});
    return {};
  }

  Status write(std::string_view rendered) override {
    while (!rendered.empty()) {
      STREAM_TRY(writer_->write(zip::take_frame(rendered)));
      for (;;) {
        const std::string_view name = zip::take_frame(rendered);
        if (name.empty()) break;
        const std::string_view bytes = zip::take_frame(rendered);
        if (!names_.insert(std::string(name)).second) continue;  // the same bytes
        STREAM_TRY(archive_.add(std::string(name), bytes));
      }
    }
    return {};
  }

  Status end_input(const LogInfo& info) override { return writer_->end_input(info); }

  Status finish() override {
    STREAM_TRY(writer_->finish());
    return archive_.write_to(sink_);
  }

 private:
  stream::ByteSink& sink_;
  WriteOptions options_;
  stream::TemporaryFile har_;
  zip::FileSink har_sink_;
  zip::ArchiveWriter archive_;
  std::unique_ptr<ItemWriter> writer_;
  std::unordered_set<std::string> names_;
};

/// "<SHA-1>.<suffix>", as Playwright names files. They may stand before the HAR.
bool is_blob_name(std::string_view name) {
  constexpr std::size_t kDigits = 40;
  return name.size() > kDigits && name[kDigits] == '.' && name.find_first_not_of("0123456789abcdef") == kDigits;
}

int sniff(std::string_view prefix) {
  const auto names = zip::names_in(prefix);
  if (names.empty() || std::any_of(names.begin(), names.end(), zip::is_session_name)) return 0;
  if (std::any_of(names.begin(), names.end(), is_har_name)) return 95;
  constexpr int kPerhaps = 5;  // if the name says so
  return is_blob_name(names.front()) ? 90 : kPerhaps;
}

// ---- .zhar of mitmproxy

/// A sink that is finished by its owner.
class Borrowed final : public stream::ByteSink {
 public:
  explicit Borrowed(stream::ByteSink& sink) : sink_(sink) {}
  Status write(std::string_view bytes) override { return sink_.write(bytes); }
  Status flush() override { return sink_.flush(); }
  Status finish() override { return {}; }
  const std::string& name() const override { return sink_.name(); }

 private:
  stream::ByteSink& sink_;
};

/// A HAR in zlib's form (addons/savehar.py), whatever the output's name says of compression.
class ZlibWriter final : public ItemWriter {
 public:
  ZlibWriter(stream::ByteSink& sink, const WriteOptions& options)
      : sink_(*stream::compress(std::make_unique<Borrowed>(sink), stream::Compression::zlib, kLevel)),
        writer_(kHar.open_writer(*sink_, options)) {}

  Status begin(const Item& first, const LogInfo& info) override { return writer_->begin(first, info); }
  Status render(const Item& item, const RenderContext& context, std::string& out) const override {
    return writer_->render(item, context, out);
  }
  Status write(std::string_view rendered) override { return writer_->write(rendered); }
  Status end_input(const LogInfo& info) override { return writer_->end_input(info); }
  Status finish() override {
    STREAM_TRY(writer_->finish());
    return sink_->finish();
  }

 private:
  static constexpr int kLevel = 9;  // as mitmproxy has it
  std::unique_ptr<stream::ByteSink> sink_;
  std::unique_ptr<ItemWriter> writer_;
};

/// What comes behind the bytes that were looked at.
class Peeked final : public stream::ByteSource {
 public:
  explicit Peeked(stream::ByteSource& source) : source_(source) {}
  Result<std::string_view> peek(std::size_t size) {
    std::string buffer(size, '\0');
    while (peeked_.size() < size) {
      STREAM_ASSIGN(const std::size_t count, source_.read({buffer.data(), size - peeked_.size()}));
      if (count == 0) break;
      peeked_.append(buffer, 0, count);
    }
    return std::string_view(peeked_);
  }
  Result<std::size_t> read(std::span<char> buffer) override {
    if (at_ == peeked_.size()) return source_.read(buffer);
    const std::size_t count = peeked_.copy(buffer.data(), buffer.size(), at_);
    at_ += count;
    return count;
  }
  const std::string& name() const override { return source_.name(); }
  bool live() const override { return source_.live(); }

 private:
  stream::ByteSource& source_;
  std::string peeked_;
  std::size_t at_ = 0;
};

/// A source that somebody else owns.
class Lent final : public stream::ByteSource {
 public:
  explicit Lent(stream::ByteSource& source) : source_(source) {}
  Result<std::size_t> read(std::span<char> buffer) override { return source_.read(buffer); }
  const std::string& name() const override { return source_.name(); }
  bool live() const override { return source_.live(); }

 private:
  stream::ByteSource& source_;
};

/// Named so, it may be the one or the other, whether its compression was undone already or not. (Found by content it is what it
/// is.)
class EitherReader final : public ItemReader {
 public:
  EitherReader(stream::ByteSource& source, const ReadOptions& options) : source_(source), options_(options) {}

  Result<std::optional<Item>> next() override {
    if (reader_ == nullptr) {
      STREAM_ASSIGN(const std::string_view first, source_.peek(4));
      if (first == "PK\3\4") {
        reader_ = kHarZip.open_reader(source_, options_);
      } else {
        stream::InputOptions input;
        input.limits = options_.limits;
        STREAM_ASSIGN(text_, stream::decompress(std::make_unique<Lent>(source_), input));
        reader_ = kHar.open_reader(*text_, options_);
      }
    }
    return reader_->next();
  }
  bool can_continue() const override { return reader_ != nullptr && reader_->can_continue(); }
  const LogInfo& info() const override { return reader_ != nullptr ? reader_->info() : none_; }

 private:
  Peeked source_;
  ReadOptions options_;
  std::unique_ptr<stream::ByteSource> text_;
  std::unique_ptr<ItemReader> reader_;
  LogInfo none_;
};

template <class T>
std::unique_ptr<ItemReader> read(stream::ByteSource& source, const ReadOptions& options) {
  return std::make_unique<T>(source, options);
}
template <class T>
std::unique_ptr<ItemWriter> write(stream::ByteSink& sink, const WriteOptions& options) {
  return std::make_unique<T>(sink, options);
}

}  // namespace

const Format kHarZip{"har-zip",       "a zip archive of a HAR and its bodies, of Playwright",
                     ".har.zip .zip", sniff,
                     read<Reader>,    write<Writer>,
                     nullptr,         nullptr,
                     nullptr,         true};
const Format kZhar{"zhar",
                   "HAR compressed with zlib, of mitmproxy",
                   ".zhar",
                   nullptr,
                   read<EitherReader>,
                   write<ZlibWriter>,
                   nullptr,
                   nullptr,
                   nullptr,
                   true};

}  // namespace har::format
