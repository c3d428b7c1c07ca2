#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stream/compare/align.hpp"
#include "stream/compare/item.hpp"
#include "stream/compare/json_compare.hpp"
#include "stream/compare/path.hpp"
#include "stream/compare/timing.hpp"
#include "stream/record/event_source.hpp"

namespace stream {

enum class Truncation : std::uint8_t {
  differs,  ///< a stream that was cut off differs from one that was not
  allowed,  ///< it need only be equal as far as it goes
};

/// In what order items must come. Those of each direction of a WebSocket are compared by themselves in any case.
enum class Order : std::uint8_t {
  strict,       ///< in that of the expected side: the shortest list of differences
  unordered,    ///< in any: what is equal may stand anywhere
  by_key,       ///< items with the same key are opposite each other, wherever they stand
  subsequence,  ///< in that of the expected side, with others in between
};

/// A text that is spread over the items of a stream, such as the tokens of a language model.
struct JoinRule {
  PathPattern path{};             ///< the strings that are joined
  std::vector<PathPattern> by{};  ///< places whose values tell apart texts that are interleaved: an index, an id
  std::string spelling{};         ///< as the user wrote `path`
};

struct CompareOptions {
  ValueRules values{};
  /// What the bodies are; without it what the exchanges say. A bare body of text or bytes is taken for what the other side is.
  std::optional<StreamKind> kind{};
  Noise noise = Noise::leave_out;
  bool chunks = false;  ///< of HTTP bodies the chunks are compared, as they came, and not what is in them
  /// Types of server-sent events that are left out on both sides.
  std::vector<std::string> left_out_events{};
  /// Both sides are taken up to their first item for which this is true, that item included.
  std::function<bool(const Item&)> until{};
  Truncation truncation = Truncation::differs;
  Order order = Order::strict;
  PathPattern key{};  ///< of Order::by_key
  std::vector<TimingRule> timing{};
  std::vector<JoinRule> join{};  ///< what these name is compared as whole texts, and taken out of the items
  /// How many equal items around each difference the sink is told of one by one; SIZE_MAX: all. Others are skipped.
  std::size_t context = SIZE_MAX;
  /// How many differences are kept. Those beyond are counted, unless `count_all` is off: then the comparison stops.
  std::size_t max_differences = SIZE_MAX;
  bool count_all = true;
  AlignLimits align{};
  /// Items a side that are aligned together, and how many bytes of data they may hold: streams that are longer are compared
  /// window by window, in memory bounded by this.
  std::size_t window = 4096;
  std::size_t window_bytes = std::size_t{8} << 20;
  /// Items that the actual side has behind the last expected one are let pass; it is not read further than is needed.
  bool allow_extra = false;
  Limits limits{};
  std::string expected_source{};  ///< for places in messages
  std::string actual_source{};
  FindingSink findings{};  ///< what the codecs tolerated
};

/// What a difference is about.
enum class Subject : std::uint8_t {
  status,        ///< the HTTP status
  content_type,  ///< the type of the answer, without parameters
  stream_kind,   ///< what the bodies are; their items cannot be compared then
  item,          ///< a whole item, missing or extra
  field,         ///< a field of an item, see ItemField
  data,          ///< an item's data, or a part of it
  text,          ///< a text that is spread over items (JoinRule)
  timing,        ///< when items came (TimingRule)
  ending,        ///< how the stream ended
};
std::string_view to_string(Subject subject);  ///< "status", "content-type", "kind", "item", "field", "data", "text", …

/// An item as a difference names it.
struct ItemRef {
  ItemKind kind = ItemKind::event;
  Direction direction = Direction::receive;
  std::size_t number = 0;  ///< 0: there is no such item on this side
  std::optional<Nanos> t{};
  std::uint64_t offset = 0;
  std::uint64_t line = 0;
  std::vector<ItemField> fields{};  ///< Subject::item only
};

/// A value as a difference shows it.
struct ShownValue {
  enum class Form : std::uint8_t { none, json, text, bytes };
  Form form = Form::none;
  std::string text{};     ///< json: its JSON text; otherwise the octets
  std::size_t focus = 0;  ///< a whole item: where it begins to differ from its neighbours, which is what tells it apart
};

struct Difference {
  Subject subject = Subject::data;
  ValueChange change = ValueChange::changed;
  ItemRef expected{};
  ItemRef actual{};
  std::string field{};           ///< the name of the field
  std::string pointer{};         ///< data that is JSON: RFC 6901, in the expected value (extra: in the actual one)
  std::string actual_pointer{};  ///< the same place in the other value
  ShownValue expected_value{};
  ShownValue actual_value{};
  std::optional<std::uint64_t> offset{};  ///< text and bytes: the first byte that differs
  bool duplicate = false;                 ///< a member of the same name is on both sides, but not as often
};

/// One side of a comparison.
struct SideSummary {
  StreamKind kind = StreamKind::http;
  bool bare = false;  ///< a body by itself
  std::size_t items = 0;
  std::vector<std::pair<ItemKind, std::size_t>> counts{};  ///< those that are there, in the order of ItemKind
  std::optional<Nanos> last{};                             ///< when the last item was complete
  bool cut_off = false;                                    ///< the recording has no end
  bool unread = false;                                     ///< the comparison was over before its end
  std::string end_reason{};                                ///< eof reset timeout abort error; empty if cut off
  std::string end_error{};
};

struct Comparison {
  SideSummary expected{};
  SideSummary actual{};
  std::vector<Difference> differences{};   ///< the first ones, in order
  std::size_t total = 0;                   ///< of differences; a lower bound if `stopped`
  std::array<std::size_t, 5> by_change{};  ///< the same by ValueChange
  std::size_t items_differing = 0;         ///< items, or pairs of items, that differ
  std::size_t after_cut = 0;   ///< items behind the end of a side that was cut off; not compared (Truncation::allowed)
  bool stopped = false;        ///< there may be more differences
  bool bounded = false;        ///< the streams were too different for the best alignment: there may be a shorter list
  bool windowed = false;       ///< no equal items were found within a window: what follows may stand opposite the wrong ones
  std::size_t between = 0;     ///< actual items that are not expected (Order::subsequence)
  bool extra_allowed = false;  ///< the actual side went on behind what was expected (CompareOptions::allow_extra)

