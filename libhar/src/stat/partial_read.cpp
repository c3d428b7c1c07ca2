#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>

#include "har/stat/partial.hpp"
#include "stream/text/json.hpp"
#include "stream/text/json_view.hpp"

namespace har::stat {

using stream::Error;
using stream::ErrorCode;
using stream::fail;
using stream::JsonArrayView;
using stream::JsonObjectView;
using stream::RawJson;
using stream::Result;
using stream::Status;

/// Reads a value where the text says one should be. The first thing that is wrong ends it: then ok() is false, and everything
/// that is read is nothing.
class PartialReader {
 public:
  explicit PartialReader(const stream::Place& place) : place_(place) {}

  Result<Totals> read(std::string_view line) {
    JsonObjectView object;
    const RawJson root{trimmed(line)};
    if (!root.is_object())
      return fail({ErrorCode::syntax, "expected a partial summary, an object, found something else", place_, hint()});
    object.reset(root);
    const RawJson version = object.find("partial");
    if (!version)
      return fail({ErrorCode::syntax, "expected a partial summary: the member \"partial\" is missing", place_, hint()});
    if (version.text != "1") {
      return fail({ErrorCode::unsupported,
                   fmt::format("expected a partial summary of version 1, found {}", version.text.substr(0, 20)), place_,
                   "use the harstat that wrote it"});
    }
    Settings settings;
    std::optional<Totals> totals;
    members(root,
            {"partial", "by", "exact_up_to", "max_groups", "max_requests", "top", "inputs", "first", "last", "all", "sections",
             "slowest", "largest", "requests", "sampled"},
            [&](JsonObjectView& whole) {
              read_settings(whole, settings);
              if (!ok()) return;
              totals.emplace(settings);
              read_totals(whole, *totals);
            });
    if (error_) return fail(std::move(*error_));
    return std::move(*totals);
  }

 private:
  static std::string hint() { return "--merge reads what --partial wrote"; }
  static std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t\r") + 1 - begin);
  }
  bool ok() const { return !error_; }
  void wrong(std::string message) {
    if (error_) return;
    error_ = Error{ErrorCode::syntax, std::move(message), place_, ""};
    error_->place.pointer += pointer_;
  }
  static std::string shown(RawJson found) { return found ? std::string(found.text.substr(0, 40)) : "nothing"; }

