#include "streamdiff/streamdiff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "common/signals.hpp"
#include "common/tool.hpp"
#include "har/streams.hpp"
#include "stream/compare/compare.hpp"
#include "stream/compare/report.hpp"
#include "stream/compare/suggest.hpp"
#include "streamdiff/inputs.hpp"
#include "streamdiff/options.hpp"
#include "streamdiff/update.hpp"
#include "streamdiff/waiting.hpp"

namespace tools {
namespace streamdiff_tool {
namespace {

using stream::Error;
using stream::ErrorCode;

class Comparer {
 public:
  Comparer(Tool& tool, Options& options) : tool_(tool), options_(options), waiting_(options.timeout) {}

  int run() {
    std::vector<std::string> inputs{options_.expected, options_.actual};
    inputs.insert(inputs.end(), options_.runs.begin(), options_.runs.end());
    if (std::count(inputs.begin(), inputs.end(), "-") > 1) {
      tool_.messages().error("standard input can be only one of the inputs");
      return kFailure;
    }
    if (!options_.suggest_noise && inputs.size() != 2) {
      tool_.messages().error(fmt::format("expected two streams, found {}", inputs.size()));
      tool_.messages().hint("--suggest-noise takes more");
      return kFailure;
    }
    if (options_.update && options_.expected == "-") {
      tool_.messages().error("--update cannot rewrite standard input");
      return kFailure;
    }
    if (const auto done = finish(options_, tool_); !done) return failed(tool_, done.error());
    if (options_.suggest_noise) return suggest(inputs);
    auto expected = open(options_.expected, options_.expected_from, options_.expected_selection, {});
    if (!expected) return failed(tool_, expected.error());
    std::optional<stream::StreamKind> likely = options_.compare.kind;
    if (!likely && !expected->reader->heads().empty()) {
      likely = stream::stream_kind_from_name(expected->reader->heads().front().kind);
    }
    auto actual = open(options_.actual, options_.actual_from, options_.actual_selection, likely);
    if (!actual) return failed(tool_, actual.error());
    if (surely_different(*expected, *actual)) return refuse(*expected, *actual);

    const auto sink = stream::open_output(options_.output.path, options_.output.options);
    if (!sink) return failed(tool_, sink.error());
    if (!tool_.messages().quiet) {
      report_ = open_report(options_.report, tool_, **sink, options_.compare.max_differences);
      options_.compare.context = report_->context();
      // It shows them at once, and nobody else needs them.
      if (options_.compare.count_all) options_.compare.max_differences = 0;
    }
    int status = compare_all(*expected, *actual);
    if (status_of_write_) return *status_of_write_;
    if (const auto finished = (*sink)->finish(); !finished && status != kFailure) status = write_failed(finished.error(), status);
    if (!waiting_.gave_up().empty() && !tool_.messages().quiet) {
      tool_.messages().note(fmt::format("{}: no more was waited for", waiting_.gave_up()));
    }
    if (options_.update && status == kNo) return update(*expected);
    return status;
  }

 private:
  stream::Result<Side> open(const std::string& path, const std::optional<std::string>& format, const SelectionOptions& selection,
                            std::optional<stream::StreamKind> likely) {
    har::StreamInput input;
    STREAM_ASSIGN(input.select, selection_of(selection, options_.both_selection));
    input.input.format = format ? format : options_.input.format;
    input.input.input = options_.input.options;
    input.input.input.wait = [this](int descriptor) { return wait(descriptor); };
    input.input.report = tool_.messages().findings();
    input.likely = likely;
    if (options_.update || !options_.compare.timing.empty()) input.clock = [this] { return waiting_.now(); };
    return open_side(path, input);
  }

  // Something is live: Ctrl-C ends it, and what came until then is compared.
  bool wait(int descriptor) {
    if (!signals_) signals_.emplace([this] { waiting_.stop(); });
    return waiting_.wait(descriptor);
  }

  // By what is known before anything is compared.
  static bool surely_different(const Side& expected, const Side& actual) {
    const std::size_t e = expected.known();
    const std::size_t a = actual.known();
    const bool known_e = expected.reader->all_known();
    const bool known_a = actual.reader->all_known();
    if ((known_e && e == 0 && expected.select.any()) || (known_a && a == 0 && actual.select.any())) return false;
    return (e < a && known_e) || (a < e && known_a);
  }