  bool equal() const { return total == 0; }
};

/// One step of a comparison: two items that stand opposite each other, or one without a partner.
struct CompareStep {
  enum class Kind : std::uint8_t {
    equal,
    changed,
    missing,  ///< of the expected side alone
    extra,    ///< of the actual side alone
    moved,    ///< the same item, at another place
  };
  Kind kind = Kind::equal;
  /// Both null: differences of texts that are spread over items, as soon as they are known of a live stream.
  const Item* expected = nullptr;  ///< valid during the call, as all that stands here
  const Item* actual = nullptr;
  std::span<const Difference> differences{};  ///< changed: where; missing, extra, moved: the one that says so
};

/// Hears a comparison while it goes on, in the order of the expected stream (what is extra stands where it came). An error it
/// returns ends the comparison, and is returned.
class CompareSink {
 public:
  CompareSink() = default;
  CompareSink(const CompareSink&) = delete;
  CompareSink& operator=(const CompareSink&) = delete;
  virtual ~CompareSink() = default;

  /// Before anything else. What is known of the sides by now: `items`, `last` and the ends are not. `differences`: of the
  /// status, the type, the kind.
  virtual Status begin(const SideSummary& expected, const SideSummary& actual, std::span<const Difference> differences) = 0;
  virtual Status step(const CompareStep& step) = 0;
  /// So many equal items on each side, which nobody needed to see.
  virtual Status skip(std::size_t count) = 0;
  /// Once, and last; `ending`: how the streams' ends differ, texts that are spread over items, and timing.
  virtual Status end(const Comparison& result, std::span<const Difference> ending) = 0;
};

/// Compares two exchanges by value: the status, the type and the kind of the answer, its items, and how it ended. Headers
/// and the request are not compared; neither are times. Errors: `limit`.
Result<Comparison> compare_exchanges(const Exchange& expected, const Exchange& actual, const CompareOptions& options = {},
                                     CompareSink* sink = nullptr);

/// The same event by event, in memory bounded by two windows of items; ordinary bodies (kinds http, text and binary) are held as
/// a whole. Of two live sources (EventSource::live()) what arrives is compared at once, with what has arrived by then.
Result<Comparison> compare_streams(EventSource& expected, EventSource& actual, const CompareOptions& options = {},
                                   CompareSink* sink = nullptr);

}  // namespace stream