  /// Goes into a member or an element while `work` runs.
  template <class Name, class Work>
  void at(const Name& name, const Work& work) {
    if (!ok()) return;
    const std::size_t before = pointer_.size();
    stream::append_pointer(pointer_, name);
    work();
    pointer_.resize(before);
  }
  /// An object with no members but these.
  void members(RawJson raw, std::initializer_list<std::string_view> names, const std::function<void(JsonObjectView&)>& work) {
    if (!ok()) return;
    if (!raw.is_object()) return wrong(fmt::format("expected an object, found {}", shown(raw)));
    JsonObjectView object(raw);
    const auto& all = object.members();
    if (object.broken()) return wrong("expected an object, found one that is broken");
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (all[i].escaped || std::find(names.begin(), names.end(), all[i].name) == names.end()) {
        return wrong(fmt::format("there should be no member \"{}\"", all[i].name.substr(0, 40)));
      }
      for (std::size_t k = 0; k < i; ++k) {
        if (all[k].name == all[i].name) return wrong(fmt::format("the member \"{}\" stands twice", all[i].name));
      }
    }
    work(object);
  }
  /// Any names.
  void entries(RawJson raw, const std::function<void(std::string_view, RawJson)>& work) {
    if (!ok()) return;
    if (!raw.is_object()) return wrong(fmt::format("expected an object, found {}", shown(raw)));
    JsonObjectView object(raw);
    const auto& all = object.members();
    if (object.broken()) return wrong("expected an object, found one that is broken");
    for (const auto& member : all) at(member.name, [&] { work(member.name, member.value); });
  }
  /// How many there were.
  std::size_t elements(RawJson raw, const std::function<void(RawJson)>& work) {
    if (!ok()) return 0;
    if (!raw.is_array()) {
      wrong(fmt::format("expected an array, found {}", shown(raw)));
      return 0;
    }
    JsonArrayView array(raw);
    std::size_t count = 0;
    while (const RawJson element = array.next()) {
      at(count++, [&] { work(element); });
      if (!ok()) return count;
    }
    if (array.broken()) wrong("expected an array, found one that is broken");
    return count;
  }

  static std::optional<Sum> parse(std::string_view text) {
    if (text.empty() || text.size() > 38 || (text.size() > 1 && text.front() == '0')) return std::nullopt;
    Sum value = 0;
    for (const char c : text) {
      if (c < '0' || c > '9') return std::nullopt;
      value = value * 10 + static_cast<unsigned>(c - '0');
    }
    return value;
  }
  std::uint64_t number(RawJson raw, std::uint64_t most = Quantiles::kLargest) {
    const auto value = parse(raw.text);
    if (!value || *value > most) {
      wrong(fmt::format("expected a whole number up to {}, found {}", most, shown(raw)));
      return 0;
    }
    return static_cast<std::uint64_t>(*value);
  }
  std::uint64_t number(JsonObjectView& object, std::string_view name, std::uint64_t most = Quantiles::kLargest) {
    std::uint64_t value = 0;
    at(name, [&] { value = number(object.find(name), most); });
    return value;
  }
  std::optional<std::int64_t> moment(JsonObjectView& object, std::string_view name) {
    std::optional<std::int64_t> value;
    const RawJson raw = object.find(name);
    if (!raw) return value;
    at(name, [&] {
      value = raw.integer();
      if (!value) wrong(fmt::format("expected nanoseconds since 1970, found {}", shown(raw)));
    });
    return value;
  }
  std::string text(JsonObjectView& object, std::string_view name, std::size_t most = 1 << 16) {
    std::string value;
    at(name, [&] { value = text(object.find(name), most); });
    return value;
  }
  std::string text(RawJson raw, std::size_t most) {
    if (!raw.is_string() || raw.text.size() > most) {
      wrong(fmt::format("expected a string, found {}", shown(raw)));
      return {};
    }
    return raw.string();
  }

  void read_settings(JsonObjectView& whole, Settings& settings) {
    at("by", [&] {
      elements(whole.find("by"), [&](RawJson name) {
        auto section = parse_section(text(name, 1 << 10));
        if (!ok()) return;
        if (!section) return wrong(section.error().message);
        settings.sections.push_back(std::move(*section));
        if (settings.sections.size() > 100) wrong("expected up to 100 sections, found more");
      });
    });
    constexpr std::uint64_t kMost = 100'000'000;
    settings.exact_up_to = static_cast<std::size_t>(number(whole, "exact_up_to", kMost));
    settings.max_groups = static_cast<std::size_t>(number(whole, "max_groups", kMost));
    settings.max_requests = static_cast<std::size_t>(number(whole, "max_requests", kMost));
    settings.top = static_cast<std::size_t>(number(whole, "top", kMost));
  }

  void read_totals(JsonObjectView& whole, Totals& totals) {
    totals.inputs_ = number(whole, "inputs");
    totals.first_ = moment(whole, "first");
    totals.last_ = moment(whole, "last");
    if (ok() && (totals.first_.has_value() != totals.last_.has_value() || (totals.first_ && *totals.first_ > *totals.last_))) {
      wrong("\"first\" and \"last\" are no span of time");
    }
    at("all", [&] { read_summary(whole.find("all"), totals.all_); });
    at("sections", [&] {
      std::size_t index = 0;
      const std::size_t count = elements(whole.find("sections"), [&](RawJson section) {
        if (index == totals.sections_.size()) return wrong("there are more sections than \"by\" says");
        read_groups(section, totals, index++);
      });
      if (ok() && count != totals.sections_.size()) wrong("there are fewer sections than \"by\" says");
    });
    at("slowest", [&] { read_top(whole.find("slowest"), totals.slowest_, totals.settings_.top); });
    at("largest", [&] { read_top(whole.find("largest"), totals.largest_, totals.settings_.top); });
    at("requests", [&] { read_requests(whole.find("requests"), totals); });
    at("sampled", [&] {
      const RawJson sampled = whole.find("sampled");
      if (!sampled.is_true() && !sampled.is_false())
        return wrong(fmt::format("expected true or false, found {}", shown(sampled)));
      totals.repeats_.set_sampled(sampled.is_true());
    });
  }

  void read_groups(RawJson raw, Totals& totals, std::size_t index) {
    Groups& groups = totals.sections_[index];
    std::uint64_t entries = 0;
    members(raw, {"groups", "other"}, [&](JsonObjectView& object) {
      at("groups", [&] {
        const std::size_t count = elements(object.find("groups"), [&](RawJson group) {
          members(group, {"key", "summary"}, [&](JsonObjectView& parts) {
            std::string key;
            at("key", [&] {
              const std::size_t values = elements(parts.find("key"), [&](RawJson part) {
                const std::string value = text(part, 1 << 13);
                if (!ok()) return;
                if (value.empty() || value.find('\x1F') != std::string::npos) return wrong("that is no part of a group's name");
                if (!key.empty()) key += '\x1F';
                key += value;
              });
              if (ok() && values != totals.settings_.sections[index].size())
                wrong("a group's name has as many parts as its section");
            });
            if (!ok()) return;
            if (groups.find(key) != nullptr) return wrong("this group stands twice");
            Summary summary(totals.settings_.exact_up_to);
            at("summary", [&] { read_summary(parts.find("summary"), summary); });
            if (ok()) groups.add(key, summary);
            entries += summary.entries;
          });
        });
        if (ok() && count > totals.settings_.max_groups) wrong("there are more groups than \"max_groups\" says");
      });
      if (const RawJson other = object.find("other")) {
        at("other", [&] {
          Summary summary(totals.settings_.exact_up_to);
          read_summary(other, summary);
          if (ok()) groups.add_other(summary);
          entries += summary.entries;
        });
      }
    });
    if (ok() && entries != totals.all_.entries) {
      wrong(fmt::format("expected the groups to have {} entries together, found {}", totals.all_.entries, entries));
    }
  }

  void read_quantiles(RawJson raw, Quantiles& quantiles, std::size_t exact_up_to) {
    std::optional<Quantiles> made;
    if (raw.is_array()) {
      std::vector<std::uint64_t> values;
      elements(raw, [&](RawJson value) {
        values.push_back(number(value));
        if (values.size() > exact_up_to) wrong("there are more values than \"exact_up_to\" says");
      });
      if (ok()) made = Quantiles::of_values(exact_up_to, std::move(values));
    } else {
      members(raw, {"sum", "min", "max", "buckets"}, [&](JsonObjectView& object) {
        Sum sum = 0;
        at("sum", [&] {
          const auto value = parse(object.find("sum").text);
          if (!value) return wrong("expected a whole number");
          sum = *value;
        });
        const std::uint64_t least = number(object, "min");
        const std::uint64_t greatest = number(object, "max");
        std::vector<std::pair<std::size_t, std::uint64_t>> buckets;
        std::optional<std::uint64_t> bucket;
        at("buckets", [&] {
          elements(object.find("buckets"), [&](RawJson value) {
            if (!bucket) {
              bucket = number(value, Quantiles::kBuckets - 1);
            } else {
              buckets.emplace_back(static_cast<std::size_t>(*bucket), number(value));
              bucket.reset();
              if (buckets.size() > Quantiles::kBuckets) wrong("there are too many buckets");
            }
          });
        });
        if (ok() && !bucket) made = Quantiles::of_buckets(exact_up_to, buckets, sum, least, greatest);
      });
    }
    if (!ok()) return;
    if (!made) return wrong("these numbers are no distribution");
    quantiles = std::move(*made);
  }
  void quantiles(JsonObjectView& object, std::string_view name, Quantiles& quantiles, std::size_t exact_up_to) {
    at(name, [&] { read_quantiles(object.find(name), quantiles, exact_up_to); });
  }

  /// Numbers by a code from 0 to `most`.
  std::map<int, std::uint64_t> counts(RawJson raw, int most) {
    std::map<int, std::uint64_t> counts;
    entries(raw, [&](std::string_view name, RawJson value) {
      const auto code = parse(name);
      if (!code || *code > static_cast<Sum>(most)) return wrong(fmt::format("expected a number up to {}", most));
      const std::uint64_t count = number(value);
      if (ok() && (count == 0 || !counts.emplace(static_cast<int>(*code), count).second)) wrong("that is no count");
    });
    return counts;
  }
  /// Two numbers.
  std::array<std::uint64_t, 2> pair(RawJson raw) {
    std::array<std::uint64_t, 2> pair{};
    std::size_t index = 0;
    const std::size_t count = elements(raw, [&](RawJson value) {
      if (index < 2) pair[index++] = number(value);
    });
    if (ok() && count != 2) wrong("expected two numbers");
    return pair;
  }

  void read_summary(RawJson raw, Summary& summary) {
    members(raw,
            {"statuses", "request_bytes", "bytes", "transferred", "from_cache", "cache", "no_validator", "times", "size",
             "sockets", "streams"},
            [&](JsonObjectView& object) { read_summary(object, summary); });
  }
  void read_summary(JsonObjectView& object, Summary& summary) {
    const std::size_t exact = summary.exact_up_to();
    at("statuses", [&] { summary.statuses = counts(object.find("statuses"), 999); });
    Sum entries = 0;
    for (const auto& [status, count] : summary.statuses) {
      entries += count;
      if (status == 0) summary.errors = count;
      if (status >= 100 && status < 600) summary.status_classes[static_cast<std::size_t>(status / 100 - 1)] += count;
    }
    if (entries > Quantiles::kLargest) return wrong("there are too many entries");
    summary.entries = static_cast<std::uint64_t>(entries);
    summary.request_bytes = number(object, "request_bytes");
    summary.response_bytes = number(object, "bytes");
    summary.transferred = number(object, "transferred");
    summary.from_cache = number(object, "from_cache", summary.entries);
    Sum responses = 0;
    at("cache", [&] {
      std::size_t index = 0;
      const std::size_t count = elements(object.find("cache"), [&](RawJson value) {
        const auto [number, bytes] = pair(value);
        if (index < kCacheClasses) summary.cache[index++] = {number, bytes};
        responses += number;
      });
      if (ok() && (count != kCacheClasses || responses != summary.entries))
        wrong("these are not as many responses as there are entries");
    });
    at("no_validator", [&] {
      const auto [number, bytes] = pair(object.find("no_validator"));
      summary.without_validator = {number, bytes};
      if (ok() && number > summary.entries) wrong("that is more than there are entries");
    });
    at("times", [&] {
      std::size_t index = 0;
      const std::size_t count = elements(object.find("times"), [&](RawJson value) {
        if (index < kPhases) read_quantiles(value, summary.phases[index++], exact);
      });
      if (ok() && count != kPhases) wrong(fmt::format("expected {} distributions, found {}", kPhases, count));
      for (const Quantiles& phase : summary.phases) {
        if (phase.count() > summary.entries) wrong("there are more times than entries");
      }
    });
    quantiles(object, "size", summary.size, exact);
    if (summary.size.count() > summary.entries) wrong("there are more sizes than entries");
    if (const RawJson sockets = object.find("sockets")) {
      at("sockets", [&] {
        summary.sockets = std::make_unique<SocketSummary>(exact);
        read_sockets(sockets, *summary.sockets, summary.entries, exact);
      });
    }
    at("streams", [&] { entries_of_streams(object.find("streams"), summary); });
  }

  void read_sockets(RawJson raw, SocketSummary& sockets, std::uint64_t entries, std::size_t exact) {
    members(raw, {"connections", "messages", "bytes", "control", "errors", "untimed", "closes", "duration", "first", "gap"},
            [&](JsonObjectView& object) {
              sockets.connections = number(object, "connections", entries);
              if (ok() && sockets.connections == 0) wrong("there are no connections");
              at("messages", [&] { sockets.messages = pair(object.find("messages")); });
              at("bytes", [&] { sockets.bytes = pair(object.find("bytes")); });
              sockets.control = number(object, "control");
              sockets.errors = number(object, "errors");
              sockets.untimed = number(object, "untimed", sockets.connections);
              at("closes", [&] { sockets.closes = counts(object.find("closes"), 65535); });
              quantiles(object, "duration", sockets.duration, exact);
              quantiles(object, "first", sockets.first, exact);
              quantiles(object, "gap", sockets.gap, exact);
            });
  }

  void entries_of_streams(RawJson raw, Summary& summary) {
    const std::size_t exact = summary.exact_up_to();
    entries(raw, [&](std::string_view name, RawJson value) {
      const auto kind = stream::stream_kind_from_name(name);
      if (!kind || *kind == stream::StreamKind::websocket) return wrong("there is no such kind of stream");
      const auto [place, fresh] = summary.streams.try_emplace(*kind, exact);
      if (!fresh) return wrong("this kind stands twice");
      StreamSummary& stream = place->second;
      members(value, {"streams", "events", "bytes", "chunks", "duration", "first", "gap", "chunk_gap"},
              [&](JsonObjectView& object) {
                stream.streams = number(object, "streams", summary.entries);
                if (ok() && stream.streams == 0) wrong("there are no streams");
                stream.events = number(object, "events");
                stream.bytes = number(object, "bytes");
                stream.chunks = number(object, "chunks");
                quantiles(object, "duration", stream.duration, exact);
                quantiles(object, "first", stream.first, exact);
                quantiles(object, "gap", stream.gap, exact);
                quantiles(object, "chunk_gap", stream.chunk_gap, exact);
              });
    });
  }

  void read_top(RawJson raw, TopList& list, std::size_t top) {
    const std::size_t count = elements(raw, [&](RawJson value) {
      members(value, {"value", "input", "index", "method", "url", "type", "status"}, [&](JsonObjectView& object) {
        TopEntry entry;
        entry.value = number(object, "value", ~std::uint64_t{0} >> 1U);
        entry.input = text(object, "input");
        entry.index = number(object, "index");
        entry.method = text(object, "method");
        entry.url = text(object, "url");
        entry.type = text(object, "type");
        entry.status = static_cast<int>(number(object, "status", 999));
        if (!ok()) return;
        const auto& before = list.entries();
        if (!before.empty() && before.back().value < entry.value) return wrong("expected the greatest first");
        list.add(std::move(entry));
      });
    });
    if (ok() && count > top) wrong("there are more than \"top\" says");
  }

  void read_requests(RawJson raw, Totals& totals) {
    std::optional<Repeats::Hash> before;
    const std::size_t count = elements(raw, [&](RawJson value) {
      members(value, {"hash", "count", "transferred", "largest", "method", "url"}, [&](JsonObjectView& object) {
        const std::string digits = text(object, "hash");
        if (!ok()) return;
        Repeats::Hash hash;
        const auto half = [&](std::size_t from, std::uint64_t& to) {
          const auto [end, error] = std::from_chars(digits.data() + from, digits.data() + from + 16, to, 16);
          return error == std::errc() && end == digits.data() + from + 16;
        };
        if (digits.size() != 32 || !half(0, hash.high) || !half(16, hash.low)) return wrong("expected 32 hexadecimal digits");
        if (before && hash <= *before) return wrong("expected the least hash first");
        before = hash;
        RepeatedRequest request;
        request.count = number(object, "count", totals.all_.entries);
        request.transferred = number(object, "transferred");
        request.largest = number(object, "largest", request.transferred);
        request.method = text(object, "method");
        request.url = text(object, "url");
        if (ok() && request.count == 0) return wrong("expected a count, found 0");
        if (ok()) totals.repeats_.add(hash, std::move(request));
      });
    });
    if (ok() && count > totals.settings_.max_requests) wrong("there are more than \"max_requests\" says");
  }

  const stream::Place& place_;
  std::string pointer_;
  std::optional<Error> error_;
};

Result<Totals> read_partial(std::string_view line, const stream::Place& place) { return PartialReader(place).read(line); }

}  // namespace har::stat
