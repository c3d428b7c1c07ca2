#include "harstat/harstat.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <variant>

#include "har/entry_pass.hpp"
#include "har/query/filter.hpp"
#include "har/stat/partial.hpp"
#include "harstat/report.hpp"
#include "stream/record/line_reader.hpp"

namespace tools::harstat {
namespace {

using har::stat::EntryFactsList;
using har::stat::FactsReader;
using har::stat::Totals;
using stream::Error;
using stream::ErrorCode;
using stream::fail;
using stream::Result;
using stream::Status;

std::string shown_name(const std::string& path) { return path == "-" ? "<stdin>" : path; }

class Counting {
 public:
  /// `where`: which entries are counted; null: all.
  Counting(Tool& tool, const Options& options, const Plan& plan, const har::query::Filter* where)
      : tool_(tool), options_(options), plan_(plan), where_(where) {
    threads_ = options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
  }

  Result<Totals> recordings() {
    Totals totals(plan_.settings);
    for (const std::string& path : options_.inputs) {
      auto input =
          har::open_source(path, options_.input.format ? std::optional<std::string_view>(*options_.input.format) : std::nullopt,
                           options_.input.options);
      if (!input) {
        lost(input.error());
        continue;
      }
      if (input->format->open_reader == nullptr) {
        lost({ErrorCode::unsupported,
              fmt::format("we can't read the format \"{}\"", input->format->name),
              {shown_name(path)},
              "harconv --formats lists what can be read"});
        continue;
      }
      totals.begin_input(shown_name(path));
      STREAM_TRY(count(*input, totals));
    }
    return totals;
  }

  Result<Totals> partials() {
    std::optional<Totals> totals;
    for (const std::string& path : options_.inputs) {
      auto source = stream::open_input(path, options_.input.options);
      if (!source) {
        lost(source.error());
        continue;
      }
      STREAM_TRY(merge(**source, totals));
    }
    if (!totals) totals.emplace(plan_.settings);
    return std::move(*totals);
  }

  /// Whether something of the inputs is missing.
  bool incomplete() const { return incomplete_; }

 private:
  /// What a thread makes of a piece.
  struct Out {
    EntryFactsList facts{};
    std::vector<std::size_t> skipped{};  ///< entries of the piece that say nothing
    std::vector<Error> errors{};
  };

  void lost(const Error& error) {
    tool_.messages().error(error);
    incomplete_ = true;
  }

  Status count(har::Input& input, Totals& totals) {
    har::EntryPass<Out> pass;
    pass.work = [&](const har::EntryPiece& piece, Out& out) {
      thread_local FactsReader reader;
      out.facts.clear();
      out.skipped.clear();
      out.errors.clear();
      const FactsReader::Context context{piece.info, piece.files, false};
      for (std::size_t i = 0; i < piece.entries.size(); ++i) {
        if (where_ != nullptr &&
            !where_->wants({piece.entries[i].text, nullptr, piece.first + i, input.path, piece.info, piece.files})) {
          out.skipped.push_back(i);
          continue;
        }
        if (reader.read(piece.entries[i].text, context, out.facts)) continue;
        out.skipped.push_back(i);
        Error error{ErrorCode::syntax, "this entry is no JSON; it is not counted", piece.place ? piece.place(i) : stream::Place{},
                    ""};
        error.hint = "harcheck says what is wrong with it";
        out.errors.push_back(std::move(error));
      }
      return out.errors.empty();
    };
    pass.take = [&](const har::TakenPiece& piece, Out& out) -> Result<bool> {
      for (const Error& error : out.errors) lost(error);
      totals.add(out.facts, piece.first, out.skipped);
      return true;
    };
    har::EntryPassOptions options;
    options.numbered = where_ != nullptr && where_->query().uses_index();
    options.read.limits = options_.input.options.limits;
    // Threads take longer to begin than a small file to be read.
    constexpr std::uint64_t kSmall = std::uint64_t{1} << 20;
    options.threads = input.source->size_hint().value_or(kSmall) < kSmall ? 1 : threads_;
    options.say = [&](const har::Message& message) {
      if (const auto* error = std::get_if<Error>(&message)) {
        lost(*error);
      } else {
        tool_.messages().finding(std::get<stream::Finding>(message));
      }
    };
    STREAM_ASSIGN(const auto result, har::each_entry(input, options, pass));
    totals.end_input(result.info);
    return {};
  }

  Status merge(stream::ByteSource& source, std::optional<Totals>& totals) {
    stream::LineReader lines(source, options_.input.options.limits);
    for (;;) {
      auto line = lines.next();
      if (!line) {
        lost(line.error());
        return {};
      }
      if (!*line) return {};
      if ((*line)->text.find_first_not_of(" \t\r") == std::string_view::npos) continue;
      const stream::Place place{source.name(), (*line)->number, 0, (*line)->offset, ""};
      auto partial = har::stat::read_partial((*line)->text, place);
      if (!partial) {
        lost(partial.error());
        continue;
      }
      if (totals && partial->settings() != totals->settings()) {
        return fail({ErrorCode::usage, "this partial summary was made with other settings than the first one", place,
                     "--group-by, --fail-on, --top, --exact-up-to, --max-groups and --max-requests must be the same for all"});
      }
      const std::uint64_t weight = har::stat::weight_of(*partial);
      if (weight > har::stat::Quantiles::kLargest - weight_) {
        return fail({ErrorCode::limit, "the numbers of the partial summaries are too large to be added", place, ""});
      }
      weight_ += weight;
      if (totals) {
        totals->add(*partial);
      } else {
        totals = std::move(*partial);
      }
    }
  }

