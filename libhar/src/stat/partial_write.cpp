#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "har/stat/partial.hpp"
#include "stream/text/json.hpp"

namespace har::stat {
namespace {

/// Writes members and elements, and the commas between them.
class Writer {
 public:
  std::string take() { return std::move(out_); }

  Writer& key(std::string_view name) {
    comma();
    stream::write_json_string(out_, name);
    out_ += ':';
    fresh_ = true;
    return *this;
  }
  void open(char bracket) {
    comma();
    out_ += bracket;
    fresh_ = true;
  }
  void close(char bracket) {
    out_ += bracket;
    fresh_ = false;
  }
  void text(std::string_view value) {
    comma();
    stream::write_json_string(out_, value);
  }
  void raw(std::string_view value) {
    comma();
    out_ += value;
  }
  template <class Number>
  void number(Number value) {
    comma();
    fmt::format_to(std::back_inserter(out_), "{}", value);
  }

 private:
  void comma() {
    if (!fresh_) out_ += ',';
    fresh_ = false;
  }
  std::string out_;
  bool fresh_ = true;
};

/// Values as an array; buckets as an object.
void write(Writer& out, const Quantiles& quantiles) {
  if (quantiles.exact()) {
    out.open('[');
    for (const std::uint64_t value : quantiles.values()) out.number(value);
    out.close(']');
    return;
  }
  out.open('{');
  out.key("sum").raw(to_string(quantiles.sum()));
  out.key("min").number(quantiles.least());
  out.key("max").number(quantiles.greatest());
  out.key("buckets").open('[');
  for (const auto& [bucket, count] : quantiles.buckets()) {
    out.number(bucket);
    out.number(count);
  }
  out.close(']');
  out.close('}');
}

template <class Numbers>
void write_numbers(Writer& out, const Numbers& numbers) {
  out.open('[');
  for (const auto number : numbers) out.number(number);
  out.close(']');
}

template <class Map>
void write_counts(Writer& out, const Map& counts) {
  out.open('{');
  for (const auto& [name, count] : counts) out.key(std::to_string(name)).number(count);
  out.close('}');
}

void write(Writer& out, const CacheCount& count) {
  out.open('[');
  out.number(count.responses);
  out.number(count.bytes);
  out.close(']');
}

void write(Writer& out, const SocketSummary& sockets) {
  out.open('{');
  out.key("connections").number(sockets.connections);
  write_numbers(out.key("messages"), sockets.messages);
  write_numbers(out.key("bytes"), sockets.bytes);
  out.key("control").number(sockets.control);
  out.key("errors").number(sockets.errors);
  out.key("untimed").number(sockets.untimed);
  write_counts(out.key("closes"), sockets.closes);
  write(out.key("duration"), sockets.duration);
  write(out.key("first"), sockets.first);
  write(out.key("gap"), sockets.gap);
  out.close('}');
}

void write(Writer& out, const StreamSummary& stream) {
  out.open('{');
  out.key("streams").number(stream.streams);
  out.key("events").number(stream.events);
  out.key("bytes").number(stream.bytes);
  out.key("chunks").number(stream.chunks);
  write(out.key("duration"), stream.duration);
  write(out.key("first"), stream.first);
  write(out.key("gap"), stream.gap);
  write(out.key("chunk_gap"), stream.chunk_gap);
  out.close('}');
}

void write(Writer& out, const Summary& summary) {
  out.open('{');
  write_counts(out.key("statuses"), summary.statuses);
  out.key("request_bytes").number(summary.request_bytes);
  out.key("bytes").number(summary.response_bytes);
  out.key("transferred").number(summary.transferred);
  out.key("from_cache").number(summary.from_cache);
  out.key("cache").open('[');
  for (const CacheCount& count : summary.cache) write(out, count);
  out.close(']');
  write(out.key("no_validator"), summary.without_validator);
  out.key("times").open('[');
  for (const Quantiles& phase : summary.phases) write(out, phase);
  out.close(']');
  write(out.key("size"), summary.size);
  if (summary.sockets) write(out.key("sockets"), *summary.sockets);
  out.key("streams").open('{');
  for (const auto& [kind, stream] : summary.streams) write(out.key(to_string(kind)), stream);
  out.close('}');
  out.close('}');
}

void write(Writer& out, const Groups& groups) {
  out.open('{');
  out.key("groups").open('[');
  auto sorted = groups.sorted();
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [key, summary] : sorted) {
    out.open('{');
    out.key("key").open('[');
    for (const std::string_view part : parts_of(key)) out.text(part);
    out.close(']');
    write(out.key("summary"), *summary);
    out.close('}');
  }
  out.close(']');
  if (groups.other() != nullptr) write(out.key("other"), *groups.other());
  out.close('}');
}

void write(Writer& out, const TopList& list) {
  out.open('[');
  for (const TopEntry& entry : list.entries()) {
    out.open('{');
    out.key("value").number(entry.value);
    out.key("input").text(entry.input);
    out.key("index").number(entry.index);
    out.key("method").text(entry.method);
    out.key("url").text(entry.url);
    out.key("type").text(entry.type);
    out.key("status").number(entry.status);
    out.close('}');
  }
  out.close(']');
}

void write(Writer& out, const Repeats& repeats) {
  out.open('[');
  for (const auto& [hash, request] : repeats.sorted()) {
    out.open('{');
    out.key("hash").text(fmt::format("{:016x}{:016x}", hash.high, hash.low));
    out.key("count").number(request->count);
    out.key("transferred").number(request->transferred);
    out.key("largest").number(request->largest);
    out.key("method").text(request->method);
    out.key("url").text(request->url);
    out.close('}');
  }
  out.close(']');
}

class Weight {
 public:
  void add(Sum value) { most_ = std::max(most_, value); }
  void add(const Quantiles& quantiles) { add(quantiles.count()); }
  void add(const Summary& summary) {
    add(summary.entries);
    add(summary.request_bytes);
    add(summary.response_bytes);
    add(summary.transferred);
    for (const CacheCount& count : summary.cache) add(count.bytes);
    if (summary.sockets) {
      const SocketSummary& sockets = *summary.sockets;
      for (std::size_t i = 0; i < 2; ++i) {
        add(sockets.messages[i]);
        add(sockets.bytes[i]);
      }
      add(sockets.connections);
      add(sockets.control);
      add(sockets.errors);
      add(sockets.untimed);
      add(sockets.gap);
      for (const auto& [code, count] : sockets.closes) add(count);
    }
    for (const auto& [kind, stream] : summary.streams) {
      add(stream.streams);
      add(stream.events);
      add(stream.bytes);
      add(stream.chunks);
      add(stream.gap);
      add(stream.chunk_gap);
    }
  }
  std::uint64_t value() const { return static_cast<std::uint64_t>(std::min<Sum>(most_, ~std::uint64_t{0})); }

