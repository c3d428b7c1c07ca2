#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "har/entry_reader.hpp"
#include "har/side_files.hpp"
#include "stream/io/byte_sink.hpp"
#include "stream/io/byte_source.hpp"
#include "stream/io/finding.hpp"
#include "stream/record/event.hpp"

/// The table of formats. A format is one file in libhar/src/formats/ and one line in the table; every tool works with every
/// format by way of what is declared here.
namespace har {

class StreamReader;
struct StreamInput;

/// One exchange of an input, in the form in which it stands there: the JSON text of a HAR entry, or an exchange.
struct Item {
  std::string_view text{};  ///< the entry's text; valid until the reader's next call. Empty: see exchange
  std::optional<stream::Exchange> exchange{};
  std::size_t index = 0;              ///< in its input, from 0
  stream::Place place{};              ///< where it stands, unless it is of a batch
  const EntryBatch* batch = nullptr;  ///< of a HAR: the batch and the slice that it is of, so that its place
  const EntrySlice* slice = nullptr;  ///< is only looked for when somebody asks
  stream::Place where() const { return batch != nullptr ? batch->place(*slice) : place; }
};

struct ReadOptions {
  stream::Limits limits{};
  stream::FindingSink report{};
};

/// One input. Errors leave the reader usable if can_continue() says so: then next() goes on behind what was broken.
class ItemReader {
 public:
  ItemReader() = default;
  ItemReader(const ItemReader&) = delete;
  ItemReader& operator=(const ItemReader&) = delete;
  virtual ~ItemReader() = default;

  virtual stream::Result<std::optional<Item>> next() = 0;
  virtual bool can_continue() const { return false; }
  /// What is known so far about the recording as a whole; complete at the end.
  virtual const LogInfo& info() const = 0;
};

/// Whether a finding says that the output has no place for something: its rule begins with "lost-", and the rest of it says what.
bool is_loss(const stream::Finding& finding);

struct WriteOptions {
  /// How JSON is laid out: as it stands where it can, else in one line.
  enum class Style { as_it_is, compact, pretty };
  Style style = Style::as_it_is;
  /// Several inputs become one output: what their logs say is joined, and stands behind the entries.
  bool several_inputs = false;
  /// {"name":…,"version":…} for outputs whose input names no creator; null: none is written.
  stream::Json creator{};
  stream::FindingSink report{};
  stream::Limits limits{};
};

/// What an item is rendered with.
struct RenderContext {
  const LogInfo& info;     ///< what the item's input had said when its first item came
  const SideFiles* files;  ///< of the input; may be null
  stream::FindingSink report{};
};

/// One output: begin() with the first item, then render() and write() for each, end_input() behind each input, finish().
class ItemWriter {
 public:
  ItemWriter() = default;
  ItemWriter(const ItemWriter&) = delete;
  ItemWriter& operator=(const ItemWriter&) = delete;
  virtual ~ItemWriter() = default;

  /// Before anything else, unless there are no items at all. Errors: `io`; `syntax` for an item that can't be read.
  virtual stream::Status begin(const Item& first, const LogInfo& info) = 0;
  /// Appends the item as it will be written, with what separates it from the one before. May be called on several threads
  /// at once. Errors: `syntax` or `unsupported` for an item that cannot be written: nothing is appended.
  virtual stream::Status render(const Item& item, const RenderContext& context, std::string& out) const = 0;
  /// Writes one or more items that were rendered, one behind the other. Errors: `io`.
  virtual stream::Status write(std::string_view rendered) = 0;
  /// Behind the last item of each input: `info` is all that it has said.
  virtual stream::Status end_input(const LogInfo& info) = 0;
  /// Once, and last. Does not finish the sink.
  virtual stream::Status finish() = 0;
};

struct Format {
  std::string_view name;         ///< as --from and --to take it
  std::string_view description;  ///< a few words
  std::string_view suffixes;     ///< separated by spaces, with their dots; the first is the usual one
  /// How sure the first bytes of a file (up to kSniffSize, decompressed) make us, from 0 to 100. Null: not found by content.
  int (*sniff)(std::string_view prefix) = nullptr;
  std::unique_ptr<ItemReader> (*open_reader)(stream::ByteSource& source,
                                             const ReadOptions& options) = nullptr;  ///< null: not read
  std::unique_ptr<ItemWriter> (*open_writer)(stream::ByteSink& sink,
                                             const WriteOptions& options) = nullptr;  ///< null: not written
  /// Null: exchanges are read as a whole.
  std::unique_ptr<StreamReader> (*open_streams)(stream::ByteSource& source, const StreamInput& options) = nullptr;
};

inline constexpr std::size_t kSniffSize = std::size_t{64} << 10;

std::span<const Format> formats();
const Format* find_format(std::string_view name);
/// By suffix, a compression's suffix ignored; null if none fits.
const Format* format_of_name(std::string_view path);

/// An opened input: its source, the format that was found, and the reader.
struct Input {
  std::string path{};
  std::unique_ptr<stream::ByteSource> source{};
  const Format* format = nullptr;
  std::unique_ptr<SideFiles> files{};
  std::unique_ptr<ItemReader> reader{};
};

/// Opens `path` ("-" is standard input) as `format`, or as what its content says, or else its suffix. Errors: those of
/// open_input, and `syntax` with a hint if the format can't be told.
stream::Result<Input> open_items(const std::string& path, std::optional<std::string_view> format,
                                 const stream::InputOptions& input, const ReadOptions& options);

/// The same as far as the reader: for those who read entries themselves.
stream::Result<Input> open_source(const std::string& path, std::optional<std::string_view> format,
                                  const stream::InputOptions& input);

/// The item as an exchange or as an entry, converted if it is the other. `start`: t = 0 of the exchange's recording.
stream::Result<stream::Exchange> exchange_of(const Item& item, const LogInfo& info, const SideFiles* files, std::string id,
                                             stream::WallTime start, const ReadOptions& options);
/// The same of the item's entry, where that was parsed already.
stream::Result<stream::Exchange> exchange_of_entry(stream::Json entry, const Item& item, const LogInfo& info, const SideFiles* files,
                                                   std::string id, stream::WallTime start, const ReadOptions& options);
stream::Result<stream::Json> entry_of(const Item& item, const ReadOptions& options);

}  // namespace har
