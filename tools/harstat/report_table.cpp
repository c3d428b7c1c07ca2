#include <fmt/format.h>

#include <algorithm>

#include "common/terminal.hpp"
#include "harstat/report.hpp"
#include "harstat/table.hpp"
#include "stream/text/units.hpp"

namespace tools::harstat {
namespace {

using har::stat::Phase;
using har::stat::Quantiles;
using har::stat::Summary;

constexpr std::size_t kNameWidth = 48;

std::string duration(std::uint64_t nanoseconds) {
  return stream::format_duration(stream::Nanos(static_cast<std::int64_t>(nanoseconds)));
}
std::string share(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "";
  return fmt::format("{:.1f} %", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

/// "1,234 in 5 inputs, …"
class TableReport {
 public:
  TableReport(std::string& out, const Report& report) : out_(out), report_(report), totals_(report.totals) {}

  void run() {
    head();
    phases();
    for (std::size_t i = 0; i < report_.plan.shown; ++i) groups(i);
    cache();
    sockets();
    streams();
    repeats();
    top("slowest", totals_.slowest(), [](std::uint64_t value) { return duration(value); });
    top("largest", totals_.largest(), [](std::uint64_t value) { return stream::format_size(value); });
  }

 private:
  void head() {
    const Summary& all = totals_.all();
    out_ += fmt::format("{} in {}", counted(all.entries, "entry", "entries"), counted(totals_.inputs(), "input", "inputs"));
    if (totals_.first()) {
      const auto moment = [](std::int64_t time) { return stream::format_iso8601(stream::WallTime(stream::Nanos(time))); };
      out_ += fmt::format(", {} to {} ({})", moment(*totals_.first()), moment(*totals_.last()),
                          duration(static_cast<std::uint64_t>(*totals_.last()) - static_cast<std::uint64_t>(*totals_.first())));
    }
    out_ += fmt::format("\n{} of bodies, {} transferred, {} of request bodies", stream::format_size(all.response_bytes),
                        stream::format_size(all.transferred), stream::format_size(all.request_bytes));
    if (all.errors != 0) out_ += fmt::format("; {} without an answer", grouped(all.errors));
    if (all.from_cache != 0) out_ += fmt::format("; {} from the browser's cache", grouped(all.from_cache));
    out_ += '\n';
  }

  /// Cells of a distribution: count, mean, percentiles, max.
  template <class Show>
  void distribution(Table& table, std::string name, const Quantiles& values, const Show& show) {
    std::vector<std::string> row{std::move(name), grouped(values.count())};
    if (values.count() != 0) {
      row.push_back(show(values.mean()));
      for (const auto& percent : report_.plan.percentiles) row.push_back(show(values.at(percent)));
      row.push_back(show(values.greatest()));
    }
    approximate_ = approximate_ || !values.exact();
    table.row(std::move(row));
  }
  /// Nothing where nothing is known.
  void known(Table& table, std::string name, const Quantiles& times) {
    if (times.count() != 0) distribution(table, std::move(name), times, duration);
  }
  void distribution_head(Table& table, std::string name) {
    std::vector<std::string> row{std::move(name), "count", "mean"};
    for (const auto& percent : report_.plan.percentiles) row.push_back("p" + percent.name);
    row.emplace_back("max");
    table.row(std::move(row));
  }
  void print(const Table& table) {
    out_ += '\n';
    table.append_to(out_);
  }

  void phases() {
    const Summary& all = totals_.all();
    if (all.entries == 0) return;
    Table table;
    distribution_head(table, "times");
    approximate_ = false;
    for (std::size_t i = 0; i < har::stat::kPhases; ++i) {
      distribution(table, std::string(to_string(static_cast<Phase>(i))), all.phases[i], duration);
    }
    distribution(table, "size of the body", all.size, [](std::uint64_t value) { return stream::format_size(value); });
    print(table);
    if (approximate_) {
      out_ += fmt::format("(percentiles of more than {} values are within 0.4 %)\n", grouped(totals_.settings().exact_up_to));
    }
  }

  void groups(std::size_t index) {
    const har::stat::Section& section = totals_.settings().sections[index];
    const auto sorted = totals_.section(index).sorted();
    if (sorted.empty()) return;
    Table table(section.size());
    std::vector<std::string> head;
    for (const har::stat::Dimension dimension : section) head.emplace_back(to_string(dimension));
    for (const auto* name : {"entries", "errors", "4xx", "5xx", "bodies", "transferred"}) head.emplace_back(name);
    for (const auto& percent : report_.plan.percentiles) head.push_back(time_name(head.size() == section.size() + 6, percent));
    head.emplace_back("max");
    table.row(std::move(head));
    std::size_t rows = 0;
    Summary rest(totals_.settings().exact_up_to);
    std::size_t left_out = 0;
    for (const auto& [key, summary] : sorted) {
      if (rows == totals_.settings().top) {
        rest.add(*summary);
        ++left_out;
        continue;
      }
      ++rows;
      std::vector<std::string> cells;
      for (const std::string_view part : har::stat::parts_of(key)) cells.push_back(cell_of(part, kNameWidth));
      append_group(cells, *summary);
      table.row(std::move(cells));
    }
    const auto last_row = [&](std::string name, const Summary& summary) {
      std::vector<std::string> cells(section.size());
      cells.front() = std::move(name);
      append_group(cells, summary);
      table.row(std::move(cells));
    };
    if (left_out != 0) last_row(fmt::format("({} more)", left_out), rest);
    if (const Summary* other = totals_.section(index).other()) last_row("(other)", *other);
    print(table);
    if (totals_.section(index).other() != nullptr) {
      out_ += fmt::format("(of more than {} groups the rest is in (other): see --max-groups)\n",
                          grouped(totals_.settings().max_groups));
    }
  }
  static std::string time_name(bool first, const har::stat::Percent& percent) { return (first ? "time p" : "p") + percent.name; }
  void append_group(std::vector<std::string>& cells, const Summary& summary) {
    const auto number = [](std::uint64_t value) { return value == 0 ? std::string() : grouped(value); };
    cells.push_back(grouped(summary.entries));
    cells.push_back(number(summary.errors));
    cells.push_back(number(summary.status_classes[3]));
    cells.push_back(number(summary.status_classes[4]));
    cells.push_back(stream::format_size(summary.response_bytes));
    cells.push_back(stream::format_size(summary.transferred));
    const Quantiles& time = summary.phase(Phase::time);
    if (time.count() == 0) return;
    for (const auto& percent : report_.plan.percentiles) cells.push_back(duration(time.at(percent)));
    cells.push_back(duration(time.greatest()));
  }

  void cache() {
    const Summary& all = totals_.all();
    if (all.entries == all.errors) return;
    Table table;
    table.row({"cache", "answers", "share", "bodies"});
    for (std::size_t i = 0; i < har::stat::kCacheClasses; ++i) {
      const auto kind = static_cast<har::stat::CacheClass>(i);
      if (all.cache[i].responses == 0 || kind == har::stat::CacheClass::no_answer) continue;
      table.row({std::string(to_string(kind)), grouped(all.cache[i].responses),
                 share(all.cache[i].responses, all.entries - all.errors), stream::format_size(all.cache[i].bytes)});
    }
    if (all.without_validator.responses != 0) {
      table.row({"without a validator", grouped(all.without_validator.responses),
                 share(all.without_validator.responses, all.entries - all.errors),
                 stream::format_size(all.without_validator.bytes)});
    }
    print(table);
  }

  void sockets() {
    if (!totals_.all().sockets) return;
    const har::stat::SocketSummary& sockets = *totals_.all().sockets;
    out_ += fmt::format("\n{}: {} sent ({}), {} received ({}), {} a second\n",
                        counted(sockets.connections, "WebSocket connection", "WebSocket connections"),
                        counted(sockets.messages[0], "message", "messages"), stream::format_size(sockets.bytes[0]),
                        grouped(sockets.messages[1]), stream::format_size(sockets.bytes[1]),
                        rate(sockets.messages[0] + sockets.messages[1], sockets.duration.sum()));
    Table table;
    distribution_head(table, "WebSocket");
    known(table, "connection", sockets.duration);
    known(table, "first message", sockets.first);
    known(table, "gap between messages", sockets.gap);
    table.append_to(out_);
    std::string more;
    const auto add = [&](std::string text) { more += (more.empty() ? "" : ", ") + std::move(text); };
    for (const auto& [code, count] : sockets.closes) add(fmt::format("closed with {}: {}", code, grouped(count)));
    if (sockets.control != 0) add(fmt::format("pings and pongs: {}", grouped(sockets.control)));
    if (sockets.errors != 0) add(fmt::format("errors among the messages: {}", grouped(sockets.errors)));
    if (sockets.untimed != 0) add(fmt::format("connections whose messages have no times: {}", grouped(sockets.untimed)));
    if (!more.empty()) out_ += more + '\n';
  }

  void streams() {
    for (const auto& [kind, stream] : totals_.all().streams) {
      const bool whole = kind == stream::StreamKind::http;
      out_ += fmt::format("\n{}: {}, {}, {} a second\n",
                          whole ? counted(stream.streams, "answer whose pieces have times", "answers whose pieces have times")
                                : fmt::format("{} {}", to_string(kind), counted(stream.streams, "stream", "streams")),
                          whole ? counted(stream.events, "piece", "pieces") : counted(stream.events, "event", "events"),
                          stream::format_size(stream.bytes), rate(stream.events, stream.duration.sum()));
      Table table;
      distribution_head(table, std::string(to_string(kind)));
      known(table, "stream", stream.duration);
      known(table, "first event", stream.first);
      known(table, "gap between events", stream.gap);
      if (!whole) known(table, "gap between pieces", stream.chunk_gap);
      table.append_to(out_);
    }
  }

  void repeats() {
    const auto count = totals_.repeats().count();
    if (count.repeated == 0) return;
    const std::string_view about = count.exact ? "" : "about ";
    out_ +=
        fmt::format("\n{}{} of {} different requests, {}{} wasted\n", about, counted(count.repeated, "repetition", "repetitions"),
                    grouped(count.requests), about, stream::format_size(count.wasted));
    Table table(0, true);
    for (const har::stat::RepeatedRequest* request : totals_.repeats().worst(totals_.settings().top)) {
      table.row({fmt::format("{}x", request->count), stream::format_size(request->wasted()),
                 cell_of(request->method, 10) + ' ' + cell_of(request->url, 100)});
    }
    table.append_to(out_);
  }

  template <class Show>
  void top(std::string_view name, const har::stat::TopList& list, const Show& show) {
    if (list.entries().empty()) return;
    out_ += fmt::format("\n{}\n", name);
    Table table(0, true);
    for (const har::stat::TopEntry& entry : list.entries()) {
      table.row({show(entry.value), std::to_string(entry.status),
                 fmt::format("{} {}  ({}, entry {} of {})", cell_of(entry.method, 10), cell_of(entry.url, 100),
                             cell_of(entry.type, 20), entry.index, cell_of(entry.input, 60))});
    }
    table.append_to(out_);
  }

  std::string& out_;
  const Report& report_;
  const har::stat::Totals& totals_;
  bool approximate_ = false;
};

}  // namespace

void report_table(std::string& out, const Report& report) { TableReport(out, report).run(); }

}  // namespace tools::harstat