 private:
  Sum most_ = 0;
};

}  // namespace

std::string to_partial(const Totals& totals) {
  Writer out;
  out.open('{');
  out.key("partial").number(1);
  out.key("by").open('[');
  for (const Section& section : totals.settings().sections) out.text(to_string(section));
  out.close(']');
  out.key("exact_up_to").number(totals.settings().exact_up_to);
  out.key("max_groups").number(totals.settings().max_groups);
  out.key("max_requests").number(totals.settings().max_requests);
  out.key("top").number(totals.settings().top);
  out.key("inputs").number(totals.inputs());
  if (totals.first()) out.key("first").number(*totals.first());
  if (totals.last()) out.key("last").number(*totals.last());
  write(out.key("all"), totals.all());
  out.key("sections").open('[');
  for (std::size_t i = 0; i < totals.settings().sections.size(); ++i) write(out, totals.section(i));
  out.close(']');
  write(out.key("slowest"), totals.slowest());
  write(out.key("largest"), totals.largest());
  write(out.key("requests"), totals.repeats());
  out.key("sampled").raw(totals.repeats().sampled() ? "true" : "false");
  out.close('}');
  return out.take();
}

std::uint64_t weight_of(const Totals& totals) {
  Weight weight;
  weight.add(totals.inputs());
  weight.add(totals.all());
  // A group has no more than all of them, but of what does not say so: requests, and what a stranger wrote.
  for (std::size_t i = 0; i < totals.settings().sections.size(); ++i) {
    for (const auto& [key, group] : totals.section(i).groups()) weight.add(group.summary);
    if (totals.section(i).other() != nullptr) weight.add(*totals.section(i).other());
  }
  for (const auto& [hash, request] : totals.repeats().sorted()) {
    weight.add(request->count);
    weight.add(request->transferred);
  }
  return weight.value();
}

}  // namespace har::stat