  int refuse(const Side& expected, const Side& actual) {
    const auto several = [](const Side& side) {
      const std::size_t count = side.known();
      return fmt::format("{} holds {}{} {}", side.source, side.reader->all_known() ? "" : "at least ", count,
                         count == 1 ? "exchange" : "exchanges");
    };
    const std::size_t count = actual.known();
    std::string text = fmt::format("{}, {} {}{}: which are to be compared?", several(expected), actual.source,
                                   actual.reader->all_known() ? "" : "at least ", count);
    tool_.messages().error(text);
    std::string list;
    for (const Side* side : {&expected, &actual}) list += fmt::format("{}:\n{}", side->source, list_exchanges(*side));
    std::fputs(list.c_str(), stderr);
    tool_.messages().hint("choose with --entry, --id or --match, or for one side with --expected-entry or --actual-entry");
    return kFailure;
  }

  int empty(const Side& expected, const Side& actual) {
    if (options_.allow_empty) return kYes;
    tool_.messages().error(Error{ErrorCode::usage,
                                 fmt::format("it holds no exchanges, and neither does {}", actual.source),
                                 {expected.source},
                                 "--allow-empty lets the expected stream be empty"});
    return kFailure;
  }

  // Among others an answer without a body, such as a redirect, is what was expected.
  static bool is_ordinary(const har::ExchangeHead& head, const stream::SideSummary& side) {
    return side.kind == stream::StreamKind::http && !head.method.empty();
  }

  int compare_all(Side& expected, Side& actual) {
    std::size_t differing = 0;
    std::size_t unanswered = 0;
    std::size_t number = 0;
    for (;;) {
      auto e = expected.reader->next();
      if (!e) return failed(tool_, e.error());
      auto a = actual.reader->next();
      if (!a) return failed(tool_, a.error());
      if (!*e && expected.taken == 0 && expected.select.any()) return failed(tool_, not_there(expected));
      if (!*a && actual.taken == 0 && actual.select.any()) return failed(tool_, not_there(actual));
      if (!*e && !*a) break;
      expected.taken += *e ? 1U : 0U;
      actual.taken += *a ? 1U : 0U;
      if (!*e || !*a) return refuse(expected, actual);
      const bool several = number > 0 || expected.known() > 1 || actual.known() > 1;
      const std::string name_e = expected.name((*e)->head);
      const std::string name_a = actual.name((*a)->head);
      ++number;
      if (report_) report_->next({name_e, name_a, several ? number : 0});
      const auto comparison = compare_one(**e, **a, name_e, name_a, several);
      if (status_of_write_) return *status_of_write_;
      if (!comparison) {
        failed(tool_, comparison.error());
        ++unanswered;
        if (!report_) continue;
        if (const auto told = report_->failed(comparison.error()); !told) return stop(told.error(), kFailure);
        continue;
      }
      if (!comparison->equal()) ++differing;
      if (!options_.compare.count_all && differing > 0) break;
    }
    if (number == 0) return empty(expected, actual);
    if (unanswered == 0 && !options_.compare.values.noise.empty() && options_.compare.count_all) tell_unused();
    const int answer = unanswered != 0 ? kFailure : differing != 0 ? kNo : kYes;
    if (!report_) return answer;
    if (const auto finished = report_->finish(); !finished) return stop(finished.error(), answer);
    return answer;
  }

  stream::Result<stream::Comparison> compare_one(har::OpenStream& expected, har::OpenStream& actual, const std::string& name_e,
                                                 const std::string& name_a, bool several) {
    options_.compare.expected_source = name_e;
    options_.compare.actual_source = name_a;
    const auto check = [&](const stream::Comparison& comparison) -> stream::Status {
      if (comparison.expected.items != 0 || options_.allow_empty || comparison.expected.unread ||
          (several && is_ordinary(expected.head, comparison.expected))) {
        return {};
      }
      return stream::fail({ErrorCode::usage,
                           "it holds no events, so there is nothing to compare with",
                           {name_e},
                           "--allow-empty lets the expected stream be empty"});
    };
    const auto compare = [&](stream::EventSource& e, stream::EventSource& a) -> stream::Result<stream::Comparison> {
      if (!report_) {
        STREAM_ASSIGN(auto comparison, compare_streams(e, a, options_.compare));
        STREAM_TRY(check(comparison));
        return comparison;
      }
      ReportedComparison reported(*report_, check);
      auto comparison = compare_streams(e, a, options_.compare, &reported);
      if (reported.write_failed()) stop(comparison.error(), reported.differed() ? kNo : kYes);
      return comparison;
    };
    if (!options_.update) return compare(*expected.events, *actual.events);
    const auto kept_e = kept_.keep_head(*expected.events);
    const auto kept_a = kept_.keep_all(*actual.events);
    STREAM_ASSIGN(auto comparison, compare(*kept_e, *kept_a));
    // What the comparison did not need is part of what is written.
    for (const auto& side : {&kept_e, &kept_a}) {
      for (bool more = true; more;) {
        STREAM_ASSIGN(const auto event, (*side)->next());
        more = event.has_value();
      }
    }
    updated_.push_back(kept_.take());
    return comparison;
  }

