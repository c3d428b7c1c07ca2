#include "diff/streams.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "har/exchange.hpp"
#include "stream/compare/compare.hpp"
#include "stream/text/json.hpp"

namespace har::diff {
namespace {

using stream::Difference;
using stream::ItemKind;
using stream::ItemRef;
using stream::RawJson;
using stream::StreamKind;
using stream::Subject;

constexpr std::array<std::string_view, 3> kMessages{"_webSocketMessages", "_websocketMessages", "_eventSourceMessages"};

stream::Result<stream::Exchange> exchange_of(EntryView& entry, const SideFiles* files, const stream::Limits& limits) {
  STREAM_ASSIGN(auto json, stream::parse_json(entry.text(), limits));
  ToExchangeOptions options;
  options.files = files;
  return to_exchange(std::move(json), options);
}

Field field_of(ItemKind kind) {
  switch (kind) {
    case ItemKind::message:
    case ItemKind::control:
    case ItemKind::close:
      return Field::message;
    case ItemKind::body:
      return Field::body;
    default:
      return Field::event;
  }
}

/// Where the messages of an entry stand in their array: pings and the like are counted by themselves.
class MessagePlaces {
 public:
  explicit MessagePlaces(EntryView& entry) : entry_(entry) {}

  std::string pointer(const ItemRef& item) {
    if (item.number == 0) return {};
    if (field_of(item.kind) == Field::message && item.kind != ItemKind::close) {
      read();
      const auto& places = item.kind == ItemKind::control ? controls_ : messages_;
      return item.number <= places.size() ? fmt::format("/{}/{}", kMessages[0], places[item.number - 1]) : "";
    }
    if (item.kind == ItemKind::event && entry_.find(EntryPart::entry, kMessages[2]))
      return fmt::format("/{}/{}", kMessages[2], item.number - 1);
    return item.kind == ItemKind::close ? "" : "/response/content/text";
  }

 private:
  void read() {
    if (std::exchange(known_, true)) return;
    stream::JsonArrayView array(entry_.find(EntryPart::entry, kMessages[0]));
    stream::JsonObjectView message;
    std::size_t index = 0;
    for (RawJson element = array.next(); element; element = array.next(), ++index) {
      message.reset(element);
      (message.find("opcode").integer().value_or(1) >= 8 ? controls_ : messages_).push_back(index);
    }
  }

  EntryView& entry_;
  bool known_ = false;
  std::vector<std::size_t> messages_{};
  std::vector<std::size_t> controls_{};
};

stream::Item item_of(const ItemRef& ref) {
  stream::Item item;
  item.kind = ref.kind;
  item.direction = ref.direction;
  item.fields = ref.fields;
  return item;
}

}  // namespace

bool is_stream(EntryView& entry) {
  for (const std::string_view name : kMessages) {
    const RawJson list = entry.find(EntryPart::entry, name);
    if (list.is_array()) return true;
  }
  const StreamKind kind = stream::stream_kind_of_media_type(entry.media_type());
  if (kind == StreamKind::sse || kind == StreamKind::ndjson || kind == StreamKind::json_seq || kind == StreamKind::multipart)
    return true;
  return entry.find(EntryPart::content, "_file").string().ends_with(".jsonl");
}

bool compare_streams(Found& found, Judge& judge, EntryView& expected, EntryView& actual, const SideFiles* expected_files,
                     const SideFiles* actual_files) {
  const DiffOptions& options = judge.options();
  const auto exchange_e = exchange_of(expected, expected_files, options.limits);
  const auto exchange_a = exchange_of(actual, actual_files, options.limits);
  if (!exchange_e || !exchange_a) return false;
  stream::CompareOptions compare;
  compare.values = options.values;
  compare.limits = options.limits;
  compare.align = options.align;
  compare.findings = options.findings;
  const auto result = stream::compare_exchanges(*exchange_e, *exchange_a, compare);
  if (!result) return false;
  if (result->bounded || result->windowed) found.bounded();
  MessagePlaces places_e(expected);
  MessagePlaces places_a(actual);
  const bool ending = judge.spot(Half::entry, Field::ending).compared;
  for (const Difference& each : result->differences) {
    // The head of the answer is compared by itself.
    if (each.subject == Subject::status || each.subject == Subject::content_type) continue;
    const bool whole = each.subject == Subject::ending || each.subject == Subject::stream_kind;
    if (whole && !ending) continue;
    const ItemRef& ref = each.expected.number != 0 ? each.expected : each.actual;
    if (!whole && !judge.shown(item_of(ref), each.pointer, each.field)) continue;
    const Field field = whole ? Field::ending : field_of(ref.kind);
    FieldDifference out = difference_of(whole ? Half::entry : Half::response, field, {}, each.change);
    out.place = place_of(Half::response, field,
                         each.subject == Subject::field ? std::string_view(each.field) : std::string_view(), each.pointer);
    out.pointer = each.pointer;
    out.actual_body_pointer = each.actual_pointer;
    out.whole = each.subject == Subject::item;
    out.offset = each.offset;
    out.duplicate = each.duplicate;
    out.expected = each.expected_value;
    out.actual = each.actual_value;
    if (!whole) {
      out.expected_pointer = places_e.pointer(each.expected);
      out.actual_pointer = places_a.pointer(each.actual);
    }
    out.item = each;
    found.add(std::move(out));
  }
  return true;
}

std::uint64_t stream_hash(Judge& judge, EntryView& entry, const SideFiles* files) {
  const auto exchange = exchange_of(entry, files, judge.options().limits);
  if (!exchange) return stream::hash_bytes(entry.text());
  stream::DecodeOptions decode;
  decode.limits = judge.options().limits;
  const auto items = stream::decode_items(*exchange, exchange->kind(), decode);
  if (!items) return 2;
  std::uint64_t out = 3;
  stream::JsonComparer& json = judge.json();
  for (const stream::Item& item : *items) {
    const auto state = json.data(item);
    std::uint64_t hash = static_cast<std::uint64_t>(item.kind) * 2 + static_cast<std::uint64_t>(item.direction);
    if (!json.ignored(state)) {
      auto value = stream::parse_json(item.data, judge.options().limits);
      hash = stream::hash_combine(hash, value ? json.hash(*value, state) : json.hash(stream::Json(item.data), state));
    }
    out = stream::hash_combine(out, hash);
  }
  return out;
}

}  // namespace har::diff