  Tool& tool_;
  const Options& options_;
  const Plan& plan_;
  const har::query::Filter* where_;
  unsigned threads_ = 1;
  bool incomplete_ = false;
  std::uint64_t weight_ = 0;  ///< no sum is above this
};

/// The sections of merged totals are those of the partials: what is shown must be among them.
Status fit(Plan& plan, const Options& options, const Totals& totals) {
  const auto& sections = totals.settings().sections;
  if (!options.group_by.empty()) {
    return fail({ErrorCode::usage, "--merge has the groups of the partial summaries", {}, "give --group-by where they are made"});
  }
  for (const har::stat::Condition& limit : plan.limits) {
    const har::stat::Section wanted = limit.section();
    const bool known = wanted.empty() || std::any_of(sections.begin(), sections.end(), [&](har::stat::Section section) {
                         std::sort(section.begin(), section.end());
                         return section == wanted;
                       });
    if (!known) {
      return fail({ErrorCode::usage,
                   fmt::format("'{}' needs groups by {}, which the partial summaries have not", limit.text, to_string(wanted)),
                   {},
                   fmt::format("make them with --group-by {}", to_string(wanted))});
    }
  }
  plan.settings = totals.settings();
  plan.shown = sections.size();
  return {};
}

Status print(const Options& options, const std::string& text) {
  STREAM_ASSIGN(const auto sink, stream::open_output(options.output.path, options.output.options));
  STREAM_TRY(sink->write(text));
  return sink->finish();
}

std::string rendered(const Options& options, const Report& report) {
  std::string text;
  switch (options.form) {
    case Form::table:
      report_table(text, report);
      break;
    case Form::json:
      report_json(text, report);
      break;
    case Form::csv:
      report_csv(text, report);
      break;
  }
  return text;
}

}  // namespace

int run(Tool& tool, const Options& options) {
  if (options.inputs.empty()) {
    return failed(tool, {ErrorCode::usage, "no input", {}, "name a file, or - for standard input; see 'harstat --help'"});
  }
  if (std::count(options.inputs.begin(), options.inputs.end(), "-") > 1) {
    return failed(tool, {ErrorCode::usage, "standard input can be read only once", {}, ""});
  }
  if (options.partial && !options.fail_on.empty()) {
    return failed(tool, {ErrorCode::usage, "--fail-on is for a report, and --partial makes none", {}, "give it with --merge"});
  }
  if (options.merge && options.input.format) {
    return failed(tool, {ErrorCode::usage, "--from is for recordings, and --merge reads partial summaries", {}, ""});
  }
  if (options.merge && !options.where.expressions.empty()) {
    return failed(
        tool,
        {ErrorCode::usage, "--where is for entries, and --merge reads partial summaries", {}, "give it where they are made"});
  }
  auto query = compile_where(options.where.expressions);
  if (!query) return failed(tool, query.error());
  std::optional<har::query::Filter> where;
  if (*query) where.emplace(std::move(**query));
  auto plan = plan_of(options);
  if (!plan) return failed(tool, plan.error());

  Counting counting(tool, options, *plan, where ? &*where : nullptr);
  const auto totals = options.merge ? counting.partials() : counting.recordings();
  if (!totals) return failed(tool, totals.error());
  if (options.merge) {
    if (auto fits = fit(*plan, options, *totals); !fits) return failed(tool, fits.error());
  }
  if (options.partial) {
    if (auto status = print(options, har::stat::to_partial(*totals) + '\n'); !status) return failed(tool, status.error());
    return counting.incomplete() ? kFailure : kYes;
  }

  Report report{*totals, *plan};
  for (const har::stat::Condition& limit : plan->limits) {
    for (har::stat::Verdict& verdict : judge(limit, *totals)) report.verdicts.push_back(std::move(verdict));
  }
  if (auto status = print(options, rendered(options, report)); !status) return failed(tool, status.error());
  bool violated = false;
  for (const har::stat::Verdict& verdict : report.verdicts) {
    if (verdict.found.empty()) {
      tool.messages().warning(fmt::format("{}: nothing was found that this could be measured by", verdict.what));
    } else if (verdict.violated) {
      violated = true;
      tool.messages().error(fmt::format("{} is {}: it must not be {}", verdict.what, verdict.found, verdict.limit));
    }
  }
  return counting.incomplete() ? kFailure : violated ? kNo : kYes;
}

int main(int argc, const char* const* argv) {
  Tool tool(info());
  Options options;
  declare(tool, options);
  return tool.run(argc, argv, [&] { return run(tool, options); });
}

}  // namespace tools::harstat