  // The report cannot be written any further.
  int stop(const Error& error, int answer) {
    status_of_write_ = write_failed(error, answer);
    return *status_of_write_;
  }

  void tell_unused() {
    const stream::NoiseRules& rules = options_.compare.values.noise;
    for (const std::size_t index : rules.unused()) {
      const stream::NoiseRule& rule = rules[index];
      tool_.messages().finding({stream::Level::warning, "unused-rule",
                                fmt::format("the rule {} names nothing in what was compared", to_string(rule)), rule.place});
    }
  }

  int update(const Side& expected) {
    const std::string& path = options_.expected;
    if (!expected.reader->all_known() || expected.reader->heads().size() != updated_.size()) {
      tool_.messages().error(Error{ErrorCode::usage,
                                   "the file holds other exchanges than those that were compared, so it was not updated",
                                   {path},
                                   "--update rewrites whole files; without --entry, --id or --match all is compared"});
      return kFailure;
    }
    if (const auto written = rewrite(path, expected.reader->format, std::move(updated_), tool_); !written)
      return failed(tool_, written.error());
    tool_.messages().note(fmt::format("{} was updated", path));
    return kYes;
  }

  // --suggest-noise: exchanges of the same number belong together; of each input the first that is selected.
  int suggest(const std::vector<std::string>& inputs) {
    std::vector<stream::Exchange> runs;
    for (const std::string& path : inputs) {
      auto side = open(path, std::nullopt, {}, {});
      if (!side) return failed(tool_, side.error());
      auto run = side->reader->next();
      if (!run) return failed(tool_, run.error());
      if (!*run && side->select.any()) return failed(tool_, not_there(*side));
      if (!*run) {
        tool_.messages().error(Error{ErrorCode::usage, "it holds no exchanges", {side->source}, {}});
        return kFailure;
      }
      auto exchange = stream::collect(*(*run)->events);
      if (!exchange) return failed(tool_, exchange.error());
      runs.push_back(std::move(*exchange));
    }
    const auto suggestions = stream::suggest_noise(runs, options_.compare);
    if (!suggestions) return failed(tool_, suggestions.error());
    const auto sink = stream::open_output(options_.output.path, options_.output.options);
    if (!sink) return failed(tool_, sink.error());
    stream::Status written = (*sink)->write(stream::write_noise_file(*suggestions));
    if (written) written = (*sink)->finish();
    if (!written) return failed(tool_, written.error());
    if (suggestions->others != 0) {
      tool_.messages().note(fmt::format("{} {} between the runs {} for no rule: whole events, or the structure of values",
                                        suggestions->others, suggestions->others == 1 ? "difference" : "differences",
                                        suggestions->others == 1 ? "is" : "are"));
    }
    return kYes;
  }

  // A reader that has seen enough does not change the answer.
  int write_failed(const Error& error, int answer) { return is_broken_pipe(error) ? answer : failed(tool_, error); }

  Tool& tool_;
  Options& options_;
  Waiting waiting_;
  std::optional<StopOnSignals> signals_;
  std::unique_ptr<stream::Report> report_;  ///< none with -q
  std::optional<int> status_of_write_;
  Kept kept_;
  std::vector<stream::Exchange> updated_;
};

}  // namespace
}  // namespace streamdiff_tool

int streamdiff(int argc, const char* const* argv) {
  Tool tool(streamdiff_tool::info());
  streamdiff_tool::Options options;
  streamdiff_tool::declare(tool, options);
  return tool.run(argc, argv, [&] { return streamdiff_tool::Comparer(tool, options).run(); });
}

}  // namespace tools
